// Sizes of the kernels that move rows.
#pragma once

#include <algorithm>
#include <cstdint>

namespace takt::policy {

struct Rows {
  static constexpr int threads = 128;
  static constexpr std::int64_t most_blocks = 4096;  ///< each walks over items from there on

  static constexpr std::int64_t blocks(std::int64_t items) {
    return std::clamp<std::int64_t>((items + threads - 1) / threads, 1, most_blocks);
  }
};

}  // namespace takt::policy
