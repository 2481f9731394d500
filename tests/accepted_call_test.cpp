// Calls that look odd and are allowed: aliases, columns of one buffer, absent tensors, empty sizes.
// Each gives what the plain call gives.
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "refusal_cases.hpp"

namespace takt::refusal_test {
namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

/// T 5, B 4, I 3, H 6 of an LSTM.
PlanSetup setup_of(Mode mode) {
  PlanSetup setup;
  setup.mode = mode;
  return setup;
}

/// `rows` rows of `width` floats.
std::vector<float> values(const ConstRows& source, std::int64_t rows, std::int64_t width) {
  std::vector<float> all;
  const std::int64_t stride = source.row_stride() == 0 ? width : source.row_stride();
  for (std::int64_t row = 0; row < rows; ++row) {
    const float* begin = source.pointer().as<float>() + row * stride;
    all.insert(all.end(), begin, begin + width);
  }
  return all;
}

using Values = std::vector<std::vector<float>>;

Values outputs_of(const Program& p) {
  const Outputs& out = p.outputs;
  return {values(ConstRows(out.y), 20, 6), values(ConstRows(out.hT), 4, 6),
          values(ConstRows(out.cT), 4, 6), values(ConstRows(out.c_all), 20, 6)};
}

Values gradients_of(const Program& p) {
  const Gradients& to = p.gradients;
  const LayerGradients& layer = to.weights[0];
  return {values(ConstRows(to.dx), 20, 3),   values(ConstRows(to.dh0), 4, 6),
          values(ConstRows(to.dc0), 4, 6),   values(ConstRows(layer.W), 24, 3),
          values(ConstRows(layer.R), 24, 6), values(ConstRows(layer.bW), 24, 1),
          values(ConstRows(layer.bR), 24, 1)};
}

Values plain_outputs(Mode mode) {
  const Program p(setup_of(mode));
  p.forward();
  return outputs_of(p);
}

Values plain_gradients() {
  const Program p(setup_of(Mode::training));
  p.forward();
  p.backward();
  return gradients_of(p);
}

TEST(AcceptedCall, WritesWhatItIsAskedFor) {
  const Program p(setup_of(Mode::training));
  const auto before = p.content();
  p.forward();
  const auto after_forward = p.content();
  EXPECT_NE(before, after_forward);
  p.backward();
  EXPECT_NE(after_forward, p.content());
}

TEST(AcceptedCall, FinalStatesInPlaceOfInitialOnes) {
  for (const Mode mode : {Mode::inference, Mode::training}) {
    SCOPED_TRACE(to_string(mode));
    Program p(setup_of(mode));
    p.outputs.hT = writable(p.inputs.h0);
    p.outputs.cT = writable(p.inputs.c0);
    ASSERT_NO_THROW(p.forward());
    EXPECT_EQ(outputs_of(p), plain_outputs(mode));
    if (mode == Mode::inference) continue;
    p.backward();
    EXPECT_EQ(gradients_of(p), plain_gradients());
  }
}

/// `width` columns from column `first` of a buffer of rows of `stride` elements, filled from a
/// dense tensor.
template <class Source>
Source columns(const Pointer& buffer, std::int64_t first, std::int64_t stride, std::int64_t width,
               const Source& dense) {
  const Pointer begin = shifted(buffer, first * 4);
  for (std::int64_t row = 0; row < 20; ++row)
    for (std::int64_t j = 0; j < width; ++j)
      begin.as<float>()[row * stride + j] =
          static_cast<const float*>(dense.pointer().data())[row * width + j];
  return Source(begin, stride);
}

TEST(AcceptedCall, ColumnsOfOneBuffer) {
  Program p(setup_of(Mode::training));
  const Pointer buffer = p.more(20 * 36);
  // Columns: y 0-5, x 6-8, c_all 9-14, dc_all 15-20, dy 21-26, dx 27-29; 30-35 stay.
  p.outputs.y = columns(buffer, 0, 36, 6, p.outputs.y);
  p.inputs.x = columns(buffer, 6, 36, 3, p.inputs.x);
  p.outputs.c_all = columns(buffer, 9, 36, 6, p.outputs.c_all);
  p.upstream.dc_all = columns(buffer, 15, 36, 6, p.upstream.dc_all);
  p.upstream.dy = columns(buffer, 21, 36, 6, p.upstream.dy);
  p.gradients.dx = columns(buffer, 27, 36, 3, p.gradients.dx);
  const auto rest = values(ConstRows(shifted(buffer, 30 * 4), 36), 20, 6);
  ASSERT_NO_THROW(p.forward());
  ASSERT_NO_THROW(p.backward());
  EXPECT_EQ(outputs_of(p), plain_outputs(Mode::training));
  EXPECT_EQ(gradients_of(p), plain_gradients());
  EXPECT_EQ(values(ConstRows(shifted(buffer, 30 * 4), 36), 20, 6), rest);
}

/// The rows of x wrap round: each begins where the row of y before it ends.
TEST(AcceptedCall, ColumnsThatFillTheirBuffer) {
  Program p(setup_of(Mode::training));
  const Pointer buffer = p.more(20 * 9);
  p.inputs.x = columns(buffer, 0, 9, 3, p.inputs.x);
  p.outputs.y = columns(buffer, 3, 9, 6, p.outputs.y);
  ASSERT_NO_THROW(p.forward());
  EXPECT_EQ(outputs_of(p), plain_outputs(Mode::training));
}

/// A whole tensor between two rows of another one.
TEST(AcceptedCall, TensorBetweenRows) {
  Program p(setup_of(Mode::inference));
  const Pointer buffer = p.more(20 * 32);
  p.outputs.y = columns(buffer, 0, 32, 6, p.outputs.y);
  p.outputs.hT = shifted(buffer, 6 * 4);
  ASSERT_NO_THROW(p.forward());
  EXPECT_EQ(outputs_of(p), plain_outputs(Mode::inference));
}

/// A stride that is written stays: where what may be written becomes what may be read.
TEST(AcceptedCall, RowsKeepTheirStride) {
  float memory[32];
  Rows rows(memory, 16);
  const Rows same = rows;
  EXPECT_EQ(ConstRows(same).row_stride(), 16);
  EXPECT_EQ(ConstRows(rows).row_stride(), 16);
  EXPECT_EQ(ConstRows(Rows(memory, 16)).row_stride(), 16);
  EXPECT_EQ(Upstream{.dy = rows}.dy.row_stride(), 16);
  ConstRows assigned;
  assigned = rows;
  EXPECT_EQ(assigned.row_stride(), 16);
}

/// Nothing is a stride away from a single row.
TEST(AcceptedCall, StrideOfASingleRow) {
  Program p(setup_of(Mode::training)), plain(setup_of(Mode::training));
  p.inputs.dims = plain.inputs.dims = {1, 1};
  p.inputs.x = {p.inputs.x.pointer().data(), most};
  p.outputs.y = {p.outputs.y.pointer().data(), most};
  p.outputs.c_all = {p.outputs.c_all.pointer().data(), most};
  p.upstream.dy = {p.upstream.dy.pointer().data(), most};
  p.gradients.dx = {p.gradients.dx.pointer().data(), most};
  for (Program* program : {&p, &plain}) {
    ASSERT_NO_THROW(program->forward());
    ASSERT_NO_THROW(program->backward());
  }
  EXPECT_EQ(values(ConstRows(p.outputs.y.pointer()), 1, 6),
            values(ConstRows(plain.outputs.y), 1, 6));
  EXPECT_EQ(values(ConstRows(p.outputs.c_all.pointer()), 1, 6),
            values(ConstRows(plain.outputs.c_all), 1, 6));
  EXPECT_EQ(values(ConstRows(p.gradients.dx.pointer()), 1, 3),
            values(ConstRows(plain.gradients.dx), 1, 3));
  EXPECT_EQ(values(ConstRows(p.gradients.weights[0].W), 24, 3),
            values(ConstRows(plain.gradients.weights[0].W), 24, 3));
}

/// Memory that is sized to the last element, not to a last stride.
TEST(AcceptedCall, LastRowEndsWithItsLastElement) {
  Program p(setup_of(Mode::training));
  const Pointer x = p.more(19 * 4 + 3), y = p.more(19 * 7 + 6);
  columns(x, 0, 4, 3, p.inputs.x);
  p.inputs.x = {resized(x, 19 * 4 + 3), 4};
  p.outputs.y = {resized(y, 19 * 7 + 6), 7};
  ASSERT_NO_THROW(p.forward());
  ASSERT_NO_THROW(p.backward());
  EXPECT_EQ(outputs_of(p), plain_outputs(Mode::training));
  EXPECT_EQ(gradients_of(p), plain_gradients());
}

/// All memory of a program but scratch and saved, which come last.
std::vector<std::vector<std::byte>> tensors_of(const Program& p) {
  auto content = p.content();
  content.resize(content.size() - (p.plan.saved_bytes() > 0 ? 2 : 1));
  return content;
}

PlanSetup without_biases(const char* cell, Mode mode) {
  PlanSetup setup;
  setup.spec.cell = cell;
  setup.spec.bias = Bias::none;
  setup.mode = mode;
  return setup;
}

TEST(AcceptedCall, OnlyWhatIsNeeded) {
  for (const char* cell : {"rnn_tanh", "rnn_relu", "lstm", "gru"}) {
    SCOPED_TRACE(cell);
    Program inference(without_biases(cell, Mode::inference));
    inference.inputs.h0 = inference.inputs.c0 = nullptr;
    inference.outputs = {};
    inference.memory.saved = nullptr;
    const auto before = tensors_of(inference);
    ASSERT_NO_THROW(inference.forward());
    EXPECT_EQ(tensors_of(inference), before);

    Program training(without_biases(cell, Mode::training)),
        all(without_biases(cell, Mode::training));
    training.outputs = {.y = training.outputs.y};
    training.upstream = {};
    training.gradients = {};
    ASSERT_NO_THROW(training.forward());
    all.forward();
    EXPECT_EQ(values(ConstRows(training.outputs.y), 20, 6),
              values(ConstRows(all.outputs.y), 20, 6));
    const auto after_forward = tensors_of(training);
    ASSERT_NO_THROW(training.backward());
    EXPECT_EQ(tensors_of(training), after_forward);
  }
}

/// No gradient from above gives none below.
TEST(AcceptedCall, NoUpstream) {
  Program p(setup_of(Mode::training));
  p.upstream = {};
  p.forward();
  ASSERT_NO_THROW(p.backward());
  for (const std::vector<float>& gradient : gradients_of(p))
    EXPECT_EQ(gradient, std::vector<float>(gradient.size()));
}

/// Sizes unknown, element types on trust.
TEST(AcceptedCall, VoidPointers) {
  Program p(setup_of(Mode::training));
  p.inputs.x = p.inputs.x.pointer().data();
  p.inputs.h0 = p.inputs.h0.data();
  p.outputs.y = p.outputs.y.pointer().data();
  p.memory = {p.memory.scratch.data, p.memory.saved.data};
  ASSERT_NO_THROW(p.forward());
  ASSERT_NO_THROW(p.backward());
  EXPECT_EQ(outputs_of(p), plain_outputs(Mode::training));
  EXPECT_EQ(gradients_of(p), plain_gradients());
}

/// After both passes without a step: what goes in comes out, and weights have no gradient.
void expect_nothing_done(const Program& p, std::int64_t B) {
  EXPECT_EQ(values(ConstRows(p.outputs.hT), B, 6), values(ConstRows(p.inputs.h0), B, 6));
  EXPECT_EQ(values(ConstRows(p.outputs.cT), B, 6), values(ConstRows(p.inputs.c0), B, 6));
  EXPECT_EQ(values(ConstRows(p.gradients.dh0), B, 6), values(ConstRows(p.upstream.dhT), B, 6));
  EXPECT_EQ(values(ConstRows(p.gradients.dc0), B, 6), values(ConstRows(p.upstream.dcT), B, 6));
  const LayerGradients& layer = p.gradients.weights[0];
  EXPECT_EQ(values(ConstRows(layer.W), 24, 3), std::vector<float>(72));
  EXPECT_EQ(values(ConstRows(layer.R), 24, 6), std::vector<float>(144));
  EXPECT_EQ(values(ConstRows(layer.bW), 24, 1), std::vector<float>(24));
  EXPECT_EQ(values(ConstRows(layer.bR), 24, 1), std::vector<float>(24));
}

/// No step, no row, or neither: nothing but null pointers, and final states are the initial ones.
TEST(AcceptedCall, EmptySizes) {
  for (const Dims dims : {Dims{0, 4}, Dims{5, 0}, Dims{0, 0}}) {
    SCOPED_TRACE(std::to_string(dims.T) + " " + std::to_string(dims.B));
    Program p(setup_of(Mode::training));
    p.inputs.dims = dims;
    p.inputs.x = nullptr;
    p.outputs.y = nullptr;
    p.outputs.c_all = nullptr;
    p.upstream.dy = p.upstream.dc_all = nullptr;
    p.gradients.dx = nullptr;
    if (dims.B == 0) p.inputs.lengths = p.lengths.data();
    ASSERT_NO_THROW(p.forward());
    ASSERT_NO_THROW(p.backward());
    expect_nothing_done(p, dims.B);
  }
}

TEST(AcceptedCall, PlansOfEmptySizes) {
  for (const Dims largest : {Dims{0, 4}, Dims{5, 0}, Dims{0, 0}, Dims{most, 0}}) {
    SCOPED_TRACE(std::to_string(largest.T) + " " + std::to_string(largest.B));
    PlanSetup setup;
    setup.largest = largest;
    setup.memory = {0, largest.B};
    Program p(setup);
    p.inputs.x = nullptr;
    p.outputs.y = nullptr;
    ASSERT_NO_THROW(p.forward());
    ASSERT_NO_THROW(p.backward());
    expect_nothing_done(p, largest.B);
  }
}

/// A call with fewer rows and steps than the plan's is what a plan of that size makes of it.
TEST(AcceptedCall, SmallerThanThePlan) {
  for (const Dims dims : {Dims{1, 1}, Dims{3, 2}, Dims{5, 1}, Dims{1, 4}}) {
    SCOPED_TRACE(std::to_string(dims.T) + " " + std::to_string(dims.B));
    const std::int64_t rows = dims.T * dims.B;
    Program large(setup_of(Mode::training));
    large.inputs.dims = dims;
    PlanSetup setup;
    setup.largest = dims;
    setup.memory = PlanSetup{}.memory;
    Program exact(setup);
    for (Program* p : {&large, &exact}) {
      p->forward();
      p->backward();
    }
    EXPECT_EQ(values(ConstRows(large.outputs.y), rows, 6),
              values(ConstRows(exact.outputs.y), rows, 6));
    EXPECT_EQ(values(ConstRows(large.gradients.dx), rows, 3),
              values(ConstRows(exact.gradients.dx), rows, 3));
    EXPECT_EQ(values(ConstRows(large.gradients.weights[0].R), 24, 6),
              values(ConstRows(exact.gradients.weights[0].R), 24, 6));
  }
}

/// What is not said of a call's sizes is the plan's.
TEST(AcceptedCall, HalfOfTheDims) {
  Program half(setup_of(Mode::inference)), whole(setup_of(Mode::inference));
  half.inputs.dims = {.T = 2};
  whole.inputs.dims = {2, 4};
  half.forward();
  whole.forward();
  EXPECT_EQ(values(ConstRows(half.outputs.y), 8, 6), values(ConstRows(whole.outputs.y), 8, 6));
}

TEST(AcceptedCall, LayersInASpan) {
  Program p(setup_of(Mode::training));
  const std::vector<LayerWeights> weights{p.inputs.weights[0]};
  const std::vector<LayerGradients> gradients{p.gradients.weights[0]};
  p.inputs.weights = std::span<const LayerWeights>(weights);
  p.gradients.weights = std::span<const LayerGradients>(gradients);
  ASSERT_NO_THROW(p.forward());
  ASSERT_NO_THROW(p.backward());
  EXPECT_EQ(outputs_of(p), plain_outputs(Mode::training));
  EXPECT_EQ(gradients_of(p), plain_gradients());
}

TEST(Ownership, PlanOutlivesItsDevice) {
  const auto make = [] {
    const Device device = Device::cpu({.threads = 2});
    const PlanSetup setup;
    return Plan(setup.spec, setup.largest, Mode::inference, device);
  };
  const Plan plan = make();
  const Program p(setup_of(Mode::inference));
  EXPECT_EQ(plan.device().threads(), 2);
  ASSERT_NO_THROW(plan.forward(p.inputs, p.outputs, p.memory, p.stream));
  EXPECT_EQ(outputs_of(p), plain_outputs(Mode::inference));
}

/// Moving from a handle copies it: what it named is still there.
TEST(Ownership, HandlesMoved) {
  Device device = Device::cpu({.threads = 2});
  Array y(device, {5, 4, 6});
  const PlanSetup setup;
  Plan plan(setup.spec, setup.largest, Mode::inference, device);
  const Device other_device = std::move(device);
  const Array other_y = std::move(y);
  const Plan other_plan = std::move(plan);
  // NOLINTBEGIN(bugprone-use-after-move)
  EXPECT_EQ(device, other_device);
  EXPECT_EQ(device.threads(), 2);
  EXPECT_EQ(y.data(), other_y.data());
  EXPECT_EQ(y.shape(), other_y.shape());
  EXPECT_EQ(plan.scratch_bytes(), other_plan.scratch_bytes());
  // NOLINTEND(bugprone-use-after-move)
}

TEST(Ownership, MemoryMoved) {
  Program p(setup_of(Mode::training));
  Memory memory(p.plan);
  Memory moved = std::move(memory);
  p.memory = moved;
  EXPECT_NO_THROW(p.forward());
  p.memory = memory;  // NOLINT(bugprone-use-after-move)
  expect_refusal<ArgumentError>([&] { p.forward(); },
                                p.filled_in("takt: forward: 'scratch' is null; this plan needs "
                                            "{scratch} bytes (Plan::scratch_bytes())"));
}

TEST(Ownership, WeightsCopiedAndMoved) {
  Program p(setup_of(Mode::inference));
  WeightArrays weights = make_weights(p.plan.spec(), p.device, Uniform{.seed = 3});
  p.inputs.weights = weights;
  p.forward();
  const Values expected = outputs_of(p);
  const WeightArrays copied = weights;
  WeightArrays moved = std::move(weights);
  p.inputs.weights = copied;
  p.forward();
  EXPECT_EQ(outputs_of(p), expected);
  p.inputs.weights = moved;
  p.forward();
  EXPECT_EQ(outputs_of(p), expected);
  p.inputs.weights = weights;  // NOLINT(bugprone-use-after-move)
  expect_refusal<ArgumentError>([&] { p.forward(); },
                                "takt: forward: 'weights' has 0 layers; this plan has 1");
}

}  // namespace
}  // namespace takt::refusal_test
