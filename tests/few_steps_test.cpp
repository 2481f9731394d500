// Calls of few steps on the CPU, which read weights where they lie, and calls with packed weights:
// both give the bits of a whole sequence.
#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <takt/takt.hpp>

#include "call_kinds.hpp"
#include "cell_names.hpp"
#include "cpu/layout.hpp"
#include "device.hpp"
#include "refusal_cases.hpp"

namespace takt::test {
namespace {

using refusal_test::expect_refusal;
using refusal_test::foreign_packed_weights;
using refusal_test::RoomForPacked;

/// The array from step t on.
template <class Void>
Void* from_step(Void* data, const Array& array, std::int64_t t) {
  const std::int64_t step = array.size() / array.shape()[0];
  return static_cast<std::conditional_t<std::is_const_v<Void>, const char, char>*>(data) +
         t * step * static_cast<std::int64_t>(size_of(array.type()));
}

/// A level and a cell.
class FewSteps : public testing::TestWithParam<std::tuple<std::string, std::string>> {
 protected:
  /// Sizes around those of vectors, and some at which several threads share a step.
  std::vector<RnnSpec> specs() const {
    std::vector<RnnSpec> all;
    for (const DataType type : {DataType::f32, DataType::f64})
      for (const auto& [I, H] :
           {std::pair{1, 1}, {3, 7}, {16, 16}, {17, 33}, {5, 64}, {130, 131}, {40, 200}})
        all.push_back(
            {.cell = std::get<1>(GetParam()), .input_size = I, .hidden_size = H, .type = type});
    return all;
  }

  const Device device = Device::cpu({.threads = 3, .instruction_set = std::get<0>(GetParam())});
  const Stream stream{device};
};

/// y of the whole sequence, run some steps at a time with the states carried over.
std::vector<unsigned char> y_in_parts(const Plan& part, const CallArrays& whole,
                                      const Stream& stream, const PackedWeights* packed) {
  const RnnSpec& spec = part.spec();
  Memory memory(part);
  Array h = random(part.device(), whole.h0.shape(), 3, spec.type),
        c = random(part.device(), whole.c0.shape(), 4, spec.type),
        y(part.device(), whole.y.shape(), spec.type);
  for (std::int64_t t = 0; t < whole.T; t += part.dims().T) {
    Inputs inputs{.x = from_step(whole.x.data(), whole.x, t), .h0 = h, .c0 = c};
    if (packed != nullptr)
      inputs.packed = *packed;
    else
      inputs.weights = whole.weights;
    part.forward(inputs, {.y = from_step(y.data(), y, t), .hT = h, .cT = c}, memory, stream);
  }
  return bytes_of(y);
}

TEST_P(FewSteps, GiveTheBitsOfTheWholeSequence) {
  constexpr std::int64_t T = 6;
  for (const RnnSpec& spec : specs())
    for (const std::int64_t B : {1, 4, 5}) {
      SCOPED_TRACE(to_string(spec) + " B=" + std::to_string(B));
      const Plan plan(spec, {T, B}, Mode::inference, device);
      CallArrays whole(plan, 1);
      whole.forward(plan);
      for (const std::int64_t steps : {1, 2, 3}) {
        const Plan part(spec, {steps, B}, Mode::inference, device);
        EXPECT_EQ(y_in_parts(part, whole, stream, nullptr), bytes_of(whole.y)) << steps;
      }
    }
}

TEST_P(FewSteps, WithPackedWeightsGiveThemToo) {
  constexpr std::int64_t T = 6;
  for (const RnnSpec& spec : specs())
    for (const std::int64_t B : {1, 5}) {
      SCOPED_TRACE(to_string(spec) + " B=" + std::to_string(B));
      const Plan plan(spec, {T, B}, Mode::inference, device);
      CallArrays whole(plan, 1);
      whole.forward(plan);
      const PackedWeights packed(plan, whole.weights, stream);
      for (const std::int64_t steps : {1, 6}) {
        const Plan part(spec, {steps, B}, Mode::inference, device);
        EXPECT_EQ(part.packed_bytes(), plan.packed_bytes());
        EXPECT_EQ(y_in_parts(part, whole, stream, &packed), bytes_of(whole.y)) << steps;
      }
    }
}

// Ragged rows and resets, each direction and layout, all results, and those of a backward after it.
TEST_P(FewSteps, OfEveryKindGiveTheBitsOfPackedWeights) {
  constexpr Dims few{2, 4};
  ASSERT_FALSE(cpu::packs_R(few.T, few.B));
  for (const RnnSpec& spec : kinds_of(std::get<1>(GetParam())))
    for (const bool ragged : {false, true}) {
      SCOPED_TRACE(to_string(spec) + (ragged ? ", ragged" : ""));
      const Plan plan(spec, few, Mode::training, device);
      CallArrays given(plan, 1), from_packed(plan, 1);
      for (CallArrays* arrays : {&given, &from_packed}) {
        if (!ragged) continue;
        arrays->lengths = {2, 0, 1, 2};
        arrays->resets = {0, 1, 0, 0, 0, 0, 1, 1};
      }
      given.forward(plan);
      given.backward(plan);
      const PackedWeights packed(plan, from_packed.weights, stream);
      Inputs inputs = from_packed.inputs();
      inputs.weights = {};
      inputs.packed = packed;
      plan.forward(inputs, from_packed.outputs(), from_packed.memory, stream);
      from_packed.backward(plan);
      EXPECT_EQ(given.results(), from_packed.results());
    }
}

INSTANTIATE_TEST_SUITE_P(Levels, FewSteps,
                         testing::Combine(testing::ValuesIn(cpu_levels()),
                                          testing::ValuesIn(cell_names())),
                         [](const auto& info) {
                           std::string name =
                               std::get<0>(info.param) + "_" + std::get<1>(info.param);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

// A packed W is multiplied by in one depth of k. One that is read where it lies is packed on the
// way in depths of 128, each of which goes on with the sums of the one before.
TEST(InputProduct, HasTheSameBitsWhetherOrNotWIsPacked) {
  const Device device = Device::cpu({.threads = 2});
  const Stream stream(device);
  const RnnSpec spec{.cell = "gru", .input_size = 300, .hidden_size = 50};
  const Plan plan(spec, {600, 1}, Mode::inference, device),
      part(spec, {300, 1}, Mode::inference, device);
  ASSERT_TRUE(cpu::packs_W(600, 1));
  ASSERT_FALSE(cpu::packs_W(300, 1));
  CallArrays whole(plan, 1);
  whole.forward(plan);
  EXPECT_EQ(y_in_parts(part, whole, stream, nullptr), bytes_of(whole.y));
}

// Of a plan: the weights that it packs are good for others of the same cell and sizes alone.
class Packed : public testing::TestWithParam<std::string> {
 protected:
  const Device device = Device::cpu({.threads = 1});
  const Stream stream{device};
};

TEST_P(Packed, ServeEveryDirectionLayoutBiasAndMode) {
  for (RnnSpec spec : kinds_of(GetParam()))
    for (const Bias bias : {Bias::none, Bias::input, Bias::recurrent, Bias::both}) {
      spec.bias = bias;
      SCOPED_TRACE(to_string(spec));
      RnnSpec other = spec;
      other.direction = Direction::forward;
      other.layout = Layout::time_major;
      const Plan packing(other, {1, 1}, Mode::inference, device);
      const Plan plan(spec, dims_of_kinds, Mode::training, device);
      CallArrays given(plan, 1), from_packed(plan, 1);
      make_ragged_rows(given);
      make_ragged_rows(from_packed);
      given.forward(plan);
      given.backward(plan);
      const PackedWeights packed(packing, from_packed.weights, stream);
      Inputs inputs = from_packed.inputs();
      inputs.packed = packed;
      inputs.weights = {};
      plan.forward(inputs, from_packed.outputs(), from_packed.memory, stream);
      from_packed.backward(plan);
      EXPECT_EQ(given.results(), from_packed.results());
    }
}

TEST_P(Packed, AreRenewedByPackingAgain) {
  const RnnSpec spec{.cell = GetParam(), .input_size = 3, .hidden_size = 21};
  const Plan plan(spec, dims_of_kinds, Mode::inference, device);
  CallArrays old(plan, 1), renewed(plan, 1);
  const WeightArrays weights = make_weights(spec, device, Uniform{.seed = 77});
  PackedWeights packed(plan, old.weights, stream);
  plan.pack(weights, packed, stream);
  Inputs inputs = old.inputs();
  inputs.packed = packed;
  plan.forward(inputs, old.outputs(), old.memory, stream);
  inputs = renewed.inputs();
  inputs.weights = weights;
  plan.forward(inputs, renewed.outputs(), renewed.memory, stream);
  EXPECT_EQ(bytes_of(old.y), bytes_of(renewed.y));
}

INSTANTIATE_TEST_SUITE_P(Cells, Packed, testing::ValuesIn(cell_names()),
                         [](const auto& info) { return info.param; });

// What forward says to memory that is not packed weights of its plan. -----------------------------

class PackedRefusal : public testing::Test {
 protected:
  void refuse(const Inputs& inputs, const std::string& sentence) {
    const auto before = bytes_of(arrays.y);
    expect_refusal<ArgumentError>(
        [&] { plan.forward(inputs, arrays.outputs(), arrays.memory, stream); }, sentence);
    EXPECT_EQ(bytes_of(arrays.y), before);
  }
  Inputs with(const ConstBytes& given) const {
    Inputs inputs = arrays.inputs();
    inputs.weights = {};
    inputs.packed = given;
    return inputs;
  }
  Bytes own() { return packed; }

  const Device device = Device::cpu({.threads = 1});
  const Stream stream{device};
  const RnnSpec spec{.cell = "lstm", .input_size = 3, .hidden_size = 6};
  const Plan plan{spec, {5, 4}, Mode::inference, device};
  CallArrays arrays{plan, 1};
  PackedWeights packed{plan, arrays.weights, stream};
  const std::string bytes = std::to_string(plan.packed_bytes());
};

TEST_F(PackedRefusal, OfWeightsOfAnotherShapeCellTypeOrBias) {
  const std::string sentence = foreign_packed_weights;
  static RoomForPacked room;
  const RnnSpec others[] = {
      {.cell = "lstm", .input_size = 4, .hidden_size = 6},
      {.cell = "lstm", .input_size = 3, .hidden_size = 7},
      {.cell = "gru", .input_size = 3, .hidden_size = 6},
      {.cell = "lstm", .input_size = 3, .hidden_size = 6, .type = DataType::f64},
      {.cell = "lstm", .input_size = 3, .hidden_size = 6, .bias = Bias::none},
      {.cell = "lstm", .input_size = 3, .hidden_size = 6, .bias = Bias::input},
      {.cell = "lstm", .input_size = 3, .hidden_size = 6, .bias = Bias::recurrent}};
  for (const RnnSpec& other : others) {
    SCOPED_TRACE(to_string(other));
    const Plan another(other, {5, 4}, Mode::inference, device);
    const WeightArrays weights = make_weights(other, device, Uniform{.seed = 1});
    another.pack(weights, room, stream);
    refuse(with(room), sentence);
  }
  std::fill(std::begin(room.bytes), std::end(room.bytes), std::byte(0));
  refuse(with(room), sentence);
}

// Of whole vectors at every level, so that the sizes alone say nothing.
TEST_F(PackedRefusal, OfWeightsInOtherVectors) {
  static RoomForPacked room;
  const RnnSpec wide{.cell = "lstm", .input_size = 3, .hidden_size = 16};
  const auto open = [](const std::string& level) {
    return Device::cpu({.threads = 1, .instruction_set = level});
  };
  const std::vector<std::string> levels = cpu_levels();
  const Device narrowest = open(levels.front()), widest = open(levels.back());
  if (narrowest.state()->facts.vector_bytes == widest.state()->facts.vector_bytes)
    GTEST_SKIP() << "all levels built that run here have vectors of one size";
  const Plan packing(wide, {1, 1}, Mode::inference, narrowest),
      forward(wide, {1, 1}, Mode::inference, widest);
  const CallArrays theirs(packing, 1);
  CallArrays own(forward, 1);
  packing.pack(theirs.weights, room, stream);
  Inputs inputs = own.inputs();
  inputs.packed = room;
  expect_refusal<ArgumentError>([&] { forward.forward(inputs, own.outputs(), own.memory, stream); },
                                foreign_packed_weights);
}

TEST_F(PackedRefusal, OfMemoryThatIsShortCrookedOrElsewhere) {
  Bytes shorter = own(), shifted = own(), elsewhere = own();
  --shorter.size;
  shifted.data = static_cast<std::byte*>(shifted.data) + 64;
  elsewhere.place = DeviceKind::cuda;
  refuse(with(shorter), "takt: forward: packed holds " + std::to_string(shorter.size) +
                            " bytes; this plan needs " + bytes + " (Plan::packed_bytes())");
  refuse(with(shifted),
         "takt: forward: 'packed' is not aligned; it must be a multiple of 256 bytes "
         "(Plan::alignment)");
  refuse(with(elsewhere), "takt: forward: 'packed' lies on cuda:0; this plan's device is cpu");
}

TEST_F(PackedRefusal, OfOutputsThatWouldOverwriteThem) {
  Outputs outputs = arrays.outputs();
  outputs.hT = own().data;
  expect_refusal<ArgumentError>([&] { plan.forward(with(own()), outputs, arrays.memory, stream); },
                                "takt: forward: 'hT' overlaps 'packed'; they must be apart");
}

TEST_F(PackedRefusal, OfBackwardWithoutWeights) {
  const Plan training(spec, {5, 4}, Mode::training, device);
  CallArrays trained(training, 1);
  Inputs inputs = trained.inputs();
  inputs.packed = packed;
  training.forward(inputs, trained.outputs(), trained.memory, stream);
  inputs.weights = {};
  expect_refusal<ArgumentError>(
      [&] {
        training.backward(inputs, trained.outputs(), trained.upstream(), trained.gradients_of(),
                          trained.memory, stream);
      },
      "takt: backward: 'weights' has 0 layers; this plan has 1");
}

TEST_F(PackedRefusal, OfPackingIntoNothing) {
  expect_refusal<ArgumentError>(
      [&] { plan.pack(arrays.weights, nullptr, stream); },
      "takt: pack: 'packed' is null; this plan needs " + bytes + " bytes (Plan::packed_bytes())");
  expect_refusal<ArgumentError>([&] { plan.pack({}, packed, stream); },
                                "takt: pack: 'weights' has 0 layers; this plan has 1");
  LayerWeights layer = std::as_const(arrays.weights).layers()[0];
  layer.W = static_cast<const void*>(own().data);
  expect_refusal<ArgumentError>([&] { plan.pack({layer}, packed, stream); },
                                "takt: pack: 'packed' overlaps 'weights[0].W'; they must be apart");
}

// What moved away took the memory along, but not the size.
TEST_F(PackedRefusal, OfWeightsThatWereMovedFrom) {
  const std::string sentence = "takt: forward: 'packed' is null with a size of " + bytes +
                               " bytes; it must be memory that Plan::pack wrote, or null without "
                               "a size (PackedWeights that were moved from hold nothing)";
  const PackedWeights moved = std::move(packed);
  refuse(with(packed), sentence);  // NOLINT(bugprone-use-after-move)
  refuse(with({nullptr, plan.packed_bytes()}), sentence);
  arrays.forward(plan);
  const auto expected = bytes_of(arrays.y);
  plan.forward(with(moved), arrays.outputs(), arrays.memory, stream);
  EXPECT_EQ(bytes_of(arrays.y), expected);
}

TEST(PackedWeights, ServeAPlanThatReadsNone) {
  const Device device = Device::cpu({.threads = 1});
  const Stream stream(device);
  const RnnSpec spec{.cell = "lstm", .input_size = 3, .hidden_size = 6};
  const Plan packing(spec, {5, 4}, Mode::inference, device);
  const WeightArrays weights = make_weights(spec, device, Uniform{.seed = 1});
  const PackedWeights packed(packing, weights, stream);
  for (const Dims none : {Dims{0, 4}, Dims{5, 0}, Dims{0, 0}}) {
    const Plan plan(spec, none, Mode::training, device);
    CallArrays arrays(plan, 1);
    Inputs inputs = arrays.inputs();
    inputs.weights = {};
    inputs.packed = packed;
    plan.forward(inputs, arrays.outputs(), arrays.memory, stream);
    EXPECT_EQ(bytes_of(arrays.hT), bytes_of(arrays.h0));
  }
}

TEST(PackedWeights, AreEmptyForAPlanWithoutSteps) {
  const Device device = Device::cpu({.threads = 1});
  const Stream stream(device);
  const RnnSpec spec{.cell = "lstm", .input_size = 3, .hidden_size = 6};
  const Plan plan(spec, {0, 4}, Mode::inference, device);
  EXPECT_EQ(plan.packed_bytes(), 0);
  const WeightArrays weights = make_weights(spec, device, Uniform{.seed = 1});
  const PackedWeights packed(plan, weights, stream);
  EXPECT_EQ(static_cast<ConstBytes>(packed).data, nullptr);
}

}  // namespace
}  // namespace takt::test
