// What device threads do together or to shared memory: barriers, warp operations, shared arrays,
// asynchronous copies. Called from device code through the headers under include/.
#pragma once

#include <cstddef>
#include <cstdint>

#include "device/grid.hpp"

namespace simt {

/// Which threads a strong operation reaches.
enum class Scope : std::uint8_t { block, cluster, device };

// Barriers. -------------------------------------------------------------------------------------

/// __syncthreads: all live threads of the block, at one site.
void sync_block(const Site& site);
/// barrier.sync id, count: `count` threads of the block.
void sync_named(unsigned id, unsigned count, const Site& site);
/// barrier.arrive id, count: counts, and goes on.
void arrive_named(unsigned id, unsigned count, const Site& site);
/// barrier.cluster and cooperative_groups' cluster sync: all live threads of the cluster.
void arrive_cluster(const Site& site);
void wait_cluster(const Site& site);
void sync_cluster(const Site& site);
/// All live threads of a cooperative launch.
void sync_grid(const Site& site);
/// Barriers count live threads: one fewer.
void thread_ended(Thread& thread);

// Warps. ----------------------------------------------------------------------------------------

/// An operation of the lanes of `mask`, all at one site: once the last one has come, `combine` sees
/// what each brought (`Thread::in`) and gives each its result (`Thread::out`).
using Combine = void (*)(Thread* const* lanes, unsigned mask, const void* extra);
struct WarpOperation {
  unsigned mask = ~0u;
  Combine combine = nullptr;
  const void* extra = nullptr;
  bool orders_memory = false;  ///< __syncwarp does, shuffles and mma do not
};
void warp_collective(const WarpOperation& operation, const void* in, void* out, const Site& site);

void sync_warp(unsigned mask, const Site& site);
/// Up to 16 bytes from lane `source`; 0xFF bytes from a lane that takes no part.
void shuffle(unsigned mask, void* value, std::size_t bytes, unsigned source, const Site& site);
unsigned vote(unsigned mask, bool predicate, const Site& site);

// Shared memory. --------------------------------------------------------------------------------

/// Filled with 0xFF: NaN in every float type.
void make_dynamic_shared(Block& block, std::size_t bytes);
void free_shared(Block& block);
/// All threads of the block have ended: its memory is NaN again.
void end_shared(Block& block);
void* dynamic_shared();
/// The block's array of the declaration `key`, made for all blocks of the cluster at once.
void* shared_array(const void* key, std::size_t bytes);
/// The block's rank in its cluster, and how many blocks that has.
unsigned cluster_rank();
unsigned cluster_size();
/// The same place in the shared memory of block `rank` of the cluster.
void* map_to_rank(const void* place, unsigned rank, const Site& site);
/// An element from or to the shared memory of a block of the cluster.
void load_from_cluster(void* value, const void* from, unsigned bytes, const Site& site);
void store_to_cluster(void* to, const void* value, unsigned bytes, const Site& site);
/// Whether an address lies in some live block's shared memory; that block.
Block* owner_of_shared(const void* address);

// Asynchronous copies of one thread (cp.async). --------------------------------------------------

/// The bytes arrive at the wait, never before: whoever forgets it reads NaN.
void copy_async(void* to, const void* from, unsigned bytes, unsigned source_bytes,
                const Site& site);
void commit_copies();
void wait_copies(int groups_in_flight);
void wait_all_copies();
void complete_copies_of(Thread& thread);

// Transaction barriers and what counts on them (mbarrier, st.async, cp.async.bulk).
// -----------------

void mbarrier_init(std::uint64_t* barrier, unsigned arrivals, const Site& site);
void fence_mbarrier_init();
/// `count` arrivals, none possible, after `expected_bytes` more to come.
void mbarrier_arrive(std::uint64_t* barrier, unsigned expected_bytes, unsigned count,
                     const Site& site);
/// Gives way once where the phase is not over.
bool mbarrier_try_wait(std::uint64_t* barrier, unsigned parity, Scope scope, const Site& site);
/// Data of up to 16 bytes on its way into shared memory of the cluster, then `complete_tx`.
void store_async(void* to, const void* value, unsigned bytes, std::uint64_t* barrier,
                 const Site& site);
void bulk_copy(void* to, const void* from, unsigned bytes, std::uint64_t* barrier,
               const Site& site);
/// fence.proxy.async: what was written before is what later bulk copies read.
void fence_proxy_async();
/// Lets something that is on its way arrive, as the schedule wants. True where something did.
bool deliver_async(bool nobody_is_ready);
void check_async_done();
void drop_async();

// Memory that threads poll or publish through.
// ------------------------------------------------------

/// A switch may happen here, and an idle poll gives way: called with the value just loaded.
void loaded_by_poll(const void* address, std::uint64_t value, const Site& site);
void published();

}  // namespace simt
