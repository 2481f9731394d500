// Barriers alone: of a block, a cluster, a grid. That a barrier is one is looked at in the run that
// warms up: what another block wrote before it must be there after it.
//
// Parameters: threads; of clusters also blocks and clusters; of grids also blocks and kind:
//   grid.sync  that of cooperative groups
//   counter    each block adds to one counter and polls it
//   flags      each block sets its own flag, and polls all
#include <algorithm>

#include <takt/kernels/ptx/cluster.cuh>
#include <takt/kernels/ptx/flag.cuh>

#include "pattern.cuh"
#include "runner.cuh"

namespace takt::micro {
namespace {

using ptx::Scope;

constexpr int flag_stride = 8;  // words: a sector of 32 bytes to each flag

struct BarrierParams {
  const std::uint32_t* first;  // [blocks] of the pattern
  std::uint32_t* board;        // [2, blocks] of a grid
  std::uint32_t* flags;        // [blocks, flag_stride], or a counter
  bool verify;
  int warm_rounds, rounds;
  Outcome* outcome;
};

/// What block `n` leaves before the barrier of a round.
TAKT_DEVICE std::uint32_t expected_word(int n, int round) {
  return pattern_word(static_cast<std::uint32_t>(n)) + static_cast<std::uint32_t>(round);
}

__global__ void block_barrier_kernel(BarrierParams p) {
  Stopwatch watch;
  for (int round = 0; round < p.warm_rounds; ++round) __syncthreads();
  watch.start();
  TAKT_UNROLL(8)
  for (int round = 0; round < p.rounds; ++round) __syncthreads();
  watch.stop(p.outcome);
}

__global__ void cluster_barrier_kernel(BarrierParams p) {
  TAKT_DYNAMIC_SHARED(std::uint32_t, slot);  // [2]
  const int blocks = static_cast<int>(ptx::cluster_size());
  const int rank = static_cast<int>(ptx::cluster_rank()), neighbour = (rank + 1) % blocks;
  const bool looks = p.verify && threadIdx.x == 0;
  Stopwatch watch;
  std::uint32_t wrong = 0;
  for (int round = 1; round <= p.warm_rounds + p.rounds; ++round) {
    if (round == p.warm_rounds + 1) watch.start();
    if (looks) slot[round % 2] = p.first[rank] + static_cast<std::uint32_t>(round);
    ptx::cluster_arrive();
    ptx::cluster_wait();
    if (looks)
      wrong += ptx::load(ptx::map_to_rank(&slot[round % 2], static_cast<unsigned>(neighbour))) !=
               expected_word(neighbour, round);
  }
  watch.stop(p.outcome);
  add_wrong(wrong, p.outcome);
  ptx::cluster_arrive();
  ptx::cluster_wait();
}

enum class Kind { grid_sync, counter, flags };

template <Kind kind>
TAKT_DEVICE void sync_grid(const BarrierParams& p, int round, Patience& patience) {
  const auto blocks = gridDim.x, expected = static_cast<unsigned>(round);
  if constexpr (kind == Kind::grid_sync) {
    cooperative_groups::this_grid().sync();
    return;
  }
  __syncthreads();
  if constexpr (kind == Kind::counter) {
    if (threadIdx.x == 0) {
      ptx::add_release<Scope::device>(p.flags, 1);
      while (ptx::load_acquire<Scope::device>(p.flags) < expected * blocks && !patience.spent()) {
      }
    }
  } else {
    if (threadIdx.x == 0)
      ptx::store_release<Scope::device>(p.flags + blockIdx.x * flag_stride, expected);
    for (unsigned n = threadIdx.x; n < blocks; n += blockDim.x)
      while (ptx::load_acquire<Scope::device>(p.flags + n * flag_stride) < expected &&
             !patience.spent()) {
      }
  }
  __syncthreads();
}

template <Kind kind>
__global__ void grid_barrier_kernel(BarrierParams p) {
  const int blocks = static_cast<int>(gridDim.x), block = static_cast<int>(blockIdx.x);
  const bool looks = p.verify && threadIdx.x == 0;
  Patience patience;
  Stopwatch watch;
  std::uint32_t wrong = 0;
  for (int round = 1; round <= p.warm_rounds + p.rounds; ++round) {
    if (round == p.warm_rounds + 1) watch.start();
    std::uint32_t* const board = p.board + round % 2 * blocks;
    if (looks) board[block] = p.first[block] + static_cast<std::uint32_t>(round);
    sync_grid<kind>(p, round, patience);
    const int other = (block + round) % blocks;
    if (looks) wrong += board[other] != expected_word(other, round) ? 1 : 0;
  }
  watch.stop(p.outcome);
  patience.report(p.outcome);
  add_wrong(wrong, p.outcome);
}

/// `most` is of blocks that share a board.
std::vector<double> measure_barrier(Runner& runner, void (*kernel)(BarrierParams),
                                    const Shape& shape, int most, int rounds) {
  const Sizes& sizes = runner.sizes();
  const auto first = runner.pattern(most);
  const DeviceArray<std::uint32_t> board(2 * most), flags(std::int64_t{most} * flag_stride);
  bool verify = true;
  return runner.repeated([&] {
    board.clear(runner.stream());
    flags.clear(runner.stream());
    const Outcome outcome = runner.timed([&](Outcome* there) {
      launch(kernel, shape, runner.stream(),
             BarrierParams{first.data(), board.data(), flags.data(), verify, sizes.warm_rounds,
                           rounds, there});
    });
    verify = false;
    return static_cast<double>(outcome.ns) / rounds;
  });
}

void measure_grid_barrier(Runner& runner, const char* name, void (*kernel)(BarrierParams),
                          int threads) {
  const int blocks = runner.blocks();
  runner.measure({{"kind", name}, {"blocks", blocks}, {"threads", threads}}, [&] {
    return measure_barrier(runner, kernel,
                           {.blocks = blocks, .threads = threads, .cooperative = true}, blocks,
                           runner.sizes().rounds);
  });
}

}  // namespace

void run_block_barrier(Runner& runner) {
  const int widest = runner.sizes().wide_threads;
  for (int threads = std::min(128, widest); threads <= widest; threads *= 2)
    runner.measure({{"threads", threads}}, [&] {
      return measure_barrier(runner, block_barrier_kernel, {.blocks = 1, .threads = threads}, 1,
                             runner.sizes().block_rounds);
    });
}

void run_cluster_barrier(Runner& runner) {
  const Sizes& sizes = runner.sizes();
  for (const int blocks : sizes.blocks_of_clusters)
    for (const bool alone : {true, false})
      runner.measure(
          {{"blocks", blocks},
           {"clusters", alone ? Parameter(std::int64_t{1}) : Parameter("most")},
           {"threads", sizes.threads}},
          [&] {
            Shape shape{.blocks = blocks,
                        .threads = sizes.threads,
                        .cluster = blocks,
                        .shared_bytes = sizes.shared_bytes_of_clusters};
            if (!alone)
              shape.blocks *=
                  std::min(max_active_clusters(cluster_barrier_kernel, shape), sizes.most_clusters);
            return measure_barrier(runner, cluster_barrier_kernel, shape, blocks, sizes.rounds);
          });
}

void run_max_active_clusters(Runner& runner) {
  const Sizes& sizes = runner.sizes();
  for (const int blocks : sizes.blocks_of_clusters)
    runner.measure({{"blocks", blocks},
                    {"threads", sizes.threads},
                    {"shared_bytes", sizes.shared_bytes_of_clusters}},
                   [&]() -> std::vector<double> {
                     const int clusters = max_active_clusters(
                         cluster_barrier_kernel, {.blocks = blocks,
                                                  .threads = sizes.threads,
                                                  .cluster = blocks,
                                                  .shared_bytes = sizes.shared_bytes_of_clusters});
                     return {static_cast<double>(clusters)};
                   });
}

void run_grid_barrier(Runner& runner) {
  for (const int threads : {runner.sizes().threads, 2 * runner.sizes().threads}) {
    measure_grid_barrier(runner, "grid.sync", grid_barrier_kernel<Kind::grid_sync>, threads);
    measure_grid_barrier(runner, "counter", grid_barrier_kernel<Kind::counter>, threads);
    measure_grid_barrier(runner, "flags", grid_barrier_kernel<Kind::flags>, threads);
  }
}

}  // namespace takt::micro
