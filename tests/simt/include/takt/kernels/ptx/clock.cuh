// Stands for kernels/ptx/clock.cuh on the emulated device: both clocks are the host's, in
// nanoseconds. What they measure is the emulation.
#pragma once

#include <chrono>
#include <cstdint>

#include <takt/kernels/device.cuh>

namespace takt::ptx {

inline std::int64_t clock_ns() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}
inline std::int64_t clock_cycles() {
  return clock_ns();
}

}  // namespace takt::ptx
