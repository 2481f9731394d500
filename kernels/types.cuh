// The element types of kernels: what is stored, what is computed with, and the way between them.
#pragma once

#include <takt/kernels/device.cuh>

namespace takt {

/// Sums, gates and inner states: f64 for f64, f32 for everything else.
template <class Real>
struct AccumulatorOf {
  using type = float;
};
template <>
struct AccumulatorOf<double> {
  using type = double;
};
template <class Real>
using Accumulator = typename AccumulatorOf<Real>::type;

TAKT_DEVICE float widened(float x) {
  return x;
}
TAKT_DEVICE double widened(double x) {
  return x;
}
TAKT_DEVICE float widened(__half x) {
  return __half2float(x);
}
TAKT_DEVICE float widened(__nv_bfloat16 x) {
  return __bfloat162float(x);
}

/// To the nearest, ties to even.
template <class Real>
TAKT_DEVICE Real rounded(Accumulator<Real> x);
template <>
TAKT_DEVICE float rounded<float>(float x) {
  return x;
}
template <>
TAKT_DEVICE double rounded<double>(double x) {
  return x;
}
template <>
TAKT_DEVICE __half rounded<__half>(float x) {
  return __float2half_rn(x);
}
template <>
TAKT_DEVICE __nv_bfloat16 rounded<__nv_bfloat16>(float x) {
  return __float2bfloat16_rn(x);
}

}  // namespace takt
