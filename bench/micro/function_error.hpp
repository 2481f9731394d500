// How far a function's values are from the exact ones.
#pragma once

#include <vector>

namespace takt::micro {

/// The largest |y - exact(x)|, of `relative` errors divided by |exact(x)|, which must not be 0. NaN
/// where any y is.
double largest_error(const std::vector<float>& x, const std::vector<float>& y,
                     double (*exact)(double x), bool relative);

}  // namespace takt::micro
