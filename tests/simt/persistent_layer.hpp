// A whole layer forward by a persistent kernel, for its tests: W x made on the host, one launch a
// chunk of steps; compared with the reference.
#pragma once

#include <takt/kernels/pack_fragments.cuh>
#include <takt/kernels/persistent.cuh>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <takt/cells.hpp>
#include <takt/reference.hpp>

#include "device_array.hpp"
#include "step_layer.hpp"

namespace takt::persistent_layer {

using step_layer::as;
using step_layer::as_doubles;
using step_layer::at;
using step_layer::numbers;
using step_layer::Semantics;
using step_layer::Values;

struct Shape {
  std::int64_t T, B, H;
  int blocks = 1, parts = 1, row_tiles = 1;
  std::int64_t chunk = 0;       ///< steps of a launch; 0: all
  bool gave_up_before = false;  ///< a kernel of the same call
  bool in_grid = false;
  std::int64_t at_once = 0;  ///< groups of a launch; 0: all
};

template <class Product>
constexpr validate::Precision precision_of() {
  if constexpr (std::is_same_v<Product, Tf32Product>) return {DataType::f32, Math::tf32};
  return step_layer::type_of<typename Product::Real>();
}

template <class Cell, class Product>
class Layer {
  using Real = typename Product::Real;
  using Acc = Accumulator<Real>;
  static constexpr int G = CellTraits<Cell>::gates, C = CellTraits<Cell>::inner_states;
  static constexpr int S = CellTraits<Cell>::saved;

 public:
  Layer(const Shape& shape, const Semantics& semantics)
      : T(shape.T), B(shape.B), H(shape.H), shape_(shape), semantics_(semantics) {
    std::uint64_t state = 11;
    x_ = numbers<Real>(T * B * G * H, 1, state);
    h0_ = numbers<Real>(B * H, 1, state);
    c0_ = numbers<float>(C * B * H, 1, state);
    R_ = numbers<Real>(G * H * H, 1.5 / std::sqrt(static_cast<double>(H + 1)), state);
    bW_ = numbers<Real>(G * H, 1, state);
    bR_ = numbers<Real>(G * H, 1, state);
    for (std::int64_t b = 0; semantics.lengths && b < B; ++b)
      lengths_.push_back(static_cast<std::int32_t>((b * 5 + 3) % (T + 1)));
    for (std::int64_t n = 0; semantics.resets && n < T * B; ++n)
      resets_.push_back(n % 5 == 2 || n == 0 ? 1 : 0);
  }

  policy::PersistentShape shape() const {
    return {.H = H,
            .gates = G,
            .element_bytes = static_cast<int>(sizeof(Real)),
            .wide_sums = Product::wide_sums,
            .blocks = shape_.blocks,
            .parts = shape_.parts,
            .row_tiles = shape_.row_tiles,
            .in_grid = shape_.in_grid};
  }

  void run() {
    const simt::TestStream stream;
    const simt::DeviceArray<Real> R(as<Real>(R_)), bW(as<Real>(bW_)), bR(as<Real>(bR_)),
        h(as<Real>(h0_)), y(at(T * B * stride())), saved(at(T * S * B * H));
    const simt::DeviceArray<Acc> inner(at((T + 1) * C * B * H)), c_all(at(C * T * B * H));
    const simt::DeviceArray<std::int32_t> lengths(lengths_), order(falling_order());
    const simt::DeviceArray<std::uint8_t> resets(resets_);
    const simt::DeviceArray<StatusWord> status(
        std::vector<StatusWord>(1, {.gave_up = shape_.gave_up_before ? 1ULL : 0ULL}));
    const simt::DeviceArray<uint4> packed(at(shape().packed_bytes() / 16));
    inner.set(as<Acc>(c0_));
    const simt::DeviceArray<unsigned char> ring(
        std::vector<unsigned char>(at(groups() * shape().ring_bytes())));
    const simt::DeviceArray<std::uint32_t> epochs(
        std::vector<std::uint32_t>(at(groups() * shape().epochs_bytes() / 4)));
    const simt::Launch pack{.grid = 3, .block = policy::Rows::threads, .stream = stream};
    ASSERT_EQ(pack("pack_fragments_kernel", &pack_fragments_kernel<Product>,
                   PackFragments<Real>{H, G, R.data(), packed.data()}),
              cudaSuccess);
    const std::int64_t chunk = shape_.chunk > 0 ? shape_.chunk : T, BH = B * H;
    for (std::int64_t begin = 0; begin < T; begin += chunk) {
      const std::int64_t end = std::min(T, begin + chunk);
      const simt::DeviceArray<Acc> Wx(as<Acc>(inputs(begin, end)));
      PersistentForward<Real> p;
      p.shape = shape();
      p.place = {.T = T,
                 .B = B,
                 .H = H,
                 .reverse = semantics_.reverse,
                 .lengths = lengths_.empty() ? nullptr : lengths.data(),
                 .resets = {.data = resets_.empty() ? nullptr : resets.data(),
                            .time_stride = B,
                            .row_stride = 1}};
      p.begin = static_cast<int>(begin);
      p.end = static_cast<int>(end);
      p.in_time_order = in_time_order();
      p.order = lengths_.empty() ? nullptr : order.data();
      p.Wx = Wx.data();
      p.R = packed.data();
      p.bW = bW.data();
      p.bR = bR.data();
      p.h = h.data();
      p.inner_old = inner.data() + begin * C * BH;
      p.inner_new = inner.data() + end * C * BH;
      p.inner_steps = inner.data() + (begin + 1) * C * BH;
      p.y = {.data = y.data(), .time_stride = B * stride(), .row_stride = stride()};
      p.c_all = {.data = C > 0 ? c_all.data() : nullptr,
                 .plane_stride = T * BH,
                 .time_stride = BH,
                 .row_stride = H};
      p.saved = saved.data() + begin * S * BH;
      p.ring = ring.data();
      p.epochs = epochs.data();
      p.status = status.data();
      p.patience_ns = 60'000'000'000;
      launch(p, stream);
    }
    hT_ = as_doubles(h.get());
    const Values all = as_doubles(inner.get());
    cT_.assign(all.end() - C * BH, all.end());
    c_all_ = as_doubles(c_all.get());
    const Values y_rows = as_doubles(y.get());
    for (std::int64_t row = 0; row < T * B; ++row)
      for (std::int64_t j = 0; j < H; ++j) y_.push_back(y_rows[at(row * stride() + j)]);
    gave_up_ = status.get()[0].gave_up != 0;
  }

  void compare() const {
    const validate::Terms terms =
        validate::terms_of(Cell::name, precision_of<Product>(), {T, B, 0, H});
    const reference::Result wanted = reference::forward(problem());
    expect_near("y", y_, wanted.y, terms.forward, true);
    expect_near("hT", hT_, wanted.hT, terms.forward, false);
    expect_near("cT", cT_, wanted.cT, terms.forward, false);
    expect_near("c_all", c_all_, wanted.c_all, terms.forward, true);
    EXPECT_FALSE(gave_up_);
  }

  const Values& y() const { return y_; }
  bool gave_up() const { return gave_up_; }

 private:
  std::int64_t stride() const { return H + 3; }
  bool in_time_order() const { return semantics_.reverse && lengths_.empty(); }
  std::int64_t length(std::int64_t b) const { return lengths_.empty() ? T : lengths_[at(b)]; }

  std::vector<std::int32_t> falling_order() const {
    std::vector<std::int32_t> order(at(B));
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::int32_t a, std::int32_t b) { return length(a) > length(b); });
    return order;
  }

  /// W x of a chunk, [steps,B,G*H] in the order of steps or of time; NaN where a row does not run.
  Values inputs(std::int64_t begin, std::int64_t end) const {
    Values rows;
    for (std::int64_t n = begin; n < end; ++n) {
      const std::int64_t s = in_time_order() ? begin + end - 1 - n : n;
      for (std::int64_t b = 0; b < B; ++b) {
        const std::int64_t t = semantics_.reverse ? length(b) - 1 - s : s;
        for (std::int64_t k = 0; k < G * H; ++k)
          rows.push_back(s < length(b) ? x_[at((t * B + b) * G * H + k)] : std::nan(""));
      }
    }
    return rows;
  }

  std::int64_t groups() const { return (B + shape().rows() - 1) / shape().rows(); }

  template <class Params>
  void launch(Params p, const simt::TestStream& stream) const {
    const std::int64_t at_once = shape_.at_once > 0 ? shape_.at_once : groups();
    for (std::int64_t first = 0; first < groups(); first += at_once) {
      p.first_group = static_cast<int>(first);
      launch_groups(p, std::min(at_once, groups() - first), stream);
    }
  }

  template <class Params>
  void launch_groups(const Params& p, std::int64_t count, const simt::TestStream& stream) const {
    const simt::Launch launch{.grid = static_cast<unsigned>(count * p.shape.blocks),
                              .block = static_cast<unsigned>(p.shape.threads()),
                              .shared_bytes = static_cast<std::size_t>(p.shape.shared_bytes()),
                              .cooperative = shape_.in_grid,
                              .cluster = static_cast<unsigned>(shape_.in_grid ? 1 : p.shape.blocks),
                              .stream = stream};
    const auto kernel =
        shape_.in_grid      ? &persistent_forward_kernel<Cell, Product, true, GridExchange>
        : p.shape.parts > 1 ? &persistent_forward_kernel<Cell, Product, true, ClusterExchange>
                            : &persistent_forward_kernel<Cell, Product, false, ClusterExchange>;
    ASSERT_EQ(cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel),
                                   cudaFuncAttributeMaxDynamicSharedMemorySize, 200 << 10),
              cudaSuccess);
    ASSERT_EQ(cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel),
                                   cudaFuncAttributeNonPortableClusterSizeAllowed, 1),
              cudaSuccess);
    ASSERT_EQ(launch("persistent_forward_kernel", kernel, p), cudaSuccess);
    ASSERT_EQ(stream.wait(), cudaSuccess);
  }

  reference::Problem problem() const {
    return {.cell = std::string(Cell::name),
            .T = T,
            .B = B,
            .I = G * H,
            .H = H,
            .reverse = semantics_.reverse,
            .x = x_.data(),
            .h0 = h0_.data(),
            .c0 = c0_.data(),
            .lengths = lengths_.empty() ? nullptr : lengths_.data(),
            .resets = resets_.empty() ? nullptr : resets_.data(),
            .W = identity_.data(),
            .R = R_.data(),
            .bW = bW_.data(),
            .bR = bR_.data()};
  }

  /// Padding of tensors over time is another kernel's.
  void expect_near(const char* name, const Values& got, const Values& wanted, std::int64_t terms,
                   bool over_time) const {
    ASSERT_EQ(got.size(), wanted.size()) << name;
    validate::ErrorMeter meter;
    for (std::size_t n = 0; n < got.size(); ++n) {
      const auto row = static_cast<std::int64_t>(n) / H;
      const bool padding = over_time && row / B % T >= length(row % B);
      if (!padding) meter.add(got[n], wanted[n]);
    }
    EXPECT_LE(meter.error(), validate::tolerance(precision_of<Product>(), terms)) << name;
  }

  std::int64_t T, B, H;
  Shape shape_;
  Semantics semantics_;
  Values x_, h0_, c0_, R_, bW_, bR_;
  Values identity_ = [](std::int64_t size) {
    Values W(at(size * size));
    for (std::int64_t n = 0; n < size; ++n) W[at(n * (size + 1))] = 1;
    return W;
  }(G * H);
  std::vector<std::int32_t> lengths_;
  std::vector<std::uint8_t> resets_;
  Values y_, hT_, cT_, c_all_;
  bool gave_up_ = false;
};

}  // namespace takt::persistent_layer
