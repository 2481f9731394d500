// Constants of the limit model from the results of micro benchmarks.
#include "limit_constants.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

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

/// The line through the first and the last; through one alone it is level.
std::optional<ExchangeTime> line_through(const Samples& samples) {
  if (samples.empty()) return std::nullopt;
  const auto [few, short_time] = *samples.begin();
  const auto [many, long_time] = *samples.rbegin();
  const double slope = many > few ? std::max(0., (long_time - short_time) / (many - few)) : 0;
  return ExchangeTime{.seconds = std::max(0., short_time - slope * few), .per_byte = slope};
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
  return line_through(samples);
}

/// Taken by exchange_of.
void take_as_line(const MicroResult&, double, LimitConstants&) {}

constexpr double nano = 1e-9, mega = 1e6, giga = 1e9, tera = 1e12;

constexpr ConstantSource grid_exchange{"grid_exchange", "ns", nano,
                                       "exchange between all blocks of a grid", take_as_line};
constexpr ConstantSource cluster_exchange{"cluster_exchange", "ns", nano,
                                          "exchange between the blocks of a cluster", take_as_line};

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
       keep_most(constants.clusters[static_cast<int>(number(result, "blocks"))].active, value);
     }},
    grid_exchange,
    cluster_exchange,
};

}  // namespace

std::span<const ConstantSource> constant_sources() {
  return sources;
}

LimitConstants constants_from(std::span<const MicroResult> results, int multiprocessors) {
  LimitConstants constants{.multiprocessors = multiprocessors};
  for (const MicroResult& result : results)
    for (const ConstantSource& source : sources)
      if (result.name == source.name && result.unit == source.unit && result.median > 0)
        source.take(result, source.scale * result.median, constants);
  constants.grid_exchange = exchange_of(results, grid_exchange, multiprocessors);
  for (const int blocks : {2, 4, 8, 16})
    if (const auto exchange = exchange_of(results, cluster_exchange, blocks))
      constants.clusters[blocks].exchange = exchange;
  return constants;
}

}  // namespace takt::bench
