// Specs, plans, devices and arrays that are refused, in which words; and what does not compile.
#include <cstdint>
#include <limits>
#include <new>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "refusal_cases.hpp"
#include "sanitizers.hpp"

namespace takt::refusal_test {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr std::int32_t most_32 = std::numeric_limits<std::int32_t>::max();

enum class Kind { wrong, not_yet };  // ArgumentError itself, UnsupportedError

/// One way to break a valid setup.
struct PlanCase {
  const char* name;
  Kind kind;
  void (*change)(PlanSetup& setup);
  Sentence sentence;  ///< after "takt: Plan: "

  friend void PrintTo(const PlanCase& broken, std::ostream* stream) { *stream << broken.name; }
};

constexpr Kind wrong = Kind::wrong, not_yet = Kind::not_yet;

/// Beside the spec, or in what the device makes of it.
const PlanCase plan_cases[] = {
    {"half", not_yet, [](PlanSetup& s) { s.spec.type = DataType::f16; },
     "'type' is f16; on a cpu device takt has f32 and f64"},
    {"bfloat", not_yet, [](PlanSetup& s) { s.spec.type = DataType::bf16; },
     "'type' is bf16; on a cpu device takt has f32 and f64"},
    {"tf32", not_yet, [](PlanSetup& s) { s.spec.math = Math::tf32; },
     "'math' is tf32; on a cpu device takt has strict only"},
    {"B_not_set", wrong, [](PlanSetup& s) { s.largest = {.T = 5}; },
     "'B' is -1; it must be between 0 and 2147483647"},
    {"T_not_set", wrong, [](PlanSetup& s) { s.largest = {.B = 4}; },
     "'T' is -1; it must be at least 0"},
    {"mode_invalid", wrong, [](PlanSetup& s) { s.mode = static_cast<Mode>(2); },
     "'mode' is 2; it must be 0 or 1"},
    {"T_negative", wrong, [](PlanSetup& s) { s.largest.T = -1; },
     "'T' is -1; it must be at least 0"},
    {"B_negative", wrong, [](PlanSetup& s) { s.largest.B = -1; },
     "'B' is -1; it must be between 0 and 2147483647"},
    {"B_past_31_bits", wrong, [](PlanSetup& s) { s.largest.B = std::int64_t{most_32} + 1; },
     "'B' is 2147483648; it must be between 0 and 2147483647"},
    {"rows_past_63_bits", wrong,
     [](PlanSetup& s) {
       s.largest = {most, 2};
     },
     "'T' = 9223372036854775807 and 'B' = 2 are too large with I = 3, H = 6; the memory must be "
     "below 2^63 bytes"},
    {"saved_past_63_bits", wrong,
     [](PlanSetup& s) {
       s.largest = {most / 8, 1};
     },
     "'T' = 1152921504606846975 and 'B' = 1 are too large with I = 3, H = 6; the memory must be "
     "below 2^63 bytes"},
    {"R_past_63_bits", wrong,
     [](PlanSetup& s) {
       s.spec.cell = "rnn_tanh";
       s.spec.hidden_size = most_32;
     },
     "'T' = 5 and 'B' = 4 are too large with I = 3, H = 2147483647; the memory must be below 2^63 "
     "bytes"},
};

const PlanCase size_cases[] = {
    {"input_size_not_set", wrong, [](PlanSetup& s) { s.spec.input_size = 0; },
     "'input_size' is 0; it must be between 1 and 2147483647"},
    {"input_size_negative", wrong, [](PlanSetup& s) { s.spec.input_size = -1; },
     "'input_size' is -1; it must be between 1 and 2147483647"},
    {"input_size_past_31_bits", wrong,
     [](PlanSetup& s) { s.spec.input_size = std::int64_t{most_32} + 1; },
     "'input_size' is 2147483648; it must be between 1 and 2147483647"},
    {"hidden_size_not_set", wrong, [](PlanSetup& s) { s.spec.hidden_size = 0; },
     "'hidden_size' is 0; it must be between 1 and 536870911"},
    {"hidden_size_past_31_bits_of_gates", wrong,
     [](PlanSetup& s) { s.spec.hidden_size = most_32 / 4 + 1; },
     "'hidden_size' is 536870912; it must be between 1 and 536870911"},
    {"hidden_size_past_31_bits_of_three_gates", wrong,
     [](PlanSetup& s) {
       s.spec.cell = "gru";
       s.spec.hidden_size = most;
     },
     "'hidden_size' is 9223372036854775807; it must be between 1 and 715827882"},
};

const PlanCase name_cases[] = {
    {"cell_unknown", wrong, [](PlanSetup& s) { s.spec.cell = "lstn"; },
     "'cell' is 'lstn'; it must be one of: rnn_tanh, rnn_relu, lstm, gru"},
    {"cell_empty", wrong, [](PlanSetup& s) { s.spec.cell = ""; },
     "'cell' is ''; it must be one of: rnn_tanh, rnn_relu, lstm, gru"},
    {"cell_in_capitals", wrong, [](PlanSetup& s) { s.spec.cell = "LSTM"; },
     "'cell' is 'LSTM'; it must be one of: rnn_tanh, rnn_relu, lstm, gru"},
    {"direction_invalid", wrong, [](PlanSetup& s) { s.spec.direction = static_cast<Direction>(3); },
     "'direction' is 3; it must be between 0 and 2"},
    {"merge_invalid", wrong, [](PlanSetup& s) { s.spec.merge = static_cast<Merge>(2); },
     "'merge' is 2; it must be between 0 and 1"},
    {"input_invalid", wrong, [](PlanSetup& s) { s.spec.input = static_cast<InputMode>(2); },
     "'input' is 2; it must be between 0 and 1"},
    {"input_size_of_a_precomputed_input", wrong,
     [](PlanSetup& s) { s.spec.input = InputMode::precomputed; },
     "'input_size' is 3 and 'input' precomputed; it must be G*H = 24"},
    {"bias_invalid", wrong, [](PlanSetup& s) { s.spec.bias = static_cast<Bias>(255); },
     "'bias' is 255; it must be between 0 and 3"},
    {"type_invalid", wrong, [](PlanSetup& s) { s.spec.type = static_cast<DataType>(4); },
     "'type' is 4; it must be between 0 and 3"},
    {"math_invalid", wrong, [](PlanSetup& s) { s.spec.math = static_cast<Math>(7); },
     "'math' is 7; it must be between 0 and 1"},
    {"layout_invalid", wrong, [](PlanSetup& s) { s.spec.layout = static_cast<Layout>(2); },
     "'layout' is 2; it must be between 0 and 1"},
    {"tf32_of_double", wrong,
     [](PlanSetup& s) {
       s.spec.math = Math::tf32;
       s.spec.type = DataType::f64;
     },
     "'math' is tf32; it means something only for type f32"},
};

const PlanCase structure_cases[] = {
    {"projection", not_yet, [](PlanSetup& s) { s.spec.projection_size = 6; },
     "'projection_size' is 6; takt has no projection yet, only 0"},
    {"projection_past_hidden_size", wrong,
     [](PlanSetup& s) {
       s.spec.hidden_size = 256;
       s.spec.projection_size = 512;
     },
     "'projection_size' is 512; it must be at most hidden_size = 256, or 0 for none"},
    {"projection_negative", wrong, [](PlanSetup& s) { s.spec.projection_size = -1; },
     "'projection_size' is -1; it must be at least 0"},
    {"layers_none", wrong, [](PlanSetup& s) { s.spec.layers = 0; },
     "'layers' is 0; it must be at least 1"},
    {"layers_negative", wrong, [](PlanSetup& s) { s.spec.layers = -2; },
     "'layers' is -2; it must be at least 1"},
    {"layers_two", not_yet, [](PlanSetup& s) { s.spec.layers = 2; },
     "'layers' is 2; takt runs one layer a plan yet"},
    {"bidirectional", not_yet, [](PlanSetup& s) { s.spec.direction = Direction::bidirectional; },
     "'direction' is bidirectional; takt runs forward or reverse yet, one a plan"},
    {"bidirectional_sum", not_yet,
     [](PlanSetup& s) {
       s.spec.direction = Direction::bidirectional;
       s.spec.merge = Merge::sum;
     },
     "'direction' is bidirectional; takt runs forward or reverse yet, one a plan"},
    {"sum_of_one_direction", wrong, [](PlanSetup& s) { s.spec.merge = Merge::sum; },
     "'merge' is sum; it means something only for a bidirectional spec"},
    {"heads", not_yet, [](PlanSetup& s) { s.spec.heads = 2; },
     "'heads' is 2; no cell of takt has heads yet"},
    {"heads_none", wrong, [](PlanSetup& s) { s.spec.heads = 0; },
     "'heads' is 0; it must divide hidden_size = 6"},
    {"heads_negative", wrong, [](PlanSetup& s) { s.spec.heads = -1; },
     "'heads' is -1; it must divide hidden_size = 6"},
    {"heads_that_do_not_divide", wrong, [](PlanSetup& s) { s.spec.heads = 4; },
     "'heads' is 4; it must divide hidden_size = 6"},
};

const PlanCase fill_cases[] = {
    {"past_f32", wrong, [](PlanSetup& s) { s.spec.fill = -1e300; },
     "'fill' is -1e+300; it must lie within 3.40282e+38 of 0, as type f32 does, or be infinite or "
     "NaN"},
    {"past_f16", wrong,
     [](PlanSetup& s) {
       s.spec.fill = 65505;
       s.spec.type = DataType::f16;
     },
     "'fill' is 65505; it must lie within 65504 of 0, as type f16 does, or be infinite or NaN"},
};

const PlanCase regulariser_cases[] = {
    {"dropout", not_yet, [](PlanSetup& s) { s.spec.dropout = 0.5; },
     "'dropout' is 0.5; takt has none yet, only 0"},
    {"dropout_of_everything", wrong, [](PlanSetup& s) { s.spec.dropout = 1.0; },
     "'dropout' is 1; it must be at least 0 and less than 1"},
    {"dropout_negative", wrong, [](PlanSetup& s) { s.spec.dropout = -0.25; },
     "'dropout' is -0.25; it must be at least 0 and less than 1"},
    {"dropout_nan", wrong, [](PlanSetup& s) { s.spec.dropout = nan; },
     "'dropout' is nan; it must be at least 0 and less than 1"},
    {"recurrent_dropout", not_yet, [](PlanSetup& s) { s.spec.recurrent_dropout = 0.125; },
     "'recurrent_dropout' is 0.125; takt has none yet, only 0"},
    {"recurrent_dropout_infinite", wrong, [](PlanSetup& s) { s.spec.recurrent_dropout = infinity; },
     "'recurrent_dropout' is inf; it must be at least 0 and less than 1"},
    {"weight_dropout", not_yet, [](PlanSetup& s) { s.spec.weight_dropout = 1e-9; },
     "'weight_dropout' is 1e-09; takt has none yet, only 0"},
    {"weight_dropout_negative", wrong, [](PlanSetup& s) { s.spec.weight_dropout = -infinity; },
     "'weight_dropout' is -inf; it must be at least 0 and less than 1"},
    {"zoneout_h", not_yet, [](PlanSetup& s) { s.spec.zoneout_h = 0.1; },
     "'zoneout_h' is 0.1; takt has none yet, only 0"},
    {"zoneout_h_nan", wrong, [](PlanSetup& s) { s.spec.zoneout_h = nan; },
     "'zoneout_h' is nan; it must be at least 0 and less than 1"},
    {"zoneout_c", not_yet, [](PlanSetup& s) { s.spec.zoneout_c = 0.1; },
     "'zoneout_c' is 0.1; takt has none yet, only 0"},
    {"zoneout_c_past_1", wrong, [](PlanSetup& s) { s.spec.zoneout_c = 2; },
     "'zoneout_c' is 2; it must be at least 0 and less than 1"},
    {"cell_clip", not_yet,
     [](PlanSetup& s) {
       s.spec.cell_clip = {-3, 3};
     },
     "'cell_clip' is set; takt does not clip yet"},
    {"cell_clip_turned_round", wrong,
     [](PlanSetup& s) {
       s.spec.cell_clip = {3, -3};
     },
     "'cell_clip' is [3, -3]; lo must be at most hi"},
    {"cell_clip_nan", wrong, [](PlanSetup& s) { s.spec.cell_clip.hi = nan; },
     "'cell_clip' is [-inf, nan]; lo must be at most hi"},
    {"gradient_clip", not_yet, [](PlanSetup& s) { s.spec.recurrent_gradient_clip = 1; },
     "'recurrent_gradient_clip' is set; takt does not clip yet"},
    {"gradient_clip_zero", wrong, [](PlanSetup& s) { s.spec.recurrent_gradient_clip = 0; },
     "'recurrent_gradient_clip' is 0; it must be greater than 0"},
    {"gradient_clip_negative", wrong,
     [](PlanSetup& s) { s.spec.recurrent_gradient_clip = -infinity; },
     "'recurrent_gradient_clip' is -inf; it must be greater than 0"},
    {"gradient_clip_nan", wrong, [](PlanSetup& s) { s.spec.recurrent_gradient_clip = nan; },
     "'recurrent_gradient_clip' is nan; it must be greater than 0"},
    {"layer_norm", not_yet, [](PlanSetup& s) { s.spec.layer_norm = true; },
     "'layer_norm' is set; takt has no layer norm yet"},
    {"wait_limit_none", wrong, [](PlanSetup& s) { s.spec.wait_limit_ms = 0; },
     "'wait_limit_ms' is 0; it must be 1 to 86400000"},
    {"wait_limit_of_more_than_a_day", wrong,
     [](PlanSetup& s) { s.spec.wait_limit_ms = 86'400'001; },
     "'wait_limit_ms' is 86400001; it must be 1 to 86400000"},
    {"layer_norm_epsilon_zero", wrong, [](PlanSetup& s) { s.spec.layer_norm_epsilon = 0; },
     "'layer_norm_epsilon' is 0; it must be greater than 0"},
    {"layer_norm_epsilon_nan", wrong, [](PlanSetup& s) { s.spec.layer_norm_epsilon = nan; },
     "'layer_norm_epsilon' is nan; it must be greater than 0"},
};

template <class Act>
void expect_refusal_of(const PlanCase& broken, const char* where, const Act& act) {
  const std::string sentence = std::string("takt: ") + where + ": " + broken.sentence;
  if (broken.kind == Kind::wrong)
    expect_refusal<ArgumentError>(act, sentence);
  else
    expect_refusal<UnsupportedError>(act, sentence);
}

class PlanRefusal : public testing::TestWithParam<PlanCase> {
 protected:
  void expect_no_plan() {
    expect_refusal_of(GetParam(), "Plan",
                      [&] { Plan(spec(), broken_.largest, broken_.mode, device_); });
  }
  const RnnSpec& spec() const { return broken_.spec; }

  const Device device_ = Device::cpu({.threads = 1});

 private:
  void SetUp() override {
    EXPECT_NO_THROW(Plan(spec(), broken_.largest, broken_.mode, device_));
    GetParam().change(broken_);
  }

  PlanSetup broken_;
};

TEST_P(PlanRefusal, SaysWhy) {
  expect_no_plan();
}

class SpecRefusal : public PlanRefusal {};

TEST_P(SpecRefusal, OfPlanAndWeightsAlike) {
  expect_no_plan();
  expect_refusal_of(GetParam(), "make_weights", [&] { make_weights(spec(), device_); });
}

std::string name_of(const testing::TestParamInfo<PlanCase>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Plan, PlanRefusal, testing::ValuesIn(plan_cases), name_of);
INSTANTIATE_TEST_SUITE_P(Size, SpecRefusal, testing::ValuesIn(size_cases), name_of);
INSTANTIATE_TEST_SUITE_P(Name, SpecRefusal, testing::ValuesIn(name_cases), name_of);
INSTANTIATE_TEST_SUITE_P(Structure, SpecRefusal, testing::ValuesIn(structure_cases), name_of);
INSTANTIATE_TEST_SUITE_P(Fill, SpecRefusal, testing::ValuesIn(fill_cases), name_of);
INSTANTIATE_TEST_SUITE_P(Regulariser, SpecRefusal, testing::ValuesIn(regulariser_cases), name_of);

TEST(FindCellRefusal, ListsTheKnownOnes) {
  expect_refusal<ArgumentError>(
      [] { find_cell("lstm "); },
      "takt: find_cell: 'cell' is 'lstm '; it must be one of: rnn_tanh, rnn_relu, lstm, gru");
}

TEST(DeviceRefusal, ThreadCount) {
  expect_refusal<ArgumentError>(
      [] { Device::cpu({.threads = -1}); },
      "takt: Device::cpu: 'threads' is -1; it must be between 1 and 1024, or 0 for as many as "
      "there are");
  expect_refusal<ArgumentError>(
      [] { Device::cpu({.threads = 1025}); },
      "takt: Device::cpu: 'threads' is 1025; it must be between 1 and 1024, or 0 for as many as "
      "there are");
}

TEST(DeviceRefusal, InstructionSet) {
  std::string known;
  for (const std::string& level : cpu_levels()) known += (known.empty() ? "" : ", ") + level;
  expect_refusal<ArgumentError>(
      [] { Device::cpu({.threads = 1, .instruction_set = "x86-64-v9"}); },
      "takt: Device::cpu: 'instruction_set' is 'x86-64-v9'; this machine has: " + known);
}

// Why there is none depends on the build and the machine; each reason is a test where it can be
// made to happen (simt/cuda_device_test.cpp).
TEST(DeviceRefusal, Cuda) {
  try {
    Device::cuda(1'000);
    ADD_FAILURE() << "not refused";
  } catch (const DeviceError& error) {
    const std::string sentence = error.what(), head = "takt: Device::cuda: no device 1000: ";
    EXPECT_TRUE(sentence.starts_with(head) && sentence.size() > head.size()) << sentence;
  }
}

class ArrayRefusal : public testing::Test {
 protected:
  const Device device_ = Device::cpu({.threads = 1});
  const Stream stream_{device_};
};

TEST_F(ArrayRefusal, NegativeShape) {
  expect_refusal<ArgumentError>(
      [&] {
        Array(device_, {4, -1, 3});
      },
      "takt: Array: 'shape[1]' is -1; it must be at least 0");
  expect_refusal<ArgumentError>([&] { random(device_, {-most - 1}, 1); },
                                "takt: Array: 'shape[0]' is -9223372036854775808; it must be at "
                                "least 0");
}

TEST_F(ArrayRefusal, ShapePastSixtyThreeBits) {
  const std::string sentence =
      "takt: Array: 'shape' is too large; the memory must be below 2^63 bytes";
  expect_refusal<ArgumentError>([&] { Array(device_, {most, 2}); }, sentence);
  expect_refusal<ArgumentError>([&] { Array(device_, {most / 4 + 1}); }, sentence);
  expect_refusal<ArgumentError>([&] { Array(device_, {most / 8 + 1}, DataType::f64); }, sentence);
  expect_refusal<ArgumentError>([&] { Array(device_, {most / 4}); }, sentence);
}

TEST_F(ArrayRefusal, ShapeWithoutElementsIsNeverTooLarge) {
  EXPECT_EQ(Array(device_, {0, most, most}).size(), 0);
  EXPECT_EQ(Array(device_, {most, most, 0}).size(), 0);
}

TEST_F(ArrayRefusal, MoreThanThereIs) {
#if defined(TAKT_HEAP_OF_SANITIZER)
  GTEST_SKIP() << "the sanitizer ends a program that asks for so much";
#endif
  EXPECT_THROW(Array(device_, {most / 16}), std::bad_alloc);
}

TEST_F(ArrayRefusal, Type) {
  expect_refusal<ArgumentError>([&] { Array(device_, {1}, static_cast<DataType>(4)); },
                                "takt: Array: 'type' is 4; it must be between 0 and 3");
}

TEST_F(ArrayRefusal, Copies) {
  const std::vector<float> values(5);
  expect_refusal<ArgumentError>(
      [&] {
        to_device(device_, {2, 3}, std::span<const float>(values));
      },
      "takt: to_device: 'values' holds 5 elements; the shape has 6");
  expect_refusal<ArgumentError>([&] { to_host<double>(Array(device_, {2}), stream_); },
                                "takt: to_host: 'array' holds f32; it must hold f64");
  expect_refusal<ArgumentError>([&] { to_host(Array(device_, {2}, DataType::f64), stream_); },
                                "takt: to_host: 'array' holds f64; it must hold f32");
}

TEST_F(ArrayRefusal, CopyBeforeMemoryForTheShapeIsAskedFor) {
  const std::vector<float> values(5);
  expect_refusal<ArgumentError>(
      [&] { to_device(device_, {most / 16}, std::span<const float>(values)); },
      "takt: to_device: 'values' holds 5 elements; the shape has 576460752303423487");
}

TEST_F(ArrayRefusal, BoundOfWeights) {
  const RnnSpec spec = PlanSetup{}.spec;
  const std::string rest = "; it must be a finite number, 0 for 1 / sqrt(H)";
  expect_refusal<ArgumentError>([&] { make_weights(spec, device_, Uniform{.bound = -1}); },
                                "takt: make_weights: 'bound' is -1" + rest);
  expect_refusal<ArgumentError>([&] { make_weights(spec, device_, Uniform{.bound = nan}); },
                                "takt: make_weights: 'bound' is nan" + rest);
  expect_refusal<ArgumentError>([&] { make_weights(spec, device_, Uniform{.bound = infinity}); },
                                "takt: make_weights: 'bound' is inf" + rest);
}

TEST(LayerListRefusal, NineLayersInBraces) {
  const LayerWeights l;
  EXPECT_NO_THROW((Weights{l, l, l, l, l, l, l, l}));
  EXPECT_THROW((Weights{l, l, l, l, l, l, l, l, l}), ArgumentError);
}

/// W [G*H,I] of 2^62 elements: its bytes do not fit, though its elements do.
TEST(WeightsRefusal, BytesPastSixtyFourBits) {
  const Device device = Device::cpu({.threads = 1});
  const Stream stream(device);
  const RnnSpec spec{.cell = "lstm", .input_size = most_32, .hidden_size = most_32 / 4};
  const Plan plan(spec, {0, 0}, Mode::inference, device);
  alignas(256) float memory[64];
  void* somewhere = memory;
  expect_refusal<ArgumentError>(
      [&] {
        plan.forward({.weights = {{somewhere, somewhere, somewhere, somewhere}}}, {},
                     {.scratch = somewhere}, stream);
      },
      "takt: forward: 'weights[0].W' would need more than 2^63 bytes: "
      "[G*H,I] = [2147483644,2147483647]");
}

// Refused by the compiler.

template <class Source>
concept ReadableFrom =
    std::is_constructible_v<ConstPointer, Source> || std::is_constructible_v<ConstRows, Source>;
template <class Source>
concept WritableFrom =
    std::is_constructible_v<Pointer, Source> || std::is_constructible_v<Rows, Source>;

static_assert(ReadableFrom<const float*> && ReadableFrom<double*> && ReadableFrom<const void*>);
static_assert(WritableFrom<float*> && WritableFrom<double*> && WritableFrom<void*>);
static_assert(ReadableFrom<const std::vector<float>&> && WritableFrom<std::vector<float>&>);
static_assert(ReadableFrom<std::span<const float>> && WritableFrom<std::span<float>>);
static_assert(ReadableFrom<const Array&> && WritableFrom<Array&>);

// Elements that takt does not store.
static_assert(!ReadableFrom<int*> && !ReadableFrom<const int*> && !WritableFrom<int*>);
static_assert(!ReadableFrom<const long double*> && !ReadableFrom<const std::byte*>);
static_assert(!ReadableFrom<const float**> && !ReadableFrom<volatile float*>);
static_assert(!ReadableFrom<std::vector<int>&> && !ReadableFrom<std::span<const short>>);

// Writing what may only be read.
static_assert(!WritableFrom<const float*> && !WritableFrom<const void*>);
static_assert(!WritableFrom<const std::vector<float>&> && !WritableFrom<std::span<const float>>);
static_assert(!WritableFrom<const Array&>);
static_assert(!WritableFrom<ConstPointer> && !WritableFrom<ConstRows>);
static_assert(!std::is_constructible_v<Bytes, const void*>);
static_assert(!std::is_constructible_v<Bytes, ConstBytes>);
static_assert(std::is_convertible_v<const void*, ConstBytes> &&
              std::is_convertible_v<Bytes, ConstBytes>);
static_assert(!std::is_constructible_v<Bytes, const PackedWeights&>);
static_assert(std::is_convertible_v<const PackedWeights&, ConstBytes> &&
              std::is_constructible_v<ConstBytes, PackedWeights&>);
static_assert(std::is_convertible_v<PackedWeights&, Bytes>);

// Rows where their stride would be lost.
static_assert(!std::is_constructible_v<Pointer, Rows> &&
              !std::is_constructible_v<ConstPointer, Rows>);
static_assert(!std::is_constructible_v<ConstPointer, ConstRows>);

// One memory for two calls in flight.
static_assert(!std::is_copy_constructible_v<Memory> && !std::is_copy_assignable_v<Memory>);
// Weights packed anew under another's calls.
static_assert(!std::is_copy_constructible_v<PackedWeights> &&
              !std::is_copy_assignable_v<PackedWeights>);
static_assert(std::is_nothrow_move_constructible_v<PackedWeights> &&
              std::is_nothrow_move_assignable_v<PackedWeights>);
static_assert(!std::is_constructible_v<WeightGradients, const WeightArrays&>);
static_assert(!std::is_constructible_v<WeightGradients, Weights>);

// Memory that is gone when the call begins.
static_assert(!ReadableFrom<std::vector<float>> && !WritableFrom<std::vector<float>>);
static_assert(!ReadableFrom<const std::vector<float>>);
static_assert(!ReadableFrom<Array> && !WritableFrom<Array>);
static_assert(!std::is_constructible_v<MemoryView, Memory>);
static_assert(!std::is_constructible_v<ConstBytes, PackedWeights> &&
              !std::is_constructible_v<ConstBytes, const PackedWeights>);
static_assert(!std::is_constructible_v<Bytes, PackedWeights>);
static_assert(!std::is_convertible_v<WeightArrays, Weights>);
static_assert(!std::is_convertible_v<WeightArrays, WeightGradients>);

// A stream that is gone before the work is done.
static_assert(std::is_constructible_v<StreamRef, Stream&>);
static_assert(std::is_constructible_v<StreamRef, const Stream&>);
static_assert(!std::is_constructible_v<StreamRef, Stream>);
static_assert(!std::is_constructible_v<StreamRef, const Stream>);
static_assert(!std::is_copy_constructible_v<Stream> && !std::is_move_constructible_v<Stream>);

template <class Ref>
concept RunsOn = requires(const Plan& plan, Ref&& stream) {
  plan.forward(Inputs{}, Outputs{}, MemoryView{}, std::forward<Ref>(stream));
};
static_assert(RunsOn<Stream&> && RunsOn<CUstream_st*> && !RunsOn<Stream> && !RunsOn<int>);

}  // namespace
}  // namespace takt::refusal_test
