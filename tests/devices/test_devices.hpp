// The devices that a program's tests run on. The tests of this folder are in every program: on the
// cpu and on a GPU, where there is one, in takt_tests; on the emulated device elsewhere.
#pragma once

#include <algorithm>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include <takt/device.hpp>
#include <takt/plan.hpp>

namespace takt::test {

struct TestDevice {
  std::string name;  ///< of a test: "cpu", "cuda", "emulated_fifo"
  std::function<Device()> open;
  /// How much of what others have shown elsewhere is run again: all shapes of validation, all but
  /// the large ones, or two.
  enum class Effort { all, most, some } effort = Effort::all;
  /// As RnnSpec::algorithm: of a GPU "step", or another of which the name tells, so that a test
  /// knows what it runs whatever the planner would take.
  std::string algorithm{};

  friend std::ostream& operator<<(std::ostream& out, const TestDevice& device) {
    return out << device.name;
  }
};

/// Each program defines its own.
std::vector<TestDevice> test_devices();

/// These and, for each GPU, those with another algorithm: on the emulated device `block`, whose
/// threads meet at barriers alone, in the first order only.
inline std::vector<TestDevice> devices_by_algorithm() {
  std::vector<TestDevice> all;
  bool first = true;
  for (const TestDevice& device : test_devices()) {
    all.push_back(device);
    if (device.name == "cpu") continue;
    for (const char* const algorithm : {"block", "cluster", "grid"}) {
      if (!first && algorithm == std::string("block")) continue;
      TestDevice named = device;
      named.name += std::string("_") + algorithm;
      named.algorithm = algorithm;
      all.push_back(named);
    }
    first = false;
  }
  return all;
}

/// Whether a GPU has clusters of blocks: the planner's word for it.
inline bool has_clusters(const Device& device) {
  const Plan plan({.input_size = 1, .hidden_size = 32}, {1, 1}, Mode::inference, device);
  const auto& all = plan.candidates();
  return std::none_of(all.begin(), all.end(), [](const Candidate& candidate) {
    return candidate.reason == "the device has no clusters of blocks";
  });
}

/// Whether one of them is a GPU, emulated or not.
inline bool has_gpu() {
  return test_devices().back().name != "cpu";
}

}  // namespace takt::test
