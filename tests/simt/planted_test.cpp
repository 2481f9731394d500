// Mistakes planted in kernels and in host code: each is caught, by the schedule or the checker that
// is to catch it, with a message that points to the place. What caught what goes into the test's
// properties, of which docs/planted-mistakes.md is made.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "clients/run.hpp"
#include "planted/kernels.cuh"

namespace simt_clients {
namespace {

#ifdef SIMT_RACE_CHECKER
constexpr bool race_checker = true;
#else
constexpr bool race_checker = false;
#endif
#ifdef __SANITIZE_ADDRESS__
constexpr bool address_sanitizer = true;
#else
constexpr bool address_sanitizer = false;
#endif

using Schedules = std::vector<std::string>;

class Planted : public testing::Test {
 protected:
  /// For the page: what was planted, and how it showed.
  void note(const std::string& mistake, const std::string& caught) {
    RecordProperty("mistake", mistake);
    RecordProperty("caught", caught);
  }

  /// In which schedules `is_right` says no; takes reports away, for `reported` to look at.
  template <class Right>
  Schedules wrong_in(Right is_right) {
    Schedules wrong;
    for (const simt::Schedule& schedule : simt::all_schedules()) {
      simt::set_schedule(schedule);
      if (!is_right()) wrong.push_back(simt::to_string(schedule));
      for (simt::Report& report : simt::take_reports()) reports_.push_back(std::move(report));
      simt::reset_device();
    }
    return wrong;
  }

  testing::AssertionResult reported(const std::string& kind,
                                    const std::vector<std::string>& words) const {
    std::string all;
    for (const simt::Report& report : reports_) {
      all += "\n[" + report.kind + "] " + report.text;
      bool fits = report.kind == kind;
      for (const std::string& word : words)
        fits = fits && report.text.find(word) != std::string::npos;
      if (fits) return testing::AssertionSuccess();
    }
    return testing::AssertionFailure() << "no such " << kind << "; reported:" << all;
  }
  bool nothing_reported() const { return reports_.empty(); }

 private:
  std::vector<simt::Report> reports_;
};

std::string listed(const Schedules& schedules) {
  std::string text;
  for (const std::string& name : schedules) text += (text.empty() ? "" : ", ") + name;
  return text;
}

const Problem& small() {
  static const Problem problem(3, 4, 32, 8);
  return problem;
}

/// A mistake that a schedule shows by a wrong result, and the race checker in any.
#define EXPECT_WRONG_OR_RACE(title, run, file)                             \
  do {                                                                     \
    const Schedules wrong = wrong_in([] { return (run).right(small()); }); \
    if (race_checker) {                                                    \
      EXPECT_TRUE(reported("race", {file}));                               \
      note(title, "race checker");                                         \
    } else {                                                               \
      EXPECT_FALSE(wrong.empty());                                         \
      note(title, "wrong results: " + listed(wrong));                      \
    }                                                                      \
  } while (false)

TEST_F(Planted, NoBarrierAfterLoad) {
  EXPECT_WRONG_OR_RACE("h is multiplied before all of it is loaded",
                       run_grid<Mistake::no_barrier_after_load>(small()), "lstm.cuh:");
}
TEST_F(Planted, NoBarrierAfterProduct) {
  EXPECT_WRONG_OR_RACE("gates are read before all are summed",
                       run_grid<Mistake::no_barrier_after_product>(small()), "lstm.cuh:");
}
TEST_F(Planted, BlockBarrierForGridBarrier) {
  EXPECT_WRONG_OR_RACE("grid.sync weakened to __syncthreads",
                       run_grid<Mistake::block_barrier_for_grid>(small()), "persistent_grid.cuh:");
}
TEST_F(Planted, FlagsNotWaitedFor) {
  EXPECT_WRONG_OR_RACE("a producer's flag is not waited for",
                       run_flags<FlagMistake::no_wait>(small()), "persistent_flags.cuh:");
}
TEST_F(Planted, OneHalfOfH) {
  EXPECT_WRONG_OR_RACE("the new h is sent over the one that peers still read",
                       run_cluster<ClusterMistake::single_half>(small()), "lstm.cuh:");
}

/// A mistake that gives right results here, where stores are seen at once: the race checker alone.
#define EXPECT_RACE(title, run, file)                                      \
  do {                                                                     \
    const Schedules wrong = wrong_in([] { return (run).right(small()); }); \
    if (race_checker) {                                                    \
      EXPECT_TRUE(reported("race", {file}));                               \
      note(title, "race checker");                                         \
    } else {                                                               \
      EXPECT_TRUE(wrong.empty() && nothing_reported());                    \
      note(title, "");                                                     \
    }                                                                      \
  } while (false)

TEST_F(Planted, ReleaseWeakened) {
  EXPECT_RACE("a flag is set by a relaxed store", run_flags<FlagMistake::relaxed_release>(small()),
              "persistent_flags.cuh:");
}
TEST_F(Planted, AcquireWeakened) {
  EXPECT_RACE("a flag is read by a relaxed load", run_flags<FlagMistake::relaxed_acquire>(small()),
              "persistent_flags.cuh:");
}
TEST_F(Planted, ScopeTooNarrow) {
  EXPECT_RACE("a flag between blocks has block scope", run_flags<FlagMistake::block_scope>(small()),
              "persistent_flags.cuh:");
}

TEST_F(Planted, CopyNotWaitedFor) {
  const Schedules wrong = wrong_in([] { return run_tile<TileMistake::no_wait>() == 0; });
  EXPECT_EQ(wrong.size(), 4u);
  note("cp.async without its wait", "wrong results: " + listed(wrong));
}
TEST_F(Planted, NoWarpSyncAfterCopy) {
  const Schedules wrong = wrong_in([] { return run_tile<TileMistake::no_warp_sync>() == 0; });
  if (race_checker) {
    EXPECT_TRUE(reported("race", {"tile_product.cuh:"}));
    note("rows of other lanes are read without __syncwarp", "race checker");
  } else {
    note("rows of other lanes are read without __syncwarp",
         wrong.empty() ? "" : "wrong results: " + listed(wrong));
  }
}

TEST_F(Planted, NoClusterSync) {
  const Schedules wrong =
      wrong_in([] { return run_cluster<ClusterMistake::no_cluster_sync>(small()).right(small()); });
  EXPECT_FALSE(wrong.empty());
  EXPECT_TRUE(reported("mbarrier", {"never initialised", "persistent_cluster.cuh:"}));
  note("a peer's barrier is used before the cluster has met", "report: " + listed(wrong));
}
TEST_F(Planted, WrongParity) {
  const Schedules wrong =
      wrong_in([] { return run_cluster<ClusterMistake::wrong_parity>(small()).right(small()); });
  EXPECT_FALSE(wrong.empty());
  note("a wait for the parity of the phase before", "wrong results or reports: " + listed(wrong));
}
TEST_F(Planted, TooFewBytesExpected) {
  const Schedules wrong =
      wrong_in([] { return run_cluster<ClusterMistake::short_of_bytes>(small()).right(small()); });
  EXPECT_FALSE(wrong.empty());
  note("a barrier expects less than comes", "wrong results or reports: " + listed(wrong));
}

// One kernel, one report.
// --------------------------------------------------------------------------

template <class Kernel>
cudaError_t run_on(Kernel kernel, const char* name, dim3 grid, dim3 block,
                   bool cooperative = false) {
  simt::TestStream stream;
  simt::DeviceArray<float> values(std::vector<float>(64));
  const simt::Launch launch{
      .grid = grid, .block = block, .cooperative = cooperative, .stream = stream};
  const cudaError_t launched = launch(name, kernel, values.data());
  return launched != cudaSuccess ? launched : stream.wait();
}

TEST_F(Planted, DivergentShuffle) {
  const Schedules wrong = wrong_in([] {
    return run_on(divergent_shuffle_kernel, "divergent_shuffle_kernel", 1, 32) == cudaSuccess;
  });
  EXPECT_EQ(wrong.size(), 4u);
  EXPECT_TRUE(reported("divergent warp operation", {"__shfl_xor_sync", "__shfl_down_sync",
                                                    "planted/kernels.cuh:", "thread ("}));
  note("two halves of a warp in two shuffles", "report: " + listed(wrong));
}
TEST_F(Planted, ShuffleWithTheEnded) {
  const Schedules wrong = wrong_in([] {
    return run_on(shuffle_with_the_ended_kernel, "shuffle_with_the_ended_kernel", 1, 32) ==
           cudaSuccess;
  });
  EXPECT_FALSE(wrong.empty());
  note("a shuffle with lanes that have returned", "report: " + listed(wrong));
}
TEST_F(Planted, DivergentBarrier) {
  const Schedules wrong = wrong_in([] {
    return run_on(divergent_barrier_kernel, "divergent_barrier_kernel", 1, 64) == cudaSuccess;
  });
  EXPECT_EQ(wrong.size(), 4u);
  EXPECT_TRUE(reported("divergent barrier", {"__syncthreads", "planted/kernels.cuh:"}));
  note("warps of a block at two barriers", "report: " + listed(wrong));
}
TEST_F(Planted, GridBarrierInAPlainLaunch) {
  const Schedules wrong = wrong_in(
      [] { return run_on(grid_barrier_kernel, "grid_barrier_kernel", 2, 32) == cudaSuccess; });
  EXPECT_EQ(wrong.size(), 4u);
  EXPECT_TRUE(reported("grid barrier", {"cooperative", "planted/kernels.cuh:"}));
  note("grid.sync in a launch that is not cooperative", "report: " + listed(wrong));
}
TEST_F(Planted, CooperativeGridTooLarge) {
  EXPECT_EQ(run_on(grid_barrier_kernel, "grid_barrier_kernel", 132 * 64 + 1, 32, true),
            cudaErrorCooperativeLaunchTooLarge);
  cudaGetLastError();
  note("a cooperative grid larger than the device", "error 720 of the launch");
}
TEST_F(Planted, EndlessWait) {
  const Schedules wrong = wrong_in([] {
    simt::TestStream stream;
    simt::DeviceArray<float> values(std::vector<float>(32));
    simt::DeviceArray<unsigned> flag(std::vector<unsigned>(1));
    const simt::Launch launch{.block = 32, .stream = stream};
    launch("endless_wait_kernel", endless_wait_kernel, static_cast<const unsigned*>(flag.data()),
           values.data());
    return stream.wait() == cudaSuccess;
  });
  EXPECT_EQ(wrong.size(), 4u);
  EXPECT_TRUE(reported("deadlock",
                       {"load_acquire", "planted/kernels.cuh:", "block (0,0,0), thread (0,0,0)"}));
  note("a wait for a flag that nobody sets", "deadlock report: " + listed(wrong));
}

// Host code. --------------------------------------------------------------------------------------

/// Doubles on one stream what is copied on another one.
bool doubled_behind_a_copy(bool with_event) {
  simt::TestStream first, second;
  cudaEvent_t copied = nullptr;
  cudaEventCreateWithFlags(&copied, cudaEventDisableTiming);
  std::vector<float> ones(32, 1), got(32);
  simt::DeviceArray<float> values(std::vector<float>(32));
  cudaMemcpyAsync(values.data(), ones.data(), 32 * sizeof(float), cudaMemcpyHostToDevice, first);
  cudaEventRecord(copied, first);
  if (with_event) cudaStreamWaitEvent(second, copied, 0);
  const simt::Launch launch{.block = 32, .stream = second};
  launch("double_kernel", double_kernel, values.data());
  cudaStreamSynchronize(second);
  cudaStreamSynchronize(first);
  got = values.get();
  cudaEventDestroy(copied);
  return got == std::vector<float>(32, 2);
}
TEST_F(Planted, NoEventBetweenStreams) {
  EXPECT_TRUE(wrong_in([] { return doubled_behind_a_copy(true); }).empty());
  const Schedules wrong = wrong_in([] { return doubled_behind_a_copy(false); });
  EXPECT_FALSE(wrong.empty());
  note("a stream that does not wait for another one's event", "wrong results: " + listed(wrong));
}

/// A launch inside a run call, by a host that keeps its argument in a vector where it says so.
bool launched_by_a_run_call(const simt::TestStream& stream, bool on_the_heap) {
  simt::DeviceArray<float> values(std::vector<float>(32, 1));
  const simt::Launch launch{.block = 32, .stream = stream};
  {
    const simt::HostHeapWatch watch;
    if (on_the_heap)
      launch("double_kernel", double_kernel, std::vector<float*>(1, values.data())[0]);
    else
      launch("double_kernel", double_kernel, values.data());
  }
  stream.wait();
  return values.get() == std::vector<float>(32, 2);
}
TEST_F(Planted, AllocationInARunCall) {
  const simt::TestStream stream;
  EXPECT_TRUE(launched_by_a_run_call(stream, false));
  EXPECT_TRUE(simt::take_reports().empty());
  EXPECT_TRUE(launched_by_a_run_call(stream, true));
  EXPECT_TRUE(simt::reported("host allocation", {"8 bytes", "planted_test.cpp:"}));
  note("a run call takes memory from the host's heap", "report");
}

// Memory: AddressSanitizer ends the program.
// --------------------------------------------------------

#ifdef __SANITIZE_ADDRESS__
void launch_out_of_bounds(int beyond) {
  simt::TestStream stream;
  simt::DeviceArray<float> values(std::vector<float>(40));
  const simt::Launch launch{.block = 32, .stream = stream};
  launch("out_of_bounds_kernel", out_of_bounds_kernel, values.data(), 40, beyond);
  stream.wait();
}
TEST_F(Planted, OutOfBoundsNear) {
  EXPECT_DEATH(launch_out_of_bounds(1), "heap-buffer-overflow.*(\n.*)*out_of_bounds_kernel");
  note("a write one element past an allocation", "AddressSanitizer");
}
TEST_F(Planted, OutOfBoundsFar) {
  EXPECT_DEATH(launch_out_of_bounds(1 << 20), "AddressSanitizer.*(\n.*)*out_of_bounds_kernel");
  note("a write 4 MiB past an allocation", "AddressSanitizer");
}
void launch_out_of_bounds_shared() {
  simt::TestStream stream;
  simt::DeviceArray<float> values(std::vector<float>(32));
  const simt::Launch launch{.block = 32, .stream = stream};
  launch("out_of_bounds_shared_kernel", out_of_bounds_shared_kernel, values.data(), 1);
  stream.wait();
}
TEST_F(Planted, OutOfBoundsShared) {
  EXPECT_DEATH(launch_out_of_bounds_shared(), "planted/kernels.cuh:.*index 32 out of bounds");
  note("a write one element past a shared array", "UndefinedBehaviorSanitizer");
}
TEST_F(Planted, HostReadsDeviceMemory) {
  simt::DeviceArray<float> values(std::vector<float>(32));
  EXPECT_DEATH(
      {
        volatile float value = values.data()[3];
        (void)value;
      },
      "use-after-poison.*(\n.*)*planted_test.cpp");
  note("the host reads device memory", "AddressSanitizer");
}
#endif

TEST_F(Planted, ChecksAreThoseOfThisProgram) {
  // Which of the page's columns this program fills.
  RecordProperty("program", address_sanitizer ? "address" : race_checker ? "race" : "plain");
}

}  // namespace
}  // namespace simt_clients
