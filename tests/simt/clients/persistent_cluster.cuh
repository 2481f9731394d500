// A small LSTM in one cluster: every block holds R's rows of its units and all of h, and pushes its
// part of each new h into the shared memory of all blocks, where it counts on a transaction
// barrier.
//
// Tensors: R [4H,H], xg [T,B,4H], h0 [B,H], y [T,B,H], all f32.
// Work: block p of the cluster owns the `units` hidden units from p * units; one warp sums a row.
// On chip: R 4 * units * H, h 2 * B * H floats dynamic; gates, c and two barriers static.
// Requires: one cluster, H = its size * units.
// Order: two halves of h are enough. A block sends h of step t + 1 over that of t - 1 only after it
// has got all of h of step t, which its peers send once they have read h of t - 1.
#pragma once

#include <takt/kernels/ptx/cluster.cuh>
#include <takt/kernels/ptx/mbarrier.cuh>
#include <takt/kernels/ptx/st_async.cuh>

#include "clients/lstm.cuh"

namespace simt_clients {

/// Planted mistakes, for the tests of the emulation.
enum class ClusterMistake {
  none,
  no_cluster_sync,  // peers' barriers may not be there yet
  wrong_parity,     // waits for a phase that is long over
  short_of_bytes,   // expects one row less than comes
  single_half       // the new h over the one that others still read
};

template <ClusterMistake mistake>
__global__ void __launch_bounds__(128)
    persistent_cluster_kernel(const float* R, const float* xg, const float* h0, float* y, int T,
                              int B, int H, int units) {
  namespace ptx = takt::ptx;
  constexpr bool two_halves = mistake != ClusterMistake::single_half;
  TAKT_DYNAMIC_SHARED(float, shared);
  float* const r_rows = shared;                    // [4 * units, H]
  float* const h_halves = shared + 4 * units * H;  // [2, B, H]
  TAKT_SHARED(float, gates, [4 * most_units][most_rows + 1]);
  TAKT_SHARED(float, c, [most_units][most_rows]);
  TAKT_SHARED(ptx::Mbarrier, full, [2]);
  const int rank = static_cast<int>(ptx::cluster_rank()), first_unit = rank * units;
  const int blocks = static_cast<int>(ptx::cluster_size());
  const int tid = static_cast<int>(threadIdx.x), threads = static_cast<int>(blockDim.x);
  const auto bytes =
      static_cast<std::uint32_t>((mistake == ClusterMistake::short_of_bytes ? B - 1 : B) * H * 4);

  load_rows(r_rows, R, H, first_unit, units, tid, threads);
  if (tid < units * B) c[tid / B][tid % B] = 0.0f;
  for (int n = tid; n < B * H; n += threads) h_halves[n] = h0[n];
  if (tid == 0) {
    ptx::mbarrier_init(&full[0], 1);
    ptx::mbarrier_init(&full[1], 1);
    ptx::fence_mbarrier_init();
    if (T > 1) ptx::mbarrier_arrive_expect_tx(&full[1], bytes);
    if (T > 2) ptx::mbarrier_arrive_expect_tx(&full[0], bytes);
  }
  if constexpr (mistake == ClusterMistake::no_cluster_sync) {
    __syncthreads();
  } else {
    ptx::cluster_arrive();
    ptx::cluster_wait();
  }

  for (int t = 0; t < T; ++t) {
    const int half = t % 2;
    const float* const h = h_halves + (two_halves ? half : 0) * B * H;
    if (t > 0) {
      // The half's phases: h of 1, 3, 5, ... and h of 2, 4, 6, ...
      const unsigned parity =
          static_cast<unsigned>((t - 1) / 2 + (mistake == ClusterMistake::wrong_parity ? 1 : 0));
      ptx::mbarrier_wait<ptx::Scope::cluster>(&full[half], parity % 2);
      if (tid == 0 && t + 2 < T) ptx::mbarrier_arrive_expect_tx(&full[half], bytes);
    }
    gate_sums(gates, r_rows, h, xg + t * B * 4 * H, B, H, first_unit, units);
    __syncthreads();
    if (tid < units * B) {
      const int u = tid / B, b = tid % B;
      const float h_unit = update(gates, c[u][b], u, b, units);
      y[(t * B + b) * H + first_unit + u] = h_unit;
      float* const to = h_halves + (two_halves ? (t + 1) % 2 : 0) * B * H + b * H + first_unit + u;
      for (int peer = 0; t + 1 < T && peer < blocks; ++peer)
        ptx::st_async(ptx::map_to_rank(to, static_cast<unsigned>(peer)), h_unit,
                      ptx::map_to_rank(&full[(t + 1) % 2], static_cast<unsigned>(peer)));
    }
    __syncthreads();  // gates are read before the next step's overwrite them
  }
}

}  // namespace simt_clients
