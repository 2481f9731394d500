// The limit model of a GPU: how long a step takes by each algorithm where nothing but what the
// model names takes time, as formulas of constants that micro benchmarks measured. docs/limit.md
// has the formulas with their units and what they assume. Another algorithm may be faster.
//
// A constant that no record gives is missing, and what needs it is "not measured".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shape.hpp"

namespace takt::bench {

/// An exchange between blocks: the lower convex hull of what was measured, as its lines.
struct ExchangeTime {
  struct Line {
    double seconds = 0;   ///< of an exchange in which a block gets nothing
    double per_byte = 0;  ///< seconds more for each byte that a block gets; not below 0
  };
  std::vector<Line> lines{};

  /// The highest of them.
  double of(double bytes) const;
};

struct ClusterConstants {
  std::optional<ExchangeTime> exchange{};
  std::optional<double> active{};  ///< clusters at a time
};

/// All in seconds, bytes and operations.
struct LimitConstants {
  int multiprocessors = 0;
  std::optional<double> shared_bytes{};      ///< that a block can have
  std::optional<double> clock{};             ///< cycles per second
  std::optional<double> graph_kernel{};      ///< from kernel to kernel of a graph, the whole grid
  std::optional<double> stream_kernel{};     ///< the same, launched one by one
  std::map<double, double> global_read{};    ///< bytes per second, by the footprint's bytes
  std::optional<double> shared_read{};       ///< bytes per cycle and multiprocessor
  std::optional<double> function{};          ///< cycles of a tanh that waits for its argument
  std::map<std::string, double> products{};  ///< operations per second, by type: "bf16", "tf32"
  std::optional<ExchangeTime> grid_exchange{};
  std::map<int, ClusterConstants> clusters{};  ///< by blocks of one
};

/// Blocks of a cluster.
inline constexpr int cluster_sizes[] = {2, 4, 8, 16};

/// Of a multiprocessor, for R: half of its registers. The other half is taken to hold operands and
/// sums.
inline constexpr double register_bytes = 128 << 10;

struct LimitPrediction {
  std::string algorithm;  ///< "step", "step in a graph", "one cluster of 8", "full grid"
  double step_seconds = 0;
  std::vector<std::string> missing{};  ///< micro benchmarks that no record has; no prediction then
  std::string refusal{};               ///< why it cannot run; empty where it can

  bool there() const { return missing.empty() && refusal.empty(); }
};

/// Two kernels a step, launched one by one or in a graph.
LimitPrediction step_limit(const Shape& shape, const LimitConstants& constants, bool graph);

/// Batch groups of one cluster each, which keeps all of R on chip.
LimitPrediction cluster_limit(const Shape& shape, const LimitConstants& constants, int blocks);

/// All multiprocessors in batch groups, as many as are best, each of which keeps all of R.
LimitPrediction grid_limit(const Shape& shape, const LimitConstants& constants);

/// The step algorithm both ways, the cluster sizes of 2 to 16, the full grid.
std::vector<LimitPrediction> all_limits(const Shape& shape, const LimitConstants& constants);

}  // namespace takt::bench
