// Constants of the limit model from the results of micro benchmarks.
#include "limit_constants.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <utility>

namespace takt::bench {
namespace {

/// Empty where there is none of this name.
std::string parameter(const MicroResult& result, const std::string& name) {
  const auto found = result.parameters.find(name);
  return found == result.parameters.end() ? "" : found->second;
}

/// 0 where it is no number.
double number(const MicroResult& result, const std::string& name) {
  const std::string text = parameter(result, name);
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

void keep_least(std::optional<double>& constant, double value) {
  if (!constant || value < *constant) constant = value;
}

void keep_most(std::optional<double>& constant, double value) {
  if (!constant || value > *constant) constant = value;
}

/// Kernels that fill the device and begin when the one before is done, as those of a step do.
bool is_plain_full_grid(const MicroResult& result, const LimitConstants& constants) {
  return parameter(result, "edges") == "plain" &&
         number(result, "blocks") == constants.multiprocessors;
}

using Samples = std::map<double, double>;  // seconds by the bytes that a block gets

/// The lines of the lower convex hull, none of which falls: what got more bytes in less time could
/// have got fewer. One through the last alone is level.
std::optional<ExchangeTime> lines_below(Samples samples) {
  if (samples.empty()) return std::nullopt;
  double least = samples.rbegin()->second;
  for (auto sample = samples.rbegin(); sample != samples.rend(); ++sample)
    sample->second = least = std::min(least, sample->second);
  ExchangeTime exchange{{{.seconds = samples.begin()->second}}};
  for (auto from = samples.begin(); from != std::prev(samples.end());) {
    const auto slope_to = [&](const auto& to) {
      return (to.second - from->second) / (to.first - from->first);
    };
    const auto next =
        std::min_element(std::next(from), samples.end(),
                         [&](const auto& a, const auto& b) { return slope_to(a) < slope_to(b); });
    const double slope = slope_to(*next);
    const ExchangeTime::Line line{.seconds = from->second - slope * from->first, .per_byte = slope};
    if (from == samples.begin()) exchange.lines.clear();
    exchange.lines.push_back(line);
    from = next;
  }
  return exchange;
}

/// Of the results of one exchange: the best kind for each number of bytes.
std::optional<ExchangeTime> exchange_of(std::span<const MicroResult> results,
                                        const ConstantSource& source, double blocks) {
  Samples samples;
  for (const MicroResult& result : results) {
    if (result.name != source.name || result.unit != source.unit || !(result.median > 0)) continue;
    // Of clusters, those that fill the device.
    const std::string clusters = parameter(result, "clusters");
    if (number(result, "blocks") != blocks || (!clusters.empty() && clusters != "most")) continue;
    const double bytes = blocks * number(result, "bytes"), seconds = source.scale * result.median;
    const auto [at, is_new] = samples.emplace(bytes, seconds);
    if (!is_new) at->second = std::min(at->second, seconds);
  }
  return lines_below(std::move(samples));
}

/// Taken by exchange_of.
void take_as_lines(const MicroResult&, double, LimitConstants&) {}

/// What one block can have, from the tables of NVIDIA's CUDA C++ Programming Guide, "Compute
/// capabilities".
std::optional<double> shared_bytes_of(std::string_view compute_capability) {
  constexpr std::pair<std::string_view, int> kibibytes[] = {
      {"7.0", 96}, {"7.5", 64},  {"8.0", 163},  {"8.6", 99}, {"8.7", 163},
      {"8.9", 99}, {"9.0", 227}, {"10.0", 227}, {"12.0", 99}};
  for (const auto& [known, kibibyte] : kibibytes)
    if (known == compute_capability) return kibibyte * 1024.;
  return std::nullopt;
}

constexpr const char* product_types[] = {"bf16", "f16", "tf32"};  // of mma_rate

constexpr double nano = 1e-9, mega = 1e6, giga = 1e9, tera = 1e12;

constexpr ConstantSource grid_exchange{"grid_exchange", "ns", nano,
                                       "exchange between all blocks of a grid", take_as_lines};
constexpr ConstantSource cluster_exchange{
    "cluster_exchange", "ns", nano, "exchange between the blocks of a cluster", take_as_lines};

constexpr ConstantSource sources[] = {
    {"sm_clock", "MHz", mega, "clock",
     [](const MicroResult&, double value, LimitConstants& constants) {
       keep_most(constants.clock, value);
     }},
    {"graph_node_gap", "ns", nano, "a kernel of a graph",
     [](const MicroResult& result, double value, LimitConstants& constants) {
       if (is_plain_full_grid(result, constants)) keep_least(constants.graph_kernel, value);
     }},
    {"stream_launch_gap", "ns", nano, "a kernel launched in a stream",
     [](const MicroResult& result, double value, LimitConstants& constants) {
       if (is_plain_full_grid(result, constants)) keep_least(constants.stream_kernel, value);
     }},
    {"global_read", "GB/s", giga, "reading R, by its size",
     [](const MicroResult& result, double value, LimitConstants& constants) {
       double& kept = constants.global_read[number(result, "bytes")];
       kept = std::max(kept, value);
     }},
    {"shared_read", "B/cycle", 1, "reading R from shared memory",
     [](const MicroResult&, double value, LimitConstants& constants) {
       keep_most(constants.shared_read, value);
     }},
    {"function_latency", "cycles", 1, "a function of a gate",
     [](const MicroResult& result, double value, LimitConstants& constants) {
       const std::string function = parameter(result, "function");
       if (function == "tanh.approx" || function == "tanhf") keep_least(constants.function, value);
     }},
    {"mma_rate", "TFLOP/s", tera, "products, by type",
     [](const MicroResult& result, double value, LimitConstants& constants) {
       double& kept = constants.products[parameter(result, "type")];
       kept = std::max(kept, value);
     }},
    {"max_active_clusters", "clusters", 1, "clusters at a time, by their blocks",
     [](const MicroResult& result, double value, LimitConstants& constants) {
       const double blocks = number(result, "blocks");
       for (const int known : cluster_sizes)
         if (blocks == known) keep_most(constants.clusters[known].active, value);
     }},
    grid_exchange,
    cluster_exchange,
};

}  // namespace

std::span<const ConstantSource> constant_sources() {
  return sources;
}

LimitConstants constants_from(std::span<const MicroResult> results, const GpuFacts& gpu) {
  LimitConstants constants{.multiprocessors = gpu.multiprocessors,
                           .shared_bytes = shared_bytes_of(gpu.compute_capability)};
  for (const MicroResult& result : results)
    for (const ConstantSource& source : sources)
      if (result.name == source.name && result.unit == source.unit && result.median > 0)
        source.take(result, source.scale * result.median, constants);
  constants.grid_exchange = exchange_of(results, grid_exchange, gpu.multiprocessors);
  for (const int blocks : cluster_sizes)
    if (const auto exchange = exchange_of(results, cluster_exchange, blocks))
      constants.clusters[blocks].exchange = exchange;
  return constants;
}

bool has_all(const LimitConstants& constants) {
  const auto& clusters = constants.clusters;
  const bool has_clusters =
      std::all_of(std::begin(cluster_sizes), std::end(cluster_sizes), [&](int blocks) {
        const auto found = clusters.find(blocks);
        return found != clusters.end() && found->second.active && found->second.exchange;
      });
  const bool has_products =
      std::all_of(std::begin(product_types), std::end(product_types),
                  [&](const char* type) { return constants.products.contains(type); });
  return constants.shared_bytes && constants.clock && constants.graph_kernel &&
         constants.stream_kernel && !constants.global_read.empty() && constants.shared_read &&
         constants.function && has_products && constants.grid_exchange && has_clusters;
}

}  // namespace takt::bench
