// The one function that says how far a result may lie from the reference.
#include "validate/tolerance.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace takt::validate {
namespace {

/// Spacing of numbers at 1.
double epsilon(DataType type) {
  switch (type) {
    case DataType::f64: return 0x1p-52;
    case DataType::f32: return 0x1p-23;
    case DataType::f16: return 0x1p-10;
    case DataType::bf16: return 0x1p-7;
  }
  return 0;
}

}  // namespace

double tolerance(DataType type, std::int64_t accumulation) {
  return epsilon(type) * (4 + std::sqrt(static_cast<double>(accumulation)));
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

}  // namespace takt::validate
