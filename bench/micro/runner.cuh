// Runs what a benchmark measures: warm-up, repetitions, clocks, checks.
#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "benchmark.hpp"
#include "launch.cuh"
#include "outcome.cuh"
#include "result.hpp"
#include "run.hpp"
#include "setup.hpp"

namespace takt::micro {

/// What was moved or computed is not what it must be, or never came.
struct WrongResult : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The device does not answer any more.
struct DeviceLost : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The listener wants no more.
struct Stopped : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Runner {
 public:
  Runner(const Setup& setup, const Listener& listener);
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  ~Runner();

  const Sizes& sizes() const { return setup_.sizes; }
  bool spoiled() const { return setup_.spoiled; }
  cudaStream_t stream() const { return stream_; }
  /// One a multiprocessor.
  int blocks() const;

  /// Throws DeviceLost, and Stopped where the listener says so.
  void run(const Benchmark& benchmark);

  /// One result of the benchmark that runs; `body` returns its samples. What it throws makes the
  /// result a failed one; where the device is lost by it, DeviceLost is thrown.
  void measure(const Parameters& parameters, const std::function<std::vector<double>()>& body);

  /// Calls `once`, which returns a sample, as often as must be; the first one does not count.
  std::vector<double> repeated(const std::function<double()>& once) const;

  /// Runs a kernel to its end; throws WrongResult where it says that something was wrong.
  Outcome timed(const std::function<void(Outcome*)>& launch) const;

  /// From before to after what `work` puts on the stream; waits for it.
  double elapsed_ns(const std::function<void()>& work) const;
  void wait() const;

  /// The first `words` of the pattern; with one bit wrong where this run is spoiled.
  DeviceArray<std::uint32_t> pattern(std::int64_t words) const;
  /// Throws WrongResult where words are not the pattern's plus `added`.
  void check_pattern(const DeviceArray<std::uint32_t>& words, std::uint32_t added) const;

 private:
  const Setup setup_;
  const Listener& listener_;
  const Benchmark* benchmark_ = nullptr;
  int multiprocessors_ = 0;
  cudaStream_t stream_ = nullptr;
  cudaEvent_t begin_ = nullptr, end_ = nullptr;
  DeviceArray<Outcome> outcome_;
};

/// Throws WrongResult.
void require_sum(std::uint32_t sum, std::uint32_t expected);

}  // namespace takt::micro
