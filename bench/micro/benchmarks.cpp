// The list of micro benchmarks.
#include "benchmark.hpp"

namespace takt::micro {

const std::vector<Benchmark>& all_benchmarks() {
  static const std::vector<Benchmark> all = {
      {"sm_clock", "MHz", "clock of a multiprocessor; one warp spins on each", run_sm_clock},
      {"graph_node_gap", "ns", "a kernel of a graph, from the one before", run_graph_node_gap},
      {"grid_exchange", "ns", "all blocks of a grid get what each sends", run_grid_exchange},
      {"cluster_exchange", "ns", "all blocks of a cluster get what each sends",
       run_cluster_exchange},
      {"global_read", "GB/s", "all multiprocessors read a footprint", run_global_read},
      {"broadcast_read", "B/cycle", "each multiprocessor reads the same", run_broadcast_read},
      {"shared_read", "B/cycle", "a multiprocessor reads its shared memory", run_shared_read},
      {"mma_rate", "TFLOP/s", "products by mma.sync", run_mma_rate},
      {"copy_bandwidth", "GB/s", "a copy on the device, read and written", run_copy_bandwidth},
      {"stream_launch_gap", "ns", "a kernel launched after another", run_stream_launch_gap},
      {"grid_barrier", "ns", "a barrier of all blocks of a grid", run_grid_barrier},
      {"cluster_barrier", "ns", "a barrier of all blocks of a cluster", run_cluster_barrier},
      {"max_active_clusters", "clusters", "how many clusters fit at a time",
       run_max_active_clusters},
      {"block_barrier", "ns", "__syncthreads", run_block_barrier},
      {"read_latency", "ns", "a read whose address the one before gave", run_read_latency},
      {"mma_latency", "ns", "an mma.sync that needs the one before", run_mma_latency},
      {"function_rate", "operations/cycle", "functions of gates, of a multiprocessor",
       run_function_rate},
      {"function_latency", "cycles", "functions of gates, one after another", run_function_latency},
      {"function_error", "error", "functions of gates, against f64", run_function_error},
  };
  return all;
}

}  // namespace takt::micro
