// The clock of measurements on a GPU: L2 is overwritten before each call, and not timed.
#ifdef TAKT_BENCH

#include <algorithm>
#include <chrono>
#include <span>
#include <string>
#include <vector>

#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include <takt/takt.hpp>

#include "device_clock.hpp"
#include "measure.hpp"
#include "runtime/state.hpp"
#include "simt.hpp"

namespace {

using takt::bench::DeviceClock;

constexpr std::size_t small_cache = std::size_t{64} << 10;

class EventClock : public testing::Test {
 protected:
  static void set_cache(std::size_t bytes) {
    simt::Profile profile = simt::h200();
    profile.l2_bytes = bytes;
    simt::set_device(profile);
  }
};

/// What the device has allocated, where that is one piece.
std::span<char> only_allocation() {
  const auto& all = simt::runtime().allocations;
  if (all.size() != 1) return {};
  return {all.begin()->first, all.begin()->second.bytes};
}

TEST_F(EventClock, OverwritesTwiceTheCache) {
  set_cache(small_cache);
  const takt::Stream stream{takt::Device::cuda()};
  const auto clock = takt::bench::make_device_clock(stream);
  const std::span<char> bytes = only_allocation();
  ASSERT_GE(bytes.size(), 2 * small_cache);
  {
    const simt::DeviceTurn turn;
    std::fill(bytes.begin(), bytes.end(), 'x');
  }
  (void)clock->seconds([] {});
  const simt::DeviceTurn turn;
  EXPECT_EQ(std::count(bytes.begin(), bytes.end(), 'x'), 0);
}

TEST_F(EventClock, OverwritesTheCacheBeforeEachCallOfEachContestant) {
  set_cache(small_cache);
  const takt::Device device = takt::Device::cuda();
  const takt::Stream stream{device};
  const auto clock = takt::bench::make_device_clock(stream);
  ASSERT_NE(clock, nullptr);
  simt::fail_at(simt::Call::copy, -1, 0);  // counts from here
  int calls = 0, not_overwritten = 0;
  const auto call = [&] {
    ++calls;
    if (simt::calls_made(simt::Call::copy) != calls) ++not_overwritten;
  };
  constexpr int repetitions = 5;
  const auto timings =
      takt::bench::measure({{"one", call}, {"other", call}}, 1e-4, repetitions, clock.get());
  EXPECT_GE(calls, 2 * 2 * repetitions);  // each one with one before it that is not counted
  EXPECT_EQ(not_overwritten, 0);
  ASSERT_EQ(timings.size(), 2u);
  for (const takt::bench::Timing& timing : timings) {
    ASSERT_EQ(timing.samples.size(), static_cast<std::size_t>(repetitions));
    EXPECT_GT(timing.least(), 0);
  }
}

TEST_F(EventClock, DoesNotTimeTheOverwriting) {
  set_cache(std::size_t{128} << 20);
  const takt::Device device = takt::Device::cuda();
  const takt::Stream stream{device};
  const auto clock = takt::bench::make_device_clock(stream);
  // Beside all that the calls take, which is the overwriting.
  double least = 1, least_in_all = 1;
  for (int n = 0; n < 5; ++n) {
    const auto begin = std::chrono::steady_clock::now();
    least = std::min(least, clock->seconds([] {}));
    const std::chrono::duration<double> in_all = std::chrono::steady_clock::now() - begin;
    least_in_all = std::min(least_in_all, in_all.count());
  }
  EXPECT_GT(least, 0);
  EXPECT_LT(least, least_in_all / 3);
}

// 256 MiB take longer to write than this on any machine.
constexpr double soon = 2e-3;

TEST_F(EventClock, TimesWhatWasEnqueued) {
  set_cache(small_cache);
  const takt::Device device = takt::Device::cuda();
  const takt::Stream stream{device};
  takt::Array large{device, {std::int64_t{64} << 20}};
  const auto clock = takt::bench::make_device_clock(stream);
  const double seconds = clock->seconds([&] {
    ASSERT_EQ(cudaMemsetAsync(large.data(), 1, static_cast<std::size_t>(large.size()) * 4,
                              takt::StreamRef(stream).handle()),
              cudaSuccess);
  });
  EXPECT_GT(seconds, soon);
}

TEST_F(EventClock, PassesOnWhatFailsAndCanBeAskedAgain) {
  set_cache(small_cache);
  const takt::Device device = takt::Device::cuda();
  const takt::Stream stream{device};
  const auto clock = takt::bench::make_device_clock(stream);
  simt::fail_at(simt::Call::copy, 0, cudaErrorLaunchFailure);
  EXPECT_THROW((void)clock->seconds([] {}), takt::DeviceError);
  simt::fail_at(simt::Call::event, 0, cudaErrorUnknown);
  EXPECT_THROW((void)clock->seconds([] {}), takt::DeviceError);
  EXPECT_GT(clock->seconds([] {}), 0);
}

TEST_F(EventClock, IsNotForTheCpu) {
  const takt::Stream stream{takt::Device::cpu({.threads = 1})};
  EXPECT_EQ(takt::bench::make_device_clock(stream), nullptr);
  EXPECT_EQ(takt::bench::clock_name(takt::DeviceKind::cpu), "steady clock");
  EXPECT_EQ(takt::bench::clock_name(takt::DeviceKind::cuda),
            "CUDA events, L2 overwritten before each call");
}

}  // namespace

#endif
