// How time grows with the number of steps.
#pragma once

#include <optional>
#include <span>

namespace takt::bench {

struct Sample {
  double T = 0, seconds = 0;
};

/// Two models over the same points. Errors count relative to the time, so that a short sequence
/// weighs as much as a long one.
struct Fit {
  double exponent = 0;     ///< of seconds = factor * T^exponent, least squares of log over log
  double factor = 0;       ///< seconds
  double exponent_r2 = 0;  ///< of the logarithms
  double fixed = 0;        ///< seconds = fixed + per_step * T, least squares weighted by 1 / time^2
  double per_step = 0;
  double linear_r2 = 0;     ///< with the same weights
  double linear_worst = 0;  ///< largest |model - time| / time
};

/// None for fewer than three lengths.
std::optional<Fit> fit(std::span<const Sample> samples);

}  // namespace takt::bench
