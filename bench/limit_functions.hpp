// How many functions of a cell wait for each other.
#pragma once

#include <string_view>

namespace takt::bench {

/// From R h to the new h, one after another: 2 of an LSTM, whose tanh of c' waits for those of its
/// gates; 0 of a rectifier. Found by running the cell, which must be in the list of cells.
int function_depth(std::string_view cell);

}  // namespace takt::bench
