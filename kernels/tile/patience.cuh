// Waiting that ends: what does not come within a time limit is given up, and so is all later
// waiting of that thread, so that a kernel ends whatever others do.
#pragma once

#include <cstdint>

#include <takt/kernels/ptx/clock.cuh>

namespace takt {

struct Patience {
  std::int64_t limit_ns;
  bool gave_up = false;

  /// Until `is_over()`. Afterwards a thread that gave up goes on with what happens to be there.
  template <class Question>
  TAKT_DEVICE void wait(const Question& is_over) {
    if (gave_up || is_over()) return;
    const std::int64_t begin = ptx::clock_ns();
    while (!is_over()) {
      if (ptx::clock_ns() - begin < limit_ns) continue;
      gave_up = true;
      return;
    }
  }
};

}  // namespace takt
