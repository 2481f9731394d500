// What a step of a recurrence costs a cluster: every block sends `bytes` into the shared memory of
// all its blocks, itself included, and has all blocks' before the next round.
//
// Parameters: kind, blocks (of a cluster), clusters (at work at a time), bytes. Kinds:
//   st.async  stores that count on a transaction barrier of the receiver's
//   barrier   plain stores, then the cluster's barrier
//
// Each thread sends 16 bytes to one block at a time; the threads of a warp send what they do to all
// blocks.
//
// Two inboxes take turns. An inbox is written again two rounds later by blocks that have all of the
// round between; a warp that reads the inbox then sends to all blocks, once all of it has read, so
// that it has read it by then. With st.async each warp arrives at a round's barrier after its wait
// for the round before: no phase is over before every warp has seen the one before it.
#include <algorithm>

#include <takt/kernels/ptx/cluster.cuh>
#include <takt/kernels/ptx/mbarrier.cuh>
#include <takt/kernels/ptx/st_async.cuh>

#include "pattern.cuh"
#include "runner.cuh"

namespace takt::micro {
namespace {

enum class Exchange { st_async, barrier };

struct ClusterExchangeParams {
  const std::uint32_t* first;  // [blocks of a cluster, words] "sent" before the first round
  int words, warm_rounds, rounds;
  Outcome* outcome;
};

TAKT_DEVICE void sync_cluster() {
  ptx::cluster_arrive();
  ptx::cluster_wait();
}

/// Whether the phase was over before patience was spent; the same in all lanes.
TAKT_DEVICE bool await(ptx::Mbarrier* barrier, unsigned parity, Patience& patience) {
  bool over = ptx::mbarrier_try_wait<ptx::Scope::cluster>(barrier, parity);
  while (!over && !patience.spent())
    over = ptx::mbarrier_try_wait<ptx::Scope::cluster>(barrier, parity);
  return __all_sync(~0u, over) != 0;
}

template <Exchange kind>
__global__ void cluster_exchange_kernel(ClusterExchangeParams p) {
  constexpr bool async = kind == Exchange::st_async;
  TAKT_DYNAMIC_SHARED(ptx::Mbarrier, full);                   // [2]
  uint4* const inboxes = reinterpret_cast<uint4*>(full + 2);  // [2, blocks, units]
  const int blocks = static_cast<int>(ptx::cluster_size()), units = p.words / 4;
  const int rank = static_cast<int>(ptx::cluster_rank()), all = blocks * units;
  const int tid = static_cast<int>(threadIdx.x), threads = static_cast<int>(blockDim.x);
  // Blocks are a power of two, 16 at most.
  const int units_of_warp = 32 / blocks, unit = tid % 32 / blocks;
  const auto peer = static_cast<unsigned>(tid % blocks);

  for (int u = tid; u < all; u += threads) inboxes[u] = reinterpret_cast<const uint4*>(p.first)[u];
  if (async && tid == 0) {
    ptx::mbarrier_init(&full[0], blockDim.x / 32);
    ptx::mbarrier_init(&full[1], blockDim.x / 32);
    ptx::fence_mbarrier_init();
  }
  sync_cluster();  // every block's inboxes and barriers are there

  Patience patience;
  Stopwatch watch;
  const int last = p.warm_rounds + p.rounds;
  int source = rank;
  bool alive = true;
  for (int round = 1; round <= last && alive; ++round) {
    if (round == p.warm_rounds + 1) watch.start();
    const int half = round % 2;
    if (async && tid % 32 == 0) {
      if (tid == 0)
        ptx::mbarrier_arrive_expect_tx(&full[half],
                                       static_cast<std::uint32_t>(all) * std::uint32_t{16});
      else
        ptx::mbarrier_arrive(&full[half]);
    }
    source = source + 1 == blocks ? 0 : source + 1;
    for (int first = tid / 32 * units_of_warp; first < units;
         first += threads / 32 * units_of_warp) {
      const int u = first + unit;
      const bool sends = u < units;
      uint4 message{};
      if (sends) message = next_of(inboxes[(1 - half) * all + source * units + u]);
      __syncwarp();
      if (!sends) continue;
      const auto to = ptx::map_to_rank(inboxes + half * all + rank * units + u, peer);
      if constexpr (async)
        ptx::st_async(to, message, ptx::map_to_rank(&full[half], peer));
      else
        ptx::store(to, message);
    }
    // Rounds 1 and 2 are the first phases of their barriers, 3 and 4 the second.
    if constexpr (async)
      alive = await(&full[half], static_cast<unsigned>((round - 1) / 2 % 2), patience);
    else
      sync_cluster();
  }
  watch.stop(p.outcome);
  patience.report(p.outcome);
  for (int round = last - 1; alive && round <= last; ++round)
    add_wrong(wrong_words(reinterpret_cast<const std::uint32_t*>(inboxes + round % 2 * all), round,
                          blocks, p.words),
              p.outcome);
  sync_cluster();  // nobody leaves while others may write into its memory
}

template <Exchange kind>
void measure_exchange(Runner& runner, const char* name, int blocks, bool alone, int bytes) {
  const Sizes& sizes = runner.sizes();
  Shape shape{.blocks = blocks,
              .threads = sizes.threads,
              .cluster = blocks,
              .shared_bytes = sizes.shared_bytes_of_clusters};
  const auto clusters = [&] {
    return alone ? 1
                 : std::min(max_active_clusters(cluster_exchange_kernel<kind>, shape),
                            sizes.most_clusters);
  };
  runner.measure({{"kind", name},
                  {"blocks", blocks},
                  {"clusters", alone ? Parameter(std::int64_t{1}) : Parameter("most")},
                  {"bytes", bytes}},
                 [&] {
                   const auto first = runner.pattern(std::int64_t{blocks} * bytes / 4);
                   shape.blocks = clusters() * blocks;
                   return runner.repeated([&] {
                     const Outcome outcome = runner.timed([&](Outcome* there) {
                       launch(cluster_exchange_kernel<kind>, shape, runner.stream(),
                              ClusterExchangeParams{first.data(), bytes / 4, sizes.warm_rounds,
                                                    sizes.rounds, there});
                     });
                     return static_cast<double>(outcome.ns) / sizes.rounds;
                   });
                 });
}

}  // namespace

void run_cluster_exchange(Runner& runner) {
  for (const int blocks : runner.sizes().blocks_of_clusters)
    for (const int bytes : runner.sizes().bytes_of_clusters)
      for (const bool alone : {true, false}) {
        measure_exchange<Exchange::st_async>(runner, "st.async", blocks, alone, bytes);
        measure_exchange<Exchange::barrier>(runner, "barrier", blocks, alone, bytes);
      }
}

}  // namespace takt::micro
