// Whole layers by the persistent kernels, for their tests: W x made on the host, one launch a chunk
// of steps, both passes; compared with the reference. Several layers run together: each launch has
// a chunk of each.
#pragma once

#include <takt/kernels/pack_fragments.cuh>
#include <takt/kernels/persistent.cuh>
#include <takt/kernels/persistent_backward.cuh>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <deque>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <takt/cells.hpp>
#include <takt/reference.hpp>

#include "cuda/persistent.hpp"
#include "device_array.hpp"
#include "persistent_forms.hpp"
#include "step_layer.hpp"
#include "validate/kink.hpp"

namespace takt::persistent_layer {

using step_layer::as;
using step_layer::as_doubles;
using step_layer::at;
using step_layer::numbers;
using step_layer::Values;

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
  Layer(const Shape& shape, const Semantics& semantics, std::uint64_t seed = 11)
      : T(shape.T), B(shape.B), H(shape.H), shape_(shape), semantics_(semantics) {
    std::uint64_t state = seed;
    x_ = numbers<Real>(T * B * G * H, 1, state);
    h0_ = numbers<Real>(B * H, 1, state);
    c0_ = numbers<float>(C * B * H, 1, state);
    R_ = numbers<Real>(G * H * H, 1.5 / std::sqrt(static_cast<double>(H + 1)), state);
    bW_ = numbers<Real>(G * H, 1, state);
    bR_ = numbers<Real>(G * H, 1, state);
    dy_ = numbers<Real>(T * B * H, 1, state);
    dhT_ = numbers<Real>(B * H, 1, state);
    dcT_ = numbers<float>(C * B * H, 1, state);
    dc_all_ = numbers<float>(C * T * B * H, 1, state);
    if (validate::has_kink(std::string(Cell::name))) keep_from_kink();
    for (std::int64_t b = 0; semantics.lengths && b < B; ++b)
      lengths_.push_back(static_cast<std::int32_t>((b * 5 + 3) % (T + 1)));
    for (std::int64_t n = 0; semantics.resets && n < T * B; ++n)
      resets_.push_back((n / B * 3 + n % B) % 5 == 2 || n == 0 ? 1 : 0);  // others at each step
  }

  policy::PersistentShape shape(bool backward = false) const {
    return {.H = H,
            .gates = G,
            .backward = backward,
            .element_bytes = static_cast<int>(sizeof(Real)),
            .wide_sums = Product::wide_sums,
            .blocks = shape_.blocks,
            .parts = shape_.parts,
            .row_tiles = shape_.row_tiles,
            .in_grid = shape_.in_grid,
            .shared_k_blocks = shape_.shared_k_blocks,
            .staged_k_blocks = shape_.staged_k_blocks};
  }

  void run() { run_together({this}); }
  /// Layers of one shape: launch n runs chunk n of the first, n - 1 of the second and so on, as far
  /// as they are there: what a stack would do, and with `apart` 0 two directions.
  static void run_together(const std::vector<Layer*>& layers, std::int64_t apart = 0) {
    const simt::TestStream stream;
    std::deque<Arrays> arrays;
    for (Layer* const layer : layers) arrays.emplace_back(*layer);
    run_passes<ForwardPass>(layers, arrays, apart, stream);
  }
  void run_both(bool gave_up_between = false) { run_both_together({this}, 0, gave_up_between); }
  static void run_both_together(const std::vector<Layer*>& layers, std::int64_t apart = 0,
                                bool gave_up_between = false) {
    const simt::TestStream stream;
    std::deque<Arrays> arrays;
    for (Layer* const layer : layers) arrays.emplace_back(*layer);
    run_passes<ForwardPass>(layers, arrays, apart, stream);
    if (gave_up_between)
      for (const Arrays& of : arrays) of.status.set({StatusWord{.gave_up = 1}});
    run_passes<BackwardPass>(layers, arrays, apart, stream);
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

  void compare_gradients() const {
    const validate::Terms terms =
        validate::terms_of(Cell::name, precision_of<Product>(), {T, B, 0, H});
    const reference::Gradients wanted = reference::backward(
        problem(),
        {.dy = dy_.data(), .dhT = dhT_.data(), .dcT = dcT_.data(), .dc_all = dc_all_.data()});
    expect_near("dx", dx_, wanted.dx, terms.backward, false);
    expect_near("dh0", dh0_, wanted.dh0, terms.backward, false);
    expect_near("dc0", dc0_, wanted.dc0, terms.backward, false);
    expect_near("dR", dR_, wanted.dR, terms.weights, false);
    EXPECT_FALSE(gave_up_);
  }

  const Values& y() const { return y_; }
  /// By W x and by R h, of all steps; the second is the first where the cell's are the same.
  const Values& dwx() const { return dwx_; }
  const Values& drh() const { return drh_; }
  const Values& dh0() const { return dh0_; }
  const Values& dc0() const { return dc0_; }
  bool gave_up() const { return gave_up_; }

 private:
  static constexpr bool shared_gradient = CellTraits<Cell>::shared_gradient;

  /// What lies on the device for both passes.
  struct Arrays {
    explicit Arrays(const Layer& layer)
        : R(as<Real>(layer.R_)),
          h0(as<Real>(layer.h0_)),
          y(at(layer.T * layer.B * layer.stride())),
          saved(at(layer.T * S * layer.B * layer.H)),
          inner(at((layer.T + 1) * C * layer.B * layer.H)),
          lengths(layer.lengths_),
          order(layer.falling_order()),
          resets(layer.resets_),
          status(
              std::vector<StatusWord>(1, {.gave_up = layer.shape_.gave_up_before ? 1ULL : 0ULL})) {}

    simt::DeviceArray<Real> R, h0, y, saved;
    simt::DeviceArray<Acc> inner;  // [T+1,C,B,H] in the order of steps
    simt::DeviceArray<std::int32_t> lengths, order;
    simt::DeviceArray<std::uint8_t> resets;
    simt::DeviceArray<StatusWord> status;
  };

  /// What lies there for one of them: R as it needs it, and what a grid exchanges.
  struct PassArrays {
    PassArrays(const Layer& layer, bool backward)
        : packed(at(layer.shape(backward).packed_bytes() / 16)),
          ring(std::vector<unsigned char>(at(layer.groups() * layer.shape(backward).ring_bytes()))),
          epochs(std::vector<std::uint32_t>(
              at(layer.groups() * layer.shape(backward).epochs_bytes() / 4))) {}

    simt::DeviceArray<uint4> packed;
    simt::DeviceArray<unsigned char> ring;
    simt::DeviceArray<std::uint32_t> epochs;
  };

  void pack(const Arrays& arrays, const PassArrays& of_pass, bool backward,
            const simt::TestStream& stream) const {
    const simt::Launch pack{.grid = 3, .block = policy::Rows::threads, .stream = stream};
    ASSERT_EQ(pack("pack_fragments_kernel", &pack_fragments_kernel<Product>,
                   PackFragments<Real>{H, G, backward, arrays.R.data(), of_pass.packed.data()}),
              cudaSuccess);
  }

  template <class Chunk>
  Chunk chunk_of(const Arrays& arrays, const PassArrays& of_pass, std::int64_t begin,
                 std::int64_t end) const {
    Chunk p;
    p.place = {.T = T,
               .B = B,
               .H = H,
               .reverse = semantics_.reverse,
               .lengths = lengths_.empty() ? nullptr : arrays.lengths.data(),
               .resets = {.data = resets_.empty() ? nullptr : arrays.resets.data(),
                          .time_stride = B,
                          .row_stride = 1}};
    p.begin = static_cast<int>(begin);
    p.end = static_cast<int>(end);
    p.in_time_order = in_time_order();
    p.order = lengths_.empty() ? nullptr : arrays.order.data();
    p.R = of_pass.packed.data();
    p.ring = of_pass.ring.data();
    p.epochs = of_pass.epochs.data();
    p.status = arrays.status.data();
    p.patience_ns = 300'000'000'000;  // of a machine under load
    return p;
  }

  std::int64_t chunk() const { return shape_.chunk > 0 ? shape_.chunk : T; }
  std::int64_t chunks() const { return policy::Persistent::ceil_div(T, chunk()); }

  /// A layer's memory in one pass, and its chunks in the order in which they run.
  class ForwardPass {
   public:
    using Chunk = PersistentForward<Real>;
    static constexpr bool is_backward = false;
    static constexpr const char* kernel_name = "persistent_forward_kernel";

    ForwardPass(Layer& layer, const Arrays& arrays, const simt::TestStream& stream)
        : layer_(layer),
          arrays_(arrays),
          of_pass_(layer, false),
          bW_(as<Real>(layer.bW_)),
          bR_(as<Real>(layer.bR_)),
          h_(as<Real>(layer.h0_)),
          c_all_(at(C * layer.T * layer.B * layer.H)) {
      arrays.inner.set(as<Acc>(layer.c0_));
      layer.pack(arrays, of_pass_, false, stream);
    }

    Chunk chunk(std::int64_t n) {
      const std::int64_t begin = n * layer_.chunk(),
                         end = std::min(layer_.T, begin + layer_.chunk());
      const std::int64_t BH = layer_.B * layer_.H;
      auto p = layer_.template chunk_of<Chunk>(arrays_, of_pass_, begin, end);
      p.Wx = Wx_.emplace_back(as<Acc>(layer_.inputs(begin, end))).data();
      p.bW = bW_.data();
      p.bR = bR_.data();
      p.h = h_.data();
      p.inner_old = arrays_.inner.data() + begin * C * BH;
      p.inner_new = arrays_.inner.data() + end * C * BH;
      p.inner_steps = arrays_.inner.data() + (begin + 1) * C * BH;
      p.y = layer_.template rows_of_y<Real>(arrays_);
      p.c_all = layer_.template over_planes<Acc>(c_all_);
      p.saved = arrays_.saved.data() + begin * S * BH;
      return p;
    }

    void finish() {
      const std::int64_t size = C * layer_.B * layer_.H;
      layer_.hT_ = as_doubles(h_.get());
      const Values all = as_doubles(arrays_.inner.get());
      layer_.cT_.assign(all.end() - size, all.end());
      layer_.c_all_ = as_doubles(c_all_.get());
      const Values y_rows = as_doubles(arrays_.y.get());
      for (std::int64_t row = 0; row < layer_.T * layer_.B; ++row)
        for (std::int64_t j = 0; j < layer_.H; ++j)
          layer_.y_.push_back(y_rows[at(row * layer_.stride() + j)]);
    }

   private:
    Layer& layer_;
    const Arrays& arrays_;
    PassArrays of_pass_;
    simt::DeviceArray<Real> bW_, bR_, h_;
    simt::DeviceArray<Acc> c_all_;
    std::deque<simt::DeviceArray<Acc>> Wx_;  // of each chunk
  };

  class BackwardPass {
   public:
    using Chunk = PersistentBackward<Real>;
    static constexpr bool is_backward = true;
    static constexpr const char* kernel_name = "persistent_backward_kernel";

    BackwardPass(Layer& layer, const Arrays& arrays, const simt::TestStream& stream)
        : layer_(layer),
          arrays_(arrays),
          of_pass_(layer, true),
          dy_(as<Real>(layer.dy_)),
          dhT_(as<Real>(layer.dhT_)),
          dcT_(as<Acc>(layer.dcT_)),
          dc_all_(as<Acc>(layer.dc_all_)),
          dh_(at(layer.B * layer.H)),
          dRh_(at(layer.B * layer.H)),
          dinner_(at(C * layer.B * layer.H)) {
      layer.pack(arrays, of_pass_, true, stream);
    }

    /// The n-th from the end. Rows that do not run a step are not written.
    Chunk chunk(std::int64_t n) {
      const std::int64_t begin = (layer_.chunks() - 1 - n) * layer_.chunk();
      const std::int64_t end = std::min(layer_.T, begin + layer_.chunk());
      const std::int64_t BH = layer_.B * layer_.H;
      const Values nothing(at((end - begin) * G * BH));
      auto p = layer_.template chunk_of<Chunk>(arrays_, of_pass_, begin, end);
      p.dy = {.data = dy_.data(), .time_stride = BH, .row_stride = layer_.H};
      p.dc_all = layer_.template over_planes<const Acc>(dc_all_);
      p.dhT = dhT_.data();
      p.dcT = dcT_.data();
      p.y = layer_.template rows_of_y<const Real>(arrays_);
      p.h0 = arrays_.h0.data();
      p.inner = arrays_.inner.data() + begin * C * BH;
      p.saved = arrays_.saved.data() + begin * S * BH;
      p.dh = dh_.data();
      p.dRh = dRh_.data();
      p.dinner = dinner_.data();
      p.dwx = dwx_.emplace_back(as<Real>(nothing)).data();
      Real* const drh = drh_.emplace_back(as<Real>(nothing)).data();
      p.drh = shared_gradient ? nullptr : drh;
      return p;
    }

    void finish() {
      const std::int64_t size = layer_.B * G * layer_.H;
      layer_.dwx_.assign(at(layer_.T * size), 0);
      layer_.drh_.assign(at(layer_.T * size), 0);
      for (std::int64_t n = 0; n < static_cast<std::int64_t>(dwx_.size()); ++n) {
        const Values of_wx = as_doubles(dwx_[at(n)].get());
        const Values of_rh = shared_gradient ? of_wx : as_doubles(drh_[at(n)].get());
        const std::int64_t begin = (layer_.chunks() - 1 - n) * layer_.chunk();
        const std::int64_t steps = static_cast<std::int64_t>(of_wx.size()) / size;
        for (std::int64_t s = 0; s < steps; ++s) {
          const std::int64_t from = (layer_.in_time_order() ? steps - 1 - s : s) * size;
          std::copy_n(of_wx.begin() + from, size, layer_.dwx_.begin() + (begin + s) * size);
          std::copy_n(of_rh.begin() + from, size, layer_.drh_.begin() + (begin + s) * size);
        }
      }
      layer_.sum_gradients();
      layer_.finish_initial(as_doubles(dh_.get()), as_doubles(dRh_.get()),
                            as_doubles(dinner_.get()));
    }

   private:
    Layer& layer_;
    const Arrays& arrays_;
    PassArrays of_pass_;
    simt::DeviceArray<Real> dy_, dhT_;
    simt::DeviceArray<Acc> dcT_, dc_all_, dh_, dRh_, dinner_;
    std::deque<simt::DeviceArray<Real>> dwx_, drh_;  // of each chunk
  };

  template <class Pass>
  static void run_passes(const std::vector<Layer*>& layers, const std::deque<Arrays>& arrays,
                         std::int64_t apart, const simt::TestStream& stream) {
    std::deque<Pass> passes;
    for (std::size_t n = 0; n < layers.size(); ++n)
      passes.emplace_back(*layers[n], arrays[n], stream);
    const Layer& first = *layers.front();
    const auto count = static_cast<std::int64_t>(layers.size());
    const std::int64_t last = first.chunks() - 1 + (count - 1) * apart;
    for (std::int64_t n = 0; n <= last; ++n) {
      std::vector<typename Pass::Chunk> chunks;
      for (std::int64_t layer = 0; layer < count; ++layer)
        if (const std::int64_t own = n - layer * apart; own >= 0 && own < first.chunks())
          chunks.push_back(passes[at(layer)].chunk(own));
      first.template launch<Pass>(chunks, stream);
    }
    for (std::size_t n = 0; n < layers.size(); ++n) {
      passes[n].finish();
      layers[n]->gave_up_ = arrays[n].status.get()[0].gave_up != 0;
    }
  }

  template <class Element>
  OverTime<Element> rows_of_y(const Arrays& arrays) const {
    return {.data = arrays.y.data(), .time_stride = B * stride(), .row_stride = stride()};
  }
  template <class Element>
  OverTime<Element> over_planes(const simt::DeviceArray<Acc>& array) const {
    return {.data = C > 0 ? array.data() : nullptr,
            .plane_stride = T * B * H,
            .time_stride = B * H,
            .row_stride = H};
  }

  /// W is the identity: dx is dwx, at the time of its step.
  void sum_gradients() {
    const std::int64_t GH = G * H;
    dx_.assign(at(T * B * GH), 0);
    dR_.assign(at(GH * H), 0);
    for (std::int64_t s = 0; s < T; ++s)
      for (std::int64_t b = 0; b < B; ++b) {
        if (s >= length(b)) continue;
        const std::int64_t t = time(s, b), before = semantics_.reverse ? t + 1 : t - 1;
        const double* const drh = drh_.data() + (s * B + b) * GH;
        std::copy_n(dwx_.begin() + (s * B + b) * GH, GH, dx_.begin() + (t * B + b) * GH);
        if (reset(t, b)) continue;  // R saw the start value, 0
        for (std::int64_t k = 0; k < H; ++k) {
          const double h = s == 0 ? h0_[at(b * H + k)] : y_[at((before * B + b) * H + k)];
          for (std::int64_t n = 0; n < GH; ++n) dR_[at(n * H + k)] += drh[n] * h;
        }
      }
  }

  void finish_initial(const Values& dh, const Values& dRh, const Values& dinner) {
    dh0_.assign(at(B * H), 0);
    dc0_.assign(at(C * B * H), 0);
    for (std::int64_t b = 0; b < B; ++b) {
      const bool ran = length(b) > 0;
      if (ran && reset(time(0, b), b)) continue;
      for (std::int64_t j = b * H; j < (b + 1) * H; ++j) {
        dh0_[at(j)] = ran ? dh[at(j)] + dRh[at(j)] : dhT_[at(j)];
        for (std::int64_t n = j; n < C * B * H; n += B * H)
          dc0_[at(n)] = ran ? dinner[at(n)] : dcT_[at(n)];
      }
    }
  }

  std::int64_t time(std::int64_t s, std::int64_t b) const {
    return semantics_.reverse ? length(b) - 1 - s : s;
  }
  bool reset(std::int64_t t, std::int64_t b) const {
    return !resets_.empty() && resets_[at(t * B + b)] != 0;
  }
  /// As validate::keep_from_kink does where x is W x.
  void keep_from_kink() {
    const auto round = [](double value) {
      return static_cast<double>(widened(rounded<Real>(static_cast<Acc>(value))));
    };
    for (double& x : x_) x = round(x + std::copysign(4, x));
    for (Values* const values : {&R_, &bW_, &bR_})
      for (double& value : *values) value = round(value / 4);
    for (double& dy : dy_) dy = std::abs(dy);
  }

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
        for (std::int64_t k = 0; k < G * H; ++k)
          rows.push_back(s < length(b) ? x_[at((time(s, b) * B + b) * G * H + k)] : std::nan(""));
      }
    }
    return rows;
  }

  std::int64_t groups() const { return shape().groups(B); }

  template <class Pass>
  static auto kernel_of(const policy::PersistentShape& shape) {
    if constexpr (Pass::is_backward)
      return shape.in_grid     ? &persistent_backward_kernel<Cell, Product, true, GridExchange>
             : shape.parts > 1 ? &persistent_backward_kernel<Cell, Product, true, ClusterExchange>
                               : &persistent_backward_kernel<Cell, Product, false, ClusterExchange>;
    else
      return shape.in_grid     ? &persistent_forward_kernel<Cell, Product, true, GridExchange>
             : shape.parts > 1 ? &persistent_forward_kernel<Cell, Product, true, ClusterExchange>
                               : &persistent_forward_kernel<Cell, Product, false, ClusterExchange>;
  }

  template <class Pass>
  void launch(const std::vector<typename Pass::Chunk>& chunks,
              const simt::TestStream& stream) const {
    PersistentLaunch<typename Pass::Chunk> p{.shape = shape(Pass::is_backward)};
    ASSERT_LE(p.shape.warps(), policy::Persistent::most_warps);  // the kernels' launch bounds
    const auto kernel = kernel_of<Pass>(p.shape);
    for (const auto attribute : {cudaFuncAttributeMaxDynamicSharedMemorySize,
                                 cudaFuncAttributeNonPortableClusterSizeAllowed})
      ASSERT_EQ(cudaFuncSetAttribute(
                    reinterpret_cast<const void*>(kernel), attribute,
                    attribute == cudaFuncAttributeMaxDynamicSharedMemorySize ? 200 << 10 : 1),
                cudaSuccess);
    const auto count = static_cast<std::int64_t>(chunks.size());
    const std::int64_t at_once = shape_.at_once > 0 ? shape_.at_once : count * groups();
    cuda::for_each_launch(count, groups(), at_once, [&](const cuda::LaunchPart& part) {
      p.first_group = static_cast<int>(part.first_group);
      std::copy_n(chunks.begin() + part.first_chunk, part.chunks, p.chunks);
      const simt::Launch launch{
          .grid = dim3(static_cast<unsigned>(part.groups * p.shape.blocks),
                       static_cast<unsigned>(part.chunks)),
          .block = static_cast<unsigned>(p.shape.threads()),
          .shared_bytes = static_cast<std::size_t>(p.shape.shared_bytes()),
          .cooperative = shape_.in_grid,
          .cluster = static_cast<unsigned>(shape_.in_grid ? 1 : p.shape.blocks),
          .stream = stream};
      ASSERT_EQ(launch(Pass::kernel_name, kernel, p), cudaSuccess);
      ASSERT_EQ(stream.wait(), cudaSuccess);
    });
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
  Values x_, h0_, c0_, R_, bW_, bR_, dy_, dhT_, dcT_, dc_all_;
  Values identity_ = [](std::int64_t size) {
    Values W(at(size * size));
    for (std::int64_t n = 0; n < size; ++n) W[at(n * (size + 1))] = 1;
    return W;
  }(G * H);
  std::vector<std::int32_t> lengths_;
  std::vector<std::uint8_t> resets_;
  Values y_, hT_, cT_, c_all_;
  Values dwx_, drh_, dx_, dh0_, dc0_, dR_;
  bool gave_up_ = false;
};

template <class CellType, class ProductType>
struct Instance {
  using Cell = CellType;
  using Product = ProductType;
};
// Who looks at accesses alone sees no more in bf16 than in f16, and no more in tf32 than in f32 and
// f16.
template <class... Cells>
auto instances(CellList<Cells...>)
    -> testing::Types<Instance<Cells, StrictProduct>...,
#if !defined(SIMT_RACE_CHECKER) && !defined(__SANITIZE_ADDRESS__)
                      Instance<Cells, Tf32Product>...,
                      Instance<Cells, TensorProduct<__nv_bfloat16>>...,
#endif
                      Instance<Cells, TensorProduct<__half>>...>;
using Instances = decltype(instances(AllCells{}));
struct InstanceName {
  template <class T>
  static std::string GetName(int) {
    return std::string(T::Cell::name) + "_" + to_string(precision_of<typename T::Product>());
  }
};

}  // namespace takt::persistent_layer
