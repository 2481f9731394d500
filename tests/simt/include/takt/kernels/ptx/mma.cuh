// Stands for kernels/ptx/mma.cuh on the emulated device.
#pragma once

#include <cstdint>

#include <takt/kernels/device.cuh>

#include "device/matrix.hpp"

namespace takt::ptx {

struct Tf32;

template <class Real>
struct FragmentA {
  std::uint32_t words[4];
};
template <class Real>
struct FragmentB {
  std::uint32_t words[2];
};
struct FragmentC {
  float sums[4];
};

inline void mma_m16n8k16(FragmentC& c, const FragmentA<__half>& a, const FragmentB<__half>& b,
                         SIMT_CALLED_FROM) {
  simt::multiply_matrices(simt::MatrixType::f16, c.sums, a.words, b.words,
                          simt::site_of("mma_m16n8k16", file, line));
}

inline void mma_m16n8k16(FragmentC& c, const FragmentA<__nv_bfloat16>& a,
                         const FragmentB<__nv_bfloat16>& b, SIMT_CALLED_FROM) {
  simt::multiply_matrices(simt::MatrixType::bf16, c.sums, a.words, b.words,
                          simt::site_of("mma_m16n8k16", file, line));
}

inline void mma_m16n8k8(FragmentC& c, const FragmentA<Tf32>& a, const FragmentB<Tf32>& b,
                        SIMT_CALLED_FROM) {
  simt::multiply_matrices(simt::MatrixType::tf32, c.sums, a.words, b.words,
                          simt::site_of("mma_m16n8k8", file, line));
}

inline std::uint32_t to_tf32(float x) {
  return simt::round_to_tf32(x);
}

}  // namespace takt::ptx
