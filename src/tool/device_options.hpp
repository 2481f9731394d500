// The options that choose a device, the same in every subcommand.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <takt/device.hpp>

#include "facts.hpp"
#include "tool/output.hpp"

namespace CLI {
class App;
}

namespace takt::tool {

class DeviceOptions {
 public:
  /// `all_levels` lets --instruction-set be "all".
  void add(CLI::App& app, bool all_levels = false);

  Device device() const;
  /// Several only for --instruction-set all.
  std::vector<Device> devices() const;

 private:
  Device make(const std::string& level) const;

  std::string device_ = "best";
  std::int64_t threads_ = 0;
  std::string level_;
};

/// "device     cpu (...)", the first line of whatever ran on a device.
std::string device_line(const Device& device);

/// Of a GPU: "versions   cuda:0: its driver serves CUDA up to 13.2, takt runs with ...".
std::string versions_line(const Device& device);

/// What takt itself knows of a device.
const DeviceFacts& facts_of(const Device& device);

Json device_json(const Device& device);

}  // namespace takt::tool
