// The limit model of a GPU, on constants that are round numbers.
#ifdef TAKT_BENCH

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "limit.hpp"
#include "limit_constants.hpp"
#include "limit_functions.hpp"

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
          .shared_bytes = 227 << 10,
          .clock = 1e9,
          .graph_kernel = 1e-6,
          .stream_kernel = 2e-6,
          .global_read = {{1e6, 1e12}, {1e9, 5e11}},
          .shared_read = 100,
          .function = 50,
          .products = {{"bf16", 1e14}},
          .grid_exchange = {{{{1e-6, 1e-11}}}},
          .clusters = {{4, {.exchange = {{{{2e-7, 1e-11}}}}, .active = 10}}}};
}

/// R has 320,000 bytes; a step by it 6.4e6 operations, by W 3.2e6.
Shape shape() {
  return {.cell = "lstm", .type = DataType::bf16, .T = 10, .B = 20, .I = 100, .H = 200};
}

constexpr double close = 1e-15;

// Reading R, 0.32 us, takes longer than its product, 0.064 us; all products take 0.096 us.
TEST(Limit, OfTwoKernelsAStep) {
  EXPECT_NEAR(step_limit(shape(), constants(), true).step_seconds, 2.32e-6, close);
  EXPECT_NEAR(step_limit(shape(), constants(), false).step_seconds, 4.32e-6, close);
  Shape many = shape();
  many.B = 1000;  // R's product takes 3.2 us, all products 4.8 us
  EXPECT_NEAR(step_limit(many, constants(), true).step_seconds, 5.2e-6, close);
}

TEST(Limit, LetsOtherProductsRunBesideTheRecurrence) {
  Shape wide = shape();
  wide.I = 10000;  // W's product takes 3.2 us
  for (const LimitPrediction& limit :
       {step_limit(wide, constants(), true), cluster_limit(wide, constants(), 4),
        grid_limit(wide, constants())})
    EXPECT_NEAR(limit.step_seconds, 3.264e-6, close) << limit.algorithm;
}

TEST(Limit, ReadsRAtTheBestRateThatItsSizeAllows) {
  Shape large = shape();
  large.H = 1000;  // 8 MB, between the footprints, at the rate of the smaller one: 8 us
  EXPECT_NEAR(step_limit(large, constants(), true).step_seconds, 10e-6, close);
  large.H = 12000;  // 1.152 GB, beyond both: 2304 us
  EXPECT_NEAR(step_limit(large, constants(), true).step_seconds, 2306e-6, 1e-12);
  LimitConstants faster = constants();
  faster.global_read[2e9] = 6e11;  // what is larger still can be read so fast
  EXPECT_NEAR(step_limit(large, faster, true).step_seconds, 1922e-6, 1e-12);
}

// Twice the recurrence, the functions of gates once: backward has their values.
TEST(Limit, OfTrainingCountsBackward) {
  Shape training = shape();
  training.timed = Timed::training;
  EXPECT_NEAR(step_limit(training, constants(), true).step_seconds, 4.64e-6, close);
  EXPECT_NEAR(cluster_limit(training, constants(), 4).step_seconds,
              (2 * (0.208 + 0.16) + 0.1) * 1e-6, close);
}

// Two rows a cluster: 800 bytes in 0.208 us, their product on 4 of 100 multiprocessors 0.16 us, two
// functions 0.1 us. R's 80,000 bytes a block lie in registers.
TEST(Limit, OfOneCluster) {
  EXPECT_NEAR(cluster_limit(shape(), constants(), 4).step_seconds, 0.468e-6, close);
  Shape large = shape();
  large.H = 400;  // 320,000 bytes a block, 188,928 of them in shared memory: 1.88928 us
  EXPECT_NEAR(cluster_limit(large, constants(), 4).step_seconds,
              (0.2 + 0.016 + 1.88928 + 0.1) * 1e-6, close);
  LimitConstants smaller = constants();
  smaller.shared_bytes = 99 << 10;
  EXPECT_EQ(cluster_limit(large, smaller, 4).refusal, "R does not fit");
  large.H = 512;
  EXPECT_EQ(cluster_limit(large, constants(), 4).refusal, "R does not fit");
}

TEST(Limit, CountsTheFunctionsThatWaitForEachOther) {
  const auto depth = [](const char* cell) { return takt::bench::function_depth(cell); };
  EXPECT_EQ(depth("lstm"), 2);
  EXPECT_EQ(depth("gru"), 2);
  EXPECT_EQ(depth("rnn_tanh"), 1);
  EXPECT_EQ(depth("rnn_relu"), 0);
  Shape shape = ::shape();
  LimitConstants without = constants();
  without.function.reset();
  shape.cell = "rnn_relu";  // a product of 0.04 us
  EXPECT_TRUE(cluster_limit(shape, without, 4).there());
  EXPECT_NEAR(cluster_limit(shape, without, 4).step_seconds, 0.248e-6, close);
  shape.cell = "rnn_tanh";
  EXPECT_NEAR(cluster_limit(shape, constants(), 4).step_seconds, 0.298e-6, close);
}

// Four groups of 25 are best: 2000 bytes in 1.02 us, a product 0.064 us, functions 0.1 us.
TEST(Limit, OfTheFullGridTakesTheBestGroups) {
  EXPECT_NEAR(grid_limit(shape(), constants()).step_seconds, 1.184e-6, close);
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
    const auto base = seconds(n, n), rows = seconds(2 * n, n), many = seconds(64 * n, n),
               wide = seconds(n, n + 8);
    ASSERT_EQ(base.size(), 4u);
    for (std::size_t k = 0; k < base.size(); ++k) {
      EXPECT_LE(base[k], rows[k]);
      EXPECT_LT(base[k], many[k]);
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
  without = constants(), without.shared_bytes.reset();
  EXPECT_EQ(missing(without), on_chip("shared memory of a block of this compute capability"));
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

const takt::bench::GpuFacts gpu{.multiprocessors = 100, .compute_capability = "9.0"};

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
  const LimitConstants constants = constants_from(results, gpu);
  EXPECT_EQ(constants.multiprocessors, 100);
  EXPECT_EQ(constants.shared_bytes, 227 << 10);
  EXPECT_EQ(constants_from(results, {100, "8.6"}).shared_bytes, 99 << 10);
  EXPECT_FALSE(constants_from(results, {100, "99.0"}).shared_bytes);
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

TEST(LimitConstants, KnowNoClustersOfOtherSizes) {
  std::vector<MicroResult> results;
  for (const char* blocks : {"1e300", "-1e300", "nan", "8.5", "3", ""})
    results.push_back({"max_active_clusters", {{"blocks", blocks}}, "clusters", 12});
  EXPECT_TRUE(constants_from(results, gpu).clusters.empty());
}

TEST(LimitConstants, DrawLinesBelowExchanges) {
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
  const LimitConstants constants = constants_from(results, gpu);
  // 400 bytes a block in 204 ns and 4000 in 240: 200 ns and 10 ps a byte.
  ASSERT_EQ(constants.clusters.at(4).exchange->lines.size(), 1u);
  EXPECT_NEAR(constants.clusters.at(4).exchange->lines[0].seconds, 200e-9, close);
  EXPECT_NEAR(constants.clusters.at(4).exchange->lines[0].per_byte, 1e-11, 1e-18);
  EXPECT_NEAR(constants.grid_exchange->lines[0].seconds, 1e-6, close);
  EXPECT_NEAR(constants.grid_exchange->lines[0].per_byte, 1e-11, 1e-18);
  const auto of = [&](std::vector<MicroResult> samples, double bytes) {
    return constants_from(samples, gpu).clusters.at(4).exchange->of(bytes);
  };
  // Level, then rising: below each line of it.
  const std::vector<MicroResult> bent = {cluster("most", "100", 204), cluster("most", "500", 204),
                                         cluster("most", "1000", 240)};
  EXPECT_NEAR(of(bent, 0), 204e-9, close);
  EXPECT_NEAR(of(bent, 2000), 204e-9, close);
  EXPECT_NEAR(of(bent, 3000), 222e-9, close);
  EXPECT_NEAR(of(bent, 5000), 258e-9, close);
  // One that stands out above does not count.
  const std::vector<MicroResult> bump = {cluster("most", "100", 204), cluster("most", "500", 250),
                                         cluster("most", "1000", 240)};
  EXPECT_NEAR(of(bump, 2000), 220e-9, close);
  // What got more bytes in less time could have got fewer; one alone makes a level line.
  EXPECT_NEAR(of({cluster("most", "100", 204), cluster("most", "1000", 200)}, 400), 200e-9, close);
  EXPECT_NEAR(of({cluster("most", "100", 204)}, 1e6), 204e-9, close);
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
