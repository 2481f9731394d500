// What is on its way: a thread's asynchronous copies, and data that counts on a transaction
// barrier.
#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <map>

#include <cuda_runtime.h>

#include "race/race.hpp"

namespace simt {
namespace {

/// An mbarrier: what its 64 bits stand for is kept beside them, by its address.
struct Barrier {
  unsigned arrivals = 0;    ///< that complete a phase
  unsigned pending = 0;     ///< arrivals still to come
  std::int64_t bytes = 0;   ///< expected less arrived
  std::uint64_t phase = 0;  ///< completed phases
  const Block* owner = nullptr;
  const Thread* initialised_by = nullptr;  ///< until that thread's fence makes it visible
  const Site* site = nullptr;
};
std::map<const void*, Barrier> barriers;
/// What an initialised barrier's 64 bits are, so that data written over them shows.
constexpr std::uint64_t untouched = 0x7A6B'BA55'1E5B'A221u;
constexpr std::int64_t most_counted = (1 << 20) - 1;  // arrivals, or bytes

/// Data under way: written to `to` at some moment before it counts on `barrier`.
struct Flight {
  char* to;
  const char* from;  ///< null: `value`
  std::array<char, 16> value;
  unsigned bytes;
  std::uint64_t* barrier;
  const Site* site = nullptr;
  race::Agent agent;
  const Block* block;   ///< whose shared memory `to` is
  bool from_elsewhere;  ///< than that block
};
std::deque<Flight> flights;

std::string here(const Site& site) {
  return name_of(current()) + ", " + site.operation + " at " + name_of(site) + ": ";
}

Barrier& find_barrier(const std::uint64_t* address, const Site& site) {
  const auto found = barriers.find(address);
  if (found == barriers.end())
    grid().stop("mbarrier", here(site) + "the barrier was never initialised");
  if (*address != untouched)
    grid().stop("mbarrier", here(site) + "data was written over the barrier of " +
                                name_of(*found->second.site));
  return found->second;
}

/// For those beyond the block, and data under way: the barrier must have been made visible to them.
Barrier& find_visible_barrier(const std::uint64_t* address, const Site& site) {
  Barrier& barrier = find_barrier(address, site);
  if (barrier.initialised_by != nullptr)
    grid().stop("mbarrier", here(site) +
                                "no fence.mbarrier_init since the barrier's initialisation at " +
                                name_of(*barrier.site));
  return barrier;
}

void complete_phase_if_due(const std::uint64_t* address, Barrier& barrier) {
  if (barrier.pending > 0 || barrier.bytes != 0) return;
  ++barrier.phase;
  barrier.pending = barrier.arrivals;
  race::complete_mbarrier(address);
  grid().progress();
}

/// False where the block to which the data goes has ended: that is reported.
bool arrive_here(const Flight& flight) {
  if (flight.block->live == 0) {
    report("asynchronous store", std::string("kernel ") + grid().shape().kernel + ": " +
                                     flight.site->operation + " at " + name_of(*flight.site) +
                                     " arrived after its target's block had ended");
    return false;
  }
  const char* from = flight.from != nullptr ? flight.from : flight.value.data();
  race::agent_copies(flight.agent, flight.to, flight.from, flight.bytes, *flight.site);
  std::memcpy(flight.to, from, flight.bytes);
  Barrier& barrier = barriers.at(flight.barrier);
  barrier.bytes -= flight.bytes;
  race::agent_arrives(flight.agent, flight.barrier, flight.from_elsewhere, *flight.site);
  complete_phase_if_due(flight.barrier, barrier);
  return true;
}

void check_shared(const void* address, unsigned alignment, const char* what, const Site& site) {
  const std::string where = here(site) + what;
  const Block* owner = owner_of_shared(address);
  if (owner == nullptr) grid().stop("asynchronous store", where + " is not in shared memory");
  if (owner->cluster != current().block->cluster)
    grid().stop("asynchronous store", where + " is not in this cluster's shared memory");
  if (owner->live == 0)
    grid().stop("asynchronous store", where + " belongs to a block that has ended");
  if (reinterpret_cast<std::uintptr_t>(address) % alignment != 0)
    grid().stop("asynchronous store",
                where + " is not aligned to " + std::to_string(alignment) + " bytes");
}

void take_off(Flight flight) {
  const Site& site = *flight.site;
  check_shared(flight.to, std::min(flight.bytes, 16u), "the target", site);
  check_shared(flight.barrier, 8, "the barrier", site);
  find_visible_barrier(flight.barrier, site);
  flight.block = owner_of_shared(flight.to);
  if (flight.block != owner_of_shared(flight.barrier))
    grid().stop("asynchronous store", here(site) + "target and barrier lie in different blocks");
  if (flight.block != owner_of_shared(flight.to + flight.bytes - 1))
    grid().stop("asynchronous store", here(site) + "the target ends beyond its shared memory");
  flight.from_elsewhere = flight.block != current().block;
  flight.agent = race::start_agent();
  flights.push_back(std::move(flight));
}

}  // namespace

// Copies of one thread.

void copy_async(void* to, const void* from, unsigned bytes, unsigned source_bytes,
                const Site& site) {
  Thread& thread = current();
  const auto misaligned = [bytes](const void* p) {
    return reinterpret_cast<std::uintptr_t>(p) % bytes != 0;
  };
  if (misaligned(to) || misaligned(from))
    grid().stop("cp.async",
                here(site) + "both addresses must be multiples of " + std::to_string(bytes));
  if (owner_of_shared(to) != thread.block ||
      owner_of_shared(static_cast<char*>(to) + bytes - 1) != thread.block)
    grid().stop("cp.async", here(site) + "the target is not in this block's shared memory");
  if (source_bytes > bytes)
    grid().stop("cp.async", here(site) + "more source bytes, " + std::to_string(source_bytes) +
                                ", than the " + std::to_string(bytes) + " that are written");
  thread.copies.push_back(
      {to, from, bytes, source_bytes, thread.copy_groups, &site, race::seen_now()});
}

void commit_copies() {
  ++current().copy_groups;
}

namespace {

void complete_copies(Thread& thread, std::int64_t groups) {
  while (!thread.copies.empty() && thread.copies.front().group < groups) {
    const AsyncCopy& copy = thread.copies.front();
    race::thread_copied(copy.seen.get(), copy.to, copy.bytes, copy.from, copy.source_bytes,
                        *copy.site);
    std::memset(copy.to, 0, copy.bytes);
    std::memcpy(copy.to, copy.from, copy.source_bytes);
    thread.copies.pop_front();
  }
}

}  // namespace

void wait_copies(int groups_in_flight) {
  complete_copies(current(), current().copy_groups - groups_in_flight);
}

void wait_all_copies() {
  complete_copies_of(current());
}

void complete_copies_of(Thread& thread) {
  complete_copies(thread, thread.copy_groups + 1);
}

// Transaction barriers.

void mbarrier_init(std::uint64_t* address, unsigned arrivals, const Site& site) {
  check_shared(address, 8, "the barrier", site);
  if (owner_of_shared(address) != current().block)
    grid().stop("mbarrier", here(site) + "the barrier is another block's");
  if (arrivals == 0 || arrivals > most_counted)
    grid().stop("mbarrier",
                here(site) + std::to_string(arrivals) + " arrivals; 1 to 2^20 - 1 are possible");
  if (barriers.contains(address))
    grid().stop("mbarrier",
                here(site) + "the barrier is in use since " + name_of(*barriers.at(address).site));
  barriers[address] = {arrivals, arrivals, 0, 0, current().block, &current(), &site};
  race::make_mbarrier(address, site);
  *address = untouched;
}

void fence_mbarrier_init() {
  for (auto& [address, barrier] : barriers)
    if (barrier.initialised_by == &current()) barrier.initialised_by = nullptr;
}

void mbarrier_arrive(std::uint64_t* address, unsigned expected_bytes, unsigned count,
                     const Site& site) {
  check_shared(address, 8, "the barrier", site);
  const bool from_elsewhere = owner_of_shared(address) != current().block;
  Barrier& barrier =
      from_elsewhere ? find_visible_barrier(address, site) : find_barrier(address, site);
  if (count > barrier.pending)
    grid().stop("mbarrier", here(site) + "more than the " + std::to_string(barrier.arrivals) +
                                " arrivals of a phase");
  if (expected_bytes > most_counted || barrier.bytes + expected_bytes > most_counted)
    grid().stop("mbarrier", here(site) + std::to_string(expected_bytes) +
                                " bytes more; a phase counts up to 2^20 - 1");
  if (count > 0) race::arrive_mbarrier(address, from_elsewhere, site);
  barrier.bytes += expected_bytes;
  barrier.pending -= count;
  complete_phase_if_due(address, barrier);
}

namespace {

/// True once the phase of this parity is over: the current phase has the other one.
bool phase_is_over(const Barrier& barrier, unsigned parity) {
  return (barrier.phase & 1) != (parity & 1);
}

}  // namespace

bool mbarrier_try_wait(std::uint64_t* address, unsigned parity, Scope scope, const Site& site) {
  const Barrier& barrier = find_barrier(address, site);
  if (barrier.owner != current().block)
    grid().stop("mbarrier", here(site) + "a barrier of another block cannot be waited for");
  if (!phase_is_over(barrier, parity)) grid().poll(site);
  if (!phase_is_over(barrier, parity)) return false;
  race::leave_mbarrier(address, scope, site);
  return true;
}

void store_async(void* to, const void* value, unsigned bytes, std::uint64_t* barrier,
                 const Site& site) {
  Flight flight{static_cast<char*>(to), nullptr, {}, bytes, barrier, &site, {}, nullptr, false};
  std::memcpy(flight.value.data(), value, bytes);
  take_off(std::move(flight));
}

void bulk_copy(void* to, const void* from, unsigned bytes, std::uint64_t* barrier,
               const Site& site) {
  if (bytes == 0 || bytes % 16 != 0)
    grid().stop("asynchronous store",
                here(site) + std::to_string(bytes) + " bytes; a multiple of 16 is needed");
  check_shared(from, 16, "the source", site);
  if (owner_of_shared(from) != current().block ||
      owner_of_shared(static_cast<const char*>(from) + bytes - 1) != current().block)
    grid().stop("asynchronous store", here(site) + "the source is not this block's shared memory");
  take_off({static_cast<char*>(to),
            static_cast<const char*>(from),
            {},
            bytes,
            barrier,
            &site,
            {},
            nullptr,
            false});
}

void fence_proxy_async() {
  race::fence_async();
}

bool deliver_async(bool nobody_is_ready) {
  if (flights.empty()) return false;
  const bool now = nobody_is_ready || schedule().order == Order::fifo ||
                   (schedule().order == Order::random && draw(4) == 0);
  if (!now) return false;
  // Nothing orders what is under way: last come, first there is as good.
  std::size_t which = 0;
  if (schedule().order == Order::lifo) which = flights.size() - 1;
  if (schedule().order == Order::random) which = draw(flights.size());
  const Flight flight = flights[which];
  flights.erase(flights.begin() + static_cast<std::ptrdiff_t>(which));
  if (!arrive_here(flight)) grid().abandon();
  return true;
}

void check_async_done() {
  for (const auto& [address, barrier] : barriers)
    if (barrier.bytes != 0)
      report("mbarrier", std::string("kernel ") + grid().shape().kernel +
                             " ended while the barrier of " + name_of(*barrier.site) +
                             " still expects " + std::to_string(barrier.bytes) + " bytes");
}

void drop_async() {
  flights.clear();
  barriers.clear();
}

}  // namespace simt
