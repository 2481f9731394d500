// A small LSTM that keeps R on the chip; a block publishes its part of h with a flag of its own,
// and whoever multiplies it waits for the flags, never for everybody.
//
// Tensors: R [4H,H], xg [T,B,4H], h_exchange [2,B,H] (the initial state in the first half),
// y [T,B,H], all f32; flags [gridDim.x], zero at the launch.
// Work, On chip, Requires: as in persistent_grid.cuh.
// Order: two halves of h_exchange are enough. A block writes h of step t + 1 over that of t - 1,
// and it has seen all flags of step t, which each block sets once it has read h of t - 1.
#pragma once

#include <takt/kernels/ptx/flag.cuh>

#include "clients/lstm.cuh"

namespace simt_clients {

/// Planted mistakes, for the tests of the emulation.
enum class FlagMistake { none, relaxed_release, relaxed_acquire, block_scope, no_wait };

template <FlagMistake mistake>
__global__ void __launch_bounds__(128)
    persistent_flags_kernel(const float* R, const float* xg, float* h_exchange, unsigned* flags,
                            float* y, int T, int B, int H, int units) {
  using takt::ptx::Scope;
  constexpr Scope scope = mistake == FlagMistake::block_scope ? Scope::block : Scope::device;
  TAKT_DYNAMIC_SHARED(float, shared);
  float* const r_rows = shared;             // [4 * units, H]
  float* const h = shared + 4 * units * H;  // [B, H]
  TAKT_SHARED(float, gates, [4 * most_units][most_rows + 1]);
  TAKT_SHARED(float, c, [most_units][most_rows]);
  const int first_unit = static_cast<int>(blockIdx.x) * units;
  const int tid = static_cast<int>(threadIdx.x), threads = static_cast<int>(blockDim.x);

  load_rows(r_rows, R, H, first_unit, units, tid, threads);
  if (tid < units * B) c[tid / B][tid % B] = 0.0f;

  for (int t = 0; t < T; ++t) {
    if constexpr (mistake != FlagMistake::no_wait) {
      for (int p = tid; p < static_cast<int>(gridDim.x); p += threads) {
        if constexpr (mistake == FlagMistake::relaxed_acquire) {
          while (takt::ptx::load_relaxed<scope>(flags + p) < static_cast<unsigned>(t)) {
          }
        } else {
          while (takt::ptx::load_acquire<scope>(flags + p) < static_cast<unsigned>(t)) {
          }
        }
      }
    }
    __syncthreads();
    const float* const h_old = h_exchange + (t % 2) * B * H;
    float* const h_new = h_exchange + ((t + 1) % 2) * B * H;
    for (int n = tid; n < B * H; n += threads) h[n] = __ldcg(h_old + n);
    __syncthreads();
    gate_sums(gates, r_rows, h, xg + t * B * 4 * H, B, H, first_unit, units);
    __syncthreads();
    if (tid < units * B) {
      const int u = tid / B, b = tid % B;
      const float h_unit = update(gates, c[u][b], u, b, units);
      __stcg(h_new + b * H + first_unit + u, h_unit);
      y[(t * B + b) * H + first_unit + u] = h_unit;
    }
    __syncthreads();  // all of the block's h is stored before its flag says so
    if (tid == 0) {
      if constexpr (mistake == FlagMistake::relaxed_release)
        takt::ptx::store_relaxed<scope>(flags + blockIdx.x, static_cast<unsigned>(t + 1));
      else
        takt::ptx::store_release<scope>(flags + blockIdx.x, static_cast<unsigned>(t + 1));
    }
  }
}

}  // namespace simt_clients
