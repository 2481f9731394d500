// What the small persistent LSTMs of the tests share: f32, gates i f g o, one warp a sum.
#pragma once

#include <takt/kernels/device.cuh>

namespace simt_clients {

inline constexpr int most_units = 8, most_rows = 8;  // of one block

using GateSums = float[4 * most_units][most_rows + 1];

TAKT_DEVICE float sigmoid(float x) {
  return 1.0f / (1.0f + __expf(-x));
}

/// The 4 * units rows of R [4H,H] that belong to the block's units.
TAKT_DEVICE void load_rows(float* rows, const float* R, int H, int first_unit, int units, int tid,
                           int threads) {
  for (int n = tid; n < 4 * units * H; n += threads) {
    const int row = n / H, k = n % H;
    rows[n] = R[((row / units) * H + first_unit + row % units) * H + k];
  }
}

/// Gates of the block's units before their activation: R h + xg, xg [B,4H] of this step.
TAKT_DEVICE void gate_sums(GateSums& gates, const float* rows, const float* h, const float* xg,
                           int B, int H, int first_unit, int units) {
  const int tid = static_cast<int>(threadIdx.x), lane = tid % 32;
  for (int p = tid / 32; p < 4 * units * B; p += static_cast<int>(blockDim.x) / 32) {
    const int row = p / B, b = p % B;
    float sum = 0.0f;
    for (int k = lane; k < H; k += 32) sum += rows[row * H + k] * h[b * H + k];
    for (int bits = 16; bits > 0; bits /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, bits);
    if (lane == 0)
      gates[row][b] = sum + xg[b * 4 * H + (row / units) * H + first_unit + row % units];
  }
}

/// The new h of one unit; c is renewed.
TAKT_DEVICE float update(const GateSums& gates, float& c, int u, int b, int units) {
  const float i = sigmoid(gates[u][b]), f = sigmoid(gates[units + u][b]);
  const float g = tanhf(gates[2 * units + u][b]), o = sigmoid(gates[3 * units + u][b]);
  c = f * c + i * g;
  return o * tanhf(c);
}

}  // namespace simt_clients
