// Validation itself: it must be able to say no.
#include <algorithm>
#include <cfenv>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <takt/takt.hpp>

#include "cell_names.hpp"
#include "validate/kink.hpp"
#include "validate/problem.hpp"
#include "validate/run.hpp"
#include "validate/tolerance_use.hpp"

namespace takt::validate {
namespace {

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

double error_of(double result, double reference) {
  ErrorMeter meter;
  meter.add(result, reference);
  return meter.error();
}

TEST(ErrorMeter, IsRelativeToTheLargestReferenceFromOneOn) {
  EXPECT_EQ(error_of(0.5, 0.25), 0.25);
  EXPECT_EQ(error_of(5, 4), 0.25);
  ErrorMeter meter;
  meter.add(-8, -8);
  meter.add(0, 1);
  EXPECT_EQ(meter.error(), 0.125);
  ErrorMeter other;
  other.add(7, 3);
  meter.add(other);
  EXPECT_EQ(meter.error(), 0.5);
}

TEST(ErrorMeter, NanOnOneSideIsNan) {
  EXPECT_TRUE(std::isnan(error_of(nan_value, 0)));
  EXPECT_TRUE(std::isnan(error_of(0, nan_value)));
  EXPECT_EQ(error_of(nan_value, nan_value), 0);
  ErrorMeter meter, other;
  other.add(nan_value, 0);
  meter.add(other);
  EXPECT_TRUE(std::isnan(meter.error()));
}

TEST(ErrorMeter, InfinityIsEqualToItselfAlone) {
  EXPECT_EQ(error_of(infinity, infinity), 0);
  EXPECT_EQ(error_of(infinity, 1), infinity);
  EXPECT_EQ(error_of(1, infinity), infinity);
  EXPECT_EQ(error_of(-infinity, infinity), infinity);
}

class Validate : public testing::TestWithParam<std::string> {};

Case case_of(const std::string& cell, DataType type, const CaseShape& shape) {
  return {.cell = cell, .type = type, .shape = shape, .semantics = {}};
}

TEST(Tolerance, IsAFewRoundingsAndGrowsWithTheSum) {
  EXPECT_GT(tolerance(DataType::f32, 1), 0x1p-23);
  EXPECT_LT(tolerance(DataType::f32, 1), 8 * 0x1p-23);
  EXPECT_LT(tolerance(DataType::f32, 1), tolerance(DataType::f32, 100));
  EXPECT_LT(tolerance(DataType::f32, 10'000), 200 * 0x1p-23);
  EXPECT_EQ(tolerance(DataType::f64, 50), tolerance(DataType::f32, 50) * 0x1p-29);
}

TEST(Tolerance, IsAFewRoundingsOfWhatIsRoundedWhateverTheSum) {
  for (const Precision& precision : all_precisions()) {
    if (!precision.is_reduced()) continue;
    const Terms few = terms_of("lstm", precision, {1, 1, 1, 1}),
                many = terms_of("lstm", precision, {10000, 100, 1000, 1000});
    EXPECT_EQ(few.weights, many.weights) << to_string(precision);
    for (const std::int64_t terms : {many.forward, many.backward, many.weights, many.biases}) {
      EXPECT_GE(terms, 1);
      EXPECT_LE(terms, 4);
    }
  }
  EXPECT_EQ(tolerance(DataType::f16, 1), 0x1p-10);
  EXPECT_EQ(tolerance(DataType::bf16, 4), 0x1p-6);
  EXPECT_EQ(tolerance({DataType::f32, Math::tf32}, 4), 0x1p-8);
}

TEST(ValidateCases, HaveEveryPrecision) {
  std::vector<std::string> words;
  for (const Precision& precision : all_precisions()) {
    words.push_back(to_string(precision));
    const std::vector<Case> cases = all_cases({.cells = {}, .types = {precision}});
    EXPECT_EQ(cases.size() * all_precisions().size(), all_cases().size());
    for (const Case& checked : cases) EXPECT_EQ(checked.precision(), precision);
  }
  EXPECT_EQ(words, (std::vector<std::string>{"f32", "f64", "f16", "bf16", "tf32"}));
}

TEST_P(Validate, NumbersAreOfTheTypesOfTheirTensors) {
  for (const Precision& precision : all_precisions()) {
    Case checked = case_of(GetParam(), precision.type, {4, 3, 2, 5});
    checked.math = precision.math;
    const Numbers numbers = make_numbers(checked, 0);
    const auto fits = [](const std::vector<double>& values, DataType type) {
      return std::all_of(values.begin(), values.end(),
                         [&](double value) { return rounded(value, type) == value; });
    };
    for (const auto& values : {numbers.x, numbers.h0, numbers.W, numbers.R, numbers.bW, numbers.dy,
                               numbers.dhT, numbers.old_dW})
      EXPECT_TRUE(fits(values, precision.type)) << to_string(precision);
    for (const auto& values : {numbers.c0, numbers.dcT, numbers.dc_all}) {
      EXPECT_TRUE(fits(values, inner_type(precision.type))) << to_string(precision);
      if (numbers.C > 0 && size_of(precision.type) == 2) {
        EXPECT_FALSE(fits(values, precision.type)) << to_string(precision);
      }
    }
  }
}

TEST(ValidateKink, IsThatOfARectifier) {
  EXPECT_TRUE(has_kink("rnn_relu"));
  EXPECT_FALSE(has_kink("rnn_tanh"));
}

// All sums of gates of all cases that are moved away from it stay away: with inputs that are off by
// more than bf16 rounds, the same units live.
TEST(ValidateKink, IsFarFromNumbersOfReducedPrecision) {
  for (const Case& checked : all_cases({.cells = {"rnn_relu"}, .types = {DataType::bf16}})) {
    if (checked.shape.T > 1000) continue;
    Numbers numbers = make_numbers(checked, 0);
    const std::vector<double> y = reference::forward(reference_problem(checked, numbers)).y;
    for (double& weight : numbers.R) weight *= 1 + 0x1p-4;
    for (double& value : numbers.x) value *= 1 - 0x1p-4;
    const std::vector<double> moved = reference::forward(reference_problem(checked, numbers)).y;
    for (std::size_t n = 0; n < y.size(); ++n)
      ASSERT_EQ(y[n] > 0, moved[n] > 0) << to_string(checked.shape) << checked.semantics.name;
  }
}

TensorError tensor_error(double error, double tolerance) {
  TensorError tensor{.tensor = "y", .tolerance = tolerance};
  tensor.meter.worst = error;
  return tensor;
}

TEST(ValidateOutcome, WorstIsTheLargestShareOrNan) {
  EXPECT_EQ(tensor_error(0, 0).share(), 0);
  EXPECT_EQ(tensor_error(0.1, 0).share(), infinity);
  EXPECT_EQ(tensor_error(1, 4).share(), 0.25);
  Outcome outcome;
  outcome.tensors = {tensor_error(2, 10), tensor_error(1, 2), tensor_error(3, 10)};
  EXPECT_EQ(outcome.worst().share(), 0.5);
  outcome.tensors[2].meter.nan = true;
  EXPECT_TRUE(std::isnan(outcome.worst().error()));
}

std::string verdict_of(const Case& checked) {
  const Device device = Device::cpu({.threads = 1});
  return std::string(to_string(run(checked, device).verdict));
}

/// While it lives, arithmetic of this thread rounds up: a processor that computes wrongly, by no
/// more than a rounding. The reference suffers as little as double is finer than f32, and in f64
/// the CPU path's exp loses its argument reduction, which counts on rounding to nearest.
class RoundUp {
 public:
  RoundUp() : before_(std::fegetround()) { std::fesetround(FE_UPWARD); }
  RoundUp(const RoundUp&) = delete;
  RoundUp& operator=(const RoundUp&) = delete;
  ~RoundUp() { std::fesetround(before_); }

 private:
  int before_;
};

TEST_P(Validate, AProcessorThatRoundsUpIsOutside) {
  for (const DataType type : {DataType::f32, DataType::f64}) {
    const Case checked = case_of(GetParam(), type, {200, 4, 3, 24});
    EXPECT_EQ(verdict_of(checked), to_string(Verdict::inside)) << to_string(type);
    const RoundUp wrong;
    EXPECT_EQ(verdict_of(checked), to_string(Verdict::outside)) << to_string(type);
  }
}

TEST(ValidateOutcome, ItsWorstTensorJudges) {
  EXPECT_EQ(judge(tensor_error(1, 1)), Verdict::inside);
  EXPECT_EQ(judge(tensor_error(1.01, 1)), Verdict::outside);
  EXPECT_EQ(judge(tensor_error(nan_value, 1)), Verdict::outside);
  EXPECT_EQ(judge(tensor_error(least_share, 1)), Verdict::inside);
  EXPECT_EQ(judge(tensor_error(0.99 * least_share, 1)), Verdict::loose);
  EXPECT_EQ(judge(tensor_error(0, 0)), Verdict::inside);
  EXPECT_EQ(judge(tensor_error(0x1p-60, 0)), Verdict::outside);
}

TEST(ValidateOutcome, WhatTheDeviceNoticedJudgesToo) {
  Outcome outcome{.checked = case_of("gru", DataType::f32, {1, 1, 2, 1}),
                  .tensors = {tensor_error(1, 2)}};
  EXPECT_EQ(judge(outcome), Verdict::inside);
  outcome.noticed = "in forward: 'lengths[3]' is 9; it must be between 0 and T = 4";
  EXPECT_EQ(judge(outcome), Verdict::outside);
}

TEST(ValidateOutcome, InF64OneCaseSaysNothingOfTheTolerance) {
  Outcome outcome{.checked = case_of("gru", DataType::f32, {1, 1, 2, 1}),
                  .tensors = {tensor_error(0, 1)}};
  EXPECT_EQ(judge(outcome), Verdict::loose);
  outcome.checked.type = DataType::f64;
  EXPECT_EQ(judge(outcome), Verdict::inside);
  outcome.tensors = {tensor_error(2, 1)};
  EXPECT_EQ(judge(outcome), Verdict::outside);
}

TEST(ToleranceTerms, CountWhatEachTensorSums) {
  const CaseShape shape{1000, 7, 50, 10};
  const Terms f32 = terms_of("lstm", DataType::f32, shape);
  EXPECT_EQ(f32.forward, 50 + 10);
  EXPECT_EQ(f32.backward, 4 * 10);
  EXPECT_EQ(f32.weights, 7000);
  EXPECT_EQ(f32.biases, 50 + 10 + 4 * 10);
  EXPECT_EQ(terms_of("lstm", DataType::f64, shape).biases, 50 + 10 + 4 * 10 + 7000);
}

Outcome outcome_of(const Case& checked, std::initializer_list<TensorError> tensors) {
  return {.checked = checked, .tensors = tensors};
}

TensorError named_error(std::string_view name, double error, double tolerance) {
  TensorError tensor = tensor_error(error, tolerance);
  tensor.tensor = name;
  return tensor;
}

TEST(ToleranceUses, AreTheMostOfAnyCaseForEachTensorCellAndType) {
  const Case small = case_of("gru", DataType::f32, {1, 1, 2, 1});
  const Case large = case_of("gru", DataType::f32, {5, 3, 2, 1});
  const Case other_type = case_of("gru", DataType::f64, {5, 3, 2, 1});
  const Case other_cell = case_of("lstm", DataType::f32, {5, 3, 2, 1});
  ToleranceUses uses;
  uses.add(outcome_of(small, {named_error("y", 0.5, 1), named_error("dbW", 0.01, 1)}));
  uses.add(outcome_of(large, {named_error("y", 0.1, 1), named_error("dbW", 0.06, 2)}));
  ASSERT_EQ(uses.all().size(), 2U);
  EXPECT_EQ(uses.all()[0].share, 0.5);
  EXPECT_EQ(uses.all()[0].shape, small.shape);
  EXPECT_EQ(uses.all()[1].shape, large.shape);
  ASSERT_EQ(uses.loose().size(), 1U);
  EXPECT_EQ(to_string(uses.loose()[0]),
            "dbW of gru f32 uses 3 % of its tolerance at most, in T5 B3 I2 H1");
  // Neither another type nor another cell speaks for this one.
  uses.add(outcome_of(other_type, {named_error("dbW", 0.9, 1)}));
  uses.add(outcome_of(other_cell, {named_error("dbW", 0.9, 1)}));
  EXPECT_EQ(uses.loose().size(), 1U);
  uses.add(outcome_of(small, {named_error("dbW", 0.05, 1)}));
  EXPECT_TRUE(uses.loose().empty());
}

TEST(ToleranceUses, OfExactResults) {
  ToleranceUses uses;
  uses.add(outcome_of(case_of("gru", DataType::f32, {0, 1, 2, 1}), {named_error("y", 0, 0)}));
  EXPECT_TRUE(uses.all().empty());
  uses.add(outcome_of(case_of("gru", DataType::f64, {1, 1, 2, 1}), {named_error("y", 0, 1)}));
  EXPECT_TRUE(uses.loose().empty());
  uses.add(outcome_of(case_of("gru", DataType::f32, {1, 1, 2, 1}), {named_error("y", 0, 1)}));
  EXPECT_EQ(uses.loose().size(), 1U);
  uses.add(
      outcome_of(case_of("gru", DataType::f32, {1, 1, 2, 1}), {named_error("y", nan_value, 1)}));
  EXPECT_TRUE(uses.loose().empty());
}

TEST(ToleranceUses, OfATf32ThatRoundsToTheNearestAreHalf) {
  Case checked = case_of("gru", DataType::f32, {1, 1, 2, 1});
  checked.math = Math::tf32;
  ToleranceUses uses;
  uses.add(outcome_of(checked, {named_error("y", 0.6 * least_share, 1)}));
  EXPECT_TRUE(uses.loose().empty());
  uses.add(outcome_of(checked, {named_error("dx", 0.4 * least_share, 1)}));
  ASSERT_EQ(uses.loose().size(), 1U);
  EXPECT_EQ(to_string(uses.loose()[0]),
            "dx of gru tf32 uses 2 % of its tolerance at most, in T1 B1 I2 H1");
}

TEST_P(Validate, ATypeWithoutAlgorithmIsRefused) {
  const Device device = Device::cpu({.threads = 1});
  const Outcome outcome = run(case_of(GetParam(), DataType::bf16, {2, 2, 2, 2}), device);
  EXPECT_EQ(outcome.verdict, Verdict::refused);
  EXPECT_NE(outcome.reason.find("bf16"), std::string::npos) << outcome.reason;
}

TEST_P(Validate, EveryResultIsCompared) {
  const Device device = Device::cpu({.threads = 1});
  const Outcome outcome = run(case_of(GetParam(), DataType::f32, {3, 2, 2, 2}), device);
  std::vector<std::string_view> compared,
      expected{"y", "hT", "inference y", "inference hT", "dx", "dh0", "dW", "dR", "dbW", "dbR"};
  if (find_cell(GetParam()).inner_states() > 0)
    expected.insert(expected.end(), {"cT", "c_all", "inference cT", "inference c_all", "dc0"});
  for (const TensorError& tensor : outcome.tensors) compared.push_back(tensor.tensor);
  std::sort(compared.begin(), compared.end());
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(compared, expected);
}

TEST_P(Validate, InferenceIsComparedToo) {
  const Device device = Device::cpu({.threads = 1});
  const Outcome outcome = run(case_of(GetParam(), DataType::f32, {9, 4, 3, 5}), device);
  const auto error_of_tensor = [&](std::string_view name) {
    for (const TensorError& tensor : outcome.tensors)
      if (tensor.tensor == name) return tensor.error();
    return nan_value;
  };
  // Both modes have the same bits, and none of these is without error.
  std::vector<std::string> tensors{"y", "hT"};
  if (find_cell(GetParam()).inner_states() > 0) tensors.insert(tensors.end(), {"cT", "c_all"});
  for (const std::string& tensor : tensors) {
    EXPECT_GT(error_of_tensor(tensor), 0) << tensor;
    EXPECT_EQ(error_of_tensor("inference " + tensor), error_of_tensor(tensor)) << tensor;
  }
}

INSTANTIATE_TEST_SUITE_P(Cells, Validate, testing::ValuesIn(test::cell_names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace takt::validate
