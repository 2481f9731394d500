// Plans of every kind that a cell can run in, and ragged rows with resets for their calls.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include <takt/takt.hpp>

#include "call_arrays.hpp"

namespace takt::test {

/// T 7, B 5, I 3, H 21: units do not fill their last vector. Each type, layout and direction.
inline constexpr Dims dims_of_kinds{7, 5};
inline std::vector<RnnSpec> kinds_of(const std::string& cell) {
  std::vector<RnnSpec> kinds;
  for (const DataType type : {DataType::f32, DataType::f64})
    for (const Layout layout : {Layout::time_major, Layout::batch_major})
      for (const Direction direction : {Direction::forward, Direction::reverse})
        kinds.push_back({.cell = cell,
                         .input_size = 3,
                         .hidden_size = 21,
                         .direction = direction,
                         .type = type,
                         .layout = layout});
  return kinds;
}

inline void make_ragged_rows(CallArrays& arrays) {
  arrays.lengths = {7, 0, 3, 6, 1};
  arrays.resets.assign(static_cast<std::size_t>(arrays.T * arrays.B), 0);
  for (std::size_t n = 3; n < arrays.resets.size(); n += 4) arrays.resets[n] = 1;
}

inline std::vector<unsigned char> bytes_of(const Array& array) {
  const auto* begin = static_cast<const unsigned char*>(array.data());
  if (array.size() == 0) return {};
  return {begin, begin + array.size() * static_cast<std::int64_t>(size_of(array.type()))};
}

}  // namespace takt::test
