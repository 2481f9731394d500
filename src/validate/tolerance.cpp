// The one function that says how far a result may lie from the reference, and the lengths of sums
// that it is asked about.
#include "validate/tolerance.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <takt/cells.hpp>

namespace takt::validate {
namespace {

/// Twice the largest relative error of rounding: the spacing of numbers at 1, but for tf32, whose
/// ten bits of fraction some GPUs take by cutting off the rest.
double epsilon(const Precision& precision) {
  if (precision.math == Math::tf32) return 0x1p-9;
  switch (precision.type) {
    case DataType::f64: return 0x1p-52;
    case DataType::f32: return 0x1p-23;
    case DataType::f16: return 0x1p-10;
    case DataType::bf16: return 0x1p-7;
  }
  return 0;
}

}  // namespace

double tolerance(const Precision& precision, std::int64_t accumulation) {
  const double of_cell = precision.is_reduced() ? 0 : 4;
  return epsilon(precision) * (of_cell + std::sqrt(static_cast<double>(accumulation)));
}

void ErrorMeter::add(double result, double reference) {
  if (std::isnan(result) != std::isnan(reference)) nan = true;
  if (std::isnan(result) || std::isnan(reference)) return;
  if (result != reference) worst = std::max(worst, std::abs(result - reference));
  if (!std::isinf(reference)) scale = std::max(scale, std::abs(reference));
}

void ErrorMeter::add(const ErrorMeter& other) {
  worst = std::max(worst, other.worst);
  scale = std::max(scale, other.scale);
  nan = nan || other.nan;
}

double ErrorMeter::error() const {
  return nan ? std::numeric_limits<double>::quiet_NaN() : worst / scale;
}

Terms terms_of(std::string_view cell, const Precision& precision, const CaseShape& shape) {
  // Only what is rounded counts. In tf32 both operands of both products, while biases sum what has
  // been through R^T drh alone; in 16 bits h as forward's operand, and backward the gates as they
  // were saved, their gradients as operands, and the result too.
  if (precision.math == Math::tf32) return {.forward = 4, .backward = 4, .weights = 4, .biases = 1};
  if (precision.is_reduced()) return {.forward = 1, .backward = 4, .weights = 4, .biases = 4};
  const auto [T, B, I, H] = shape;
  const std::int64_t GH = find_cell(cell).gates * H;
  // Biases are summed in double: in f32 they are as far off as the summands, which are made by
  // forward and backward. In f64 that sum rounds as well, and so does the reference's.
  const std::int64_t summed = precision.type == DataType::f64 ? T * B : 0;
  return {.forward = I + H, .backward = GH, .weights = T * B, .biases = I + H + GH + summed};
}

}  // namespace takt::validate
