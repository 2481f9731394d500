// How much of the tolerances a set of cases has used.
#include "validate/tolerance_use.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <limits>

namespace takt::validate {

std::string to_string(const ToleranceUse& use) {
  char percent[32];
  std::snprintf(percent, sizeof(percent), "%.2g", 100 * use.share);
  return std::string(use.tensor) + " of " + use.cell + " " + to_string(use.precision) + " uses " +
         percent + " % of its tolerance at most, in " + to_string(use.shape);
}

bool ToleranceUse::is_loose() const {
  // In f64 a device may do just what the reference does, to the last bit. In tf32 it may round to
  // the nearest where others cut off, which halves its errors.
  if (precision == DataType::f64 && share == 0) return false;
  return share < (precision.math == Math::tf32 ? least_share / 2 : least_share);
}

void ToleranceUses::add(const Outcome& outcome) {
  const Case& checked = outcome.checked;
  for (const TensorError& tensor : outcome.tensors) {
    if (tensor.tolerance == 0) continue;
    auto use = std::find_if(uses_.begin(), uses_.end(), [&](const ToleranceUse& known) {
      return known.tensor == tensor.tensor && known.cell == checked.cell &&
             known.precision == checked.precision();
    });
    if (use == uses_.end())
      use = uses_.insert(use, {checked.cell, checked.precision(), tensor.tensor, 0, checked.shape});
    // NaN is outside, not loose.
    const double share =
        std::isnan(tensor.share()) ? std::numeric_limits<double>::infinity() : tensor.share();
    if (share > use->share) use->share = share, use->shape = checked.shape;
  }
}

std::vector<ToleranceUse> ToleranceUses::loose() const {
  std::vector<ToleranceUse> loose;
  std::copy_if(uses_.begin(), uses_.end(), std::back_inserter(loose),
               [](const ToleranceUse& use) { return use.is_loose(); });
  return loose;
}

}  // namespace takt::validate
