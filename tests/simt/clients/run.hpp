// Running the small persistent LSTMs of the tests and comparing them with the reference.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <takt/reference.hpp>

#include "clients/persistent_cluster.cuh"
#include "clients/persistent_flags.cuh"
#include "clients/persistent_grid.cuh"
#include "clients/tile_product.cuh"
#include "device_array.hpp"
#include "validate/tolerance.hpp"

namespace simt_clients {

/// One LSTM whose W is the identity, so that x is W x.
struct Problem {
  int T, B, H, units;
  std::vector<float> R, xg, h0;

  Problem(int T_in, int B_in, int H_in, int units_in) : T(T_in), B(B_in), H(H_in), units(units_in) {
    std::mt19937 generator(7);
    std::uniform_real_distribution<float> uniform(-1, 1);
    const auto fill = [&](std::vector<float>& values, int count, float scale) {
      values.resize(static_cast<std::size_t>(count));
      for (float& value : values) value = scale * uniform(generator);
    };
    fill(R, 4 * H * H, 1.0f / std::sqrt(static_cast<float>(H)));
    fill(xg, T * B * 4 * H, 1);
    fill(h0, B * H, 1);
  }

  int blocks() const { return H / units; }
  std::size_t size_of_y() const { return static_cast<std::size_t>(T * B * H); }

  /// Share of the tolerance that y's error is; NaN where y has one.
  double share(const std::vector<float>& y) const {
    const auto widened = [](const std::vector<float>& values) {
      return std::vector<double>(values.begin(), values.end());
    };
    const std::vector<double> x = widened(xg), r = widened(R), h = widened(h0);
    std::vector<double> W(static_cast<std::size_t>(16 * H * H));
    for (int n = 0; n < 4 * H; ++n) W[static_cast<std::size_t>(n * (4 * H + 1))] = 1;
    const takt::reference::Result expected = takt::reference::forward({.cell = "lstm",
                                                                       .T = T,
                                                                       .B = B,
                                                                       .I = 4 * H,
                                                                       .H = H,
                                                                       .x = x.data(),
                                                                       .h0 = h.data(),
                                                                       .W = W.data(),
                                                                       .R = r.data()});
    takt::validate::ErrorMeter meter;
    for (std::size_t n = 0; n < y.size(); ++n) meter.add(static_cast<double>(y[n]), expected.y[n]);
    return meter.error() / takt::validate::tolerance(takt::DataType::f32, H);
  }
};

/// What a run gave: its errors, and y where there was none.
struct Outcome {
  cudaError_t launched = cudaSuccess, finished = cudaSuccess;
  std::vector<float> y;

  bool right(const Problem& problem) const {
    return launched == cudaSuccess && finished == cudaSuccess && problem.share(y) <= 1;
  }
};

namespace detail {

inline Outcome finish(cudaError_t launched, const simt::TestStream& stream,
                      const simt::DeviceArray<float>& y) {
  Outcome outcome{launched, stream.wait(), {}};
  if (outcome.launched == cudaSuccess && outcome.finished == cudaSuccess) outcome.y = y.get();
  return outcome;
}

inline std::vector<float> exchange_of(const Problem& problem) {
  std::vector<float> h = problem.h0;
  h.resize(2 * h.size(), std::nanf(""));  // read before it is written, it shows
  return h;
}

inline std::size_t shared_bytes(const Problem& p, int halves) {
  return static_cast<std::size_t>(4 * p.units * p.H + halves * p.B * p.H) * sizeof(float);
}

}  // namespace detail

template <Mistake mistake = Mistake::none>
Outcome run_grid(const Problem& p) {
  simt::TestStream stream;
  simt::DeviceArray<float> R(p.R), xg(p.xg), h(detail::exchange_of(p)), y(p.size_of_y());
  const simt::Launch launch{.grid = static_cast<unsigned>(p.blocks()),
                            .block = 128,
                            .shared_bytes = detail::shared_bytes(p, 1),
                            .cooperative = true,
                            .stream = stream};
  const cudaError_t launched =
      launch("persistent_grid_kernel", persistent_grid_kernel<mistake>, R.data(), xg.data(),
             h.data(), y.data(), p.T, p.B, p.H, p.units);
  return detail::finish(launched, stream, y);
}

template <FlagMistake mistake = FlagMistake::none>
Outcome run_flags(const Problem& p) {
  simt::TestStream stream;
  simt::DeviceArray<float> R(p.R), xg(p.xg), h(detail::exchange_of(p)), y(p.size_of_y());
  simt::DeviceArray<unsigned> flags(std::vector<unsigned>(static_cast<std::size_t>(p.blocks())));
  const simt::Launch launch{.grid = static_cast<unsigned>(p.blocks()),
                            .block = 128,
                            .shared_bytes = detail::shared_bytes(p, 1),
                            .cooperative = true,
                            .stream = stream};
  const cudaError_t launched =
      launch("persistent_flags_kernel", persistent_flags_kernel<mistake>, R.data(), xg.data(),
             h.data(), flags.data(), y.data(), p.T, p.B, p.H, p.units);
  return detail::finish(launched, stream, y);
}

template <ClusterMistake mistake = ClusterMistake::none>
Outcome run_cluster(const Problem& p) {
  simt::TestStream stream;
  simt::DeviceArray<float> R(p.R), xg(p.xg), h0(p.h0), y(p.size_of_y());
  const simt::Launch launch{.grid = static_cast<unsigned>(p.blocks()),
                            .block = 128,
                            .shared_bytes = detail::shared_bytes(p, 2),
                            .cluster = static_cast<unsigned>(p.blocks()),
                            .stream = stream};
  const cudaError_t launched =
      launch("persistent_cluster_kernel", persistent_cluster_kernel<mistake>, R.data(), xg.data(),
             h0.data(), y.data(), p.T, p.B, p.H, p.units);
  return detail::finish(launched, stream, y);
}

/// C of whole numbers, exact; the largest difference from the plain product, NaN where C has one.
template <TileMistake mistake = TileMistake::none>
double run_tile() {
  constexpr int M = 32, N = 16, K = 48;
  std::vector<__half> A, B;
  std::vector<int> a, b;
  for (int n = 0; n < M * K; ++n) a.push_back(n * 7 % 23 - 11);
  for (int n = 0; n < N * K; ++n) b.push_back(n * 5 % 19 - 9);
  for (const int value : a) A.push_back(__float2half_rn(static_cast<float>(value)));
  for (const int value : b) B.push_back(__float2half_rn(static_cast<float>(value)));
  simt::TestStream stream;
  simt::DeviceArray<__half> device_a(A), device_b(B);
  simt::DeviceArray<float> device_c(static_cast<std::size_t>(M * N));
  const simt::Launch launch{.grid = dim3(N / 8, M / 16),
                            .block = 32,
                            .shared_bytes = 16 * 24 * sizeof(__half),
                            .stream = stream};
  EXPECT_EQ(launch("tile_product_kernel", tile_product_kernel<mistake>, device_a.data(),
                   device_b.data(), device_c.data(), N, K),
            cudaSuccess);
  if (stream.wait() != cudaSuccess) return std::nan("");
  const std::vector<float> C = device_c.get();
  double worst = 0;
  for (int m = 0; m < M; ++m)
    for (int n = 0; n < N; ++n) {
      int sum = 0;
      for (int k = 0; k < K; ++k)
        sum += a[static_cast<std::size_t>(m * K + k)] * b[static_cast<std::size_t>(n * K + k)];
      const double off =
          std::abs(static_cast<double>(C[static_cast<std::size_t>(m * N + n)]) - sum);
      if (!(off <= worst)) worst = off;
    }
  return worst;
}

}  // namespace simt_clients
