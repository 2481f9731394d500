// The persistent kernels in the sizes for which they are made: all blocks of the largest cluster,
// most multiprocessors in a grid. On the emulated device few, since they take seconds there.
#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

#include "cell_names.hpp"
#include "devices/test_devices.hpp"
#include "validate/run.hpp"

namespace takt::test {
namespace {

using validate::Precision;
using Tested = std::tuple<std::string, Precision, TestDevice>;

std::vector<Tested> tested() {
  std::vector<Tested> all;
  for (const TestDevice& device : devices_by_algorithm()) {
    if (device.algorithm.empty() || device.algorithm == "step") continue;
    for (const std::string& cell : cell_names())
      for (const Precision& precision : validate::all_precisions()) {
        const bool is_some = cell == "lstm" && precision.type == DataType::f16 &&
                             device.name.starts_with("emulated_fifo");
        const bool is_wanted = device.effort == TestDevice::Effort::all ||
                               (device.effort == TestDevice::Effort::most && is_some);
        if (precision.type != DataType::f64 && is_wanted) all.emplace_back(cell, precision, device);
      }
  }
  return all;
}

class DeviceLargeLayers : public testing::TestWithParam<Tested> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(DeviceLargeLayers);

/// The largest of these for which the algorithm has room in both passes, with rows beyond a group
/// of 8.
TEST_P(DeviceLargeLayers, AreInsideTheirTolerances) {
  const auto& [cell, precision, test_device] = GetParam();
  const Device device = test_device.open();
  if (test_device.algorithm == "cluster" && !has_clusters(device))
    GTEST_SKIP() << "the device has no clusters of blocks";
  for (const std::int64_t H : {1023, 768, 511, 256, 127, 64}) {
    const validate::Outcome outcome =
        validate::run({.cell = cell,
                       .type = precision.type,
                       .math = precision.math,
                       .shape = {3, 9, 9, H},
                       .semantics = {.name = "", .reverse = true, .lengths = true, .resets = true},
                       .algorithm = test_device.algorithm},
                      device, 1);
    if (outcome.verdict == validate::Verdict::refused ||
        outcome.plan.find("backward by steps") != std::string::npos)
      continue;
    EXPECT_NE(outcome.plan.find("; backward "), std::string::npos) << outcome.plan;
    EXPECT_EQ(outcome.algorithm, test_device.algorithm);
    const validate::TensorError worst = outcome.worst();
    EXPECT_LE(worst.share(), 1) << outcome.plan << ": " << worst.tensor << " is off by "
                                << worst.error() << ", tolerance " << worst.tolerance;
    EXPECT_EQ(outcome.noticed, "");
    return;
  }
  ADD_FAILURE() << "no size has room";
}

INSTANTIATE_TEST_SUITE_P(Devices, DeviceLargeLayers, testing::ValuesIn(tested()),
                         [](const auto& info) {
                           return std::get<0>(info.param) + "_" +
                                  to_string(std::get<1>(info.param)) + "_" +
                                  std::get<2>(info.param).name;
                         });

}  // namespace
}  // namespace takt::test
