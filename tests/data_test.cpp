// Pointers as calls take them: what keeps its size, its type and its place, and what does not
// compile.
#include <array>
#include <cstdint>
#include <exception>
#include <optional>
#include <span>
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
