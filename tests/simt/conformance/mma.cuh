// Conformance of mma: products of one warp, of small integers, which are exact in every type.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include <takt/kernels/device.cuh>
#include <takt/kernels/ptx/mma.cuh>

#include "conformance/case.hpp"

namespace conformance {

template <class Real>
TAKT_DEVICE std::uint32_t word_of(Real low, Real high) {
  static_assert(sizeof(Real) == 2);
  const Real both[2] = {low, high};
  std::uint32_t word;
  memcpy(&word, both, sizeof word);
  return word;
}

/// d [16,8] = a [16,16] b [16,8] + c [16,8].
template <class Real>
__global__ void mma_m16n8k16_kernel(const Real* a, const Real* b, const float* c, float* d) {
  const int lane = static_cast<int>(threadIdx.x), group = lane / 4, member = lane % 4;
  takt::ptx::FragmentA<Real> a_part;
  takt::ptx::FragmentB<Real> b_part;
  takt::ptx::FragmentC sums;
  for (int r = 0; r < 4; ++r) {
    const Real* const pair = a + (group + 8 * (r % 2)) * 16 + 2 * member + 8 * (r / 2);
    a_part.words[r] = word_of(pair[0], pair[1]);
  }
  for (int r = 0; r < 2; ++r) {
    const int k = 2 * member + 8 * r;
    b_part.words[r] = word_of(b[k * 8 + group], b[(k + 1) * 8 + group]);
  }
  for (int s = 0; s < 4; ++s) sums.sums[s] = c[(group + 8 * (s / 2)) * 8 + 2 * member + s % 2];
  takt::ptx::mma_m16n8k16(sums, a_part, b_part);
  for (int s = 0; s < 4; ++s) d[(group + 8 * (s / 2)) * 8 + 2 * member + s % 2] = sums.sums[s];
}

/// d [16,8] = a [16,8] b [8,8] + c [16,8], with `junk` in the bits that tf32 does not have.
__global__ void mma_m16n8k8_kernel(const float* a, const float* b, const float* c, float* d,
                                   std::uint32_t junk) {
  const int lane = static_cast<int>(threadIdx.x), group = lane / 4, member = lane % 4;
  takt::ptx::FragmentA<takt::ptx::Tf32> a_part;
  takt::ptx::FragmentB<takt::ptx::Tf32> b_part;
  takt::ptx::FragmentC sums;
  for (int r = 0; r < 4; ++r)
    a_part.words[r] = __float_as_uint(a[(group + 8 * (r % 2)) * 8 + member + 4 * (r / 2)]) | junk;
  for (int r = 0; r < 2; ++r)
    b_part.words[r] = __float_as_uint(b[(member + 4 * r) * 8 + group]) | junk;
  for (int s = 0; s < 4; ++s) sums.sums[s] = c[(group + 8 * (s / 2)) * 8 + 2 * member + s % 2];
  takt::ptx::mma_m16n8k8(sums, a_part, b_part);
  for (int s = 0; s < 4; ++s) d[(group + 8 * (s / 2)) * 8 + 2 * member + s % 2] = sums.sums[s];
}

__global__ void to_tf32_kernel(const float* x, std::uint32_t* words) {
  words[threadIdx.x] = takt::ptx::to_tf32(x[threadIdx.x]);
}

/// [rows, columns] of the pattern, as `Real`.
template <class Real>
std::vector<Real> matrix(int rows, int columns, int number) {
  std::vector<Real> values;
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < columns; ++c)
      values.push_back(static_cast<Real>(static_cast<float>(pattern(r, c, number))));
  return values;
}

/// The product of the patterns 1 and 2, added to the pattern 3.
inline std::vector<float> product(int k) {
  std::vector<float> d;
  for (int row = 0; row < 16; ++row)
    for (int column = 0; column < 8; ++column) {
      int sum = pattern(row, column, 3);
      for (int n = 0; n < k; ++n) sum += pattern(row, n, 1) * pattern(n, column, 2);
      d.push_back(static_cast<float>(sum));
    }
  return d;
}

template <class Real>
std::string run_mma_m16n8k16() {
  const DeviceArray a(matrix<Real>(16, 16, 1)), b(matrix<Real>(16, 8, 2));
  const DeviceArray c(matrix<float>(16, 8, 3));
  const DeviceArray<float> d(16 * 8);
  const Launch launch(1, 32);
  check(cudaLaunchKernelEx(launch.config(), mma_m16n8k16_kernel<Real>, a.data(), b.data(), c.data(),
                           d.data()),
        "launch");
  return difference(d.host(), product(16), 8);
}

inline std::string run_mma_m16n8k8(std::uint32_t junk) {
  const DeviceArray a(matrix<float>(16, 8, 1)), b(matrix<float>(8, 8, 2));
  const DeviceArray c(matrix<float>(16, 8, 3));
  const DeviceArray<float> d(16 * 8);
  const Launch launch(1, 32);
  check(cudaLaunchKernelEx(launch.config(), mma_m16n8k8_kernel, a.data(), b.data(), c.data(),
                           d.data(), junk),
        "launch");
  return difference(d.host(), product(8), 8);
}

/// The nearest number with 11 significant bits, ties away from zero.
inline float nearest_tf32(float x) {
  if (x == 0.0f) return x;
  const double unit = std::ldexp(1.0, std::ilogb(x) - 10);
  return static_cast<float>(std::round(x / unit) * unit);
}

inline std::string run_to_tf32() {
  std::vector<float> x;
  for (int n = 0; n < 32; ++n)
    x.push_back((n % 2 == 0 ? 1.0f : -1.0f) *
                std::ldexp(1.0f + static_cast<float>(n) * 0x1p-12f + (n > 15 ? 0x1p-23f : 0.0f),
                           7 * n % 40 - 20));
  x[0] = 0.0f;
  x[1] = 1.0f - 0x1p-24f;  // rounds up to the next power of two
  const DeviceArray x_there(x);
  const DeviceArray<std::uint32_t> words(x.size());
  const Launch launch(1, 32);
  check(cudaLaunchKernelEx(launch.config(), to_tf32_kernel, x_there.data(), words.data()),
        "launch");
  std::vector<float> got, expected;
  for (std::size_t n = 0; n < x.size(); ++n) {
    // The manual does not say what the low 13 bits are.
    const std::uint32_t word = words.host()[n] & ~0x1FFFu;
    got.push_back(0.0f);
    std::memcpy(&got.back(), &word, sizeof word);
    expected.push_back(nearest_tf32(x[n]));
  }
  return difference(got, expected, 1);
}

inline const std::vector<Case>& mma_cases() {
  static const std::vector<Case> cases{
      {"mma_m16n8k16 of f16", run_mma_m16n8k16<__half>},
      {"mma_m16n8k16 of bf16", run_mma_m16n8k16<__nv_bfloat16>},
      {"mma_m16n8k8 of tf32", [] { return run_mma_m16n8k8(0); }},
      {"mma_m16n8k8 ignores 13 bits", [] { return run_mma_m16n8k8(0x1FFF); }},
      {"to_tf32", run_to_tf32},
  };
  return cases;
}

}  // namespace conformance
