// What a measured kernel leaves behind: its time, and whether all went well.
#pragma once

#include <cstdint>

#include <takt/kernels/device.cuh>
#include <takt/kernels/ptx/clock.cuh>

namespace takt::micro {

/// Zeros at the launch.
struct Outcome {
  std::int64_t cycles, ns;  ///< of the timed part, in block 0
  std::uint32_t done;       ///< 1 once block 0 got to the end of it
  std::uint32_t wrong;      ///< words that were not what they must be
  std::uint32_t gave_up;    ///< threads that waited too long
  std::uint32_t sum;        ///< of what was read, or where it led
};

class Stopwatch {
 public:
  TAKT_DEVICE void start() {
    ns_ = ptx::clock_ns();
    cycles_ = ptx::clock_cycles();
  }
  /// By all threads; that of thread 0 of block 0 counts.
  TAKT_DEVICE void stop(Outcome* outcome) const {
    const std::int64_t cycles = ptx::clock_cycles(), ns = ptx::clock_ns();
    if (blockIdx.x != 0 || threadIdx.x != 0) return;
    outcome->cycles = cycles - cycles_;
    outcome->ns = ns - ns_;
    outcome->done = 1;
  }

 private:
  std::int64_t cycles_ = 0, ns_ = 0;
};

/// Bounds a thread's waits: once they have taken too long together, none waits any more, so that
/// the kernel ends. Barriers of the hardware know no bound.
class Patience {
 public:
  /// After each look that was in vain.
  TAKT_DEVICE bool spent() {
    if (!spent_ && ++looks_ % looks_between_clocks == 0) {
      const std::int64_t now = ptx::clock_cycles();
      if (looks_ == looks_between_clocks) begin_ = now;
      spent_ = now - begin_ > most_cycles;
    }
    return spent_;
  }
  TAKT_DEVICE void report(Outcome* outcome) const {
    if (spent_) atomicAdd(&outcome->gave_up, 1u);
  }

 private:
  static constexpr std::uint32_t looks_between_clocks = 4096;
  static constexpr std::int64_t most_cycles = std::int64_t{1} << 32;  // about 2 s

  std::uint32_t looks_ = 0;
  bool spent_ = false;
  std::int64_t begin_ = 0;
};

TAKT_DEVICE void add_wrong(std::uint32_t wrong, Outcome* outcome) {
  if (wrong != 0) atomicAdd(&outcome->wrong, wrong);
}

}  // namespace takt::micro
