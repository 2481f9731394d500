// The devices of takt_tests: the cpu, and a GPU where there is one.
#include "devices/test_devices.hpp"

#include <cstdlib>

#include <gtest/gtest.h>

#include <takt/error.hpp>

namespace takt::test {
namespace {

bool gpu_is_required() {
  const char* const required = std::getenv("TAKT_REQUIRE_GPU");
  return required != nullptr && std::string(required) == "1";
}

/// Why there is no GPU that takt can use; empty where there is one.
std::string why_no_gpu() {
  try {
    return best_device().kind() == DeviceKind::cuda ? "" : Device::cuda().describe();
  } catch (const DeviceError& error) {
    return error.what();
  }
}

/// Says that the tests on a GPU are not there.
TEST(Gpu, IsThere) {
  const std::string why = why_no_gpu();
  if (why.empty()) return;
  if (gpu_is_required()) FAIL() << "TAKT_REQUIRE_GPU is set, but: " << why;
  GTEST_SKIP() << "no GPU, so no test of the devices' suite ran on one: " << why;
}

}  // namespace

std::vector<TestDevice> test_devices() {
  std::vector<TestDevice> devices{{"cpu", [] { return Device::cpu({.threads = 2}); }}};
  if (why_no_gpu().empty() || gpu_is_required())
    devices.push_back({"cuda", [] { return Device::cuda(); }, TestDevice::Effort::all, "step"});
  return devices;
}

}  // namespace takt::test
