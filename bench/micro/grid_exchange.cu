// What a step of a recurrence costs a whole grid: every block sends `bytes` and has all blocks'
// before the next round, in its shared memory.
//
// Parameters: kind, blocks (one a multiprocessor), threads, bytes. Kinds:
//   grid.sync  plain stores, the barrier of cooperative groups, plain loads
//   flags      plain stores, then a flag of the sender's; whoever reads waits for each sender's
//   flag data       each word travels with its round in one access of 8 bytes, so that data is the
//   flag
//
// Two boards take turns. A board is written again two rounds later, and who does that has all of
// the round between, which each block sends after it has read the board.
#include <takt/kernels/ptx/flag.cuh>

#include "pattern.cuh"
#include "runner.cuh"

namespace takt::micro {
namespace {

enum class Exchange { grid_sync, flags, data };

constexpr int flag_stride = 8;  // words: a sector of 32 bytes to each flag

struct GridExchangeParams {
  const std::uint32_t* first;  // [blocks, words] what "was sent" before the first round
  std::uint64_t* boards;       // [2, blocks, words]; plain kinds use halves of it, as uint4
  std::uint32_t* flags;        // [blocks, flag_stride]
  int words, warm_rounds, rounds;
  Outcome* outcome;
};

TAKT_DEVICE int at_most(int most, int n) {
  return n < most ? n : most;
}

/// Puts the board of a round into shared memory, `batch` loads at a time in each thread.
template <int batch>
TAKT_DEVICE void collect_plain(const uint4* board, uint4* to, int units) {
  const int threads = static_cast<int>(blockDim.x);
  for (int first = static_cast<int>(threadIdx.x); first < units; first += batch * threads) {
    uint4 v[batch];
    TAKT_UNROLL(batch)
    for (int k = 0; k < batch; ++k) v[k] = __ldcg(board + at_most(units - 1, first + k * threads));
    TAKT_UNROLL(batch)
    for (int k = 0; k < batch; ++k)
      if (first + k * threads < units) to[first + k * threads] = v[k];
  }
}

/// The same, of words that come with their round.
template <int batch>
TAKT_DEVICE void collect_data(const std::uint64_t* board, std::uint32_t* to, int words, int round,
                              Patience& patience) {
  const int threads = static_cast<int>(blockDim.x);
  for (int first = static_cast<int>(threadIdx.x); first < words; first += batch * threads) {
    std::uint64_t v[batch];
    bool all_here;
    do {
      all_here = true;
      TAKT_UNROLL(batch)
      for (int k = 0; k < batch; ++k)
        v[k] =
            ptx::load_relaxed<ptx::Scope::device>(board + at_most(words - 1, first + k * threads));
      TAKT_UNROLL(batch)
      for (int k = 0; k < batch; ++k) all_here = all_here && v[k] >> 32 == std::uint64_t(round);
    } while (!all_here && !patience.spent());
    TAKT_UNROLL(batch)
    for (int k = 0; k < batch; ++k)
      if (first + k * threads < words) to[first + k * threads] = static_cast<std::uint32_t>(v[k]);
  }
}

/// Sends words of `from` plus one, and puts what all blocks sent into `to`.
template <Exchange kind, int batch>
TAKT_DEVICE void exchange(const GridExchangeParams& p, const std::uint32_t* from, std::uint32_t* to,
                          int round, Patience& patience) {
  const int blocks = static_cast<int>(gridDim.x), block = static_cast<int>(blockIdx.x);
  const int tid = static_cast<int>(threadIdx.x), threads = static_cast<int>(blockDim.x);
  const int half = round % 2 * blocks * p.words;
  if constexpr (kind == Exchange::data) {
    for (int w = tid; w < p.words; w += threads)
      ptx::store_relaxed<ptx::Scope::device>(
          p.boards + half + block * p.words + w,
          std::uint64_t(round) << 32 | static_cast<std::uint32_t>(from[w] + 1));
    collect_data<batch>(p.boards + half, to, blocks * p.words, round, patience);
  } else {
    const int units = p.words / 4;
    uint4* const board = reinterpret_cast<uint4*>(p.boards) + half / 4;
    for (int u = tid; u < units; u += threads)
      __stcg(board + block * units + u, next_of(reinterpret_cast<const uint4*>(from)[u]));
    if constexpr (kind == Exchange::grid_sync) {
      cooperative_groups::this_grid().sync();
    } else {
      const auto expected = static_cast<std::uint32_t>(round);
      __syncthreads();  // all of it is stored before the flag says so
      if (tid == 0) ptx::store_release<ptx::Scope::device>(p.flags + block * flag_stride, expected);
      for (int sender = tid; sender < blocks; sender += threads)
        while (ptx::load_acquire<ptx::Scope::device>(p.flags + sender * flag_stride) < expected &&
               !patience.spent()) {
        }
      __syncthreads();
    }
    collect_plain<batch>(board, reinterpret_cast<uint4*>(to), blocks * units);
  }
  __syncthreads();  // `to` is whole; `from` is what the next round writes
}

template <Exchange kind, int batch>
__global__ void grid_exchange_kernel(GridExchangeParams p) {
  TAKT_DYNAMIC_SHARED(std::uint32_t, gathered);  // [2, blocks, words]
  const int blocks = static_cast<int>(gridDim.x), all = blocks * p.words;
  for (int n = static_cast<int>(threadIdx.x); n < all; n += static_cast<int>(blockDim.x))
    gathered[n] = p.first[n];
  __syncthreads();
  Patience patience;
  Stopwatch watch;
  const int last = p.warm_rounds + p.rounds;
  int source = static_cast<int>(blockIdx.x);
  for (int round = 1; round <= last; ++round) {
    if (round == p.warm_rounds + 1) watch.start();
    source = source + 1 == blocks ? 0 : source + 1;
    const std::uint32_t* const previous = gathered + (round - 1) % 2 * all;
    exchange<kind, batch>(p, previous + source * p.words, gathered + round % 2 * all, round,
                          patience);
  }
  watch.stop(p.outcome);
  patience.report(p.outcome);
  for (int round = last - 1; round <= last; ++round)
    add_wrong(wrong_words(gathered + round % 2 * all, round, blocks, p.words), p.outcome);
}

using Kernel = void (*)(GridExchangeParams);

/// The kernel whose threads load `each` elements a round.
template <Exchange kind>
Kernel kernel_of(int each) {
  return each <= 1   ? &grid_exchange_kernel<kind, 1>
         : each <= 2 ? &grid_exchange_kernel<kind, 2>
         : each <= 4 ? &grid_exchange_kernel<kind, 4>
                     : &grid_exchange_kernel<kind, 8>;
}

template <Exchange kind>
void measure_exchange(Runner& runner, const char* name, int bytes) {
  const Sizes& sizes = runner.sizes();
  const int blocks = runner.blocks(), threads = 2 * sizes.threads, words = bytes / 4;
  runner.measure({{"kind", name}, {"blocks", blocks}, {"threads", threads}, {"bytes", bytes}}, [&] {
    const int loads = blocks * (kind == Exchange::data ? words : words / 4);
    const Kernel kernel = kernel_of<kind>((loads + threads - 1) / threads);
    const auto first = runner.pattern(std::int64_t{blocks} * words);
    const DeviceArray<std::uint64_t> boards(std::int64_t{2} * blocks * words);
    const DeviceArray<std::uint32_t> flags(std::int64_t{blocks} * flag_stride);
    const Shape shape{.blocks = blocks,
                      .threads = threads,
                      .shared_bytes = 2 * blocks * bytes,
                      .cooperative = true};
    return runner.repeated([&] {
      boards.clear(runner.stream());
      flags.clear(runner.stream());
      const Outcome outcome = runner.timed([&](Outcome* there) {
        launch(kernel, shape, runner.stream(),
               GridExchangeParams{first.data(), boards.data(), flags.data(), words,
                                  sizes.warm_rounds, sizes.rounds, there});
      });
      return static_cast<double>(outcome.ns) / sizes.rounds;
    });
  });
}

}  // namespace

void run_grid_exchange(Runner& runner) {
  for (const int bytes : runner.sizes().bytes_of_grids) {
    measure_exchange<Exchange::grid_sync>(runner, "grid.sync", bytes);
    measure_exchange<Exchange::flags>(runner, "flags", bytes);
    measure_exchange<Exchange::data>(runner, "data", bytes);
  }
}

}  // namespace takt::micro
