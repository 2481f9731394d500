// How far a function's values are from the exact ones.
#include "function_error.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace takt::micro {

double largest_error(const std::vector<float>& x, const std::vector<float>& y,
                     double (*exact)(double x), bool relative) {
  double worst = 0;
  for (std::size_t n = 0; n < x.size(); ++n) {
    const double expected = exact(static_cast<double>(x[n]));
    double error = std::abs(static_cast<double>(y[n]) - expected);
    if (relative) error /= std::abs(expected);
    if (std::isnan(error)) return error;
    worst = std::max(worst, error);
  }
  return worst;
}

}  // namespace takt::micro
