// The clock of a multiprocessor: its cycles against the device's nanoseconds, while one warp spins
// on each. That takes little power; a chip that is at work may have a lower clock.
#include "runner.cuh"

namespace takt::micro {
namespace {

struct SpinParams {
  std::int64_t cycles;
  Outcome* outcome;
};

__global__ void spin_kernel(SpinParams p) {
  Stopwatch watch;
  const std::int64_t begin = ptx::clock_cycles();
  watch.start();
  while (ptx::clock_cycles() - begin < p.cycles) {
  }
  watch.stop(p.outcome);
}

}  // namespace

void run_sm_clock(Runner& runner) {
  runner.measure({}, [&] {
    return runner.repeated([&] {
      const Outcome outcome = runner.timed([&](Outcome* there) {
        launch(spin_kernel, {.blocks = runner.blocks(), .threads = 32}, runner.stream(),
               SpinParams{runner.sizes().clock_cycles, there});
      });
      return 1e3 * static_cast<double>(outcome.cycles) / static_cast<double>(outcome.ns);
    });
  });
}

}  // namespace takt::micro
