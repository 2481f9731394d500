// The limit model of a GPU.
#include "limit.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

#include <takt/cells.hpp>

#include "limit_functions.hpp"

namespace takt::bench {
namespace {

constexpr std::string_view shared_memory = "shared memory of a block of this compute capability";

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

/// Of a step in which the recurrence takes so long: W's products, and those of the gradients, can
/// run beside it.
double with_all_products(double recurrence, const Shape& shape, const Sizes& sizes,
                         double per_second) {
  return std::max(recurrence, operations(shape) / sizes.T / per_second);
}

/// At the best rate of those that R cannot miss: of the next smaller footprint or of larger ones.
double read_seconds(double bytes, const LimitConstants& constants, Reader& read) {
  if (constants.global_read.empty()) {
    read.miss("global_read");
    return 0;
  }
  auto footprint = constants.global_read.upper_bound(bytes);
  if (footprint != constants.global_read.begin()) --footprint;
  double rate = 0;
  for (; footprint != constants.global_read.end(); ++footprint)
    rate = std::max(rate, footprint->second);
  return bytes / rate;
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
  const int depth = function_depth(shape.cell);
  const double functions =
      depth == 0 ? 0 : depth * read(constants.function, "function_latency") / clock;
  // Forward h, backward sums of dh.
  const double pass = exchange.of(rows * sizes.H * sizes.element) + std::max(multiply, from_shared);
  return sizes.passes * pass + functions;
}

/// Of a group that can hold R.
double least_blocks(const Sizes& sizes, double shared_bytes) {
  return std::ceil(sizes.R / (shared_bytes + register_bytes));
}

}  // namespace

double ExchangeTime::of(double bytes) const {
  double seconds = 0;
  for (const Line& line : lines) seconds = std::max(seconds, line.seconds + line.per_byte * bytes);
  return seconds;
}

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
      with_all_products(sizes.passes * (2 * kernel + product), shape, sizes, per_second);
  return prediction;
}

LimitPrediction cluster_limit(const Shape& shape, const LimitConstants& constants, int blocks) {
  LimitPrediction prediction{.algorithm = "one cluster of " + std::to_string(blocks)};
  Reader read(prediction);
  const Sizes sizes(shape);
  const double shared_bytes = read(constants.shared_bytes, shared_memory);
  if (constants.shared_bytes && least_blocks(sizes, shared_bytes) > blocks) {
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
      with_all_products(group_seconds(shape, constants, blocks, rows, exchange, read), shape, sizes,
                        products_per_second(shape, constants, read));
  return prediction;
}

LimitPrediction grid_limit(const Shape& shape, const LimitConstants& constants) {
  LimitPrediction prediction{.algorithm = "full grid"};
  Reader read(prediction);
  const Sizes sizes(shape);
  const double shared_bytes = read(constants.shared_bytes, shared_memory);
  const ExchangeTime exchange = read(constants.grid_exchange, "grid_exchange");
  std::optional<double> best;
  for (int groups = 1; groups <= constants.multiprocessors; groups *= 2) {
    const int blocks = constants.multiprocessors / groups;
    if (constants.shared_bytes && least_blocks(sizes, shared_bytes) > blocks) break;
    const double seconds =
        group_seconds(shape, constants, blocks, std::ceil(sizes.B / groups), exchange, read);
    if (!best || seconds < *best) best = seconds;
  }
  if (!best) {
    prediction.refusal = "R does not fit";
    return prediction;
  }
  prediction.step_seconds =
      with_all_products(*best, shape, sizes, products_per_second(shape, constants, read));
  return prediction;
}

std::vector<LimitPrediction> all_limits(const Shape& shape, const LimitConstants& constants) {
  std::vector<LimitPrediction> all = {step_limit(shape, constants, false),
                                      step_limit(shape, constants, true)};
  for (const int blocks : cluster_sizes) all.push_back(cluster_limit(shape, constants, blocks));
  all.push_back(grid_limit(shape, constants));
  return all;
}

}  // namespace takt::bench
