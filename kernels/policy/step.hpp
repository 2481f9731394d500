// Sizes of the step algorithm's kernels: read by the kernels and by those who launch them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace takt::policy {

struct Step {
  static constexpr int threads = 128;
  static constexpr int most_row_blocks = 65535;  // gridDim.y; each walks over rows from there on

  static constexpr std::int64_t blocks_across(std::int64_t H, int units) {
    return (H / units + threads - 1) / threads;
  }
};

}  // namespace takt::policy
