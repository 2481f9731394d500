// The CPU path against the reference: every cell, type and instruction-set level over all cases of
// validation; and what must hold bit for bit.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <takt/takt.hpp>
#include <tuple>

#include "cell_names.hpp"
#include "cpu/call.hpp"
#include "cpu_program.hpp"
#include "validate/run.hpp"
#include "validate/tolerance_use.hpp"

namespace takt::cpu_test {
namespace {

using validate::Case;
using validate::Outcome;
using validate::Verdict;

class CpuAgainstReference
    : public testing::TestWithParam<std::tuple<std::string, std::string, DataType>> {};

TEST_P(CpuAgainstReference, EveryCaseIsInsideItsTolerance) {
  const auto& [level, cell, type] = GetParam();
  const Device device = Device::cpu({.threads = 2, .instruction_set = level});
  const std::vector<Case> cases = validate::all_cases({.cells = {cell}, .types = {type}});
  ASSERT_GT(cases.size(), 150U);
  validate::ToleranceUses uses;
  for (const Case& checked : cases) {
    const Outcome outcome = validate::run(checked, device);
    uses.add(outcome);
    const validate::TensorError worst = outcome.worst();
    EXPECT_EQ(outcome.algorithm, "cpu");
    EXPECT_EQ(to_string(outcome.verdict), to_string(Verdict::inside))
        << to_string(checked.shape) << " " << checked.semantics.name << ": " << worst.tensor
        << " is off by " << worst.error() << ", tolerance " << worst.tolerance;
  }
  EXPECT_GE(uses.all().size(), 10U);
  for (const validate::ToleranceUse& use : uses.loose()) ADD_FAILURE() << to_string(use);
}

INSTANTIATE_TEST_SUITE_P(Levels, CpuAgainstReference,
                         testing::Combine(testing::ValuesIn(cpu_levels()),
                                          testing::ValuesIn(test::cell_names()),
                                          testing::Values(DataType::f32, DataType::f64)),
                         [](const auto& info) {
                           std::string name = std::get<0>(info.param) + "_" +
                                              std::get<1>(info.param) + "_" +
                                              std::string(to_string(std::get<2>(info.param)));
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

/// What holds bit for bit, for every cell. Products W x are exact here (see Program), so that the
/// recurrence alone is compared.
class CpuBits : public testing::TestWithParam<std::string> {
 protected:
  static constexpr std::int64_t T = 7, B = 5, I = 3, H = 21;
  const Device device = Device::cpu({.threads = 2});
  Program whole{GetParam(), {T, B, I, H}};
};

INSTANTIATE_TEST_SUITE_P(Cells, CpuBits, testing::ValuesIn(test::cell_names()),
                         [](const auto& info) { return info.param; });

TEST_P(CpuBits, OneStepAtATimeIsTheWholeSequence) {
  const Results expected = whole.forward(device, Mode::inference);
  Results carried = whole.empty_results();
  std::vector<float> h = whole.h0, c = whole.c0;
  const Plan plan(whole.spec(), {1, B}, Mode::inference, device);
  Memory memory(plan);
  const Stream stream(device);
  for (std::int64_t t = 0; t < T; ++t) {
    Inputs inputs{.x = whole.x.data() + t * B * I, .h0 = h, .weights = whole.weights()};
    Outputs outputs{.y = carried.y.data() + t * B * H, .hT = h};
    if (!c.empty()) inputs.c0 = c, outputs.cT = c;
    plan.forward(inputs, outputs, memory, stream);
  }
  EXPECT_EQ(carried.y, expected.y);
  EXPECT_EQ(h, expected.hT);
  EXPECT_EQ(c, expected.cT);
}

TEST_P(CpuBits, ReverseIsForwardOnFlippedTime) {
  Program flipped = whole;
  for (std::int64_t t = 0; t < T; ++t)
    std::copy_n(whole.x.begin() + t * B * I, B * I, flipped.x.begin() + (T - 1 - t) * B * I);
  flipped.direction = Direction::reverse;
  const Results expected = whole.forward(device, Mode::inference);
  const Results found = flipped.forward(device, Mode::inference);
  EXPECT_EQ(found.hT, expected.hT);
  for (std::int64_t t = 0; t < T; ++t)
    EXPECT_TRUE(std::equal(found.y.begin() + t * B * H, found.y.begin() + (t + 1) * B * H,
                           expected.y.begin() + (T - 1 - t) * B * H))
        << t;
}

TEST_P(CpuBits, LengthsOfTStandForNone) {
  const Results expected = whole.forward(device, Mode::training);
  const ProgramGradients gradients = whole.backward(device);
  Program ragged = whole;
  ragged.lengths.assign(static_cast<std::size_t>(B), static_cast<std::int32_t>(T));
  EXPECT_EQ(ragged.forward(device, Mode::training), expected);
  EXPECT_EQ(ragged.backward(device), gradients);
}

TEST_P(CpuBits, ResetAtTheFirstStepStandsForNullStates) {
  Program null = whole;
  null.h0.clear();
  null.c0.clear();
  Program reset = whole;
  reset.resets.assign(static_cast<std::size_t>(T * B), 0);
  std::fill_n(reset.resets.begin(), B, std::uint8_t{1});
  EXPECT_EQ(reset.forward(device, Mode::inference), null.forward(device, Mode::inference));
}

TEST_P(CpuBits, NanAndInfStayInTheirRow) {
  const Results expected = whole.forward(device, Mode::inference);
  Program spoiled = whole;
  spoiled.x[1 * I] = std::numeric_limits<float>::quiet_NaN();       // t 0, b 1
  spoiled.x[(B + 3) * I] = std::numeric_limits<float>::infinity();  // t 1, b 3
  const Results found = spoiled.forward(device, Mode::inference);
  EXPECT_TRUE(std::isnan(found.y[1 * H]));
  for (std::int64_t b = 0; b < B; ++b) {
    if (b == 1 || b == 3) continue;
    for (std::int64_t t = 0; t < T; ++t)
      EXPECT_TRUE(std::equal(found.y.begin() + (t * B + b) * H,
                             found.y.begin() + (t * B + b + 1) * H,
                             expected.y.begin() + (t * B + b) * H))
          << t << " " << b;
  }
}

TEST_P(CpuBits, GradientsDoNotDependOnWhatElseIsAsked) {
  const ProgramGradients all = whole.backward(device);
  for (int part = 0; part < ProgramGradients::parts; ++part) {
    const ProgramGradients one = whole.backward(device, 1U << part);
    EXPECT_EQ(one.part(part), all.part(part)) << ProgramGradients::names[part];
  }
}

TEST_P(CpuBits, FillIsWhatPaddingHolds) {
  Program ragged = whole;
  ragged.fill = -3;
  ragged.lengths = {7, 0, 3, 6, 1};
  const Results found = ragged.forward(device, Mode::inference);
  for (std::int64_t b = 0; b < B; ++b)
    for (std::int64_t t = ragged.lengths[static_cast<std::size_t>(b)]; t < T; ++t)
      for (std::int64_t j = 0; j < H; ++j) {
        const auto at = static_cast<std::size_t>((t * B + b) * H + j);
        EXPECT_EQ(found.y[at], -3);
        if (whole.C > 0) {
          EXPECT_EQ(found.c_all[at], -3);
        }
      }
}

TEST(Validation, ChunkedCasesAreChunked) {
  for (const Case& checked : validate::all_cases()) {
    if (checked.shape.I != 700) continue;
    const RnnSpec spec{.cell = checked.cell,
                       .input_size = checked.shape.I,
                       .hidden_size = checked.shape.H,
                       .type = checked.type};
    const cpu::Sizes sizes =
        cpu::sizes_of(spec, find_cell(checked.cell), {checked.shape.T, checked.shape.B}, 16);
    EXPECT_LT(cpu::ForwardLayout(sizes).chunk_rows, checked.shape.T * checked.shape.B);
    EXPECT_LT(cpu::BackwardLayout(sizes).chunk_rows, checked.shape.T * checked.shape.B);
  }
}

TEST(CpuSplit, WideProgramsAreSplitOverUnits) {
  const cpu::Split split = cpu::split(8, 2, 17, 260 * 260 * 4, 260 * 260 * 2);
  EXPECT_EQ(split.row_groups, 2);
  EXPECT_EQ(split.unit_groups, 4);
}

}  // namespace
}  // namespace takt::cpu_test
