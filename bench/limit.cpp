// The limit model of a GPU.
#include "limit.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

#include <takt/cells.hpp>

namespace takt::bench {
namespace {

/// Values of constants, and the names of those that are missing.
class Reader {
 public:
  explicit Reader(LimitPrediction& prediction) : prediction_(prediction) {}

  /// 1 for one that is missing, since the result does not count then.
  double operator()(const std::optional<double>& constant, std::string_view name) {
    if (!constant) miss(name);
    return constant.value_or(1);
  }
  ExchangeTime operator()(const std::optional<ExchangeTime>& constant, std::string_view name) {
    if (!constant) miss(name);
    return constant.value_or(ExchangeTime{});
  }
  void miss(std::string_view name) {
    std::vector<std::string>& missing = prediction_.missing;
    if (std::find(missing.begin(), missing.end(), name) == missing.end())
      missing.emplace_back(name);
  }

 private:
  LimitPrediction& prediction_;
};

/// The parts of a shape that the formulas are made of.
struct Sizes {
  double T, B, H, G;
  double element;  // bytes
  double passes;   // over time: forward, and backward in training
  double R;        // bytes

  explicit Sizes(const Shape& shape)
      : T(static_cast<double>(shape.T)),
        B(static_cast<double>(shape.B)),
        H(static_cast<double>(shape.H)),
        G(find_cell(shape.cell).gates),
        element(static_cast<double>(size_of(shape.type))),
        passes(shape.has_backward() ? 2 : 1),
        R(find_cell(shape.cell).recurrence == Recurrence::none ? 0 : G * H * H * element) {}

  /// Operations of R's product with the h of so many rows.
  double product(double rows) const { return 2 * rows * R / element; }
};

double products_per_second(const Shape& shape, const LimitConstants& constants, Reader& read) {
  const std::string type(precision_name(shape));
  const auto found = constants.products.find(type);
  if (found != constants.products.end()) return found->second;
  read.miss("mma_rate of " + type);
  return 1;
}

/// What is left for products over all steps at once: by W, and in training for the gradients.
double outside_seconds(const Shape& shape, const Sizes& sizes, double per_second) {
  return std::max(0., operations(shape) / sizes.T - sizes.passes * sizes.product(sizes.B)) /
         per_second;
}

/// At the rate measured with the smallest footprint that is as large.
double read_seconds(double bytes, const LimitConstants& constants, Reader& read) {
  if (constants.global_read.empty()) {
    read.miss("global_read");
    return 0;
  }
  const auto found = constants.global_read.lower_bound(bytes);
  return bytes / (found == constants.global_read.end() ? constants.global_read.rbegin()->second
                                                       : found->second);
}

/// A group of `blocks` multiprocessors that keeps R on chip and steps `rows` rows.
double group_seconds(const Shape& shape, const LimitConstants& constants, double blocks,
                     double rows, const ExchangeTime& exchange, Reader& read) {
  const Sizes sizes(shape);
  const double clock = read(constants.clock, "sm_clock");
  const double multiply = sizes.product(rows) / products_per_second(shape, constants, read) *
                          constants.multiprocessors / blocks;
  const double from_shared = std::max(0., sizes.R / blocks - register_bytes) /
                             (read(constants.shared_read, "shared_read") * clock);
  // A gate's function, and with several gates that of the state that waits for them.
  const double functions =
      (sizes.G > 1 ? 2 : 1) * read(constants.function, "function_latency") / clock;
  const double got = rows * sizes.H * sizes.element;
  double seconds = exchange.of(got) + std::max(multiply, from_shared) + functions;
  // Backward exchanges the gradients of all gates.
  if (sizes.passes > 1)
    seconds += exchange.of(sizes.G * got) + std::max(multiply, from_shared) + functions;
  return seconds;
}

double least_blocks(const Sizes& sizes) {
  return std::ceil(sizes.R / (shared_bytes + register_bytes));
}

}  // namespace

LimitPrediction step_limit(const Shape& shape, const LimitConstants& constants, bool graph) {
  LimitPrediction prediction{.algorithm = graph ? "step in a graph" : "step"};
  Reader read(prediction);
  const Sizes sizes(shape);
  const double kernel = graph ? read(constants.graph_kernel, "graph_node_gap")
                              : read(constants.stream_kernel, "stream_launch_gap");
  const double per_second = products_per_second(shape, constants, read);
  const double product =
      std::max(read_seconds(sizes.R, constants, read), sizes.product(sizes.B) / per_second);
  prediction.step_seconds =
      sizes.passes * (2 * kernel + product) + outside_seconds(shape, sizes, per_second);
  return prediction;
}

LimitPrediction cluster_limit(const Shape& shape, const LimitConstants& constants, int blocks) {
  LimitPrediction prediction{.algorithm = "one cluster of " + std::to_string(blocks)};
  Reader read(prediction);
  const Sizes sizes(shape);
  if (least_blocks(sizes) > blocks) {
    prediction.refusal = "R does not fit";
    return prediction;
  }
  static const ClusterConstants none;
  const auto found = constants.clusters.find(blocks);
  const ClusterConstants& cluster = found == constants.clusters.end() ? none : found->second;
  const std::string of = " of " + std::to_string(blocks) + " blocks";
  const double groups = read(cluster.active, "max_active_clusters" + of);
  const ExchangeTime exchange = read(cluster.exchange, "cluster_exchange" + of);
  const double rows = std::ceil(sizes.B / groups);
  prediction.step_seconds =
      group_seconds(shape, constants, blocks, rows, exchange, read) +
      outside_seconds(shape, sizes, products_per_second(shape, constants, read));
  return prediction;
}

LimitPrediction grid_limit(const Shape& shape, const LimitConstants& constants) {
  LimitPrediction prediction{.algorithm = "full grid"};
  Reader read(prediction);
  const Sizes sizes(shape);
  const ExchangeTime exchange = read(constants.grid_exchange, "grid_exchange");
  std::optional<double> best;
  for (int groups = 1; groups <= constants.multiprocessors; groups *= 2) {
    const int blocks = constants.multiprocessors / groups;
    if (least_blocks(sizes) > blocks) break;
    const double seconds =
        group_seconds(shape, constants, blocks, std::ceil(sizes.B / groups), exchange, read);
    if (!best || seconds < *best) best = seconds;
  }
  if (!best) {
    prediction.refusal = "R does not fit";
    return prediction;
  }
  prediction.step_seconds =
      *best + outside_seconds(shape, sizes, products_per_second(shape, constants, read));
  return prediction;
}

std::vector<LimitPrediction> all_limits(const Shape& shape, const LimitConstants& constants) {
  std::vector<LimitPrediction> all = {step_limit(shape, constants, false),
                                      step_limit(shape, constants, true)};
  for (const int blocks : {2, 4, 8, 16}) all.push_back(cluster_limit(shape, constants, blocks));
  all.push_back(grid_limit(shape, constants));
  return all;
}

}  // namespace takt::bench
