// Barriers of blocks, clusters and grids. They count live threads; who comes to one while others
// wait at another is reported.
#include "device/operations.hpp"
#include "race/race.hpp"

namespace simt {
namespace {

std::string at(const Site& site) {
  return std::string(site.operation) + " at " + name_of(site);
}

/// Threads of a block that wait at barrier `id` go on.
void open_block_barrier(Block& block, unsigned id) {
  grid().progress();
  block.barriers[id] = {};
  for (const auto& thread : block.threads)
    if (thread->state == State::in_barrier && thread->barrier == id) grid().make_ready(*thread);
}

bool complete(const Block& block, unsigned id) {
  const NamedBarrier& barrier = block.barriers[id];
  return barrier.arrived > 0 &&
         barrier.arrived == (barrier.expected == 0 ? block.live : barrier.expected);
}

/// A barrier that some threads name must be one that the hardware has.
void check_named(unsigned id, unsigned count, const Site& site) {
  const auto threads = static_cast<unsigned>(current().block->threads.size());
  const unsigned in_warps = (threads + warp_size - 1) / warp_size * warp_size;
  if (id >= named_barriers || count == 0 || count % warp_size != 0 || count > in_warps)
    grid().stop("named barrier", name_of(current()) + " came to " + at(site) + ", barrier " +
                                     std::to_string(id) + " of " + std::to_string(count) +
                                     " threads; a block has barriers 0 to 15, for a multiple of 32 "
                                     "threads up to its own " +
                                     std::to_string(in_warps));
}

void check_same_site(const Block& block, unsigned id, const Site& site) {
  for (const auto& thread : block.threads)
    if (thread->state == State::in_barrier && thread->barrier == id && thread->site != &site)
      grid().stop("divergent barrier", name_of(current()) + " came to " + at(site) + " while " +
                                           name_of(*thread) + " waits in " + at(*thread->site));
}

void arrive(unsigned id, unsigned count, const Site& site) {
  Block& block = *current().block;
  NamedBarrier& barrier = block.barriers[id];
  if (barrier.arrived > 0 && barrier.expected != count)
    grid().stop("divergent barrier", name_of(current()) + " came to " + at(site) + " with " +
                                         std::to_string(count) + " threads; others came with " +
                                         std::to_string(barrier.expected));
  barrier.expected = count;
  ++barrier.arrived;
}

void open_cluster(Cluster& cluster) {
  grid().progress();
  cluster.arrived = 0;
  ++cluster.phase;
  for (Block* block : cluster.blocks)
    for (const auto& thread : block->threads)
      if (thread->state == State::in_cluster) grid().make_ready(*thread);
}

unsigned live_in(const Cluster& cluster) {
  unsigned live = 0;
  for (const Block* block : cluster.blocks) live += block->live;
  return live;
}

void open_grid() {
  grid().progress();
  grid().arrived_at_grid = 0;
  for (const auto& block : grid().blocks())
    for (const auto& thread : block->threads)
      if (thread->state == State::in_grid) grid().make_ready(*thread);
}

}  // namespace

void sync_block(const Site& site) {
  Thread& thread = current();
  Block& block = *thread.block;
  thread.barrier = 0;
  check_same_site(block, 0, site);
  arrive(0, 0, site);
  race::arrive_block(block, 0);
  if (complete(block, 0)) {
    open_block_barrier(block, 0);
    race::complete_block(block, 0);
  } else {
    grid().wait(State::in_barrier, site);
  }
  race::leave_block(block, 0);
}

void sync_named(unsigned id, unsigned count, const Site& site) {
  Thread& thread = current();
  Block& block = *thread.block;
  check_named(id, count, site);
  thread.barrier = id;
  arrive(id, count, site);
  race::arrive_block(block, id);
  if (complete(block, id)) {
    open_block_barrier(block, id);
    race::complete_block(block, id);
  } else {
    grid().wait(State::in_barrier, site);
  }
  race::leave_block(block, id);
}

void arrive_named(unsigned id, unsigned count, const Site& site) {
  Block& block = *current().block;
  check_named(id, count, site);
  arrive(id, count, site);
  race::arrive_block(block, id);
  if (complete(block, id)) {
    open_block_barrier(block, id);
    race::complete_block(block, id);
  }
}

void arrive_cluster(const Site& site) {
  Thread& thread = current();
  Cluster& cluster = *thread.block->cluster;
  if (thread.cluster_phase != 0)
    grid().stop("cluster barrier",
                name_of(thread) + " arrives twice without a wait, at " + name_of(site));
  thread.cluster_phase = cluster.phase + 1;
  race::arrive_cluster(cluster);
  if (++cluster.arrived == live_in(cluster)) {
    race::complete_cluster(cluster);
    open_cluster(cluster);
  }
}

void wait_cluster(const Site& site) {
  Thread& thread = current();
  Cluster& cluster = *thread.block->cluster;
  if (thread.cluster_phase == 0)
    grid().stop("cluster barrier",
                name_of(thread) + " waits at " + name_of(site) + " without having arrived");
  if (cluster.phase < thread.cluster_phase) grid().wait(State::in_cluster, site);
  thread.cluster_phase = 0;
  race::leave_cluster(cluster);
}

void sync_cluster(const Site& site) {
  arrive_cluster(site);
  wait_cluster(site);
}

void sync_grid(const Site& site) {
  if (!grid().shape().cooperative)
    grid().stop("grid barrier", name_of(current()) + " at " + name_of(site) +
                                    ": grid.sync() needs a cooperative launch");
  race::arrive_grid();
  if (++grid().arrived_at_grid == grid().live()) {
    race::complete_grid();
    open_grid();
  } else {
    grid().wait(State::in_grid, site);
  }
  race::leave_grid();
}

void thread_ended(Thread& thread) {
  Block& block = *thread.block;
  for (unsigned id = 0; id < named_barriers; ++id)
    if (complete(block, id)) {
      race::complete_block(block, id);
      open_block_barrier(block, id);
    }
  Cluster& cluster = *block.cluster;
  if (thread.cluster_phase == cluster.phase + 1) --cluster.arrived;  // it is not live any more
  if (cluster.arrived > 0 && cluster.arrived == live_in(cluster)) {
    race::complete_cluster(cluster);
    open_cluster(cluster);
  }
  if (grid().arrived_at_grid > 0 && grid().arrived_at_grid == grid().live()) {
    race::complete_grid();
    open_grid();
  }
}

}  // namespace simt
