// oneDNN's RNN primitives as a second implementation: forward and backward, against the reference
// and against the cpu plan, over random odd shapes in both directions.
#include <gtest/gtest.h>

#ifndef TAKT_HAVE_DNNL

TEST(OneDnn, IsInstalled) {
  GTEST_SKIP() << "built without oneDNN (the Debian package libdnnl-dev was not found) or without "
                  "the benchmarks (TAKT_BUILD_BENCH), which hold its primitives";
}

#else

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include <takt/reference.hpp>

#include "dialects.hpp"
#include "onednn_rnn.hpp"
#include "reference_layer.hpp"
#include "run_plan.hpp"
#include "validate/tolerance.hpp"

namespace takt::onednn {
namespace {

using reference_test::Layer;
using reference_test::LayerUpstream;
using reference_test::PlanResult;
using reference_test::rounded;
using reference_test::rounded_to;
using reference_test::run_plan;
using reference_test::Values;
using reference_test::widened;

struct Shape {
  std::int64_t T, B, I, H;
};

/// Shapes with T of 5 to 17, B of 1 to 9, and I and H that are no multiples of a vector's length.
std::vector<Shape> random_shapes() {
  constexpr std::array<std::int64_t, 7> sizes = {1, 3, 7, 13, 17, 34, 65};
  std::mt19937_64 generator(20);
  const auto below = [&](std::uint64_t n) { return static_cast<std::int64_t>(generator() % n); };
  std::vector<Shape> shapes;
  // Every H comes up.
  for (std::size_t n = 0; n < 2 * sizes.size(); ++n)
    shapes.push_back({5 + below(13), 1 + below(9), sizes[static_cast<std::size_t>(below(7))],
                      sizes[n % sizes.size()]});
  return shapes;
}

/// Numbers of f32 in which the recurrence matters: R is large enough that a state lives on for
/// several steps, and nothing starts at 0.
Layer make_layer(const Dialect& dialect, const Shape& shape, bool reverse,
                 std::mt19937_64& generator) {
  const auto& cells = reference::cells();
  const auto sizes = std::ranges::find(cells, dialect.cell, &reference::CellSizes::name);
  Layer layer(*sizes, shape.T, shape.B, shape.I, shape.H);
  layer.reverse = reverse;
  const auto draw = [&](std::int64_t size, double scale) {
    return rounded_to<float>(reference_test::random_values(generator, size, scale));
  };
  const auto [G, C, T, B] = std::tuple(layer.G, layer.C, layer.T, layer.B);
  const auto [I, H] = std::tuple(layer.I, layer.H);
  layer.x = draw(T * B * I, 1);
  layer.h0 = draw(B * H, 0.9);
  layer.c0 = draw(C * B * H, 0.9);
  layer.W = draw(G * H * I, 1 / std::sqrt(static_cast<double>(I)));
  layer.R = draw(G * H * H, 1.7 / std::sqrt(static_cast<double>(H)));
  layer.bW = draw(G * H, 0.4);
  layer.bR = draw(G * H, 0.4);
  return layer;
}

LayerUpstream make_upstream(const Layer& layer, std::mt19937_64& generator) {
  LayerUpstream upstream(layer, generator);
  upstream.dc_all.clear();  // oneDNN takes none
  for (Values* values : {&upstream.dy, &upstream.dhT, &upstream.dcT})
    *values = rounded_to<float>(*values);
  return upstream;
}

DialectWeights<float> to_onednn(const Dialect& dialect, const Layer& layer) {
  return to_dialect<float>(dialect, layer.I, layer.H,
                           {rounded<float>(layer.W), rounded<float>(layer.R),
                            rounded<float>(layer.bW), rounded<float>(layer.bR)});
}

Call make_call(const Dialect& dialect, const Layer& layer, const LayerUpstream& upstream) {
  DialectWeights<float> weights = to_onednn(dialect, layer);
  return {.T = layer.T,
          .B = layer.B,
          .I = layer.I,
          .H = layer.H,
          .reverse = layer.reverse,
          .has_c = layer.C > 0,
          .x = rounded<float>(layer.x),
          .h0 = rounded<float>(layer.h0),
          .c0 = rounded<float>(layer.c0),
          .W = std::move(weights.W),
          .R = std::move(weights.R),
          .bias = std::move(weights.biases),
          .dy = rounded<float>(upstream.dy),
          .dhT = rounded<float>(upstream.dhT),
          .dcT = rounded<float>(upstream.dcT)};
}

/// A tensor of a result, and of how many rounded terms each of its elements is a sum.
struct Tensor {
  const char* name;
  Values values;
  std::int64_t terms;
};
using Tensors = std::vector<Tensor>;

Tensors tensors(const Layer& layer, reference::Result result, reference::Gradients gradients) {
  const std::int64_t forward = layer.I + layer.H;
  const std::int64_t backward = forward + layer.G * layer.H;
  const std::int64_t over_time = backward + layer.T * layer.B;
  return {
      {"y", std::move(result.y), forward},          {"hT", std::move(result.hT), forward},
      {"cT", std::move(result.cT), forward},        {"dx", std::move(gradients.dx), backward},
      {"dh0", std::move(gradients.dh0), backward},  {"dc0", std::move(gradients.dc0), backward},
      {"dW", std::move(gradients.dW), over_time},   {"dR", std::move(gradients.dR), over_time},
      {"dbW", std::move(gradients.dbW), over_time}, {"dbR", std::move(gradients.dbR), over_time}};
}

/// The results in takt's storage. The gradient of one bias for both is that of each.
Tensors to_takt(const Dialect& dialect, const Layer& layer, const Results& results) {
  const PlainWeights<float> weights =
      from_dialect<float>(dialect, layer.I, layer.H, {results.dW, results.dR, results.dbias});
  const std::vector<float> ones(results.dbias.size(), 1);
  const std::vector<float> has_own =
      from_dialect<float>(dialect, layer.I, layer.H, {results.dW, results.dR, ones}).bR;
  Values dbR = widened(weights.bW);
  for (std::size_t n = 0; n < dbR.size(); ++n)
    if (has_own[n] != 0) dbR[n] = static_cast<double>(weights.bR[n]);
  return tensors(
      layer,
      {.y = widened(results.y), .hT = widened(results.hT), .cT = widened(results.cT), .c_all = {}},
      {.dx = widened(results.dx),
       .dh0 = widened(results.dh0),
       .dc0 = widened(results.dc0),
       .dW = widened(weights.W),
       .dR = widened(weights.R),
       .dbW = widened(weights.bW),
       .dbR = std::move(dbR)});
}

/// Error over tolerance of a tensor.
///
/// The tolerance is the one that holds takt's own results in f32: oneDNN rounds the same sums, in
/// another order. Against what is in double it is one implementation's error, against a plan in f32
/// two implementations'.
double share(const Tensor& a, const Tensor& b, int implementations) {
  validate::ErrorMeter meter;
  for (std::size_t n = 0; n < a.values.size(); ++n) meter.add(a.values[n], b.values[n]);
  return meter.error() / (implementations * validate::tolerance(DataType::f32, a.terms));
}

/// Compares pairs of results, and keeps the largest error over tolerance of all of them.
class Comparison {
 public:
  Comparison(std::string who, int implementations)
      : who_(std::move(who)), implementations_(implementations) {}

  void expect_near(const Tensors& a, const Tensors& b) {
    for (std::size_t n = 0; n < a.size(); ++n) {
      ASSERT_EQ(a[n].values.size(), b[n].values.size()) << who_ << ": " << a[n].name;
      const double found = share(a[n], b[n], implementations_);
      EXPECT_LE(found, 1) << who_ << ": error over tolerance of " << a[n].name;
      worst_ = std::max(worst_, found);
    }
  }

  /// Records the worst error; fails where it says that the tolerance is too wide to say anything.
  void finish() const {
    ::testing::Test::RecordProperty(who_ + "_error_over_tolerance", std::to_string(worst_));
    EXPECT_GE(worst_, validate::least_share) << who_ << ": the tolerance is too wide";
  }

 private:
  std::string who_;
  int implementations_;
  double worst_ = 0;
};

/// Without R, y is another one: errors in the recurrence show.
void expect_recurrence_matters(const Layer& layer, const Values& y) {
  Layer without = layer;
  std::ranges::fill(without.R, 0);
  const Tensor with_R = {"y", y, layer.I + layer.H};
  const Tensor without_R = {"y", reference::forward(without.problem()).y, with_R.terms};
  EXPECT_GT(share(without_R, with_R, 1), 1000);
}

template <class Real>
Tensors plan_tensors(const Layer& layer, const LayerUpstream& upstream, Bias bias) {
  PlanResult plan = run_plan<Real>(layer, &upstream, bias);
  return tensors(layer, std::move(plan.result), std::move(plan.gradients));
}

struct Case {
  const Dialect* dialect;
  bool reverse;
};

class OneDnn : public ::testing::TestWithParam<Case> {
 protected:
  void compare(const Shape& shape, std::mt19937_64& generator);

  Comparison against_reference{"onednn_and_reference", 1};
  Comparison against_plan_f64{"onednn_and_plan_f64", 1};
  Comparison against_plan_f32{"onednn_and_plan_f32", 2};
};

void OneDnn::compare(const Shape& shape, std::mt19937_64& generator) {
  const Dialect& dialect = *GetParam().dialect;
  Layer layer = make_layer(dialect, shape, GetParam().reverse, generator);
  const LayerUpstream upstream = make_upstream(layer, generator);
  const Call call = make_call(dialect, layer, upstream);
  Rnn rnn(dialect.form, call, Passes::training);
  rnn.run();
  Tensors outside = to_takt(dialect, layer, rnn.results());

  const reference::Result truth = reference::forward(layer.problem());
  expect_recurrence_matters(layer, truth.y);
  against_reference.expect_near(
      outside, tensors(layer, truth, reference::backward(layer.problem(), upstream.pointers())));
  against_plan_f64.expect_near(outside, plan_tensors<double>(layer, upstream, Bias::both));
  against_plan_f32.expect_near(outside, plan_tensors<float>(layer, upstream, Bias::both));

  if (call.bias.size() > layer.bW.size()) return;
  // One bias for both, as oneDNN has it: bW with a bR of zeros, and bW alone.
  layer.bW = widened(call.bias);
  std::ranges::fill(layer.bR, 0);
  against_plan_f32.expect_near(outside, plan_tensors<float>(layer, upstream, Bias::both));
  layer.bR.clear();
  outside.back().values.clear();  // dbR
  against_plan_f32.expect_near(outside, plan_tensors<float>(layer, upstream, Bias::input));
}

TEST_P(OneDnn, Agrees) {
  // Threads of OpenMP wait for each other by spinning: where the machine is busy, calls as small as
  // these take a hundred times as long on two threads as on one.
  use_threads(1);
  std::mt19937_64 generator(1);
  for (const Shape& shape : random_shapes()) {
    SCOPED_TRACE("T = " + std::to_string(shape.T) + ", B = " + std::to_string(shape.B) +
                 ", I = " + std::to_string(shape.I) + ", H = " + std::to_string(shape.H));
    compare(shape, generator);
  }
  against_reference.finish();
  against_plan_f64.finish();
  against_plan_f32.finish();
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const Dialect& dialect : known_dialects()) {
    if (dialect.system != "onednn") continue;
    for (const bool reverse : {false, true}) all.push_back({&dialect, reverse});
  }
  return all;
}

std::string name_of(const ::testing::TestParamInfo<Case>& info) {
  return std::string(info.param.dialect->cell) +
         (info.param.reverse ? "_right2left" : "_left2right");
}

INSTANTIATE_TEST_SUITE_P(Primitives, OneDnn, ::testing::ValuesIn(cases()), name_of);

}  // namespace
}  // namespace takt::onednn

#endif
