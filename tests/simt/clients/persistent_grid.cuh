// A small LSTM that keeps R on the chip for the whole sequence; blocks meet in grid.sync.
//
// Tensors: R [4H,H], xg [T,B,4H] (W x and biases), h [2,B,H] (the initial state in the first half),
// y [T,B,H], all f32.
// Work: block p owns the `units` hidden units from p * units; one warp sums one gate row.
// On chip: R 4 * units * H, h B * H floats dynamic; gates and c static, units and B up to 8.
// Requires: H = gridDim.x * units, a cooperative launch.
#pragma once

#include "clients/lstm.cuh"

namespace simt_clients {

/// Planted mistakes, for the tests of the emulation.
enum class Mistake {
  none,
  no_barrier_after_load,
  no_barrier_after_product,
  block_barrier_for_grid,
  write_past_the_end
};

template <Mistake mistake>
__global__ void __launch_bounds__(128)
    persistent_grid_kernel(const float* R, const float* xg, float* h_exchange, float* y, int T,
                           int B, int H, int units) {
  TAKT_DYNAMIC_SHARED(float, shared);
  float* const r_rows = shared;             // [4 * units, H]
  float* const h = shared + 4 * units * H;  // [B, H]
  TAKT_SHARED(float, gates, [4 * most_units][most_rows + 1]);
  TAKT_SHARED(float, c, [most_units][most_rows]);
  const int first_unit = static_cast<int>(blockIdx.x) * units;
  const int tid = static_cast<int>(threadIdx.x), threads = static_cast<int>(blockDim.x);

  load_rows(r_rows, R, H, first_unit, units, tid, threads);
  if (tid < units * B) c[tid / B][tid % B] = 0.0f;
  const auto grid = cooperative_groups::this_grid();

  for (int t = 0; t < T; ++t) {
    const float* const h_old = h_exchange + (t % 2) * B * H;
    float* const h_new = h_exchange + ((t + 1) % 2) * B * H;
    for (int n = tid; n < B * H; n += threads) h[n] = __ldcg(h_old + n);
    if constexpr (mistake != Mistake::no_barrier_after_load) __syncthreads();

    gate_sums(gates, r_rows, h, xg + t * B * 4 * H, B, H, first_unit, units);
    if constexpr (mistake != Mistake::no_barrier_after_product) __syncthreads();

    if (tid < units * B) {
      const int u = tid / B, b = tid % B;
      const float h_unit = update(gates, c[u][b], u, b, units);
      __stcg(h_new + b * H + first_unit + u, h_unit);
      y[(t * B + b) * H + first_unit + u] = h_unit;
    }
    if constexpr (mistake == Mistake::block_barrier_for_grid)
      __syncthreads();
    else
      grid.sync();
    if constexpr (mistake == Mistake::write_past_the_end)
      if (tid == 0 && t == 0) h[B * H] = 1.0f;
  }
}

}  // namespace simt_clients
