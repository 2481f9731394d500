// C = A B^T by tensor cores: one warp a tile of 16 x 8, A through cp.async and ldmatrix.
//
// Tensors: A [M,K], B [N,K] f16, C [M,N] f32. Work: grid (N / 8, M / 16), block of one warp.
// On chip: 16 rows of 16 + 8 halves dynamic. Requires: M % 16 == 0, N % 8 == 0, K % 16 == 0.
#pragma once

#include <takt/kernels/ptx/cp_async.cuh>
#include <takt/kernels/ptx/ldmatrix.cuh>
#include <takt/kernels/ptx/mma.cuh>

namespace simt_clients {

/// Planted mistakes, for the tests of the emulation.
enum class TileMistake { none, no_wait, no_warp_sync };

template <TileMistake mistake>
__global__ void __launch_bounds__(32)
    tile_product_kernel(const __half* A, const __half* B, float* C, int N, int K) {
  namespace ptx = takt::ptx;
  constexpr int pitch = 16 + 8;  // of a row, so that rows begin in different banks
  TAKT_DYNAMIC_SHARED(__half, rows);
  const int lane = static_cast<int>(threadIdx.x), group = lane / 4, member = lane % 4;
  const int m0 = static_cast<int>(blockIdx.y) * 16, n0 = static_cast<int>(blockIdx.x) * 8;
  ptx::FragmentC c{};

  for (int k0 = 0; k0 < K; k0 += 16) {
    __syncwarp();  // the last tile is read
    ptx::cp_async<16>(rows + lane / 2 * pitch + lane % 2 * 8,
                      A + (m0 + lane / 2) * K + k0 + lane % 2 * 8);
    ptx::cp_async_commit();
    if constexpr (mistake != TileMistake::no_wait) ptx::cp_async_wait<0>();
    if constexpr (mistake != TileMistake::no_warp_sync) __syncwarp();

    ptx::FragmentA<__half> a;
    ptx::FragmentB<__half> b;
    ptx::ldmatrix_x4(a.words, rows + lane % 16 * pitch + lane / 16 * 8);
    for (int r = 0; r < 2; ++r)
      b.words[r] =
          *reinterpret_cast<const std::uint32_t*>(B + (n0 + group) * K + k0 + 2 * member + 8 * r);
    ptx::mma_m16n8k16(c, a, b);
  }
  for (int s = 0; s < 4; ++s)
    C[(m0 + group + 8 * (s / 2)) * N + n0 + 2 * member + s % 2] = c.sums[s];
}

}  // namespace simt_clients
