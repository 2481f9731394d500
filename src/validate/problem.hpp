// The numbers of a case: inputs rounded to its types, and what the reference makes of them.
#pragma once

#include <cstdint>
#include <vector>

#include <takt/reference.hpp>

#include "validate/case.hpp"

namespace takt::validate {

/// Dense time-major arrays in double, each value representable in the case's type, those of inner
/// states and their gradients in its `inner_type`. Padding of x, dy and dc_all holds NaN, which
/// nothing may read.
struct Numbers {
  std::int64_t G = 0, C = 0;
  std::vector<double> x, h0, c0, W, R, bW, bR;
  std::vector<double> dy, dhT, dcT, dc_all;
  std::vector<double> old_dW, old_dR, old_dbW, old_dbR;  ///< to which gradients may be added
  std::vector<std::int32_t> lengths;                     ///< empty: none
  std::vector<std::uint8_t> resets;                      ///< empty: none
};

/// The nearest value of a type.
double rounded(double value, DataType type);

/// `draw` chooses the values.
Numbers make_numbers(const Case& checked, int draw);

/// The resets as they lie in the case's layout.
std::vector<std::uint8_t> placed_resets(const Case& checked, const Numbers& numbers);

reference::Problem reference_problem(const Case& checked, const Numbers& numbers);
reference::Upstream reference_upstream(const Numbers& numbers);

}  // namespace takt::validate
