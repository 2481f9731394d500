// Cells whose gradient jumps, and numbers that keep away from where it does.
#include "validate/kink.hpp"

#include <cmath>
#include <vector>

#include <takt/cells.hpp>

namespace takt::validate {
namespace {

/// dy by W of one step of one unit, all of whose gates' sums are `sum`.
std::vector<double> gradient_at(const std::string& cell, double sum) {
  const auto gates = static_cast<std::size_t>(find_cell(cell).gates);
  const std::vector<double> W(gates, sum), R(gates, 0);
  const double one = 1;
  const reference::Problem problem{
      .cell = cell, .T = 1, .B = 1, .I = 1, .H = 1, .x = &one, .W = W.data(), .R = R.data()};
  return reference::backward(problem, {.dy = &one}).dW;
}

}  // namespace

bool has_kink(const std::string& cell) {
  constexpr double near = 0x1p-20;
  const std::vector<double> below = gradient_at(cell, -near), above = gradient_at(cell, near);
  for (std::size_t n = 0; n < below.size(); ++n)
    if (std::abs(above[n] - below[n]) > 0x1p-10) return true;
  return false;
}

void keep_from_kink(const Case& checked, Numbers& numbers) {
  const std::int64_t I = checked.shape.I;
  const auto scale = [&](std::vector<double>& values, double factor) {
    for (double& value : values) value = rounded(factor * value, checked.type);
  };
  scale(numbers.W, 0.5);
  scale(numbers.R, 0.25);
  scale(numbers.bW, 0.25);
  scale(numbers.bR, 0.25);
  // Where few units live, gradients of theirs that cancel would leave nothing to measure against.
  for (double& value : numbers.dy) value = std::abs(value);
  if (checked.semantics.input == InputMode::precomputed) {
    for (double& x : numbers.x) x = rounded(x + std::copysign(4, x), checked.type);
    return;
  }
  // The first input is 1, with weights that outweigh all others and R h.
  for (std::size_t n = 0; n < numbers.x.size(); n += static_cast<std::size_t>(I)) numbers.x[n] = 1;
  for (std::size_t n = 0; n < numbers.W.size(); n += static_cast<std::size_t>(I))
    numbers.W[n] = rounded(numbers.W[n] + std::copysign(4, numbers.W[n]), checked.type);
}

}  // namespace takt::validate
