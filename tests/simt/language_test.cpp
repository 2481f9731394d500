// The device language beside kernels/ptx: shuffles, votes, atomics, and what launches look at.
#include <algorithm>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>
#include <takt/kernels/ptx/flag.cuh>

#include "device_array.hpp"

namespace simt {
namespace {

using Words = std::vector<unsigned>;

__global__ void shuffle_kernel(unsigned* words) {
  const unsigned lane = threadIdx.x;
  words[lane] = __shfl_sync(~0u, lane * 3, 31 - int(lane));
  words[32 + lane] = __shfl_up_sync(~0u, lane * 3, 2);
  words[64 + lane] = __shfl_down_sync(~0u, lane * 3, 5);
  words[96 + lane] = __shfl_xor_sync(~0u, lane * 3, 9);
}

class Language : public testing::TestWithParam<Schedule> {
 protected:
  void SetUp() override { set_schedule(GetParam()); }
  TestStream stream;
};

TEST_P(Language, Shuffles) {
  const DeviceArray<unsigned> words(std::size_t{128});
  const Launch launch{.block = 32, .stream = stream};
  ASSERT_EQ(launch("shuffle_kernel", shuffle_kernel, words.data()), cudaSuccess);
  ASSERT_EQ(stream.wait(), cudaSuccess);
  const Words got = words.get();
  for (unsigned lane = 0; lane < 32; ++lane) {
    EXPECT_EQ(got[lane], (31 - lane) * 3);
    EXPECT_EQ(got[32 + lane], (lane < 2 ? lane : lane - 2) * 3);
    EXPECT_EQ(got[64 + lane], (lane + 5 > 31 ? lane : lane + 5) * 3);
    EXPECT_EQ(got[96 + lane], (lane ^ 9u) * 3);
  }
}

__global__ void vote_kernel(unsigned* words) {
  const unsigned lane = threadIdx.x;
  words[lane] = __ballot_sync(~0u, lane % 3 == 1);
  words[32 + lane] = static_cast<unsigned>(__any_sync(~0u, lane == 7));
  words[64 + lane] = static_cast<unsigned>(__all_sync(~0u, lane != 7));
  words[96 + lane] = static_cast<unsigned>(__all_sync(~0u, lane < 32));
}

TEST_P(Language, Votes) {
  const DeviceArray<unsigned> words(std::size_t{128});
  const Launch launch{.block = 32, .stream = stream};
  ASSERT_EQ(launch("vote_kernel", vote_kernel, words.data()), cudaSuccess);
  ASSERT_EQ(stream.wait(), cudaSuccess);
  const Words got = words.get();
  unsigned expected = 0;
  for (unsigned lane = 0; lane < 32; ++lane) expected |= lane % 3 == 1 ? 1u << lane : 0;
  for (unsigned lane = 0; lane < 32; ++lane) {
    EXPECT_EQ(got[lane], expected);
    EXPECT_EQ(got[32 + lane], 1u);
    EXPECT_EQ(got[64 + lane], 0u);
    EXPECT_EQ(got[96 + lane], 1u);
  }
}

__global__ void atomic_kernel(unsigned* words, unsigned* seen) {
  const unsigned id = blockIdx.x * blockDim.x + threadIdx.x;
  seen[id] = atomicAdd(&words[0], 2u);
  atomicMax(&words[1], (id * 37) % 101);
  if (atomicCAS(&words[2], 0u, id + 1) == 0) atomicExch(&words[3], id + 1);
}

TEST_P(Language, Atomics) {
  const DeviceArray<unsigned> words(Words{5, 0, 0, 0}), seen(std::size_t{96});
  const Launch launch{.grid = 3, .block = 32, .stream = stream};
  ASSERT_EQ(launch("atomic_kernel", atomic_kernel, words.data(), seen.data()), cudaSuccess);
  ASSERT_EQ(stream.wait(), cudaSuccess);
  const Words got = words.get();
  unsigned most = 0;
  for (unsigned id = 0; id < 96; ++id) most = std::max(most, (id * 37) % 101);
  EXPECT_EQ(got[0], 5u + 2 * 96);
  EXPECT_EQ(got[1], most);
  EXPECT_GE(got[2], 1u);
  EXPECT_EQ(got[3], got[2]) << "only the one who found 0 went on";
  Words order = seen.get();
  std::sort(order.begin(), order.end());
  for (unsigned n = 0; n < 96; ++n) EXPECT_EQ(order[n], 5 + 2 * n) << "each saw another sum";
}

/// Sums over each half of a warp, which meets by itself.
__global__ void half_warp_kernel(unsigned* sums) {
  TAKT_SHARED(unsigned, values, [32]);
  const unsigned lane = threadIdx.x, half = lane / 16;
  values[lane] = lane;
  __syncwarp(half == 0 ? 0xFFFFu : 0xFFFF0000u);
  unsigned sum = 0;
  for (unsigned n = 0; n < 16; ++n) sum += values[half * 16 + n];
  sums[lane] = sum;
}

TEST_P(Language, HalfWarpsMeetByThemselves) {
  const DeviceArray<unsigned> sums(std::size_t{32});
  const Launch launch{.block = 32, .stream = stream};
  ASSERT_EQ(launch("half_warp_kernel", half_warp_kernel, sums.data()), cudaSuccess);
  ASSERT_EQ(stream.wait(), cudaSuccess);
  const Words got = sums.get();
  for (unsigned lane = 0; lane < 32; ++lane) EXPECT_EQ(got[lane], lane < 16 ? 120u : 376u);
}

/// Many steps, in each of which a flag that nobody sets is looked at.
__global__ void looks_at_a_flag_kernel(const unsigned* stop, unsigned* steps) {
  for (unsigned step = 0; step < 300; ++step) {
    if (takt::ptx::load_acquire<takt::ptx::Scope::device>(stop) != 0) return;
    __syncthreads();
    if (threadIdx.x == 0) steps[0] = step + 1;
  }
}

TEST_P(Language, AFlagThatStaysIsNoDeadlockWhileStepsGoOn) {
  const DeviceArray<unsigned> stop(Words{0}), steps(Words{0});
  const Launch launch{.block = 64, .stream = stream};
  ASSERT_EQ(launch("looks_at_a_flag_kernel", looks_at_a_flag_kernel,
                   static_cast<const unsigned*>(stop.data()), steps.data()),
            cudaSuccess);
  ASSERT_EQ(stream.wait(), cudaSuccess);
  EXPECT_EQ(steps.get(), Words{300});
}

INSTANTIATE_TEST_SUITE_P(Schedules, Language, testing::ValuesIn(all_schedules()), schedule_name);

__global__ void large_shared_kernel(unsigned* words) {
  TAKT_SHARED(unsigned, values, [10 * 1024]);
  TAKT_DYNAMIC_SHARED(unsigned, more);
  values[threadIdx.x] = more[threadIdx.x] = threadIdx.x;
  words[threadIdx.x] = values[threadIdx.x] + more[threadIdx.x];
}

TEST(LanguageMisuse, DeclaredAndDynamicSharedMemoryCountTogether) {
  const TestStream stream;
  const DeviceArray<unsigned> words(std::size_t{32});
  const Launch fits{.block = 32, .shared_bytes = 8 * 1024, .stream = stream};
  EXPECT_EQ(fits("large_shared_kernel", large_shared_kernel, words.data()), cudaSuccess);
  EXPECT_EQ(stream.wait(), cudaSuccess);
  const Launch too_large{.block = 32, .shared_bytes = 9 * 1024, .stream = stream};
  EXPECT_EQ(too_large("large_shared_kernel", large_shared_kernel, words.data()), cudaSuccess);
  EXPECT_NE(stream.wait(), cudaSuccess);
  EXPECT_TRUE(reported("shared memory", {"50176 bytes", "49152"}));
}

TEST(LanguageMisuse, APointerToTheHostIsReported) {
  const TestStream stream;
  const DeviceArray<unsigned> seen(std::size_t{96});
  Words words(4);
  const Launch launch{.block = 32, .stream = stream};
  launch("atomic_kernel", atomic_kernel, words.data(), seen.data());
  EXPECT_TRUE(reported("host memory", {"atomic_kernel"}));
  stream.wait();
}

}  // namespace
}  // namespace simt
