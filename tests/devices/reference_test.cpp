// Every device against the reference: cells, precisions, semantics and odd shapes of validation.
// The cpu has a suite of its own, level by level (cpu_test.cpp).
#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "cell_names.hpp"
#include "devices/test_devices.hpp"
#include "validate/run.hpp"
#include "validate/tolerance_use.hpp"

namespace takt::test {
namespace {

using validate::Case;
using validate::CaseShape;
using validate::Outcome;
using validate::Precision;
using validate::Verdict;

bool is_wanted(const Case& checked, TestDevice::Effort effort) {
  const auto [T, B, I, H] = checked.shape;
  // One with tails in all semantics; of blocks that share units, too.
  const bool has_tails = checked.algorithm == "cluster" || checked.algorithm == "grid"
                             ? B == 20 && H == 31
                             : checked.shape == CaseShape{7, 4, 3, 5};
  if (effort == TestDevice::Effort::all || has_tails || T * B == 0) return true;
  const std::string_view semantics = checked.semantics.name;
  // Chunks know nothing of cells, but for gradients that are not shared.
  if (I == 700) return effort == TestDevice::Effort::most && checked.cell == "gru";
  if (semantics != "plain" && semantics != "reverse, lengths, resets" &&
      semantics != "batch-major, lengths, resets, strides" &&
      checked.semantics.input != InputMode::precomputed)
    return false;
  // One whose rows are whole vectors in every type.
  if (checked.shape == CaseShape{33, 2, 7, 16}) return true;
  // Many draws of a single unit say little more.
  return effort == TestDevice::Effort::most && H > 1 && T * B * H < 4'000;
}

/// One block has at most 128 units, two have more than 16.
bool is_refused(const Case& checked) {
  if (checked.algorithm == "step") return false;
  const bool has_shape =
      checked.algorithm == "block" ? checked.shape.H <= 128 : checked.shape.H > 16;
  return checked.type == DataType::f64 || !has_shape;
}

std::vector<TestDevice> devices_but_the_cpu() {
  std::vector<TestDevice> devices = devices_by_algorithm();
  std::erase_if(devices, [](const TestDevice& device) { return device.name == "cpu"; });
  return devices;
}

class DeviceAgainstReference
    : public testing::TestWithParam<std::tuple<std::string, Precision, TestDevice>> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(DeviceAgainstReference);

TEST_P(DeviceAgainstReference, EveryCaseIsInsideItsTolerance) {
  const auto& [cell, precision, test_device] = GetParam();
  const Device device = test_device.open();
  if (test_device.algorithm == "cluster" && !has_clusters(device))
    GTEST_SKIP() << "the device has no clusters of blocks";
  const int most_draws = test_device.effort == TestDevice::Effort::all    ? 64
                         : test_device.effort == TestDevice::Effort::most ? 4
                                                                          : 1;
  validate::ToleranceUses uses;
  int ran = 0, served = 0, on_chip_backward = 0;
  const bool is_persistent = test_device.algorithm != "step";
  for (const Case& checked : validate::all_cases(
           {.cells = {cell}, .types = {precision}, .algorithm = test_device.algorithm})) {
    if (!is_wanted(checked, test_device.effort)) continue;
    ++ran;
    const Outcome outcome = validate::run(checked, device, most_draws);
    uses.add(outcome);
    const validate::TensorError worst = outcome.worst();
    if (is_refused(checked)) {
      EXPECT_EQ(outcome.verdict, Verdict::refused);
      continue;
    }
    EXPECT_EQ(outcome.algorithm, test_device.algorithm) << outcome.reason;
    ++served;
    if (outcome.plan.find("; backward ") != std::string::npos &&
        outcome.plan.find("by steps") == std::string::npos)
      ++on_chip_backward;
    // Of one draw a result may be right to the last bit by chance.
    const bool may_be_loose = test_device.effort != TestDevice::Effort::all;
    EXPECT_TRUE(outcome.verdict == Verdict::inside ||
                (may_be_loose && outcome.verdict == Verdict::loose))
        << to_string(checked.shape) << " " << checked.semantics.name << ": " << worst.tensor
        << " is off by " << worst.error() << ", tolerance " << worst.tolerance << " "
        << outcome.noticed << outcome.reason;
  }
  EXPECT_GE(ran, 45);
  EXPECT_GE(2 * on_chip_backward, is_persistent ? served : 0);
  // Few shapes say nothing of a tolerance, and in tf32 an operand may round by little.
  if (test_device.effort == TestDevice::Effort::some) return;
  if (test_device.effort == TestDevice::Effort::most && precision.math == Math::tf32) return;
  for (const validate::ToleranceUse& use : uses.loose()) ADD_FAILURE() << to_string(use);
}

INSTANTIATE_TEST_SUITE_P(Devices, DeviceAgainstReference,
                         testing::Combine(testing::ValuesIn(cell_names()),
                                          testing::ValuesIn(validate::all_precisions()),
                                          testing::ValuesIn(devices_but_the_cpu())),
                         [](const auto& info) {
                           return std::get<0>(info.param) + "_" +
                                  to_string(std::get<1>(info.param)) + "_" +
                                  std::get<2>(info.param).name;
                         });

}  // namespace
}  // namespace takt::test
