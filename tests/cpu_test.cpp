// The CPU path against the reference: every cell, type and instruction-set level over all cases of
// validation.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <takt/takt.hpp>
#include <tuple>

#include "cell_names.hpp"
#include "cpu/call.hpp"
#include "cuda/layout.hpp"
#include "sanitizers.hpp"
#include "validate/run.hpp"
#include "validate/tolerance_use.hpp"

namespace takt::cpu_test {
namespace {

using validate::Case;
using validate::Outcome;
using validate::Verdict;

/// What takes sanitizers longest: chunks and many steps know nothing of cells.
bool is_left_out(const Case& checked) {
#ifdef TAKT_HEAP_OF_SANITIZER
  return checked.shape.T > 1000 && checked.cell != "gru";
#else
  static_cast<void>(checked);
  return false;
#endif
}

class CpuAgainstReference
    : public testing::TestWithParam<std::tuple<std::string, std::string, DataType>> {};

TEST_P(CpuAgainstReference, EveryCaseIsInsideItsTolerance) {
  const auto& [level, cell, type] = GetParam();
  const Device device = Device::cpu({.threads = 2, .instruction_set = level});
  const std::vector<Case> cases = validate::all_cases({.cells = {cell}, .types = {type}});
  ASSERT_GT(cases.size(), 150U);
  validate::ToleranceUses uses;
  for (const Case& checked : cases) {
    if (is_left_out(checked)) continue;
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

TEST(Validation, ChunkedCasesAreChunked) {
  int seen = 0;
  for (const Case& checked : validate::all_cases()) {
    if (checked.shape.I != 700) continue;
    const RnnSpec spec{.cell = checked.cell,
                       .input_size = checked.shape.I,
                       .hidden_size = checked.shape.H,
                       .type = checked.type};
    const CellInfo& cell = find_cell(checked.cell);
    const Dims largest{checked.shape.T, checked.shape.B};
    const std::int64_t rows = checked.shape.T * checked.shape.B;
    const cuda::Sizes on_cuda = cuda::sizes_of(spec, cell, largest, {.kind = DeviceKind::cuda});
    EXPECT_LT(cuda::ForwardLayout(on_cuda).chunk_rows, rows);
    EXPECT_LT(cuda::BackwardLayout(on_cuda).chunk_rows, rows);
    ++seen;
    if (size_of(checked.type) < 4) continue;  // not on the cpu
    const cpu::Sizes on_cpu = cpu::sizes_of(spec, cell, largest, 16);
    EXPECT_LT(cpu::ForwardLayout(on_cpu).chunk_rows, rows);
    EXPECT_LT(cpu::BackwardLayout(on_cpu).chunk_rows, rows);
  }
  EXPECT_GT(seen, 0);
}

TEST(CpuSplit, WideProgramsAreSplitOverUnits) {
  const cpu::Split split = cpu::split(8, 2, 17, 260 * 260 * 4, 260 * 260 * 2);
  EXPECT_EQ(split.row_groups, 2);
  EXPECT_EQ(split.unit_groups, 4);
}

}  // namespace
}  // namespace takt::cpu_test
