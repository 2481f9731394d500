// What the race checker must not forget: nearly each is a race in every schedule, hidden behind an
// access that is none.
#ifdef SIMT_RACE_CHECKER
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>
#include <takt/kernels/ptx/cluster.cuh>
#include <takt/kernels/ptx/cp_async.cuh>
#include <takt/kernels/ptx/flag.cuh>
#include <takt/kernels/ptx/mbarrier.cuh>
#include <takt/kernels/ptx/named_barrier.cuh>
#include <takt/kernels/ptx/st_async.cuh>

#include "device_array.hpp"
#include "race/race.hpp"

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

/// Block 1 of a cluster writes words and tells block 0 so, which overwrites them. Block 2 has not
/// been told, and overwrites others at the same time: more stores than one of them issues are under
/// way.
constexpr unsigned words_under_way = 5000;
__global__ void many_under_way_kernel(unsigned* sum, unsigned* now) {
  namespace ptx = takt::ptx;
  TAKT_DYNAMIC_SHARED(unsigned char, shared);
  auto* const barrier = reinterpret_cast<ptx::Mbarrier*>(shared);
  auto* const told = reinterpret_cast<std::uint32_t*>(shared + 8);
  auto* const words = reinterpret_cast<std::uint32_t*>(shared + 128);
  const unsigned rank = ptx::cluster_rank();
  if (rank < 2 && threadIdx.x == 0) {
    ptx::mbarrier_init(barrier, 1);
    ptx::fence_mbarrier_init();
    ptx::mbarrier_arrive_expect_tx(barrier, rank == 0 ? 4 : 2 * 4 * words_under_way);
  }
  ptx::cluster_arrive();
  ptx::cluster_wait();
  if (rank == 1) {
    for (unsigned n = threadIdx.x; n < words_under_way; n += blockDim.x) words[n] = 7;
    __syncthreads();
    if (threadIdx.x == 0)
      ptx::st_async(ptx::map_to_rank(told, 0), std::uint32_t{1}, ptx::map_to_rank(barrier, 0));
  }
  if (rank == 0) ptx::mbarrier_wait<ptx::Scope::cluster>(barrier, 0);
  if (rank == 0) ptx::store_relaxed<ptx::Scope::device>(now, 1U);
  if (rank == 2)  // which orders nothing
    while (ptx::load_relaxed<ptx::Scope::device>(now) == 0) {
    }
  const unsigned first = rank / 2 * words_under_way;
  if (rank != 1)
    for (unsigned n = threadIdx.x; n < words_under_way; n += blockDim.x)
      ptx::st_async(ptx::map_to_rank(words + first + n, 1), std::uint32_t{1},
                    ptx::map_to_rank(barrier, 1));
  if (rank == 1) {
    ptx::mbarrier_wait<ptx::Scope::cluster>(barrier, 0);
    unsigned mine = 0;
    for (unsigned n = threadIdx.x; n < 2 * words_under_way; n += blockDim.x) mine += words[n];
    atomicAdd(sum, mine);
  }
  ptx::cluster_arrive();
  ptx::cluster_wait();
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

TEST_P(RaceChecker, KnowsWhatManyStoresUnderWayHaveSeen) {
  const DeviceArray<unsigned> now{std::vector<unsigned>{0}};
  const Launch launch{.grid = 3,
                      .block = 64,
                      .shared_bytes = 128 + 2 * 4 * words_under_way,
                      .cluster = 3,
                      .stream = stream};
  launch("many_under_way_kernel", many_under_way_kernel, value.data(), now.data());
  stream.wait();
  EXPECT_EQ(value.get()[0], 2 * words_under_way);
  for (const Report& report : take_reports()) ADD_FAILURE() << report.text;
}

TEST_P(RaceChecker, KeepsNothingOfFreedMemory) {
  const std::size_t before = race::pages_kept();
  {
    const DeviceArray<float> values(std::vector<float>(1 << 16));
    EXPECT_GT(race::pages_kept(), before + 60);
  }
  EXPECT_EQ(race::pages_kept(), before);
}

INSTANTIATE_TEST_SUITE_P(Schedules, RaceChecker, testing::ValuesIn(all_schedules()), schedule_name);

}  // namespace
}  // namespace simt
#endif
