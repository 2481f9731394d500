// Softmax of a row of 256 logits, in loops that compilers turn into vector instructions.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "both_sides.hpp"
#include "text.hpp"

namespace language_model {

LANGUAGE_MODEL_BOTH inline double exponential(double x) {
  return std::exp(x);
}

/// exp of a number that is at most 0, to within 2e-7 of it; 0 below -87.
LANGUAGE_MODEL_BOTH inline float exponential(float x) {
  constexpr float log2_e = 1.44269504F, ln2_high = 0.693359375F, ln2_low = -2.12194440e-4F;
  constexpr float to_integer = 0x1.8p23F;  // added, it leaves no place for a fraction
  const float bounded = x > -87.0F ? x : -87.0F;
  const float shifted = bounded * log2_e + to_integer;
  const float n = shifted - to_integer;
  const float r = (bounded - n * ln2_high) - n * ln2_low;
  // The polynomial of the Cephes library's expf.
  float sum = 1.9875691500e-4F;
  sum = sum * r + 1.3981999507e-3F;
  sum = sum * r + 8.3334519073e-3F;
  sum = sum * r + 4.1665795894e-2F;
  sum = sum * r + 1.6666665459e-1F;
  sum = sum * r + 5.0000001201e-1F;
  sum = sum * r * r + r + 1;
  const auto power = __builtin_bit_cast(std::int32_t, shifted) << 23;  // n in the exponent's place
  const float result = __builtin_bit_cast(float, __builtin_bit_cast(std::int32_t, sum) + power);
  return x > -87.0F ? result : 0.0F;
}

/// Numbers of a row that are combined at a time; what remains in the end are so many.
inline constexpr int softmax_lanes = 16;

/// One number out of 256, as a tree.
template <class Real, class Combine>
Real reduce(const Real* row, const Combine& combine) {
  constexpr std::size_t lanes = softmax_lanes;
  std::array<Real, lanes> partial;
  std::copy_n(row, lanes, partial.begin());
  for (std::size_t n = lanes; n < byte_values; n += lanes)
    for (std::size_t k = 0; k < lanes; ++k) partial[k] = combine(partial[k], row[n + k]);
  Real result = partial[0];
  for (std::size_t k = 1; k < lanes; ++k) result = combine(result, partial[k]);
  return result;
}

template <class Real>
struct Softmax {
  Real most;  ///< the largest logit
  Real sum;   ///< of the weights
};

/// weights[n] = exp(logits[n] - most).
template <class Real>
Softmax<Real> softmax(const Real* logits, Real* weights) {
  const Real most = reduce(logits, [](Real a, Real b) { return a > b ? a : b; });
  for (std::int64_t n = 0; n < byte_values; ++n) weights[n] = exponential(logits[n] - most);
  return {most, reduce(weights, [](Real a, Real b) { return a + b; })};
}

}  // namespace language_model
