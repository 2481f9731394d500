// The micro benchmarks by name, in the order in which they run.
#pragma once

#include <vector>

namespace takt::micro {

class Runner;

struct Benchmark {
  const char* name;  ///< of all its results
  const char* unit;
  const char* summary;
  void (*run)(Runner& runner);
};

/// The constants of the limit model first. docs/microbenchmarks.md says more of each.
const std::vector<Benchmark>& all_benchmarks();

void run_sm_clock(Runner& runner);
void run_graph_node_gap(Runner& runner);
void run_grid_exchange(Runner& runner);
void run_cluster_exchange(Runner& runner);
void run_global_read(Runner& runner);
void run_broadcast_read(Runner& runner);
void run_shared_read(Runner& runner);
void run_mma_rate(Runner& runner);
void run_copy_bandwidth(Runner& runner);
void run_stream_launch_gap(Runner& runner);
void run_grid_barrier(Runner& runner);
void run_cluster_barrier(Runner& runner);
void run_max_active_clusters(Runner& runner);
void run_block_barrier(Runner& runner);
void run_read_latency(Runner& runner);
void run_mma_latency(Runner& runner);
void run_function_rate(Runner& runner);
void run_function_latency(Runner& runner);
void run_function_error(Runner& runner);

}  // namespace takt::micro
