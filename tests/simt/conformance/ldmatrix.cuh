// Conformance of ldmatrix: every word of every lane, and a product whose operands come through it.
#pragma once

#include <cstdint>

#include <takt/kernels/device.cuh>
#include <takt/kernels/ptx/ldmatrix.cuh>
#include <takt/kernels/ptx/mma.cuh>

#include "conformance/case.hpp"
#include "conformance/mma.cuh"

namespace conformance {

inline constexpr unsigned padded = 24;  ///< elements from one row to the next, of 8 or 16 used

template <unsigned tiles, bool transposed>
TAKT_DEVICE void ldmatrix_of(std::uint32_t (&words)[tiles], const void* row) {
  if constexpr (tiles == 1 && transposed) takt::ptx::ldmatrix_x1_transposed(words, row);
  if constexpr (tiles == 1 && !transposed) takt::ptx::ldmatrix_x1(words, row);
  if constexpr (tiles == 2 && transposed) takt::ptx::ldmatrix_x2_transposed(words, row);
  if constexpr (tiles == 2 && !transposed) takt::ptx::ldmatrix_x2(words, row);
  if constexpr (tiles == 4 && transposed) takt::ptx::ldmatrix_x4_transposed(words, row);
  if constexpr (tiles == 4 && !transposed) takt::ptx::ldmatrix_x4(words, row);
}

/// words [32, tiles] of tiles [tiles, 8, 8].
template <unsigned tiles, bool transposed>
__global__ void ldmatrix_kernel(const std::uint16_t* elements, std::uint32_t* words) {
  TAKT_SHARED(uint4, rows, [tiles * 8 * padded / 8]);
  std::uint16_t* const shared = reinterpret_cast<std::uint16_t*>(rows);
  const unsigned lane = threadIdx.x;
  for (unsigned n = lane; n < tiles * 64; n += 32) shared[n / 8 * padded + n % 8] = elements[n];
  __syncwarp();
  std::uint32_t mine[tiles];
  ldmatrix_of<tiles, transposed>(mine, shared + lane % (8 * tiles) * padded);
  for (unsigned n = 0; n < tiles; ++n) words[lane * tiles + n] = mine[n];
}

template <unsigned tiles, bool transposed>
std::string run_ldmatrix() {
  std::vector<std::uint16_t> elements;
  for (unsigned n = 0; n < tiles * 64; ++n)
    elements.push_back(static_cast<std::uint16_t>(1000 + n));
  std::vector<std::uint32_t> expected;
  for (unsigned lane = 0; lane < 32; ++lane)
    for (unsigned tile = 0; tile < tiles; ++tile) {
      const auto element = [&](unsigned row, unsigned column) -> std::uint32_t {
        return elements[tile * 64 + row * 8 + column];
      };
      const unsigned major = lane / 4, minor = lane % 4 * 2;
      expected.push_back(transposed ? element(minor, major) | element(minor + 1, major) << 16
                                    : element(major, minor) | element(major, minor + 1) << 16);
    }
  const DeviceArray there(elements);
  const DeviceArray<std::uint32_t> words(expected.size());
  const Launch launch(1, 32);
  check(cudaLaunchKernelEx(launch.config(), (ldmatrix_kernel<tiles, transposed>), there.data(),
                           words.data()),
        "launch");
  return difference(words.host(), expected, tiles);
}

/// d [16,8] = a [16,16] b [16,8] + c [16,8], both row by row: b's tiles are transposed on their
/// way.
__global__ void ldmatrix_mma_kernel(const __half* a, const __half* b, const float* c, float* d) {
  TAKT_SHARED(uint4, a_rows, [16 * padded / 8]);
  TAKT_SHARED(uint4, b_rows, [16 * padded / 8]);
  __half* const a_shared = reinterpret_cast<__half*>(a_rows);
  __half* const b_shared = reinterpret_cast<__half*>(b_rows);
  const unsigned lane = threadIdx.x, group = lane / 4, member = lane % 4;
  for (unsigned n = lane; n < 256; n += 32) a_shared[n / 16 * padded + n % 16] = a[n];
  for (unsigned n = lane; n < 128; n += 32) b_shared[n / 8 * padded + n % 8] = b[n];
  __syncwarp();
  takt::ptx::FragmentA<__half> a_part;
  takt::ptx::FragmentB<__half> b_part;
  takt::ptx::FragmentC sums;
  takt::ptx::ldmatrix_x4(a_part.words, a_shared + lane % 16 * padded + lane / 16 * 8);
  takt::ptx::ldmatrix_x2_transposed(b_part.words, b_shared + lane % 16 * padded);
  for (unsigned s = 0; s < 4; ++s) sums.sums[s] = c[(group + 8 * (s / 2)) * 8 + 2 * member + s % 2];
  takt::ptx::mma_m16n8k16(sums, a_part, b_part);
  for (unsigned s = 0; s < 4; ++s) d[(group + 8 * (s / 2)) * 8 + 2 * member + s % 2] = sums.sums[s];
}

inline std::string run_ldmatrix_mma() {
  const DeviceArray a(matrix<__half>(16, 16, 1)), b(matrix<__half>(16, 8, 2));
  const DeviceArray c(matrix<float>(16, 8, 3));
  const DeviceArray<float> d(16 * 8);
  const Launch launch(1, 32);
  check(cudaLaunchKernelEx(launch.config(), ldmatrix_mma_kernel, a.data(), b.data(), c.data(),
                           d.data()),
        "launch");
  return difference(d.host(), product(16), 8);
}

inline const std::vector<Case>& ldmatrix_cases() {
  static const std::vector<Case> cases{
      {"ldmatrix_x1", run_ldmatrix<1, false>},
      {"ldmatrix_x2", run_ldmatrix<2, false>},
      {"ldmatrix_x4", run_ldmatrix<4, false>},
      {"ldmatrix_x1_transposed", run_ldmatrix<1, true>},
      {"ldmatrix_x2_transposed", run_ldmatrix<2, true>},
      {"ldmatrix_x4_transposed", run_ldmatrix<4, true>},
      {"ldmatrix before mma", run_ldmatrix_mma},
  };
  return cases;
}

}  // namespace conformance
