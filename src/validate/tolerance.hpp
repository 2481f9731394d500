// The one function that says how far a result may lie from the reference.
#pragma once

#include <cstdint>
#include <takt/types.hpp>

namespace takt::validate {

/// A case that stays below this share of its tolerance in every tensor says that the tolerance is
/// too wide.
inline constexpr double least_share = 0.05;

/// Largest allowed |result - reference| / max(1, max |reference|) of a tensor whose elements are
/// sums of `accumulation` rounded products of numbers around 1.
///
/// Rounding errors of a sum add up like a random walk, with the square root of its length; the
/// cell's own functions add a few units in the last place. Sums over time count with their whole
/// length T * B; beyond that T does not enter: gates are bounded and forget, so that y is no
/// farther off after 2,200 steps than after 12. The constants leave a factor of about 1.25 over the
/// worst error seen on x86-64 at all levels, and `least_share` keeps them from being more generous.
double tolerance(DataType type, std::int64_t accumulation);

/// max |result - reference| / max(1, max |reference|); NaN where exactly one of two elements is
/// NaN.
struct ErrorMeter {
  double worst = 0;
  double scale = 1;
  bool nan = false;

  void add(double result, double reference);
  void add(const ErrorMeter& other);
  double error() const;
};

}  // namespace takt::validate
