// How columns of the gates' gradients are summed.
#pragma once

#include <algorithm>
#include <cstdint>

namespace takt::policy {

struct ColumnSums {
  static constexpr int columns = 32;  ///< of a block: a warp reads neighbours
  static constexpr int lanes = 8;     ///< threads of a block that share a column
  static constexpr int most_parts = 32;
  /// Sums kept apart until the end: blocks that share a column, by the rows of a call's longest
  /// chunk. The device has no say in it, so that the order of the sum does not depend on it.
  static constexpr int parts(std::int64_t rows) {
    constexpr std::int64_t rows_of_part = 16 * lanes;
    return static_cast<int>(
        std::clamp<std::int64_t>((rows + rows_of_part - 1) / rows_of_part, 1, most_parts));
  }
};

}  // namespace takt::policy
