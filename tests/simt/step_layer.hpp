// A whole layer by the step algorithm's gate kernels, for their tests: one launch a step, the
// products made on the host, both passes; compared with the reference.
#pragma once

#include <takt/kernels/step.cuh>
#include <takt/kernels/step_backward.cuh>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <takt/cells.hpp>
#include <takt/reference.hpp>

#include "device_array.hpp"
#include "validate/tolerance.hpp"

namespace takt::step_layer {

template <class Real>
constexpr DataType type_of() {
  if constexpr (std::is_same_v<Real, double>) return DataType::f64;
  if constexpr (std::is_same_v<Real, float>) return DataType::f32;
  if constexpr (std::is_same_v<Real, __half>) return DataType::f16;
  return DataType::bf16;
}

struct Shape {
  std::int64_t T, B, I, H;
};
struct Semantics {
  bool reverse = false, lengths = false, resets = false;
};

using Values = std::vector<double>;

/// Deterministic numbers in [-scale, scale) that `Real` holds exactly.
template <class Real>
Values numbers(std::int64_t count, double scale, std::uint64_t& state) {
  Values values(static_cast<std::size_t>(count));
  for (double& value : values) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const double x = static_cast<double>(state >> 40) / (1 << 23) - 1;
    value = widened(rounded<Real>(static_cast<Accumulator<Real>>(x * scale)));
  }
  return values;
}

template <class Target>
std::vector<Target> as(const Values& values) {
  std::vector<Target> converted;
  for (const double value : values) {
    if constexpr (std::is_arithmetic_v<Target>)
      converted.push_back(static_cast<Target>(value));
    else
      converted.push_back(rounded<Target>(static_cast<float>(value)));
  }
  return converted;
}

template <class Element>
Values as_doubles(const std::vector<Element>& values) {
  Values converted;
  for (const Element value : values) converted.push_back(static_cast<double>(widened(value)));
  return converted;
}

inline std::size_t at(std::int64_t n) {
  return static_cast<std::size_t>(n);
}

template <class Cell, class Real, int units>
class Layer {
  using Acc = Accumulator<Real>;
  static constexpr int G = CellTraits<Cell>::gates, C = CellTraits<Cell>::inner_states;
  static constexpr int S = CellTraits<Cell>::saved;
  static constexpr double fill = -7;

 public:
  Layer(const Shape& shape, const Semantics& semantics)
      : T(shape.T), B(shape.B), I(shape.I), H(shape.H), semantics_(semantics) {
    std::uint64_t state = 11;
    x_ = numbers<Real>(T * B * I, 1, state);
    h0_ = numbers<Real>(B * H, 1, state);
    c0_ = numbers<float>(C * B * H, 1, state);
    W_ = numbers<Real>(G * H * I, 1, state);
    R_ = numbers<Real>(G * H * H, 1.5 / std::sqrt(static_cast<double>(H + 1)), state);
    bW_ = numbers<Real>(G * H, 1, state);
    bR_ = numbers<Real>(G * H, 1, state);
    dy_ = numbers<Real>(T * B * H, 1, state);
    dhT_ = numbers<Real>(B * H, 1, state);
    dcT_ = numbers<float>(C * B * H, 1, state);
    dc_all_ = numbers<float>(C * T * B * H, 1, state);
    for (std::int64_t b = 0; semantics.lengths && b < B; ++b)
      lengths_.push_back(static_cast<std::int32_t>((b * 5 + 3) % (T + 1)));
    for (std::int64_t n = 0; semantics.resets && n < T * B; ++n)
      resets_.push_back((n / B * 3 + n % B) % 5 == 2 || n == 0 ? 1 : 0);  // others at each step
  }

  void run() {
    const simt::TestStream stream;
    const Arrays arrays(*this);
    forward(arrays, stream);
    backward(arrays, stream);
  }

  void compare() const {
    const reference::Result wanted = reference::forward(problem());
    const validate::Terms terms = validate::terms_of(Cell::name, type_of<Real>(), {T, B, I, H});
    expect_near("y", y_, wanted.y, terms.forward);
    expect_near("hT", hT_, wanted.hT, terms.forward);
    expect_near("cT", cT_, wanted.cT, terms.forward);
    expect_near("c_all", c_all_, wanted.c_all, terms.forward);
    const reference::Gradients gradients = reference::backward(
        problem(),
        {.dy = dy_.data(), .dhT = dhT_.data(), .dcT = dcT_.data(), .dc_all = dc_all_.data()});
    expect_near("dx", dx_, gradients.dx, terms.backward);
    expect_near("dh0", dh0_, gradients.dh0, terms.backward);
    expect_near("dc0", dc0_, gradients.dc0, terms.backward);
    expect_near("dW", dW_, gradients.dW, terms.weights);
    expect_near("dR", dR_, gradients.dR, terms.weights);
    expect_near("dbW", dbW_, gradients.dbW, terms.biases + T * B);
    expect_near("dbR", dbR_, gradients.dbR, terms.biases + T * B);
  }

 private:
  /// What lies on the device for both passes.
  struct Arrays {
    explicit Arrays(const Layer& layer)
        : h0(as<Real>(layer.h0_)),
          h(as<Real>(layer.h0_)),
          bW(as<Real>(layer.bW_)),
          bR(as<Real>(layer.bR_)),
          inner(at((layer.T + 1) * C * layer.B * layer.H)),
          y(at(layer.T * layer.B * layer.stride())),
          c_all(at(C * layer.T * layer.B * layer.H)),
          saved(at(layer.T * S * layer.B * layer.H)),
          lengths(layer.lengths_),
          resets(layer.resets_) {}

    simt::DeviceArray<Real> h0, h, bW, bR;
    simt::DeviceArray<Acc> inner;  // [T+1,C,B,H] in the order of steps
    simt::DeviceArray<Real> y;
    simt::DeviceArray<Acc> c_all;
    simt::DeviceArray<Real> saved;
    simt::DeviceArray<std::int32_t> lengths;
    simt::DeviceArray<std::uint8_t> resets;
  };

  std::int64_t stride() const { return H + 3 * units; }  // of y's rows
  std::int64_t length(std::int64_t b) const { return lengths_.empty() ? T : lengths_[at(b)]; }
  std::int64_t time(std::int64_t s, std::int64_t b) const {
    return semantics_.reverse ? length(b) - 1 - s : s;
  }
  bool reset(std::int64_t t, std::int64_t b) const {
    return !resets_.empty() && resets_[at(t * B + b)] != 0;
  }

  reference::Problem problem() const {
    return {.cell = std::string(Cell::name),
            .T = T,
            .B = B,
            .I = I,
            .H = H,
            .reverse = semantics_.reverse,
            .fill = fill,
            .x = x_.data(),
            .h0 = h0_.data(),
            .c0 = c0_.data(),
            .lengths = lengths_.empty() ? nullptr : lengths_.data(),
            .resets = resets_.empty() ? nullptr : resets_.data(),
            .W = W_.data(),
            .R = R_.data(),
            .bW = bW_.data(),
            .bR = bR_.data()};
  }

  StepPlace place(const Arrays& arrays, std::int64_t s) const {
    return {.step = s,
            .T = T,
            .B = B,
            .H = H,
            .reverse = semantics_.reverse,
            .lengths = lengths_.empty() ? nullptr : arrays.lengths.data(),
            .resets = {.data = resets_.empty() ? nullptr : arrays.resets.data(),
                       .time_stride = B,
                       .row_stride = 1}};
  }

  template <class Kernel, class Step>
  void launch(const char* name, Kernel kernel, const Step& step, const simt::TestStream& stream) {
    const simt::Launch launch{
        .grid = dim3(static_cast<unsigned>(policy::Step::blocks_across(H, units)),
                     static_cast<unsigned>(B)),
        .block = policy::Step::threads,
        .stream = stream};
    ASSERT_EQ(launch(name, kernel, step), cudaSuccess);
    ASSERT_EQ(stream.wait(), cudaSuccess);
  }

  void forward(const Arrays& arrays, const simt::TestStream& stream) {
    simt::DeviceArray<Acc> Wx(at(B * G * H)), Rh(at(B * G * H));
    arrays.inner.set(as<Acc>(c0_));
    const std::int64_t BH = B * H;
    for (std::int64_t s = 0; s < T; ++s) {
      Wx.set(as<Acc>(input_products(s)));
      Rh.set(as<Acc>(products(R_, as_doubles(arrays.h.get()), H)));
      const StepForward<Real> step{
          .place = place(arrays, s),
          .Wx = Wx.data(),
          .Rh = Rh.data(),
          .bW = arrays.bW.data(),
          .bR = arrays.bR.data(),
          .h_old = arrays.h.data(),
          .inner_old = arrays.inner.data() + s * C * BH,
          .h_new = arrays.h.data(),
          .inner_new = arrays.inner.data() + (s + 1) * C * BH,
          .y = {.data = arrays.y.data(), .time_stride = B * stride(), .row_stride = stride()},
          .c_all = {.data = C > 0 ? arrays.c_all.data() : nullptr,
                    .plane_stride = T * BH,
                    .time_stride = BH,
                    .row_stride = H},
          .saved = arrays.saved.data() + s * S * BH,
          .fill = static_cast<Acc>(fill)};
      launch("step_forward_kernel", step_forward_kernel<Cell, Real, units>, step, stream);
    }
    hT_ = as_doubles(arrays.h.get());
    const Values inner = as_doubles(arrays.inner.get());
    cT_.assign(inner.end() - C * BH, inner.end());
    c_all_ = as_doubles(arrays.c_all.get());
    const Values rows = as_doubles(arrays.y.get());
    for (std::int64_t row = 0; row < T * B; ++row)
      for (std::int64_t j = 0; j < H; ++j) y_.push_back(rows[at(row * stride() + j)]);
  }

  void backward(const Arrays& arrays, const simt::TestStream& stream) {
    constexpr bool shared = CellTraits<Cell>::shared_gradient;
    const std::int64_t BH = B * H, GH = G * H;
    const simt::DeviceArray<Real> dy(as<Real>(dy_));
    const simt::DeviceArray<Real> dhT(as<Real>(dhT_));
    const simt::DeviceArray<Acc> dcT(as<Acc>(dcT_)), dc_all(as<Acc>(dc_all_));
    simt::DeviceArray<Acc> dRh(at(BH)), dh(at(BH)), dinner(at(C * BH));
    simt::DeviceArray<Real> dwx(at(B * GH)), drh(at(B * GH));
    dx_.assign(at(T * B * I), 0);
    dW_.assign(at(GH * I), 0);
    dR_.assign(at(GH * H), 0);
    dbW_.assign(at(GH), 0);
    dbR_.assign(at(GH), 0);
    Values from_R(at(BH));
    for (std::int64_t s = T - 1; s >= 0; --s) {
      dRh.set(as<Acc>(from_R));
      const StepBackward<Real> step{
          .place = place(arrays, s),
          .dy = {.data = dy.data(), .time_stride = BH, .row_stride = H},
          .dc_all = {.data = C > 0 ? dc_all.data() : nullptr,
                     .plane_stride = T * BH,
                     .time_stride = BH,
                     .row_stride = H},
          .dhT = dhT.data(),
          .dcT = dcT.data(),
          .y = {.data = arrays.y.data(), .time_stride = B * stride(), .row_stride = stride()},
          .h0 = arrays.h0.data(),
          .inner_old = arrays.inner.data() + s * C * BH,
          .inner_next = arrays.inner.data() + (s + 1) * C * BH,
          .saved = arrays.saved.data() + s * S * BH,
          .dRh = dRh.data(),
          .dh = dh.data(),
          .dinner = dinner.data(),
          .dwx = dwx.data(),
          .drh = shared ? nullptr : drh.data()};
      launch("step_backward_kernel", step_backward_kernel<Cell, Real, units>, step, stream);
      const Values of_wx = as_doubles(dwx.get());
      const Values of_rh = shared ? of_wx : as_doubles(drh.get());
      sum_step(s, of_wx, of_rh);
      from_R = transposed_products(R_, of_rh, H);
    }
    finish_initial(as_doubles(dh.get()), as_doubles(dinner.get()), from_R);
  }

  /// What a step adds to the gradients of the weights, and dx of its rows.
  void sum_step(std::int64_t s, const Values& dwx, const Values& drh) {
    const std::int64_t GH = G * H;
    const Values from_W = transposed_products(W_, dwx, I);
    for (std::int64_t b = 0; b < B; ++b) {
      for (std::int64_t n = 0; n < GH; ++n) {
        dbW_[at(n)] += dwx[at(b * GH + n)];
        dbR_[at(n)] += drh[at(b * GH + n)];
      }
      if (s >= length(b)) continue;  // whose gates' gradients are 0
      const std::int64_t t = time(s, b), before = semantics_.reverse ? t + 1 : t - 1;
      for (std::int64_t k = 0; k < I; ++k) {
        dx_[at((t * B + b) * I + k)] = from_W[at(b * I + k)];
        for (std::int64_t n = 0; n < GH; ++n)
          dW_[at(n * I + k)] += dwx[at(b * GH + n)] * x_[at((t * B + b) * I + k)];
      }
      if (reset(t, b)) continue;  // R saw the start value, 0
      for (std::int64_t k = 0; k < H; ++k) {
        const double h = s == 0 ? h0_[at(b * H + k)] : y_[at((before * B + b) * H + k)];
        for (std::int64_t n = 0; n < GH; ++n) dR_[at(n * H + k)] += drh[at(b * GH + n)] * h;
      }
    }
  }

  void finish_initial(const Values& dh, const Values& dinner, const Values& from_R) {
    dh0_.assign(at(B * H), 0);
    dc0_.assign(at(C * B * H), 0);
    for (std::int64_t b = 0; b < B; ++b) {
      const bool ran = length(b) > 0, anew = ran && reset(time(0, b), b);
      for (std::int64_t j = b * H; j < (b + 1) * H; ++j) {
        if (!anew) dh0_[at(j)] = ran ? dh[at(j)] + from_R[at(j)] : dhT_[at(j)];
        for (std::int64_t c = 0; c < C && !anew; ++c)
          dc0_[at(c * B * H + j)] = ran ? dinner[at(c * B * H + j)] : dcT_[at(c * B * H + j)];
      }
    }
  }

  /// [B,K] times the rows of a [G*H,K] matrix; and [B,G*H] times that matrix.
  Values products(const Values& matrix, const Values& rows, std::int64_t K) const {
    Values sums;
    for (std::int64_t b = 0; b < B; ++b)
      for (std::int64_t n = 0; n < G * H; ++n) {
        double sum = 0;
        for (std::int64_t k = 0; k < K; ++k) sum += matrix[at(n * K + k)] * rows[at(b * K + k)];
        sums.push_back(sum);
      }
    return sums;
  }
  Values transposed_products(const Values& matrix, const Values& rows, std::int64_t K) const {
    Values sums(at(B * K));
    for (std::int64_t b = 0; b < B; ++b)
      for (std::int64_t n = 0; n < G * H; ++n)
        for (std::int64_t k = 0; k < K; ++k)
          sums[at(b * K + k)] += matrix[at(n * K + k)] * rows[at(b * G * H + n)];
    return sums;
  }

  /// W x of the t that each row runs in step s; NaN where it runs none.
  Values input_products(std::int64_t s) const {
    Values rows;
    for (std::int64_t b = 0; b < B; ++b)
      for (std::int64_t k = 0; k < I; ++k)
        rows.push_back(s < length(b) ? x_[at((time(s, b) * B + b) * I + k)] : std::nan(""));
    return products(W_, rows, I);
  }

  void expect_near(const char* name, const Values& got, const Values& wanted,
                   std::int64_t terms) const {
    ASSERT_EQ(got.size(), wanted.size()) << name;
    validate::ErrorMeter meter;
    for (std::size_t n = 0; n < got.size(); ++n) meter.add(got[n], wanted[n]);
    EXPECT_LE(meter.error(), validate::tolerance(type_of<Real>(), terms)) << name;
  }

  std::int64_t T, B, I, H;
  Semantics semantics_;
  Values x_, h0_, c0_, W_, R_, bW_, bR_, dy_, dhT_, dcT_, dc_all_;
  std::vector<std::int32_t> lengths_;
  std::vector<std::uint8_t> resets_;
  Values y_, hT_, cT_, c_all_;
  Values dx_, dh0_, dc0_, dW_, dR_, dbW_, dbR_;
};

}  // namespace takt::step_layer
