// Happens-before over device threads: vector clocks, and for each address who touched it last.
#include "race/race.hpp"

#include <array>
#include <bitset>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "race/clock.hpp"
#include "runtime/source.hpp"

namespace simt::race {

bool checking = false;

namespace {

constexpr std::uint32_t nobody = ~0u;
constexpr std::uint32_t agents = 4096;  // under way at a time, before a number is used again
constexpr std::size_t granule = 2;
constexpr std::size_t page_bytes = 4096;
constexpr std::size_t kept_reads = 4;

/// Where an access stands in the source: a return address, or a Site.
struct Where {
  const void* pc = nullptr;
  const Site* site = nullptr;
  friend bool operator<(const Where& a, const Where& b) {
    return std::pair(a.pc, a.site) < std::pair(b.pc, b.site);
  }
};

struct Access {
  std::uint32_t id = nobody;
  Epoch epoch = 0;
  Where where;
  bool strong = false;
  bool writes = false;
  Scope scope = Scope::block;
  std::uint8_t bytes = 0;  // of the granule, as a mask
};

struct Cell {
  std::uint32_t launch = 0;
  Access write;
  std::array<Access, kept_reads> reads;
};
struct Page {
  std::bitset<page_bytes / granule> watched;
  std::unique_ptr<std::array<Cell, page_bytes / granule>> cells;  // once somebody touches it
};

/// What somebody has seen of everybody's work; and how much of that an asynchronous copy sees.
struct View {
  Clock clock;
  Clock by_copies;
  void join(const View& other) {
    clock.join(other.clock);
    by_copies.join(other.by_copies);
  }
};

/// One release to an address, as those may see it that acquire it.
struct Published {
  View view;
  Scope scope;
  std::uint32_t id;
};

/// What a thread knows, and what its fences hold back or hand on.
struct Knowledge {
  View view;
  Epoch epoch = 1;
  // By fences: what relaxed loads saw, and what a relaxed store hands on.
  std::vector<Published> seen_by_loads;
  std::array<std::unique_ptr<View>, 3> fenced;  // by Scope
};

/// A barrier's clock: that of those who came, and that of the last time it opened.
struct Meeting {
  View arriving, opened;
};

struct Checker {
  std::uint32_t launch = 0;
  unsigned threads = 0;
  unsigned threads_per_block = 1;
  unsigned blocks_per_cluster = 1;
  std::vector<Knowledge> of_thread;
  std::vector<Knowledge> of_agent;
  std::vector<std::uint32_t> issuer_of_agent;
  std::uint64_t agents_started = 0;
  std::map<const void*, Meeting> meetings;
  std::unordered_map<std::uintptr_t, std::vector<Published>> flags;
  std::unordered_map<std::uintptr_t, Page> pages;
  std::uintptr_t last_page = 0;
  Page* last = nullptr;
  std::set<std::pair<Where, Where>> reported;
};
Checker state;
std::uint32_t now = nobody;  // the thread that runs

Knowledge& knowledge(std::uint32_t id) {
  return id < state.threads ? state.of_thread[id] : state.of_agent[id - state.threads];
}
Knowledge& mine() {
  return state.of_thread[now];
}

/// Publishes all of a thread's work so far: its later work has another epoch.
const View& release(Knowledge& of, std::uint32_t id) {
  of.view.clock.set(id, of.epoch);
  return of.view;
}
void next_epoch(Knowledge& of, std::uint32_t id) {
  of.view.clock.set(id, of.epoch);
  ++of.epoch;
}

std::uint32_t thread_behind(std::uint32_t id) {
  return id < state.threads ? id : state.issuer_of_agent[id - state.threads];
}

/// Whether a strong operation of `a` at this scope reaches `b`.
bool reaches(Scope scope, std::uint32_t a, std::uint32_t b) {
  const std::uint32_t block_a = thread_behind(a) / state.threads_per_block;
  const std::uint32_t block_b = thread_behind(b) / state.threads_per_block;
  switch (scope) {
    case Scope::block: return block_a == block_b;
    case Scope::cluster:
      return block_a / state.blocks_per_cluster == block_b / state.blocks_per_cluster;
    case Scope::device: break;
  }
  return true;
}

/// Null where memory is not watched.
Cell* cell_of(std::uintptr_t address) {
  const std::uintptr_t number = address / page_bytes;
  if (state.last == nullptr || number != state.last_page) {
    const auto found = state.pages.find(number);
    if (found == state.pages.end()) return nullptr;
    state.last = &found->second;
    state.last_page = number;
  }
  Page& page = *state.last;
  const std::size_t place = address % page_bytes / granule;
  if (!page.watched[place]) return nullptr;
  if (!page.cells) page.cells = std::make_unique<std::array<Cell, page_bytes / granule>>();
  Cell& cell = (*page.cells)[place];
  if (cell.launch != state.launch) {
    cell = Cell{};
    cell.launch = state.launch;
  }
  return &cell;
}

/// Calls `each` with all granules of a range, as pages and places in them.
template <class Each>
void for_granules(const void* begin, std::size_t bytes, Each each) {
  const auto first = reinterpret_cast<std::uintptr_t>(begin);
  for (std::uintptr_t at = first & ~(granule - 1); at < first + bytes; at += granule)
    each(state.pages[at / page_bytes], at % page_bytes / granule);
}

bool ordered(const Access& earlier, std::uint32_t id, const Clock& seen) {
  return earlier.id == id || seen.of(earlier.id) >= earlier.epoch;
}

bool conflict(const Access& earlier, const Access& later, const Clock& seen) {
  if (earlier.id == nobody || (earlier.bytes & later.bytes) == 0) return false;
  if (ordered(earlier, later.id, seen)) return false;
  const bool both_strong = earlier.strong && later.strong &&
                           reaches(earlier.scope, earlier.id, later.id) &&
                           reaches(later.scope, later.id, earlier.id);
  return !both_strong;
}

std::string describe(const Access& access) {
  std::string text = access.writes ? "write" : "read";
  if (access.strong) text = "strong " + text;
  text +=
      access.where.site != nullptr ? " (" + std::string(access.where.site->operation) + ")" : "";
  const std::uint32_t thread = thread_behind(access.id);
  text += " by block " + std::to_string(thread / state.threads_per_block) + ", thread " +
          std::to_string(thread % state.threads_per_block);
  if (access.id >= state.threads) text += ", asynchronously";
  return text + " at " +
         (access.where.site != nullptr ? name_of(*access.where.site) : source_of(access.where.pc));
}

void report_race(const Access& earlier, const Access& later, bool only_the_fence_is_missing) {
  if (!state.reported.insert({earlier.where, later.where}).second) return;
  report("race", "kernel " + std::string(grid().shape().kernel) +
                     (only_the_fence_is_missing ? ": no fence.proxy.async between\n  "
                                                : ": nothing orders\n  ") +
                     describe(earlier) + "\nand\n  " + describe(later));
}

void keep_read(Cell& cell, const Access& access, const Clock& seen) {
  // A read that the new one is ordered after says nothing more; of the others some are kept.
  Access* place = nullptr;
  for (Access& read : cell.reads)
    if (read.id == nobody || (ordered(read, access.id, seen) && read.bytes == access.bytes)) {
      place = &read;
      break;
    }
  if (place == nullptr) place = &cell.reads[access.id % kept_reads];
  *place = access;
}

void touch(const void* address, std::size_t bytes, Access access) {
  const Knowledge& of = knowledge(access.id);
  const bool copies_from = access.id >= state.threads && !access.writes;
  const Clock& seen = copies_from ? of.view.by_copies : of.view.clock;
  access.epoch = of.epoch;
  bool checked = false;
  const auto begin = reinterpret_cast<std::uintptr_t>(address);
  for (std::uintptr_t at = begin & ~(granule - 1); at < begin + bytes; at += granule) {
    const bool first = at >= begin, second = at + 1 < begin + bytes;
    access.bytes = static_cast<std::uint8_t>((first ? 1 : 0) | (second ? 2 : 0));
    Cell* const found = cell_of(at);
    if (found == nullptr) continue;
    Cell& cell = *found;
    checked = true;
    if (conflict(cell.write, access, seen))
      report_race(cell.write, access, ordered(cell.write, access.id, of.view.clock));
    if (!access.writes) {
      keep_read(cell, access, of.view.clock);
      continue;
    }
    for (const Access& read : cell.reads)
      if (conflict(read, access, seen)) report_race(read, access, false);
    cell.write = access;
    cell.reads = {};
  }
  if (checked) ++mutable_counters().accesses_checked;
}

void arrive(const void* meeting) {
  if (!checking || now == nobody) return;
  state.meetings[meeting].arriving.join(release(mine(), now));
  next_epoch(mine(), now);
}
void complete(const void* meeting) {
  if (!checking) return;
  Meeting& at = state.meetings[meeting];
  at.opened = std::exchange(at.arriving, View{});
}
void depart(const void* meeting) {
  if (!checking || now == nobody) return;
  mine().view.join(state.meetings[meeting].opened);
}

bool acquires(Meaning meaning) {
  return meaning == Meaning::acquire || meaning == Meaning::acquire_release;
}
bool releases(Meaning meaning) {
  return meaning == Meaning::release || meaning == Meaning::acquire_release;
}

/// Takes in what was published at an address, or keeps it for a later fence.
void take(std::uintptr_t address, Meaning meaning, Scope scope) {
  const auto found = state.flags.find(address);
  if (found == state.flags.end()) return;
  for (const Published& published : found->second) {
    if (!reaches(published.scope, published.id, now) || !reaches(scope, now, published.id))
      continue;
    if (acquires(meaning))
      mine().view.join(published.view);
    else
      mine().seen_by_loads.push_back(published);
  }
}

/// Publishes at an address what a release, or an earlier fence, hands on.
void publish(std::uintptr_t address, Meaning meaning, Scope scope, bool replaces) {
  std::vector<Published>& published = state.flags[address];
  if (replaces) published.clear();
  Knowledge& of = mine();
  if (releases(meaning)) {
    published.push_back({release(of, now), scope, now});
    next_epoch(of, now);
    return;
  }
  for (const Scope fenced : {Scope::block, Scope::cluster, Scope::device})
    if (const auto& view = of.fenced[static_cast<std::size_t>(fenced)])
      published.push_back({*view, std::min(fenced, scope), now});
}

Access access_of(std::uint32_t id, bool writes, Where where) {
  return {.id = id, .where = where, .writes = writes};
}
Access strong_access_of(std::uint32_t id, bool writes, const Site& site, Scope scope) {
  return {.id = id, .where = {nullptr, &site}, .strong = true, .writes = writes, .scope = scope};
}

/// Where those meet a transaction barrier's waiters that arrive from other blocks.
const void* elsewhere(const void* barrier) {
  return static_cast<const char*>(barrier) + 4;
}

}  // namespace

void begin_launch(unsigned threads) {
  if (!checking) return;
  ++state.launch;
  state.reported.clear();
  state.threads = threads;
  const dim3& block = grid().shape().block;
  const dim3& cluster = grid().shape().cluster;
  state.threads_per_block = block.x * block.y * block.z;
  state.blocks_per_cluster = cluster.x * cluster.y * cluster.z;
  state.of_thread = std::vector<Knowledge>(threads);
  state.of_agent = std::vector<Knowledge>(agents);
  state.issuer_of_agent.assign(agents, 0);
  state.agents_started = 0;
}

void end_launch() {
  state.meetings.clear();
  state.flags.clear();
  state.of_thread.clear();
  state.of_agent.clear();
}

void enter(const Thread& thread) {
  now = thread.id;
}
void leave() {
  now = nobody;
}

void watch(const void* begin, std::size_t bytes) {
  if (!checking) return;
  for_granules(begin, bytes, [](Page& page, std::size_t place) { page.watched[place] = true; });
}

void forget(const void* begin, std::size_t bytes) {
  if (!checking || begin == nullptr) return;
  for_granules(begin, bytes, [](Page& page, std::size_t place) {
    page.watched[place] = false;
    if (page.cells) (*page.cells)[place] = Cell{};
  });
}

void access_at(const void* address, std::size_t bytes, bool writes, const void* pc) {
  if (!checking || now == nobody || current().fiber.on_stack(address)) return;
  touch(address, bytes, access_of(now, writes, {pc, nullptr}));
}
void thread_reads(const void* address, std::size_t bytes, const Site& site) {
  if (checking && now != nobody) touch(address, bytes, access_of(now, false, {nullptr, &site}));
}
void thread_writes(const void* address, std::size_t bytes, const Site& site) {
  if (checking && now != nobody) touch(address, bytes, access_of(now, true, {nullptr, &site}));
}

void arrive_block(Block& block, unsigned id) {
  arrive(&block.barriers[id]);
}
void complete_block(Block& block, unsigned id) {
  complete(&block.barriers[id]);
}
void leave_block(Block& block, unsigned id) {
  depart(&block.barriers[id]);
}
void arrive_warp(Warp& warp) {
  arrive(&warp);
}
void complete_warp(Warp& warp) {
  complete(&warp);
}
void leave_warp(Warp& warp) {
  depart(&warp);
}
void arrive_cluster(Cluster& cluster) {
  arrive(&cluster);
}
void complete_cluster(Cluster& cluster) {
  complete(&cluster);
}
void leave_cluster(Cluster& cluster) {
  depart(&cluster);
}
void arrive_grid() {
  arrive(&grid());
}
void complete_grid() {
  complete(&grid());
}
void leave_grid() {
  depart(&grid());
}
void make_mbarrier(const void* barrier, const Site& site) {
  if (!checking) return;
  thread_writes(barrier, 8, site);
  state.meetings[barrier] = {};
  state.meetings[elsewhere(barrier)] = {};
}
void arrive_mbarrier(const void* barrier, bool from_elsewhere, const Site& site) {
  if (!checking) return;
  touch(barrier, 8, strong_access_of(now, true, site, Scope::cluster));
  arrive(from_elsewhere ? elsewhere(barrier) : barrier);
}
void complete_mbarrier(const void* barrier) {
  complete(barrier);
  complete(elsewhere(barrier));
}
void leave_mbarrier(const void* barrier, Scope scope, const Site& site) {
  if (!checking) return;
  touch(barrier, 8, strong_access_of(now, false, site, Scope::cluster));
  depart(barrier);
  if (scope != Scope::block) depart(elsewhere(barrier));
}

void flag_load(const void* address, std::size_t bytes, Meaning meaning, Scope scope,
               const Site& site) {
  if (!checking || now == nobody) return;
  take(reinterpret_cast<std::uintptr_t>(address), meaning, scope);
  touch(address, bytes, strong_access_of(now, false, site, scope));
}

void flag_store(const void* address, std::size_t bytes, Meaning meaning, Scope scope,
                const Site& site) {
  if (!checking || now == nobody) return;
  touch(address, bytes, strong_access_of(now, true, site, scope));
  publish(reinterpret_cast<std::uintptr_t>(address), meaning, scope, true);
}

void flag_update(const void* address, std::size_t bytes, Meaning meaning, Scope scope,
                 const Site& site) {
  if (!checking || now == nobody) return;
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  take(at, meaning, scope);
  touch(address, bytes, strong_access_of(now, true, site, scope));
  publish(at, meaning, scope, false);
}

void fence(Scope scope) {
  if (!checking || now == nobody) return;
  Knowledge& of = mine();
  std::erase_if(of.seen_by_loads, [&](const Published& published) {
    if (!reaches(scope, now, published.id)) return false;
    of.view.join(published.view);
    return true;
  });
  of.fenced[static_cast<std::size_t>(scope)] = std::make_unique<View>(release(of, now));
  next_epoch(of, now);
}

void fence_async() {
  if (!checking || now == nobody) return;
  mine().view.by_copies = release(mine(), now).clock;
  next_epoch(mine(), now);
}

Agent start_agent() {
  if (!checking) return {};
  const auto slot = static_cast<std::uint32_t>(state.agents_started % agents);
  const Agent agent{state.threads + slot, state.agents_started++};
  Knowledge& of = state.of_agent[slot];
  of.view = release(mine(), now);
  next_epoch(mine(), now);
  of.view.clock.set(agent.id, of.epoch);
  state.issuer_of_agent[slot] = now;
  return agent;
}

void agent_copies(const Agent& agent, const void* to, const void* from, std::size_t bytes,
                  const Site& site) {
  if (!checking) return;
  if (from != nullptr) touch(from, bytes, access_of(agent.id, false, {nullptr, &site}));
  touch(to, bytes, access_of(agent.id, true, {nullptr, &site}));
}

void agent_arrives(const Agent& agent, const void* barrier, bool from_elsewhere, const Site& site) {
  if (!checking) return;
  Knowledge& of = knowledge(agent.id);
  touch(barrier, 8, strong_access_of(agent.id, true, site, Scope::cluster));
  const void* const meeting = from_elsewhere ? elsewhere(barrier) : barrier;
  state.meetings[meeting].arriving.join(release(of, agent.id));
  next_epoch(of, agent.id);
}

}  // namespace simt::race
