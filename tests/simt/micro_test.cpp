// The micro benchmarks on the emulated device: each runs, in every schedule, and finds its data
// right; and wrong where one bit of it is.
#ifdef TAKT_MICROBENCH

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "device_array.hpp"
#include "function_error.hpp"
#include "run.hpp"
#include "simt.hpp"

namespace takt::micro {
namespace {

struct Ran {
  std::vector<Result> results;
  std::string reason;
};

Ran run(const Benchmark& benchmark, const Setup& setup) {
  Ran ran;
  const Listener listener{.begin = [](const std::string&) { return std::string(); },
                          .result = [&](const Result& result) { ran.results.push_back(result); }};
  ran.reason = run_benchmarks(setup, {&benchmark}, listener);
  return ran;
}

Setup tiny() {
  return {.sizes = tiny_sizes(), .emulated = true};
}

const Benchmark& benchmark_named(const std::string& name) {
  return *std::find_if(all_benchmarks().begin(), all_benchmarks().end(),
                       [&](const Benchmark& each) { return each.name == name; });
}

class Micro : public testing::TestWithParam<std::tuple<Benchmark, simt::Schedule>> {};

TEST_P(Micro, IsMeasuredAndRight) {
  const auto& [benchmark, schedule] = GetParam();
  simt::set_schedule(schedule);
  const Ran ran = run(benchmark, tiny());
  EXPECT_EQ(ran.reason, "");
  EXPECT_GE(ran.results.size(), 1u);
  const std::set<std::string> facts = {"max_active_clusters", "function_error"};
  for (const Result& result : ran.results) {
    EXPECT_EQ(result.failure, "");
    EXPECT_EQ(result.name, benchmark.name);
    EXPECT_EQ(result.unit, benchmark.unit);
    EXPECT_EQ(result.samples.size(), facts.contains(benchmark.name) ? 1u : 10u);
    for (const double sample : result.samples) {
      EXPECT_TRUE(std::isfinite(sample));
      EXPECT_GE(sample, 0);
    }
  }
}

/// Those that move or compute something which may be wrong.
std::vector<Benchmark> benchmarks_with_data() {
  const std::set<std::string> without = {"sm_clock", "max_active_clusters", "block_barrier"};
  std::vector<Benchmark> with;
  for (const Benchmark& benchmark : all_benchmarks())
    if (!without.contains(benchmark.name)) with.push_back(benchmark);
  return with;
}

class MicroData : public Micro {};

TEST_P(MicroData, FailsWhereOneBitIsWrong) {
  const auto& [benchmark, schedule] = GetParam();
  simt::set_schedule(schedule);
  auto setup = tiny();
  setup.spoiled = true;
  const Ran ran = run(benchmark, setup);
  EXPECT_EQ(ran.reason, "");  // a wrong value is no reason to end
  EXPECT_GE(ran.results.size(), 1u);
  for (const Result& result : ran.results) {
    EXPECT_NE(result.failure, "") << testing::PrintToString(result.samples);
    EXPECT_EQ(result.samples.size(), 0u);
  }
}

std::string name_of(const testing::TestParamInfo<Micro::ParamType>& info) {
  return std::string(std::get<0>(info.param).name) + "_" + simt::to_string(std::get<1>(info.param));
}

INSTANTIATE_TEST_SUITE_P(Benchmarks, Micro,
                         testing::Combine(testing::ValuesIn(all_benchmarks()),
                                          testing::ValuesIn(simt::all_schedules())),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Benchmarks, MicroData,
                         testing::Combine(testing::ValuesIn(benchmarks_with_data()),
                                          testing::ValuesIn(simt::all_schedules())),
                         name_of);

double twice(double x) {
  return 2 * x;
}

TEST(MicroError, IsTheLargestOrNotANumber) {
  EXPECT_EQ(largest_error({1, 2, 4}, {2, 5, 8.5}, twice, false), 1);
  EXPECT_EQ(largest_error({1, 2, -4}, {2, 5, -9}, twice, true), 0.25);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const std::size_t where : {0, 1, 2}) {
    std::vector<float> y = {2, 4, 8};
    y[where] = nan;
    EXPECT_TRUE(std::isnan(largest_error({1, 2, 4}, y, twice, false))) << where;
  }
}

std::string refusal() {
  try {
    find_device();
  } catch (const std::exception& error) {
    return error.what();
  }
  return {};
}

TEST(MicroDevice, IsRefusedWhereItIsNoneOrAnother) {
  simt::set_driver(0);
  EXPECT_EQ(refusal().rfind("there is no CUDA device: ", 0), 0u) << refusal();
  simt::set_driver(99000);
  simt::set_device(simt::a100());
  EXPECT_EQ(refusal(),
            "the device is NVIDIA A100 (emulated) of compute capability 8.0; it must be 9.0");
}

TEST(MicroFaults, ACallThatFailsFailsOneResultAndTheNextGoesOn) {
  simt::fail_at(simt::Call::launch, 1, cudaErrorLaunchOutOfResources);
  const Ran ran = run(benchmark_named("graph_node_gap"), tiny());
  EXPECT_EQ(ran.reason, "");
  ASSERT_EQ(ran.results.size(), 6u);
  EXPECT_EQ(ran.results[0].failure, "a launch: too many resources requested for launch");
  for (std::size_t n = 1; n < ran.results.size(); ++n) EXPECT_EQ(ran.results[n].failure, "");
}

TEST(MicroFaults, AListenerEndsTheRunBetweenMeasurements) {
  std::vector<Result> results;
  const Listener listener{
      .begin = [&](const std::string& name) { return results.size() < 2 ? "" : name + " is late"; },
      .result = [&](const Result& result) { results.push_back(result); }};
  const std::string reason = run_benchmarks(tiny(), {&benchmark_named("mma_latency")}, listener);
  EXPECT_EQ(reason, "mma_latency is late");
  EXPECT_EQ(results.size(), 2u);
}

}  // namespace
}  // namespace takt::micro

#endif
