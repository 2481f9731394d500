// The limit model of a GPU, on constants that are round numbers.
#ifdef TAKT_BENCH

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "limit.hpp"
#include "limit_constants.hpp"

namespace {

using takt::DataType;
using takt::bench::all_limits;
using takt::bench::cluster_limit;
using takt::bench::constants_from;
using takt::bench::grid_limit;
using takt::bench::LimitConstants;
using takt::bench::LimitPrediction;
using takt::bench::MicroResult;
using takt::bench::Shape;
using takt::bench::step_limit;
using takt::bench::Timed;

LimitConstants constants() {
  return {.multiprocessors = 100,
          .clock = 1e9,
          .graph_kernel = 1e-6,
          .stream_kernel = 2e-6,
          .global_read = {{1e6, 1e12}, {1e9, 5e11}},
          .shared_read = 100,
          .function = 50,
          .products = {{"bf16", 1e14}},
          .grid_exchange = {{1e-6, 1e-11}},
          .clusters = {{4, {.exchange = {{2e-7, 1e-11}}, .active = 10}}}};
}

/// R has 320,000 bytes; a step by it 6.4e6 operations, by W 3.2e6.
Shape shape() {
  return {.cell = "lstm", .type = DataType::bf16, .T = 10, .B = 20, .I = 100, .H = 200};
}

constexpr double close = 1e-15;

// Reading R, 0.32 us, takes longer than its product, 0.064 us; W's product takes 0.032 us.
TEST(Limit, OfTwoKernelsAStep) {
  EXPECT_NEAR(step_limit(shape(), constants(), true).step_seconds, 2.352e-6, close);
  EXPECT_NEAR(step_limit(shape(), constants(), false).step_seconds, 4.352e-6, close);
  Shape many = shape();
  many.B = 2000;  // R's product takes 6.4 us, W's 3.2 us
  EXPECT_NEAR(step_limit(many, constants(), true).step_seconds, 11.6e-6, close);
}

TEST(Limit, ReadsRAtTheRateOfItsSize) {
  Shape large = shape();
  large.H = 1000;  // 8 MB, between the footprints: 16 us; W's product of 20 rows takes 0.16 us
  EXPECT_NEAR(step_limit(large, constants(), true).step_seconds, 18.16e-6, close);
  large.H = 12000;  // 1.152 GB, beyond both: 2304 us; W's 1.92 us
  EXPECT_NEAR(step_limit(large, constants(), true).step_seconds, 2307.92e-6, 1e-12);
}

// Twice the recurrence; of the three times 9.6e6 operations, 16e6 are not in it.
TEST(Limit, OfTrainingCountsBackward) {
  Shape training = shape();
  training.timed = Timed::training;
  EXPECT_NEAR(step_limit(training, constants(), true).step_seconds, 4.8e-6, close);
  // Exchanges of 800 and of 3200 bytes; else as in inference, twice.
  EXPECT_NEAR(cluster_limit(training, constants(), 4).step_seconds,
              (0.208 + 0.232 + 2 * (0.16 + 0.1) + 0.16) * 1e-6, close);
}

// Two rows a cluster: 800 bytes in 0.208 us, their product on 4 of 100 multiprocessors 0.16 us, two
// functions 0.1 us, W's product 0.032 us. R's 80,000 bytes a block lie in registers.
TEST(Limit, OfOneCluster) {
  EXPECT_NEAR(cluster_limit(shape(), constants(), 4).step_seconds, 0.5e-6, close);
  Shape large = shape();
  large.H = 400;  // 320,000 bytes a block, 188,928 of them in shared memory: 1.88928 us
  EXPECT_NEAR(cluster_limit(large, constants(), 4).step_seconds,
              (0.2 + 0.016 + 1.88928 + 0.1 + 0.064) * 1e-6, close);
  large.H = 512;
  EXPECT_EQ(cluster_limit(large, constants(), 4).refusal, "R does not fit");
}

// Four groups of 25 are best: 2000 bytes in 1.02 us, a product 0.064 us, functions 0.1 us, W 0.032.
TEST(Limit, OfTheFullGridTakesTheBestGroups) {
  EXPECT_NEAR(grid_limit(shape(), constants()).step_seconds, 1.216e-6, close);
  Shape large = shape();
  large.H = 4096;
  EXPECT_EQ(grid_limit(large, constants()).refusal, "R does not fit");
}

TEST(Limit, GrowsWithBatchAndHidden) {
  const auto seconds = [](std::int64_t B, std::int64_t H) {
    Shape shape = ::shape();
    shape.B = B, shape.H = H;
    std::vector<double> all;
    for (const LimitPrediction& limit : all_limits(shape, constants()))
      if (limit.there()) all.push_back(limit.step_seconds);
    return all;
  };
  for (const std::int64_t n : {64, 128, 256}) {
    const auto base = seconds(n, n), rows = seconds(2 * n, n), wide = seconds(n, n + 8);
    ASSERT_EQ(base.size(), 4u);
    for (std::size_t k = 0; k < base.size(); ++k) {
      EXPECT_LT(base[k], rows[k]);
      EXPECT_LT(base[k], wide[k]);
    }
  }
}

TEST(Limit, IsNotMeasuredWithoutAConstant) {
  const auto missing = [](const LimitConstants& constants) {
    std::vector<std::string> all;
    for (const LimitPrediction& limit : all_limits(shape(), constants))
      if (limit.algorithm.find("of 2") == std::string::npos &&
          limit.algorithm.find("of 8") == std::string::npos &&
          limit.algorithm.find("of 16") == std::string::npos)
        for (const std::string& name : limit.missing) all.push_back(limit.algorithm + ": " + name);
    return all;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(missing(constants()), Names{});
  LimitConstants without = constants();
  without.stream_kernel.reset();
  EXPECT_EQ(missing(without), Names{"step: stream_launch_gap"});
  without = constants(), without.graph_kernel.reset();
  EXPECT_EQ(missing(without), Names{"step in a graph: graph_node_gap"});
  without = constants(), without.global_read.clear();
  EXPECT_EQ(missing(without), (Names{"step: global_read", "step in a graph: global_read"}));
  const auto on_chip = [](const std::string& name) {
    return Names{"one cluster of 4: " + name, "full grid: " + name};
  };
  without = constants(), without.clock.reset();
  EXPECT_EQ(missing(without), on_chip("sm_clock"));
  without = constants(), without.shared_read.reset();
  EXPECT_EQ(missing(without), on_chip("shared_read"));
  without = constants(), without.function.reset();
  EXPECT_EQ(missing(without), on_chip("function_latency"));
  without = constants(), without.grid_exchange.reset();
  EXPECT_EQ(missing(without), Names{"full grid: grid_exchange"});
  without = constants(), without.clusters[4].exchange.reset();
  EXPECT_EQ(missing(without), Names{"one cluster of 4: cluster_exchange of 4 blocks"});
  without = constants(), without.clusters.clear();
  EXPECT_EQ(missing(without), (Names{"one cluster of 4: max_active_clusters of 4 blocks",
                                     "one cluster of 4: cluster_exchange of 4 blocks"}));
  without = constants(), without.products.clear();
  EXPECT_EQ(missing(without).size(), 4u);
  Shape strict = shape();
  strict.type = DataType::f32;
  EXPECT_EQ(step_limit(strict, constants(), true).missing, Names{"mma_rate of f32"});
  EXPECT_FALSE(step_limit(strict, constants(), true).there());
}

TEST(LimitConstants, KeepTheBestOfWhatWasMeasured) {
  const std::vector<MicroResult> results = {
      {"sm_clock", {}, "MHz", 1500},
      {"sm_clock", {}, "GHz", 9999},  // another unit
      {"graph_node_gap", {{"blocks", "100"}, {"edges", "plain"}}, "ns", 900},
      {"graph_node_gap", {{"blocks", "100"}, {"edges", "plain"}}, "ns", 800},
      {"graph_node_gap", {{"blocks", "1"}, {"edges", "plain"}}, "ns", 300},
      {"graph_node_gap", {{"blocks", "100"}, {"edges", "programmatic"}}, "ns", 200},
      {"stream_launch_gap", {{"blocks", "100"}, {"edges", "plain"}}, "ns", 0},
      {"shared_read", {{"threads", "128"}}, "B/cycle", 90},
      {"shared_read", {{"threads", "256"}}, "B/cycle", 120},
      {"mma_rate", {{"type", "f16"}}, "TFLOP/s", 400},
      {"mma_rate", {{"type", "f16"}}, "TFLOP/s", 300},
      {"function_latency", {{"function", "tanhf"}}, "cycles", 80},
      {"function_latency", {{"function", "tanh.approx"}}, "cycles", 30},
      {"function_latency", {{"function", "expf"}}, "cycles", 10},
      {"global_read", {{"bytes", "4096"}}, "GB/s", 5000},
      {"max_active_clusters", {{"blocks", "8"}}, "clusters", 12}};
  const LimitConstants constants = constants_from(results, 100);
  EXPECT_EQ(constants.multiprocessors, 100);
  EXPECT_EQ(constants.clock, 1.5e9);
  EXPECT_NEAR(constants.graph_kernel.value(), 800e-9, close);
  EXPECT_FALSE(constants.stream_kernel);
  EXPECT_EQ(constants.shared_read, 120);
  EXPECT_EQ(constants.products, (std::map<std::string, double>{{"f16", 400e12}}));
  EXPECT_EQ(constants.function, 30);
  EXPECT_EQ(constants.global_read, (std::map<double, double>{{4096, 5e12}}));
  EXPECT_EQ(constants.clusters.at(8).active, 12);
  EXPECT_FALSE(constants.clusters.at(8).exchange);
  EXPECT_FALSE(constants.grid_exchange);
}

TEST(LimitConstants, DrawALineThroughExchanges) {
  const auto cluster = [](const char* clusters, const char* bytes, double ns) {
    return MicroResult{
        "cluster_exchange", {{"blocks", "4"}, {"clusters", clusters}, {"bytes", bytes}}, "ns", ns};
  };
  const auto grid = [](const char* blocks, const char* bytes, double ns) {
    return MicroResult{"grid_exchange", {{"blocks", blocks}, {"bytes", bytes}}, "ns", ns};
  };
  const std::vector<MicroResult> results = {
      cluster("most", "100", 204),  cluster("most", "100", 210), cluster("most", "500", 999),
      cluster("most", "1000", 240), cluster("1", "100", 90),     grid("50", "10", 1),
      grid("100", "10", 1010),      grid("100", "100", 1100)};
  const LimitConstants constants = constants_from(results, 100);
  // 400 bytes a block in 204 ns and 4000 in 240: 200 ns and 10 ps a byte.
  EXPECT_NEAR(constants.clusters.at(4).exchange->seconds, 200e-9, close);
  EXPECT_NEAR(constants.clusters.at(4).exchange->per_byte, 1e-11, 1e-18);
  EXPECT_NEAR(constants.grid_exchange->seconds, 1e-6, close);
  EXPECT_NEAR(constants.grid_exchange->per_byte, 1e-11, 1e-18);
  // More bytes that took less time make no line that falls; one point makes a level one.
  const auto falling = constants_from(
      std::vector<MicroResult>{cluster("most", "100", 204), cluster("most", "1000", 200)}, 100);
  EXPECT_NEAR(falling.clusters.at(4).exchange->of(1e6), 204e-9, close);
  const auto single = constants_from(std::vector<MicroResult>{grid("100", "10", 1010)}, 100);
  EXPECT_NEAR(single.grid_exchange->of(1e6), 1010e-9, close);
}

TEST(LimitConstants, StandInTheirPage) {
  std::ifstream file(TAKT_SOURCE_DIR "/docs/limit.md");
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  for (const takt::bench::ConstantSource& source : takt::bench::constant_sources())
    EXPECT_NE(page.find("| " + std::string(source.constant) + " | `" + std::string(source.name) +
                        "` | " + std::string(source.unit) + " |"),
              std::string::npos)
        << source.name;
}

}  // namespace

#endif
