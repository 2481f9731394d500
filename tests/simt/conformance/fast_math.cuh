// Conformance of approximate functions: their relative error against double, within what is said of
// them.
#pragma once

#include <cmath>

#include <takt/kernels/device.cuh>
#include <takt/kernels/ptx/fast_math.cuh>

#include "conformance/case.hpp"

namespace conformance {

__global__ void tanh_approx_kernel(const float* x, float* y) {
  const unsigned n = blockIdx.x * blockDim.x + threadIdx.x;
  y[n] = takt::ptx::tanh_approx(x[n]);
}
__global__ void exp2_approx_kernel(const float* x, float* y) {
  const unsigned n = blockIdx.x * blockDim.x + threadIdx.x;
  y[n] = takt::ptx::exp2_approx(x[n]);
}

/// What differs by more than `bound` from `exact`, relative to it.
inline std::string error_beyond(const std::vector<float>& x, const std::vector<float>& y,
                                double (*exact)(double), double bound) {
  for (std::size_t n = 0; n < x.size(); ++n) {
    const double expected = exact(x[n]);
    if (!(std::abs(y[n] - expected) <= bound * std::abs(expected)))
      return "of " + std::to_string(x[n]) + " it is " + std::to_string(y[n]) + ", not " +
             std::to_string(expected) + " within a factor of 1 +- " + std::to_string(bound);
  }
  return {};
}

/// 1024 numbers from -limit to limit, none of them 0.
inline std::vector<float> numbers_up_to(float limit) {
  std::vector<float> x;
  for (int n = 0; n < 1024; ++n) x.push_back(limit * (static_cast<float>(n) - 511.5f) / 511.5f);
  return x;
}

inline std::string run_tanh_approx() {
  const std::vector<float> x = numbers_up_to(8.0f);
  const DeviceArray there(x);
  const DeviceArray<float> y(x.size());
  const Launch launch(8, 128);
  check(cudaLaunchKernelEx(launch.config(), tanh_approx_kernel, there.data(), y.data()), "launch");
  return error_beyond(
      x, y.host(), [](double v) { return std::tanh(v); }, 0x1p-11);
}

inline std::string run_exp2_approx() {
  const std::vector<float> x = numbers_up_to(125.0f);
  const DeviceArray there(x);
  const DeviceArray<float> y(x.size());
  const Launch launch(8, 128);
  check(cudaLaunchKernelEx(launch.config(), exp2_approx_kernel, there.data(), y.data()), "launch");
  return error_beyond(
      x, y.host(), [](double v) { return std::exp2(v); }, 0x1p-22);
}

inline const std::vector<Case>& fast_math_cases() {
  static const std::vector<Case> cases{
      {"tanh_approx", run_tanh_approx},
      {"exp2_approx", run_exp2_approx},
  };
  return cases;
}

}  // namespace conformance
