// What the planner knows of a device: plain values, so that plans are tested without the device.
#pragma once

#include <cstdint>
#include <string>

#include <takt/types.hpp>

namespace takt {

struct DeviceFacts {
  DeviceKind kind = DeviceKind::cpu;
  std::string name;             // "AMD EPYC 7763"
  int threads = 1;              // cpu
  std::string instruction_set;  // cpu: "x86-64-v3"
  std::int64_t vector_bytes = 16;
};

}  // namespace takt
