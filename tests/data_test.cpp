// Pointers as calls take them: what keeps its size, its type and its place, and what does not
// compile. Arrays of every type, and copies between them and the host.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <exception>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <takt/takt.hpp>

namespace takt {
namespace {

TEST(DataPointers, ArraysKeepTheirSize) {
  float numbers[3] = {};
  const double constants[2] = {};
  std::array<float, 5> five{};
  EXPECT_EQ(ConstPointer(numbers).size(), 3);
  EXPECT_EQ(ConstPointer(numbers).type(), DataType::f32);
  EXPECT_EQ(Pointer(numbers).size(), 3);
  EXPECT_EQ(ConstRows(numbers, 1).pointer().size(), 3);
  EXPECT_EQ(ConstPointer(constants).size(), 2);
  EXPECT_EQ(ConstPointer(constants).type(), DataType::f64);
  EXPECT_EQ(Pointer(five).size(), 5);
  float* begin = numbers;
  EXPECT_EQ(ConstPointer(begin).size(), -1);
  EXPECT_EQ(ConstPointer(begin).type(), DataType::f32);
  EXPECT_EQ(ConstPointer(static_cast<const void*>(begin)).type(), std::nullopt);
}

TEST(DataPointers, LengthsKeepTheirSizeAndPlace) {
  std::vector<std::int32_t> lengths{1, 2, 3};
  const std::int32_t four[4] = {};
  using Lengths = TypedPointer<std::int32_t>;
  EXPECT_EQ(Lengths(lengths).size(), 3);
  EXPECT_EQ(Lengths(four).size(), 4);
  EXPECT_EQ(Lengths(lengths.data()).size(), -1);
  EXPECT_EQ(Lengths(lengths.data()).data(), lengths.data());
  EXPECT_FALSE(Lengths(nullptr));
  const Lengths on_gpu(lengths.data(), 3, Place{DeviceKind::cuda, 2});
  EXPECT_EQ(to_string(*on_gpu.place()), "cuda:2");
}

template <class Target, class Source>
inline constexpr bool takes = std::is_constructible_v<Target, Source>;
static_assert(!takes<ConstPointer, int (&)[3]> && !takes<Pointer, const float (&)[3]>);
static_assert(!takes<ConstPointer, volatile float (&)[3]> && !takes<ConstPointer, float**>);
static_assert(!takes<TypedPointer<std::int32_t>, const std::uint32_t*>);
static_assert(!takes<TypedPointer<std::int32_t>, const float*>);
static_assert(!takes<TypedPointer<std::int32_t>, std::vector<std::int64_t>&>);
static_assert(!takes<TypedPointer<std::int32_t>, std::vector<std::int32_t>>);
static_assert(!takes<ConstPointer, const Array> && !takes<Weights, const WeightArrays>);

TEST(DataPointers, DeviceMemoryKnowsItsPlace) {
  const Device device = Device::cpu({.threads = 1});
  EXPECT_EQ(device.place(), Place{});
  EXPECT_EQ(to_string(device.place()), "cpu");
  const Array array(device, {2});
  EXPECT_EQ(ConstPointer(array).place(), Place{});
  const Plan plan({.cell = "gru", .input_size = 1, .hidden_size = 1}, {.T = 1, .B = 1},
                  Mode::training, device);
  Memory memory(plan);
  EXPECT_EQ(MemoryView(memory).scratch.place, Place{});
  EXPECT_EQ(MemoryView(memory).saved.place, Place{});
}

/// An element type of the user's own, with the bits of bf16.
struct Brain {
  std::uint16_t bits = 0;
};

}  // namespace

template <>
struct DataTypeOf<Brain> {
  static constexpr DataType value = DataType::bf16;
};

namespace {

class DataArrays : public testing::TestWithParam<DataType> {
 protected:
  const Device device = Device::cpu({.threads = 1});
  const Stream stream{device};
};

TEST_P(DataArrays, BeginWithZeros) {
  const DataType type = GetParam();
  Array array(device, {2, 3}, type);
  EXPECT_EQ(array.type(), type);
  EXPECT_EQ(array.size(), 6);
  EXPECT_EQ(Pointer(array).type(), type);
  const char* bytes = static_cast<const char*>(array.data());
  for (std::size_t n = 0; n < 6 * size_of(type); ++n) EXPECT_EQ(bytes[n], 0);
}

TEST_P(DataArrays, HoldTheRandomNumbersOfF64Rounded) {
  if (GetParam() == DataType::f64) return;
  const Array array = random(device, {300}, 5, GetParam());
  const std::vector<double> exact =
      to_host<double>(random(device, {300}, 5, DataType::f64), stream);
  const std::vector<float> values = to_host(array, stream);
  const std::vector<float> rounded = to_host(
      to_device<float>(device, {300}, std::vector<float>(exact.begin(), exact.end()), GetParam()),
      stream);
  EXPECT_EQ(values, rounded);
  const double step = GetParam() == DataType::f32   ? 0
                      : GetParam() == DataType::f16 ? 0x1p-12
                                                    : 0x1p-9;  // half the spacing below 1
  double worst = 0;
  for (std::size_t n = 0; n < exact.size(); ++n)
    worst = std::max(worst, std::abs(static_cast<double>(values[n]) - exact[n]));
  EXPECT_LE(worst, step);
  EXPECT_GE(worst, 0.9 * step);
}

TEST_P(DataArrays, OfWeightsAreRoundedAlike) {
  RnnSpec spec{.cell = "gru", .input_size = 3, .hidden_size = 4, .type = DataType::f64};
  const WeightArrays exact = make_weights(spec, device, Uniform{.seed = 7});
  spec.type = GetParam();
  const WeightArrays weights = make_weights(spec, device, Uniform{.seed = 7});
  ASSERT_EQ(weights.arrays().size(), 4U);
  for (std::size_t n = 0; n < 4; ++n) {
    EXPECT_EQ(weights.arrays()[n].type(), GetParam());
    if (GetParam() == DataType::f64) continue;
    const std::vector<double> values = to_host<double>(exact.arrays()[n], stream);
    EXPECT_EQ(
        to_host(weights.arrays()[n], stream),
        to_host(to_device<float>(device, {static_cast<std::int64_t>(values.size())},
                                 std::vector<float>(values.begin(), values.end()), GetParam()),
                stream));
  }
}

INSTANTIATE_TEST_SUITE_P(Types, DataArrays,
                         testing::Values(DataType::f32, DataType::f64, DataType::f16,
                                         DataType::bf16),
                         [](const auto& info) { return std::string(to_string(info.param)); });

std::string refusal_of(const auto& call) {
  try {
    call();
  } catch (const ArgumentError& error) {
    return error.what();
  }
  return "";
}

TEST(DataCopies, RoundFloatsToSixteenBits) {
  const Device device = Device::cpu({.threads = 1});
  const Stream stream(device);
  // 1/3, a tie that goes to even, one past the largest f16.
  const std::vector<float> values{1.0f / 3, 1 + 0x1p-11f, 1 + 0x3p-11f, 70000};
  using Values = std::vector<float>;
  EXPECT_EQ(to_host(to_device<float>(device, {4}, values, DataType::f32), stream), values);
  EXPECT_EQ(to_host(to_device<float>(device, {2, 2}, values, DataType::f16), stream),
            (Values{0.333251953125f, 1, 1 + 0x1p-9f, std::numeric_limits<float>::infinity()}));
  EXPECT_EQ(to_host(to_device<float>(device, {4}, values, DataType::bf16), stream),
            (Values{0.333984375f, 1, 1, 70144}));
  EXPECT_EQ(refusal_of([&] { to_device<float>(device, {4}, values, DataType::f64); }),
            "takt: to_device: 'type' is f64; floats become f32, f16 or bf16");
  EXPECT_EQ(refusal_of([&] { to_device<float>(device, {5}, values, DataType::f16); }),
            "takt: to_device: 'values' holds 4 elements; the shape has 5");
}

TEST(DataCopies, TakeElementsOfTheUsersOwn) {
  const Device device = Device::cpu({.threads = 1});
  const Stream stream(device);
  const std::vector<Brain> values{{0x3F80}, {0xC000}};
  const Array array = to_device<Brain>(device, {2}, values);
  EXPECT_EQ(array.type(), DataType::bf16);
  EXPECT_EQ(to_host(array, stream), (std::vector<float>{1, -2}));
  EXPECT_EQ(to_host<Brain>(array, stream)[1].bits, 0xC000);
  EXPECT_EQ(refusal_of([&] { to_host<Brain>(random(device, {2}, 1), stream); }),
            "takt: to_host: 'array' holds f32; it must hold bf16");
  EXPECT_EQ(refusal_of([&] { to_host<double>(array, stream); }),
            "takt: to_host: 'array' holds bf16; it must hold f64");
  // A stream of a GPU, whichever.
  EXPECT_EQ(refusal_of([&] { to_host(array, static_cast<CUstream_st*>(nullptr)); }),
            "takt: to_host: 'stream' is a cuda stream; the array's device is cpu");
}

TEST(DataVectors, AreTakenAsLengthsAndResets) {
  const Device device = Device::cpu({.threads = 1});
  const std::vector<std::int32_t> lengths{3, 0, 2};
  const std::vector<std::uint8_t> resets{1, 0};
  Inputs inputs;
  EXPECT_FALSE(inputs.lengths);
  const auto lengths_there = to_device<std::int32_t>(device, lengths);
  auto resets_there = to_device<std::uint8_t>(device, resets);
  inputs.lengths = lengths_there;
  inputs.resets = resets_there;
  EXPECT_EQ(inputs.lengths.size(), 3);
  EXPECT_EQ(inputs.lengths.place(), Place{});
  EXPECT_EQ(std::vector<std::int32_t>(inputs.lengths.data(), inputs.lengths.data() + 3), lengths);
  EXPECT_NE(inputs.lengths.data(), lengths.data());
  EXPECT_EQ(inputs.resets.size(), 2);
  EXPECT_EQ(inputs.resets.data()[0], 1);
  const auto none = to_device<std::int32_t>(device, std::span<const std::int32_t>());
  EXPECT_EQ(none.size(), 0);
  EXPECT_EQ(none.data(), nullptr);
}

static_assert(!takes<TypedPointer<std::int32_t>, DeviceVector<std::int32_t>>);
static_assert(!takes<TypedPointer<std::int32_t>, const DeviceVector<std::int32_t>>);
static_assert(takes<TypedPointer<std::int32_t>, const DeviceVector<std::int32_t>&>);
static_assert(!takes<TypedPointer<std::int32_t>, const DeviceVector<std::uint8_t>&>);

TEST(PlanCandidates, NameTheAlgorithmThatRuns) {
  const Device device = Device::cpu({.threads = 1});
  const Plan plan({.cell = "gru", .input_size = 1, .hidden_size = 1}, {.T = 1, .B = 1},
                  Mode::inference, device);
  std::vector<std::string_view> taken;
  for (const Candidate& candidate : plan.candidates())
    if (candidate.taken) taken.push_back(candidate.algorithm);
  EXPECT_EQ(taken, std::vector{plan.algorithm()});
}

// References into a plan that is gone.
template <class Source>
concept Candidates = requires(Source&& plan) {
  std::forward<Source>(plan).candidates();
};
template <class Source>
concept Spec = requires(Source&& plan) {
  std::forward<Source>(plan).spec();
};
template <class Source>
concept OwnDevice = requires(Source&& plan) {
  std::forward<Source>(plan).device();
};
static_assert(Candidates<const Plan&> && !Candidates<Plan> && !Candidates<const Plan>);
static_assert(Spec<const Plan&> && !Spec<Plan> && OwnDevice<const Plan&> && !OwnDevice<Plan>);

// An exception that throws while it is copied ends the program.
static_assert(std::is_nothrow_copy_constructible_v<Error>);
static_assert(std::is_nothrow_copy_constructible_v<ArgumentError>);
static_assert(std::is_nothrow_copy_constructible_v<UnsupportedError>);
static_assert(std::is_nothrow_copy_constructible_v<DeviceError>);

TEST(ErrorText, OutlivesItsException) {
  std::exception_ptr kept;
  try {
    throw ArgumentError("forward", "x", "'x' is null");
  } catch (const ArgumentError&) {
    kept = std::current_exception();
  }
  try {
    std::rethrow_exception(kept);
  } catch (const ArgumentError& error) {
    const ArgumentError copy = error;
    EXPECT_EQ(copy.where(), "forward");
    EXPECT_EQ(copy.argument(), "x");
    EXPECT_STREQ(copy.what(), "takt: forward: 'x' is null");
  }
}

}  // namespace
}  // namespace takt
