// How long a read takes whose address the read before has given: one thread follows a chain through
// shared memory, that of another block of its cluster, L2 or memory. It must end where it has to.
//
// Parameters: where "shared", "cluster" (with blocks, of which the last one owns the memory) or
// "global"; bytes, of the chain's nodes.
#include <takt/kernels/ptx/cluster.cuh>

#include "runner.cuh"

namespace takt::micro {
namespace {

constexpr int node_bytes = 128;  // in global memory, a line to each node; in shared memory 4

/// The node after one of `nodes`, a power of two: a cycle through all of them, since the factor is
/// 1 modulo 4 and the summand odd.
__host__ __device__ inline std::uint32_t node_after(std::uint32_t n, std::uint32_t nodes) {
  constexpr std::uint32_t factor = 1664525, summand = 1013904223;
  return (n * factor + summand) & (nodes - 1);
}

struct ChaseParams {
  std::uint32_t* words;  // in global memory
  std::uint32_t nodes;
  std::uint32_t start;
  bool spoiled;  // the first node leads to itself
  int steps;
  Outcome* outcome;
};

__global__ void link_kernel(ChaseParams p) {
  for (std::uint32_t n = blockIdx.x * blockDim.x + threadIdx.x; n < p.nodes;
       n += gridDim.x * blockDim.x)
    p.words[std::size_t{n} * (node_bytes / 4)] = p.spoiled && n == 0 ? 0 : node_after(n, p.nodes);
}

__global__ void global_chase_kernel(ChaseParams p) {
  std::uint32_t at = p.start;
  Stopwatch watch;
  watch.start();
  TAKT_UNROLL(16)
  for (int n = 0; n < p.steps; ++n) at = __ldcg(p.words + std::size_t{at} * (node_bytes / 4));
  watch.stop(p.outcome);
  p.outcome->sum = at;
}

constexpr std::uint32_t shared_nodes = 1024;

/// In a cluster of one block by ld.shared, else by ld.shared::cluster from the last block.
template <bool remote>
__global__ void shared_chase_kernel(ChaseParams p) {
  TAKT_SHARED(std::uint32_t, nodes, [shared_nodes]);
  for (std::uint32_t n = threadIdx.x; n < shared_nodes; n += blockDim.x)
    nodes[n] = p.spoiled && n == 0 ? 0 : node_after(n, shared_nodes);
  ptx::cluster_arrive();
  ptx::cluster_wait();
  if (ptx::cluster_rank() == 0 && threadIdx.x == 0) {
    const auto owner = ptx::map_to_rank(&nodes[0], ptx::cluster_size() - 1);
    std::uint32_t at = p.start;
    Stopwatch watch;
    watch.start();
    TAKT_UNROLL(16)
    for (int n = 0; n < p.steps; ++n) {
      if constexpr (remote)
        at = ptx::load(owner + static_cast<int>(at));
      else
        at = nodes[at];
    }
    watch.stop(p.outcome);
    p.outcome->sum = at;
  }
  ptx::cluster_arrive();
  ptx::cluster_wait();  // the owner stays until the chase is over
}

/// Each run goes on where the last one ended.
std::vector<double> measure_chase(Runner& runner, void (*kernel)(ChaseParams), const Shape& shape,
                                  ChaseParams params) {
  return runner.repeated([&] {
    std::uint32_t expected = params.start;
    for (int n = 0; n < params.steps; ++n) expected = node_after(expected, params.nodes);
    const Outcome outcome = runner.timed([&](Outcome* there) {
      params.outcome = there;
      launch(kernel, shape, runner.stream(), params);
    });
    if (outcome.sum != expected)
      throw WrongResult("the chain ends at node " + std::to_string(outcome.sum) + ", not at " +
                        std::to_string(expected));
    params.start = expected;
    return static_cast<double>(outcome.ns) / params.steps;
  });
}

std::vector<double> measure_global_chase(Runner& runner, std::int64_t bytes) {
  const DeviceArray<std::uint32_t> words(bytes / 4);
  const ChaseParams params{words.data(),
                           static_cast<std::uint32_t>(bytes / node_bytes),
                           0,
                           runner.spoiled(),
                           runner.sizes().instructions,
                           nullptr};
  words.clear(runner.stream());
  launch(link_kernel, {.blocks = runner.blocks(), .threads = runner.sizes().threads},
         runner.stream(), params);
  return measure_chase(runner, global_chase_kernel, {.blocks = 1, .threads = 1}, params);
}

std::vector<double> measure_shared_chase(Runner& runner, int blocks) {
  const ChaseParams params{nullptr, shared_nodes, 0, runner.spoiled(), runner.sizes().instructions,
                           nullptr};
  return measure_chase(runner, blocks == 1 ? shared_chase_kernel<false> : shared_chase_kernel<true>,
                       {.blocks = blocks, .threads = 32, .cluster = blocks}, params);
}

}  // namespace

void run_read_latency(Runner& runner) {
  constexpr int bytes_of_shared = static_cast<int>(4 * shared_nodes);
  runner.measure({{"where", "shared"}, {"bytes", bytes_of_shared}},
                 [&] { return measure_shared_chase(runner, 1); });
  for (const int blocks : runner.sizes().blocks_of_clusters)
    runner.measure({{"where", "cluster"}, {"blocks", blocks}, {"bytes", bytes_of_shared}},
                   [&] { return measure_shared_chase(runner, blocks); });
  for (const std::int64_t bytes : runner.sizes().chase_bytes)
    runner.measure({{"where", "global"}, {"bytes", bytes}},
                   [&] { return measure_global_chase(runner, bytes); });
}

}  // namespace takt::micro
