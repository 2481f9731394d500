// Clocks that a thread reads: cycles of its multiprocessor, and the device's nanoseconds. Neither
// moves across memory accesses nor across other volatile instructions.
#pragma once

#include <cstdint>

#include <takt/kernels/device.cuh>

namespace takt::ptx {

/// Of this multiprocessor; those of others are not comparable. %clock64: "Special Registers:
/// %clock64".
TAKT_DEVICE std::int64_t clock_cycles() {
  std::int64_t cycles;
  asm volatile("mov.u64 %0, %%clock64;" : "=l"(cycles)::"memory");
  return cycles;
}

/// The same for all multiprocessors; may go on in steps of a microsecond. %globaltimer: "Special
/// Registers: %globaltimer".
TAKT_DEVICE std::int64_t clock_ns() {
  std::int64_t ns;
  asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(ns)::"memory");
  return ns;
}

}  // namespace takt::ptx
