// Running micro benchmarks on a device, for host code that knows nothing of CUDA.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "benchmark.hpp"
#include "result.hpp"
#include "setup.hpp"

namespace takt::micro {

struct DeviceFacts {
  std::string name;
  int major, minor;  ///< compute capability
  int multiprocessors;
  std::int64_t memory_bytes, l2_bytes;
  int driver, runtime;  ///< versions as CUDA writes them: 12060
};

/// Device 0 of this process. Throws std::runtime_error with a sentence where it is none that the
/// benchmarks can run on.
DeviceFacts find_device();

struct Listener {
  /// Called before each measurement; what it returns, if anything, is why there must be no more.
  std::function<std::string(const std::string& benchmark)> begin;
  std::function<void(const Result&)> result;
};

/// Runs them in this order; returns why not all of them ran to their end, nothing where they did.
std::string run_benchmarks(const Setup& setup, const std::vector<const Benchmark*>& benchmarks,
                           const Listener& listener);

}  // namespace takt::micro
