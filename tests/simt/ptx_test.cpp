// PTX wrappers on the emulated device: each does what it means in every schedule, and its misuse is
// reported. Compiled as kernels are: with the emulated device's headers before takt's, and where
// the race checker is to look, with -fsanitize=thread.
#include <gtest/gtest.h>

#include <cctype>
#include <cstring>
#include <string>
#include <vector>

#include "conformance/cases.cuh"
#include "conformance/misuse.cuh"
#include "race/race.hpp"
#include "simt.hpp"

namespace {

using conformance::Case;
using simt::Schedule;

std::string all_of(const std::vector<simt::Report>& reports) {
  std::string text;
  for (const simt::Report& report : reports) text += "[" + report.kind + "] " + report.text + "\n";
  return text;
}

/// A name as gtest takes it.
std::string plain(std::string name) {
  for (char& letter : name)
    if (std::isalnum(static_cast<unsigned char>(letter)) == 0) letter = '_';
  return name;
}

class ConformanceTest : public testing::TestWithParam<std::tuple<Case, Schedule>> {};

TEST_P(ConformanceTest, DoesWhatItMeans) {
  const auto& [wrapper, schedule] = GetParam();
  simt::reset_device();
  simt::set_schedule(schedule);
  std::string difference;
  try {
    difference = wrapper.run();
  } catch (const std::exception& error) {
    difference = error.what();
  }
  EXPECT_EQ(difference, "");
  EXPECT_EQ(all_of(simt::take_reports()), "");
  EXPECT_EQ(simt::reset_device(), "");
}

INSTANTIATE_TEST_SUITE_P(Ptx, ConformanceTest,
                         testing::Combine(testing::ValuesIn(conformance::all_cases()),
                                          testing::ValuesIn(simt::all_schedules())),
                         [](const auto& info) {
                           return plain(std::get<0>(info.param).name) + "_" +
                                  simt::to_string(std::get<1>(info.param));
                         });

using Kernel = void (*)(std::uint32_t*);
enum class Blocks { one, cluster_of_2, two_at_once };

struct Misuse {
  const char* name;
  Kernel kernel;
  Blocks blocks;
  unsigned threads;
  const char* kind;    ///< of the report
  const char* phrase;  ///< in it
};

/// Runs a kernel on 64 words of zeros, which it returns as they are then.
std::vector<std::uint32_t> run(Kernel kernel, Blocks blocks, unsigned threads) {
  const conformance::DeviceArray<std::uint32_t> words(64);
  conformance::Launch launch(blocks == Blocks::one ? 1 : 2, threads);
  if (blocks == Blocks::cluster_of_2) launch.in_clusters_of(2);
  if (blocks == Blocks::two_at_once) launch.at_once();
  EXPECT_EQ(cudaLaunchKernelEx(launch.config(), kernel, words.data()), cudaSuccess);
  if (cudaDeviceSynchronize() != cudaSuccess) return {};
  return words.host();
}

class MisuseTest : public testing::TestWithParam<std::tuple<Misuse, Schedule>> {};

TEST_P(MisuseTest, IsReported) {
  const auto& [misuse, schedule] = GetParam();
  simt::reset_device();
  simt::set_schedule(schedule);
  run(misuse.kernel, misuse.blocks, misuse.threads);
  const std::vector<simt::Report> reports = simt::take_reports();
  bool found = false;
  for (const simt::Report& report : reports)
    found |= report.kind == misuse.kind && report.text.find(misuse.phrase) != std::string::npos;
  EXPECT_TRUE(found) << "reported: " << all_of(reports);
  simt::reset_device();
}

const std::vector<Misuse>& misuses() {
  using namespace misuse;
  using enum Blocks;
  static const std::vector<Misuse> all{
      {"mma in half a warp", mma_in_half_a_warp_kernel, one, 16, "warp operation",
       "needs all 32 lanes"},
      {"mma in branches", mma_in_branches_kernel, one, 32, "divergent warp operation",
       "mma_m16n8k8"},
      {"ldmatrix misaligned", ldmatrix_misaligned_kernel, one, 32, "ldmatrix", "not aligned to 16"},
      {"ldmatrix of global", ldmatrix_of_global_kernel, one, 32, "ldmatrix",
       "not in this block's shared memory"},
      {"ldmatrix past the end", ldmatrix_past_the_end_kernel, one, 32, "ldmatrix",
       "not in this block's shared memory"},
      {"ldmatrix without syncwarp", ldmatrix_without_syncwarp_kernel, one, 32, "race",
       "ldmatrix_x1"},
      {"cp_async misaligned", cp_async_misaligned_kernel, one, 1, "cp.async", "multiples of 16"},
      {"cp_async to global", cp_async_to_global_kernel, one, 1, "cp.async",
       "not in this block's shared memory"},
      {"cp_async of too much", cp_async_of_too_much_kernel, one, 1, "cp.async",
       "more source bytes, 12,"},
      {"cp_async without barrier", cp_async_without_barrier_kernel, one, 32, "race", "cp_async"},
      {"cluster rank too large", cluster_rank_too_large_kernel, cluster_of_2, 1, "cluster",
       "rank 2 of a cluster of 2"},
      {"cluster block ended", cluster_block_ended_kernel, cluster_of_2, 1, "cluster",
       "block 1 of the cluster has ended"},
      {"cluster misaligned", cluster_misaligned_kernel, cluster_of_2, 1, "cluster",
       "not aligned to 8"},
      {"cluster arrive twice", cluster_arrive_twice_kernel, cluster_of_2, 1, "cluster barrier",
       "arrives twice"},
      {"cluster wait alone", cluster_wait_alone_kernel, cluster_of_2, 1, "cluster barrier",
       "without having arrived"},
      {"cluster load without barrier", cluster_load_without_barrier_kernel, cluster_of_2, 1,
       "cluster", "has not met yet"},
      {"mbarrier uninitialised", mbarrier_uninitialised_kernel, one, 1, "mbarrier",
       "never initialised"},
      {"mbarrier initialised twice", mbarrier_initialised_twice_kernel, one, 1, "mbarrier",
       "in use since"},
      {"mbarrier without fence", mbarrier_without_fence_kernel, cluster_of_2, 1, "mbarrier",
       "no fence.mbarrier_init"},
      {"mbarrier too many arrivals", mbarrier_too_many_arrivals_kernel, one, 1, "mbarrier",
       "more than the 1 arrivals"},
      {"mbarrier nobody arrives", mbarrier_nobody_arrives_kernel, one, 1, "deadlock",
       "mbarrier_wait"},
      {"mbarrier bytes missing", mbarrier_bytes_missing_kernel, one, 1, "mbarrier",
       "still expects 64 bytes"},
      {"mbarrier too many bytes", mbarrier_too_many_bytes_kernel, one, 1, "mbarrier",
       "1048576 bytes more"},
      {"mbarrier used at once", mbarrier_used_at_once_kernel, one, 64, "race", "mbarrier_init"},
      {"mbarrier wait at block scope", mbarrier_wait_at_block_scope_kernel, cluster_of_2, 1, "race",
       "(store)"},
      {"st_async to two blocks", st_async_to_two_blocks_kernel, cluster_of_2, 1,
       "asynchronous store", "target and barrier lie in different blocks"},
      {"st_async unordered read", st_async_unordered_read_kernel, cluster_of_2, 1, "race",
       "asynchronously"},
      {"st_async wait at block scope", st_async_wait_at_block_scope_kernel, cluster_of_2, 1, "race",
       "(st_async)"},
      {"st_async to ended block", st_async_to_ended_block_kernel, cluster_of_2, 1,
       "asynchronous store", "belongs to a block that has ended"},
      {"bulk_copy of 20 bytes", bulk_copy_kernel<BulkMistake::size>, cluster_of_2, 1,
       "asynchronous store", "a multiple of 16"},
      {"bulk_copy without fence", bulk_copy_kernel<BulkMistake::no_fence>, cluster_of_2, 1, "race",
       "no fence.proxy.async"},
      {"bulk_copy of what changes", bulk_copy_kernel<BulkMistake::source_changes>, cluster_of_2, 1,
       "race", "bulk_copy"},
      {"flag never set", flag_never_set_kernel, two_at_once, 1, "deadlock", "load_acquire"},
      {"flags never set", flags_never_set_kernel, two_at_once, 1, "deadlock", "load_acquire"},
      {"flag misaligned", flag_misaligned_kernel, one, 1, "flag", "not aligned to 8"},
      {"flag relaxed store", flag_kernel<FlagMistake::relaxed_store>, two_at_once, 1, "race",
       "nothing orders"},
      {"flag relaxed load", flag_kernel<FlagMistake::relaxed_load>, two_at_once, 1, "race",
       "nothing orders"},
      {"flag store at block scope", flag_kernel<FlagMistake::store_at_block_scope>, two_at_once, 1,
       "race", "nothing orders"},
      {"flag load at block scope", flag_kernel<FlagMistake::load_at_block_scope>, two_at_once, 1,
       "race", "nothing orders"},
      {"flag relaxed add", flag_kernel<FlagMistake::relaxed_add>, two_at_once, 1, "race",
       "nothing orders"},
      {"flag no fence before store", flag_kernel<FlagMistake::no_fence_before_store>, two_at_once,
       1, "race", "nothing orders"},
      {"flag no fence after load", flag_kernel<FlagMistake::no_fence_after_load>, two_at_once, 1,
       "race", "nothing orders"},
      {"flag fence at block scope", flag_kernel<FlagMistake::fence_at_block_scope>, two_at_once, 1,
       "race", "nothing orders"},
      {"named barrier 16", named_barrier_16_kernel, one, 64, "named barrier", "barrier 16 of 64"},
      {"named barrier of 40", named_barrier_of_40_kernel, one, 64, "named barrier",
       "barrier 1 of 40"},
      {"named barrier of more", named_barrier_of_more_kernel, one, 64, "named barrier",
       "barrier 1 of 96"},
      {"named barrier counts differ", named_barrier_counts_differ_kernel, one, 128,
       "divergent barrier", "others came with"},
      {"named barrier of one warp", named_barrier_of_one_warp_kernel, one, 64, "deadlock",
       "named_barrier_sync"},
      {"named barrier arrive only", named_barrier_arrive_only_kernel, one, 64, "race",
       "nothing orders"},
  };
  return all;
}

/// Those that this program can see: races only where kernels are compiled for the race checker.
std::vector<Misuse> visible_misuses() {
  std::vector<Misuse> visible = misuses();
#ifndef SIMT_RACE_CHECKER
  std::erase_if(visible, [](const Misuse& each) { return std::string(each.kind) == "race"; });
#endif
  return visible;
}

INSTANTIATE_TEST_SUITE_P(Ptx, MisuseTest,
                         testing::Combine(testing::ValuesIn(visible_misuses()),
                                          testing::ValuesIn(simt::all_schedules())),
                         [](const auto& info) {
                           return plain(std::get<0>(info.param).name) + "_" +
                                  simt::to_string(std::get<1>(info.param));
                         });

TEST(Ptx, CopyThatNobodyWaitsForShowsAsNan) {
  for (const Schedule& schedule : simt::all_schedules()) {
    simt::set_schedule(schedule);
    const auto words = run(misuse::cp_async_without_wait_kernel, Blocks::one, 32);
    ASSERT_EQ(words.size(), 64u);
    EXPECT_EQ(words[32], 0xFFFFFFFFu);
    simt::take_reports();
    simt::reset_device();
  }
}

TEST(Ptx, RoundsSpecialNumbersToTf32) {
  const auto bits = [](float x) {
    std::uint32_t word;
    std::memcpy(&word, &x, sizeof word);
    return word;
  };
  EXPECT_EQ(takt::ptx::to_tf32(HUGE_VALF), bits(HUGE_VALF));
  EXPECT_EQ(takt::ptx::to_tf32(-HUGE_VALF), bits(-HUGE_VALF));
  EXPECT_EQ(takt::ptx::to_tf32(3.4e38f), bits(3.4e38f) & ~0x1FFFu);
  EXPECT_EQ(takt::ptx::to_tf32(__builtin_inff() * 0.0f) & 0x7F800000u, 0x7F800000u);
  EXPECT_EQ(takt::ptx::to_tf32(-0.0f), bits(-0.0f));
}

}  // namespace
