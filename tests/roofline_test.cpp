// The least time of a cpu device, on a machine whose constants are round numbers.
#ifdef TAKT_BENCH

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include <takt/device.hpp>

#include "caches.hpp"
#include "roofline.hpp"
#include "roofline_loops.hpp"
#include "roofline_tries.hpp"
#include "tool_run.hpp"

namespace {

using takt::DataType;
using takt::bench::Cache;
using takt::bench::cpu_limit;
using takt::bench::CpuLimit;
using takt::bench::Footing;
using takt::bench::footings_of;
using takt::bench::Footprint;
using takt::bench::MachineLimits;
using takt::bench::Shape;
using takt::bench::Timed;

constexpr double infinite = std::numeric_limits<double>::infinity();

MachineLimits machine() {
  return {.f32_per_second = 1000,
          .f64_per_second = 500,
          .l1_bytes = 100,
          .levels = {{"L2", 256, 200}, {"L3", 1200, 100}, {"memory", infinite, 10}}};
}

Shape shape() {
  return {.cell = "lstm", .T = 10, .B = 2, .I = 3, .H = 4};
}

/// 1200 bytes in all.
Footprint footprint() {
  return {.x = 240, .y = 320, .final_states = 64, .weights = 576};
}

// Operations 2 * 10 * 2 * 16 * (3 + 4) = 4480. Of R's 16 * 4 * 4 = 256 bytes, L1 holds 100, so that
// 156 come from L2 in each of 10 steps. The call reads x and the weights, 816 bytes, and writes
// less: 716 of them come from L2 or beyond, 460 from L3.
TEST(Roofline, IsWhatOneWorksOutByHand) {
  const CpuLimit limit = cpu_limit(shape(), footprint(), machine());
  EXPECT_DOUBLE_EQ(limit.products, 4.48);
  EXPECT_DOUBLE_EQ(limit.weights, 1560. / 200);
  EXPECT_DOUBLE_EQ(limit.memory, 460. / 100);
  EXPECT_DOUBLE_EQ(limit.seconds(), 7.8);
  EXPECT_EQ(limit.bound_by(), "weights");
}

// Products three times, less 2 * 2 * 64 operations of the dh0 that nobody asks for; R read in both
// passes, but for that. Forward moves as in inference; backward reads x, y, dy, what is saved and
// the weights without their biases (128), 1428 bytes, and writes less.
TEST(Roofline, CountsBackward) {
  Shape training = shape();
  training.timed = Timed::training;
  Footprint bytes = footprint();
  bytes.saved = 100, bytes.dx_and_dy = 560, bytes.gradients = 576;
  const CpuLimit limit = cpu_limit(training, bytes, machine());
  EXPECT_DOUBLE_EQ(limit.products, 3 * 4.48 - 0.256);
  EXPECT_DOUBLE_EQ(limit.weights, 19 * 156. / 200);
  EXPECT_DOUBLE_EQ(limit.memory, (460. + 1072) / 100);
  EXPECT_EQ(limit.bound_by(), "memory");
}

TEST(Roofline, TakesThePeakOfTheType) {
  Shape wide = shape();
  wide.type = DataType::f64;
  const CpuLimit limit = cpu_limit(wide, footprint(), machine());
  EXPECT_DOUBLE_EQ(limit.products, 2 * 4.48);
  EXPECT_DOUBLE_EQ(limit.weights, 10 * 412. / 200);  // R has 512 bytes then
}

TEST(Roofline, CountsOnlyWhatNearerLevelsCannotHold) {
  const auto weights = [](double L1, double L2, double L3) {
    MachineLimits machine = ::machine();
    machine.l1_bytes = L1, machine.levels[0].bytes = L2, machine.levels[1].bytes = L3;
    return cpu_limit(shape(), footprint(), machine).weights;
  };
  // One byte more than all caches hold is one byte that comes from memory.
  EXPECT_DOUBLE_EQ(weights(100, 100, 55), 10 * 156. / 200);
  EXPECT_DOUBLE_EQ(weights(100, 100, 40), 10 * 16. / 10);
  EXPECT_DOUBLE_EQ(weights(100, 20, 1200), 10 * 136. / 100);
  EXPECT_EQ(weights(256, 256, 1200), 0);
  MachineLimits machine = ::machine();
  machine.l1_bytes = 1200;
  EXPECT_EQ(cpu_limit(shape(), footprint(), machine).memory, 0);
  EXPECT_EQ(cpu_limit(shape(), footprint(), machine).bound_by(), "products");
}

TEST(Roofline, TakesTheLargerOfReadsAndWrites) {
  Footprint bytes = footprint();
  bytes.y = 2000;  // with the final states 2064 bytes, of which the caches hold 1556
  EXPECT_DOUBLE_EQ(cpu_limit(shape(), bytes, machine()).memory, 508. / 10);
}

// Steps until the longest row ends; x, dy and what is saved of the steps that rows run; y and dx in
// full, since they are filled.
TEST(Roofline, OfRaggedRowsCountsWhatRuns) {
  Shape ragged = shape();
  ragged.timed = Timed::training;
  ragged.T = 1000, ragged.lengths = takt::bench::Lengths::zipf;
  const std::vector<std::int32_t> lengths = takt::bench::lengths_of(ragged);
  const double longest = std::max(lengths[0], lengths[1]), tokens = lengths[0] + lengths[1];
  ASSERT_LT(longest, 900);
  const double share = tokens / 2000;
  const Footprint bytes = {.x = 24000,
                           .y = 32000,
                           .final_states = 64,
                           .dx_and_dy = 56000,
                           .saved = 160000,
                           .weights = 576,
                           .gradients = 576};
  const CpuLimit limit = cpu_limit(ragged, bytes, machine());
  EXPECT_DOUBLE_EQ(limit.products, (3 * 2 * tokens * 16 * 7 - 256) / 1000);
  EXPECT_DOUBLE_EQ(limit.weights, (2 * longest - 1) * 156 / 200);
  const double forward = std::max(share * 24000 + 576, 32064 + share * 160000);
  const double backward = std::max(share * (24000 + 64000 + 160000) + 448, 24576.);
  EXPECT_NEAR(limit.memory, (forward + backward - 2 * 1556) / 10, 1e-9);
}

TEST(Roofline, KnowsOnlyTheProductsWhereNothingTellsTheCaches) {
  MachineLimits machine = ::machine();
  machine.levels.clear();
  const CpuLimit limit = cpu_limit(shape(), footprint(), machine);
  EXPECT_EQ(limit.seconds(), 4.48);
  EXPECT_EQ(limit.bound_by(), "products");
}

TEST(Roofline, GrowsWithEverySize) {
  const auto seconds = [](std::int64_t T, std::int64_t B, std::int64_t H, Timed timed) {
    const Shape shape{.cell = "gru", .T = T, .B = B, .I = H, .H = H, .timed = timed};
    const takt::Plan plan =
        takt::bench::make_plan(shape, takt::Device::cpu({.threads = 1, .instruction_set = ""}));
    return cpu_limit(shape, takt::bench::footprint(shape, plan), machine()).seconds();
  };
  for (const Timed timed : {Timed::inference, Timed::training_forward, Timed::training})
    for (const std::int64_t n : {1, 2, 8, 33}) {
      EXPECT_LT(seconds(n, 4, 5, timed), seconds(n + 1, 4, 5, timed));
      EXPECT_LE(seconds(6, n, 5, timed), seconds(6, n + 1, 5, timed));
      EXPECT_LT(seconds(6, n, 5, timed), seconds(6, n + 9, 5, timed));
      EXPECT_LT(seconds(6, 4, n, timed), seconds(6, 4, n + 1, timed));
    }
}

/// A folder like /sys/devices/system/cpu.
void write_cache(const takt::test::Folder& folder, const std::string& processor,
                 const std::string& index, const std::vector<std::string>& values) {
  const std::filesystem::path path = folder / processor / "cache" / index;
  std::filesystem::create_directories(path);
  const char* const names[] = {"level", "type", "size", "shared_cpu_list"};
  for (std::size_t n = 0; n < 4; ++n) std::ofstream(path / names[n]) << values[n] << "\n";
}

TEST(Roofline, FindsTheCaches) {
  const takt::test::Folder folder;
  for (const std::string cpu : {"0", "1", "2", "3"}) {
    const std::string pair = cpu < "2" ? "0-1" : "2-3";
    write_cache(folder, "cpu" + cpu, "index0", {"1", "Data", "32K", cpu});
    write_cache(folder, "cpu" + cpu, "index1", {"1", "Instruction", "64K", cpu});
    write_cache(folder, "cpu" + cpu, "index2", {"2", "Unified", "512K", pair});
    write_cache(folder, "cpu" + cpu, "index3", {"3", "Unified", "8M", "0-3"});
  }
  std::filesystem::create_directories(folder / "cpufreq");
  const std::vector<Cache> caches = takt::bench::read_caches(folder.path());
  ASSERT_EQ(caches.size(), 3u);
  const Cache expected[] = {{1, 32 << 10, 4}, {2, 512 << 10, 2}, {3, 8 << 20, 1}};
  for (std::size_t n = 0; n < 3; ++n) {
    EXPECT_EQ(caches[n].level, expected[n].level);
    EXPECT_EQ(caches[n].bytes, expected[n].bytes);
    EXPECT_EQ(caches[n].instances, expected[n].instances);
  }
  EXPECT_TRUE(takt::bench::read_caches((folder / "none").string()).empty());
}

TEST(Roofline, ReadsWhatLiesInOneLevelAlone) {
  const std::vector<Cache> caches = {{1, 1e3, 4}, {2, 8e3, 4}, {3, 9e4, 1}, {4, 1e4, 1}};
  EXPECT_EQ(takt::bench::l1_bytes(caches, 2), 2e3);
  const std::vector<Footing> footings = footings_of(caches, 2);
  ASSERT_EQ(footings.size(), 3u);  // not the fourth, which is smaller than the third
  EXPECT_EQ(footings[0].name, "L2");
  EXPECT_EQ(footings[0].holds_bytes, 16e3);
  EXPECT_EQ(footings[1].name, "L3");
  EXPECT_EQ(footings[1].holds_bytes, 9e4);
  EXPECT_EQ(footings[2].name, "memory");
  EXPECT_EQ(footings[2].holds_bytes, infinite);
  double nearer = 2e3;
  for (const Footing& footing : footings) {
    EXPECT_GT(footing.read_bytes, 1.5 * nearer);
    EXPECT_LE(footing.read_bytes, 0.9 * footing.holds_bytes);
    EXPECT_EQ(footing.shared, footing.name != "L2");
    nearer = footing.holds_bytes;
  }
  EXPECT_TRUE(footings_of({}, 2).empty());
}

// Values go through the loops as arithmetic says, so that their work was done.
TEST(Roofline, LoopsDoWhatIsCounted) {
  for (const std::string& level : takt::cpu_levels()) {
    const takt::bench::RooflineLoops& loops = *takt::bench::roofline_loops(level).back();
    float before = 0, after = 0;
    EXPECT_EQ(loops.multiply_f32(0, 1, 1, &before), 0);
    const std::int64_t operations = loops.multiply_f32(100, 1, 1, &after);
    // Each addition adds one; it is half of the operations.
    EXPECT_EQ(after - before, static_cast<float>(operations / 2)) << level;
    double halved = 0;
    loops.multiply_f64(1, 0, 0, &halved);
    EXPECT_LT(halved, before) << level;

    std::vector<std::uint64_t> words(4 * takt::bench::read_bytes / sizeof(std::uint64_t) + 8, 1);
    const auto address = reinterpret_cast<std::uintptr_t>(words.data());
    const std::uint64_t* aligned = words.data() + (64 - address % 64) % 64 / sizeof words[0];
    const std::uint64_t once = loops.read(aligned, 4 * takt::bench::read_bytes, 1);
    EXPECT_GT(once, 0u);
    EXPECT_EQ(loops.read(aligned, 4 * takt::bench::read_bytes, 3), 3 * once) << level;
    EXPECT_EQ(loops.read(aligned, 2 * takt::bench::read_bytes, 1), once / 2) << level;
  }
  EXPECT_THROW(takt::bench::roofline_loops("x86-64-v9"), std::invalid_argument);
}

TEST(Roofline, TrustsTriesThatAgree) {
  takt::bench::Tries tries;
  EXPECT_EQ(tries.best(), 0);
  EXPECT_FALSE(tries.agree());
  tries.add(0.1);
  EXPECT_FALSE(tries.agree());  // one alone says nothing
  tries.add(10);
  EXPECT_FALSE(tries.agree());
  tries.add(9);
  EXPECT_FALSE(tries.agree());
  tries.add(9.8);
  EXPECT_TRUE(tries.agree());
  tries.add(1);
  EXPECT_TRUE(tries.agree());
  EXPECT_EQ(tries.best(), 10);
  tries.add(11);
  EXPECT_FALSE(tries.agree());
}

TEST(Roofline, MeasuresEveryLevelOfThisMachine) {
  const MachineLimits measured = takt::bench::measure_machine(2, takt::cpu_levels().back(), 0.05);
  EXPECT_GT(measured.f64_per_second, 0);
  EXPECT_GE(measured.f32_per_second, measured.f64_per_second);
  const std::vector<Cache> caches = takt::bench::caches_of_this_machine();
  const std::vector<Footing> footings = footings_of(caches, measured.threads);
  ASSERT_EQ(measured.levels.size(), footings.size());
  for (std::size_t n = 0; n < footings.size(); ++n) {
    EXPECT_EQ(measured.levels[n].name, footings[n].name);
    EXPECT_GT(measured.levels[n].bytes_per_second, 0);
    if (n > 0) {
      EXPECT_LE(measured.levels[n].bytes_per_second, measured.levels[n - 1].bytes_per_second);
    }
  }
}

}  // namespace

#endif
