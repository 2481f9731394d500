// What the race checker must not forget: each is a race in every schedule, hidden behind an access
// that is none.
#ifdef SIMT_RACE_CHECKER
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>
#include <takt/kernels/ptx/cp_async.cuh>
#include <takt/kernels/ptx/named_barrier.cuh>

#include "device_array.hpp"

namespace simt {
namespace {

/// Warps 0 and 2 use one byte without any order, warp 1 the byte beside it.
__global__ void neighbour_bytes_kernel(std::uint8_t* bytes, unsigned* seen) {
  if (threadIdx.x == 0) seen[0] = bytes[0];
  if (threadIdx.x == 32) bytes[1] = 1;
  if (threadIdx.x == 64) bytes[0] = 1;
}

/// A plain store, hidden behind its own thread's atomic, while another thread adds.
__global__ void weak_behind_strong_kernel(unsigned* counter) {
  if (threadIdx.x == 0) *counter = 0;
  if (threadIdx.x % 32 == 0) atomicAdd(counter, 1u);
}

/// All warps but the last read; those of the barrier meet the writer, warp 0 does not.
__global__ void one_of_many_readers_kernel(unsigned* value, unsigned* seen) {
  const unsigned warp = threadIdx.x / 32;
  if (warp < 8) seen[threadIdx.x] = *value;
  if (warp > 0) takt::ptx::named_barrier_sync(1, 8 * 32);
  if (threadIdx.x == 8 * 32) *value = 1;
}

/// A copy that begins while the other warp may still read its target; the barrier comes too late.
__global__ void copy_begins_too_early_kernel(const float* from, float* sums) {
  TAKT_SHARED(float, values, [4]);
  if (threadIdx.x == 0) values[1] = 3;
  __syncthreads();
  if (threadIdx.x == 32) sums[0] = values[1];
  if (threadIdx.x == 0) takt::ptx::cp_async<16>(values, from);
  __syncthreads();
  takt::ptx::cp_async_wait_all();
  if (threadIdx.x == 0) sums[1] = values[1];
}

class RaceChecker : public testing::TestWithParam<Schedule> {
 protected:
  void SetUp() override { set_schedule(GetParam()); }
  TestStream stream;
  const DeviceArray<unsigned> seen{std::size_t{512}};
  const DeviceArray<unsigned> value{std::vector<unsigned>{0}};
};

TEST_P(RaceChecker, SeesAByteBehindItsNeighbour) {
  const DeviceArray<std::uint8_t> bytes(std::vector<std::uint8_t>(2));
  const Launch launch{.block = 96, .stream = stream};
  launch("neighbour_bytes_kernel", neighbour_bytes_kernel, bytes.data(), seen.data());
  stream.wait();
  EXPECT_TRUE(reported("race", {"race_test.cpp:"}));
}

TEST_P(RaceChecker, SeesAPlainStoreBehindAnAtomic) {
  const Launch launch{.block = 64, .stream = stream};
  launch("weak_behind_strong_kernel", weak_behind_strong_kernel, value.data());
  stream.wait();
  EXPECT_TRUE(reported("race", {"race_test.cpp:"}));
}

TEST_P(RaceChecker, SeesOneOfManyReaders) {
  const Launch launch{.block = 9 * 32, .stream = stream};
  launch("one_of_many_readers_kernel", one_of_many_readers_kernel, value.data(), seen.data());
  stream.wait();
  EXPECT_TRUE(reported("race", {"race_test.cpp:"}));
}

TEST_P(RaceChecker, SeesACopyThatBeginsTooEarly) {
  const DeviceArray<float> from(std::vector<float>(4, 1)), sums(std::vector<float>(2));
  const Launch launch{.block = 64, .stream = stream};
  launch("copy_begins_too_early_kernel", copy_begins_too_early_kernel,
         static_cast<const float*>(from.data()), sums.data());
  stream.wait();
  EXPECT_TRUE(reported("race", {"race_test.cpp:", "cp_async", "nothing orders"}));
}

INSTANTIATE_TEST_SUITE_P(Schedules, RaceChecker, testing::ValuesIn(all_schedules()), schedule_name);

}  // namespace
}  // namespace simt
#endif
