// Sizes of the step algorithm's kernels: read by the kernels and by those who launch them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace takt::policy {

struct Step {
  static constexpr int threads = 128;
  static constexpr int most_row_blocks = 65535;  // gridDim.y; each walks over rows from there on

  /// Units of one thread: 16 bytes of the storage type where rows allow it, else one.
  static constexpr int units(std::int64_t H, std::size_t element_bytes) {
    const auto wide = static_cast<std::int64_t>(16 / element_bytes);
    return H % wide == 0 ? static_cast<int>(wide) : 1;
  }
  static constexpr std::int64_t blocks_across(std::int64_t H, int units) {
    return (H / units + threads - 1) / threads;
  }
};

}  // namespace takt::policy
