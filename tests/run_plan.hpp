// Runs a Plan of a cpu device on a test's layer, for comparison with what others make of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <takt/reference.hpp>
#include <takt/takt.hpp>

#include "reference_layer.hpp"

namespace takt::reference_test {

template <class Real>
std::vector<Real> rounded(const Values& values) {
  std::vector<Real> narrow(values.size());
  for (std::size_t n = 0; n < values.size(); ++n) narrow[n] = static_cast<Real>(values[n]);
  return narrow;
}

template <class Real>
Values widened(const std::vector<Real>& values) {
  return {values.begin(), values.end()};
}

template <class Real>
Values rounded_to(const Values& values) {
  return widened(rounded<Real>(values));
}

struct PlanResult {
  reference::Result result;
  reference::Gradients gradients;  ///< empty without upstream gradients
};

/// One plan in `Real` with the tensors that it reads and writes, which start as NaN. Arrays of the
/// layer are in the order of `layout`; `bias` says which of bW and bR are passed on.
template <class Real>
class PlanRun {
 public:
  PlanRun(const Layer& layer, const LayerUpstream* upstream, Bias bias, Layout layout)
      : layer_(layer),
        device_(Device::cpu()),
        stream_(device_),
        plan_({.cell = layer.cell,
               .input_size = layer.I,
               .hidden_size = layer.H,
               .direction = layer.reverse ? Direction::reverse : Direction::forward,
               .bias = bias,
               .type = data_type_of<Real>,
               .layout = layout,
               .fill = layer.fill},
              {layer.T, layer.B}, upstream == nullptr ? Mode::inference : Mode::training, device_),
        memory_(plan_),
        x_(rounded<Real>(layer.x)),
        h0_(rounded<Real>(layer.h0)),
        c0_(rounded<Real>(layer.c0)),
        W_(rounded<Real>(layer.W)),
        R_(rounded<Real>(layer.R)),
        bW_(rounded<Real>(layer.bW)),
        bR_(rounded<Real>(layer.bR)) {
    LayerWeights weights{.W = W_, .R = R_};
    if (bias == Bias::both || bias == Bias::input) weights.bW = bW_;
    if (bias == Bias::both || bias == Bias::recurrent) weights.bR = bR_;
    inputs_.x = x_;
    if (!h0_.empty()) inputs_.h0 = h0_;
    if (!c0_.empty()) inputs_.c0 = c0_;
    if (!layer.lengths.empty()) inputs_.lengths = layer.lengths.data();
    inputs_.weights = {weights};
    forward();
    if (upstream != nullptr) backward(*upstream, bias);
  }

  const PlanResult& result() const { return result_; }

 private:
  std::vector<Real> unset(std::int64_t size) const {
    return std::vector<Real>(static_cast<std::size_t>(size),
                             std::numeric_limits<Real>::quiet_NaN());
  }

  void forward() {
    const std::int64_t BH = layer_.B * layer_.H;
    y_ = unset(layer_.T * BH);
    std::vector<Real> hT = unset(BH), cT = unset(layer_.C * BH),
                      c_all = unset(layer_.C * layer_.T * BH);
    outputs_ = {.y = y_, .hT = hT};
    if (layer_.C > 0) {
      outputs_.cT = cT;
      outputs_.c_all = c_all;
    }
    plan_.forward(inputs_, outputs_, memory_, stream_);
    result_.result = {widened(y_), widened(hT), widened(cT), widened(c_all)};
    outputs_ = {.y = y_};
  }

  void backward(const LayerUpstream& upstream, Bias bias) {
    const auto dy = rounded<Real>(upstream.dy), dhT = rounded<Real>(upstream.dhT),
               dcT = rounded<Real>(upstream.dcT), dc_all = rounded<Real>(upstream.dc_all);
    takt::Upstream from;
    if (!dy.empty()) from.dy = dy;
    if (!dhT.empty()) from.dhT = dhT;
    if (!dcT.empty()) from.dcT = dcT;
    if (!dc_all.empty()) from.dc_all = dc_all;

    const std::int64_t GH = layer_.G * layer_.H, BH = layer_.B * layer_.H;
    std::vector<Real> dx = unset(layer_.T * layer_.B * layer_.I), dh0 = unset(BH),
                      dc0 = unset(layer_.C * BH), dW = unset(GH * layer_.I),
                      dR = unset(GH * layer_.H), dbW, dbR;
    LayerGradients weights{.W = dW, .R = dR};
    if (bias == Bias::both || bias == Bias::input) weights.bW = dbW = unset(GH);
    if (bias == Bias::both || bias == Bias::recurrent) weights.bR = dbR = unset(GH);
    takt::Gradients to{.dx = dx, .dh0 = dh0, .weights = {weights}};
    if (layer_.C > 0) to.dc0 = dc0;
    plan_.backward(inputs_, outputs_, from, to, memory_, stream_);
    result_.gradients = {widened(dx), widened(dh0), widened(dc0), widened(dW),
                         widened(dR), widened(dbW), widened(dbR)};
  }

  const Layer& layer_;
  Device device_;
  Stream stream_;
  Plan plan_;
  Memory memory_;
  std::vector<Real> x_, h0_, c0_, W_, R_, bW_, bR_, y_;
  Inputs inputs_;
  Outputs outputs_;
  PlanResult result_;
};

template <class Real>
PlanResult run_plan(const Layer& layer, const LayerUpstream* upstream, Bias bias = Bias::both,
                    Layout layout = Layout::time_major) {
  return PlanRun<Real>(layer, upstream, bias, layout).result();
}

}  // namespace takt::reference_test
