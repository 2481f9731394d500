// A layer's data that owns its memory, with fixed pseudo-random values: what the tests of the
// reference run.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <takt/reference.hpp>

namespace takt::reference_test {

using Values = std::vector<double>;

inline constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

inline Values zeros(std::int64_t size) {
  return Values(static_cast<std::size_t>(size));
}

/// Elements in [-scale, scale), the same on every standard library.
inline Values random_values(std::mt19937_64& generator, std::int64_t size, double scale) {
  Values values = zeros(size);
  for (double& value : values) {
    value = scale * (std::ldexp(static_cast<double>(generator() >> 11), -52) - 1);
  }
  return values;
}

/// Arrays of a reference::Problem; an array that is empty counts as absent.
struct Layer {
  std::string cell;
  std::int64_t G = 0, C = 0, T = 0, B = 0, I = 0, H = 0;
  bool reverse = false;
  double fill = 0;
  Values x, h0, c0, W, R, bW, bR;
  std::vector<std::int32_t> lengths;
  std::vector<std::uint8_t> resets;

  Layer(const reference::CellSizes& sizes, std::int64_t steps, std::int64_t batch,
        std::int64_t input, std::int64_t hidden)
      : cell(sizes.name),
        G(sizes.gates),
        C(sizes.inner_states),
        T(steps),
        B(batch),
        I(input),
        H(hidden) {}

  void randomize(std::mt19937_64& generator) {
    x = random_values(generator, T * B * I, 1);
    h0 = random_values(generator, B * H, 0.8);
    c0 = random_values(generator, C * B * H, 0.8);
    W = random_values(generator, G * H * I, 0.7);
    R = random_values(generator, G * H * H, 0.7);
    bW = random_values(generator, G * H, 0.3);
    bR = random_values(generator, G * H, 0.3);
  }

  std::int64_t length(std::int64_t b) const {
    return lengths.empty() ? T : lengths[static_cast<std::size_t>(b)];
  }
  bool valid(std::int64_t t, std::int64_t b) const { return t < length(b); }

  /// Position of unit j in [T,B,size], and in [C,T,B,H] of a state.
  std::size_t at(std::int64_t t, std::int64_t b, std::int64_t j, std::int64_t size) const {
    return static_cast<std::size_t>((t * B + b) * size + j);
  }

  reference::Problem problem() const {
    const auto pointer = [](const auto& array) { return array.empty() ? nullptr : array.data(); };
    return {.cell = cell,
            .T = T,
            .B = B,
            .I = I,
            .H = H,
            .reverse = reverse,
            .fill = fill,
            .x = pointer(x),
            .h0 = pointer(h0),
            .c0 = pointer(c0),
            .lengths = pointer(lengths),
            .resets = pointer(resets),
            .W = pointer(W),
            .R = pointer(R),
            .bW = pointer(bW),
            .bR = pointer(bR)};
  }
};

/// Upstream gradients that own their memory.
struct LayerUpstream {
  Values dy, dhT, dcT, dc_all;

  LayerUpstream() = default;
  LayerUpstream(const Layer& layer, std::mt19937_64& generator)
      : dy(random_values(generator, layer.T * layer.B * layer.H, 1)),
        dhT(random_values(generator, layer.B * layer.H, 1)),
        dcT(random_values(generator, layer.C * layer.B * layer.H, 1)),
        dc_all(random_values(generator, layer.C * layer.T * layer.B * layer.H, 1)) {}

  reference::Upstream pointers() const {
    const auto pointer = [](const Values& array) { return array.empty() ? nullptr : array.data(); };
    return {.dy = pointer(dy), .dhT = pointer(dhT), .dcT = pointer(dcT), .dc_all = pointer(dc_all)};
  }
};

/// Writes `value` to every padded element of an array [blocks,T,B,size].
inline void fill_padding(const Layer& layer, std::int64_t size, double value, Values& array) {
  const std::int64_t block = layer.T * layer.B * size;
  for (std::int64_t n = 0; n < static_cast<std::int64_t>(array.size()); ++n) {
    const std::int64_t t = n % block / (layer.B * size);
    const std::int64_t b = n % block / size % layer.B;
    if (!layer.valid(t, b)) array[static_cast<std::size_t>(n)] = value;
  }
}

inline void fill_padding(const Layer& layer, double value, LayerUpstream& upstream) {
  fill_padding(layer, layer.H, value, upstream.dy);
  fill_padding(layer, layer.H, value, upstream.dc_all);
}

}  // namespace takt::reference_test
