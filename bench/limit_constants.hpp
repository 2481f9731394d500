// Constants of the limit model from the results of micro benchmarks.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "limit.hpp"

namespace takt::bench {

/// A result of takt_microbench, as its record has it.
struct MicroResult {
  std::string name;
  std::map<std::string, std::string> parameters{};
  std::string unit;
  double median = 0;
};

struct GpuFacts {
  int multiprocessors = 0;
  std::string compute_capability{};  ///< "9.0"
};

/// What is read of the results: the one place where their names stand.
struct ConstantSource {
  std::string_view name;      ///< of the micro benchmark
  std::string_view unit;      ///< that it must have
  double scale;               ///< to seconds, bytes, operations
  std::string_view constant;  ///< what it gives
  void (*take)(const MicroResult& result, double value, LimitConstants& constants);
};
std::span<const ConstantSource> constant_sources();

/// Of several results for one constant the best counts, since this is a limit: the highest rate,
/// the least time. Results in another unit or not above 0 do not count.
LimitConstants constants_from(std::span<const MicroResult> results, const GpuFacts& gpu);

/// Whether nothing is missing that takt_microbench measures.
bool has_all(const LimitConstants& constants);

}  // namespace takt::bench
