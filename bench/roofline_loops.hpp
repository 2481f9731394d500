// Loops that ask all of a core, compiled for each instruction-set level.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace takt::bench {

struct RooflineLoops {
  /// Independent chains of multiply-adds; the operations done. What `factor` and `addend` are
  /// changes nothing but the sum that goes to `*sum`.
  std::int64_t (*multiply_f32)(std::int64_t rounds, float factor, float addend, float* sum);
  std::int64_t (*multiply_f64)(std::int64_t rounds, double factor, double addend, double* sum);
  /// Reads it all, `passes` times; some sum of it. `bytes` is a multiple of read_bytes.
  std::uint64_t (*read)(const void* data, std::int64_t bytes, std::int64_t passes);
};

/// Of one round of reading, at any level.
inline constexpr std::int64_t read_bytes = 512;

/// Of the built levels up to the one that this names ("x86-64-v3"), itself the last. Throws
/// std::invalid_argument where it was not built.
std::vector<const RooflineLoops*> roofline_loops(std::string_view instruction_set);

}  // namespace takt::bench
