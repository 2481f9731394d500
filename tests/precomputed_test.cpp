// Plans whose x is W x already: what they make of it against plans with a W, and what they refuse.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <takt/reference.hpp>
#include <takt/takt.hpp>

#include "call_kinds.hpp"
#include "cell_names.hpp"
#include "refusal_cases.hpp"

namespace takt::test {
namespace {

using refusal_test::expect_refusal;

std::vector<double> drawn(std::int64_t size, std::uint64_t seed) {
  const Device device = Device::cpu({.threads = 1});
  const Stream stream(device);
  return to_host<double>(random(device, {size}, seed, DataType::f64), stream);
}

class Precomputed : public testing::TestWithParam<std::string> {
 protected:
  const Device device = Device::cpu({.threads = 2});
  const Stream stream{device};
};

// The reference without W, by which plans are validated, is the one with an identity.
TEST_P(Precomputed, IsToTheReferenceAnIdentityForW) {
  constexpr std::int64_t T = 5, B = 3, H = 4;
  const std::int64_t GH = find_cell(GetParam()).gates * H;
  const auto x = drawn(T * B * GH, 1), R = drawn(GH * H, 2), bW = drawn(GH, 3),
             dy = drawn(T * B * H, 4);
  std::vector<double> identity(static_cast<std::size_t>(GH * GH));
  for (std::int64_t k = 0; k < GH; ++k) identity[static_cast<std::size_t>(k * GH + k)] = 1;
  const std::vector<std::int32_t> lengths = {3, 0, 5};
  reference::Problem problem{.cell = GetParam(), .T = T, .B = B, .I = GH, .H = H};
  problem.x = x.data();
  problem.R = R.data();
  problem.bW = bW.data();
  problem.lengths = lengths.data();
  const reference::Upstream upstream{.dy = dy.data()};
  const reference::Result without = reference::forward(problem);
  const reference::Gradients gradients_without = reference::backward(problem, upstream);
  problem.W = identity.data();
  const reference::Gradients gradients = reference::backward(problem, upstream);
  EXPECT_EQ(without.y, reference::forward(problem).y);
  EXPECT_EQ(gradients_without.dx, gradients.dx);
  EXPECT_EQ(gradients_without.dR, gradients.dR);
  EXPECT_EQ(gradients_without.dbW, gradients.dbW);
  EXPECT_TRUE(gradients_without.dW.empty());
  EXPECT_NE(without.y, std::vector<double>(without.y.size()));
}

TEST_P(Precomputed, HasNoWToMakeOrToPack) {
  const std::int64_t H = 21, GH = find_cell(GetParam()).gates * H;
  const RnnSpec spec{
      .cell = GetParam(), .input_size = GH, .hidden_size = H, .input = InputMode::precomputed};
  const Plan plan(spec, dims_of_kinds, Mode::inference, device);
  CallArrays given(plan, 1), from_packed(plan, 1);
  EXPECT_EQ(given.weights.arrays().size(), 3u);
  EXPECT_EQ(given.weights.arrays()[0].shape(), (std::vector<std::int64_t>{GH, H}));
  RnnSpec product = spec;
  product.input = InputMode::product;
  const WeightArrays with_W = make_weights(product, device, Uniform{.seed = 1});
  for (std::size_t n = 0; n < 3; ++n)
    EXPECT_EQ(bytes_of(given.weights.arrays()[n]), bytes_of(with_W.arrays()[n + 1])) << n;
  given.forward(plan);
  const PackedWeights packed(plan, from_packed.weights, stream);
  Inputs inputs = from_packed.inputs();
  inputs.packed = packed;
  plan.forward(inputs, from_packed.outputs(), from_packed.memory, stream);
  EXPECT_EQ(given.results(), from_packed.results());
}

INSTANTIATE_TEST_SUITE_P(Cells, Precomputed, testing::ValuesIn(cell_names()),
                         [](const auto& info) { return info.param; });

TEST(PrecomputedRefusal, OfAWAndOfItsGradient) {
  const Device device = Device::cpu({.threads = 1});
  const Stream stream(device);
  const RnnSpec spec{
      .cell = "gru", .input_size = 18, .hidden_size = 6, .input = InputMode::precomputed};
  EXPECT_EQ(to_string(spec), "gru f32 I=18 H=6 forward input=precomputed");
  const Plan plan(spec, {5, 4}, Mode::training, device);
  CallArrays arrays(plan, 1);
  arrays.forward(plan);
  Inputs inputs = arrays.inputs();
  LayerWeights layer = inputs.weights[0];
  layer.W = arrays.x;
  inputs.weights = {layer};
  expect_refusal<ArgumentError>(
      [&] { plan.forward(inputs, arrays.outputs(), arrays.memory, stream); },
      "takt: forward: 'weights[0].W' is given; it must be null: the spec's input is precomputed");
  Gradients gradients = arrays.gradients_of();
  LayerGradients wanted = gradients.weights[0];
  wanted.W = arrays.dx;
  gradients.weights = {wanted};
  expect_refusal<ArgumentError>(
      [&] {
        plan.backward(arrays.inputs(), arrays.outputs(), arrays.upstream(), gradients,
                      arrays.memory, stream);
      },
      "takt: backward: 'gradients.weights[0].W' is given; it must be null: the spec's input is "
      "precomputed");
}

TEST(PrecomputedRefusal, OfPackedWeightsOfTheOtherInput) {
  static refusal_test::RoomForPacked room;
  const Device device = Device::cpu({.threads = 1});
  const Stream stream(device);
  RnnSpec spec{.cell = "gru", .input_size = 18, .hidden_size = 6};
  const Plan product(spec, {5, 4}, Mode::inference, device);
  spec.input = InputMode::precomputed;
  const Plan precomputed(spec, {5, 4}, Mode::inference, device);
  for (const auto& pair : {std::pair{product, precomputed}, {precomputed, product}}) {
    const Plan &packing = pair.first, &plan = pair.second;
    CallArrays theirs(packing, 1), arrays(plan, 1);
    packing.pack(theirs.weights, room, stream);
    Inputs inputs = arrays.inputs();
    inputs.weights = {};
    inputs.packed = room;
    expect_refusal<ArgumentError>(
        [&] { plan.forward(inputs, arrays.outputs(), arrays.memory, stream); },
        refusal_test::foreign_packed_weights);
  }
}

}  // namespace
}  // namespace takt::test
