// What takt bench holds against the reference, and how it judges.
#ifdef TAKT_BENCH

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "check.hpp"
#include "tool/bench_point.hpp"

namespace {

using takt::bench::Check;
using takt::bench::checked_windows;
using takt::bench::Shape;
using takt::bench::Window;
using takt::bench::window_width;
using takt::tool::BenchPoint;
using takt::tool::measured_error;

constexpr double nan = std::numeric_limits<double>::quiet_NaN(),
                 infinity = std::numeric_limits<double>::infinity();

Shape shape_of(std::int64_t T) {
  return {.cell = "lstm", .T = T, .B = 2, .I = 3, .H = 5, .timed = takt::bench::Timed::training};
}

TEST(BenchCheck, ComparesEveryStepOfAShortProblem) {
  const std::int64_t width = window_width(shape_of(1));
  EXPECT_EQ(width, 64);
  for (const std::int64_t T : {std::int64_t{1}, width})
    EXPECT_EQ(checked_windows(shape_of(T)), (std::vector<Window>{{0, T}}));
  EXPECT_EQ(checked_windows(shape_of(width + 1)), (std::vector<Window>{{0, width}, {1, width}}));
  EXPECT_EQ(checked_windows(shape_of(2 * width + 9)),
            (std::vector<Window>{{0, width}, {width, 9}, {width + 9, width}}));
}

TEST(BenchCheck, ComparesAtADrawnPlaceToo) {
  std::vector<double> places;
  for (const std::int64_t T : {200, 1000, 65535, 65536, 131072}) {
    const std::vector<Window> windows = checked_windows(shape_of(T));
    ASSERT_EQ(windows.size(), 3u);
    EXPECT_EQ(windows[0], (Window{0, 64}));
    EXPECT_EQ(windows[2], (Window{T - 64, 64}));
    EXPECT_EQ(windows[1].count, 64);
    EXPECT_GE(windows[1].first, 64);
    EXPECT_LE(windows[1].first + 64, T - 64);
    EXPECT_EQ(checked_windows(shape_of(T)), windows);
    places.push_back(static_cast<double>(windows[1].first) / static_cast<double>(T));
  }
  EXPECT_NE(places[2], places[4]);
}

TEST(BenchCheck, SaysWhatItCompared) {
  const Shape shape = shape_of(300);
  const takt::Plan plan = takt::bench::make_plan(shape, takt::Device::cpu({.threads = 1}));
  takt::bench::Problem problem(shape, plan);
  // As many elements as the tensor has, of which no result is off.
  std::vector<std::size_t> sizes;
  const Check check = takt::bench::check(
      problem, [&](std::span<const double> results, std::span<const double> reference) {
        sizes.push_back(results.size());
        return measured_error(results, reference);
      });
  ASSERT_TRUE(check.done);
  ASSERT_EQ(check.tensors.size(), 8u);
  const std::vector<Window> windows = checked_windows(shape);
  for (std::size_t n = 0; n < 8; ++n) {
    const bool of_y = n >= 5;  // dx and the four of the weights before it
    EXPECT_EQ(check.tensors[n].steps, of_y ? windows[n - 5] : windows[0]);
    EXPECT_EQ(check.tensors[n].tensor == "y", of_y);
    EXPECT_TRUE(!of_y || sizes[n] == 64u * 2 * 5) << sizes[n];
    EXPECT_LT(check.tensors[n].error, 1e-5);
  }
}

/// A step of 16 rows of these is 16 * 2 * 4 * 1024 * 2048 operations, 3 times that in training.
Shape large(takt::bench::Timed timed) {
  return {.cell = "lstm", .T = 2, .B = 16, .I = 1024, .H = 1024, .timed = timed};
}

TEST(BenchCheck, ComparesDrawnRowsOfALargeStep) {
  using takt::bench::checked_rows;
  const Shape shape = large(takt::bench::Timed::inference);
  EXPECT_EQ(takt::bench::operations(shape), 2 * 16 * 2 * 4 * 1024. * 2048);
  const std::vector<std::int64_t> rows = checked_rows(shape);
  ASSERT_EQ(rows.size(), 14u);  // 2.5e8 operations
  EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end()));
  EXPECT_EQ(std::adjacent_find(rows.begin(), rows.end()), rows.end());
  EXPECT_GE(rows.front(), 0);
  EXPECT_LT(rows.back(), 16);
  EXPECT_EQ(checked_rows(shape), rows);
  Shape huge = shape;
  huge.H = huge.I = 65536;
  EXPECT_EQ(takt::bench::checked_row_count(huge), 1);
  EXPECT_EQ(checked_rows(shape_of(4)), (std::vector<std::int64_t>{0, 1}));
}

TEST(BenchCheck, NamesWhatDrawnRowsDoNotTell) {
  for (const bool trains : {false, true}) {
    const Shape shape =
        large(trains ? takt::bench::Timed::training : takt::bench::Timed::inference);
    takt::bench::Problem problem(shape,
                                 takt::bench::make_plan(shape, takt::Device::cpu({.threads = 1})));
    const Check check = takt::bench::check(problem, measured_error);
    EXPECT_EQ(check.rows, trains ? 4 : 14);
    EXPECT_EQ(check.unchecked, trains ? (std::vector<std::string>{"dW", "dR", "dbW", "dbR"})
                                      : std::vector<std::string>());
    std::vector<std::string> compared;
    for (const auto& tensor : check.tensors) {
      compared.push_back(tensor.tensor);
      EXPECT_LT(tensor.error, 1e-4) << tensor.tensor;
    }
    EXPECT_EQ(compared, trains ? (std::vector<std::string>{"dx", "y", "y"})
                               : (std::vector<std::string>{"y", "y"}));
  }
}

// Else the recurrent product of a single step would be one by zeros.
TEST(BenchCheck, StartsFromRandomStates) {
  for (const char* cell : {"rnn_tanh", "rnn_relu", "lstm", "gru"}) {
    Shape shape = shape_of(1);
    shape.cell = cell;
    const takt::Plan plan = takt::bench::make_plan(shape, takt::Device::cpu({.threads = 1}));
    takt::bench::Problem problem(shape, plan);
    EXPECT_EQ(problem.c0().size(), shape.cell == "lstm" ? 2 * 5 : 0);
    for (const auto& tensor : takt::bench::check(problem, measured_error).tensors)
      EXPECT_LT(tensor.error, 1e-5) << cell << " " << tensor.tensor;
    const std::vector<double> y = takt::bench::values_of(problem.y(), problem.stream());
    for (const takt::Array* start : {&problem.h0(), &problem.c0()}) {
      if (start->size() == 0) continue;
      takt::Array same_memory = *start;
      float* const values = static_cast<float*>(same_memory.data());
      std::fill(values, values + same_memory.size(), 0.0f);
      problem.run();
      EXPECT_GT(measured_error(takt::bench::values_of(problem.y(), problem.stream()), y), 1e-3)
          << cell;
    }
  }
}

/// Gives what takt computed, but for one element of one tensor.
class Wrong : public takt::bench::Peer {
 public:
  Wrong(std::vector<takt::bench::PeerTensor> tensors, const std::string& spoiled)
      : tensors_(std::move(tensors)) {
    for (takt::bench::PeerTensor& tensor : tensors_)
      if (tensor.name == spoiled) tensor.values.back() += 1;
  }
  void enqueue() override {}
  std::vector<takt::bench::PeerTensor> results() override { return tensors_; }

 private:
  std::vector<takt::bench::PeerTensor> tensors_;
};

TEST(BenchPeer, IsHeldAgainstEachTensor) {
  const Shape shape = shape_of(3);
  takt::bench::Problem problem(shape,
                               takt::bench::make_plan(shape, takt::Device::cpu({.threads = 1})));
  problem.run();
  const auto values = [&](const takt::Array& array) {
    return takt::bench::values_of(array, problem.stream());
  };
  const std::vector<takt::Array>& gradients = problem.gradients().arrays();
  const std::vector<takt::bench::PeerTensor> own = {
      {"y", values(problem.y())},    {"hT", values(problem.hT())}, {"cT", values(problem.cT())},
      {"dx", values(problem.dx())},  {"dW", values(gradients[0])}, {"dR", values(gradients[1])},
      {"dbW", values(gradients[2])}, {"dbR", values(gradients[3])}};
  for (const takt::bench::PeerTensor& spoiled : own) {
    Wrong peer(own, spoiled.name);
    const auto errors = takt::bench::compare(peer, problem, measured_error);
    ASSERT_EQ(errors.size(), own.size());
    for (const takt::bench::TensorError& error : errors)
      EXPECT_EQ(error.error > 0, error.tensor == spoiled.name) << error.tensor;
  }
  Wrong unknown({{"dz", {1}}}, "");
  EXPECT_THROW(takt::bench::compare(unknown, problem, measured_error), std::invalid_argument);
}

TEST(BenchCheck, SwallowsNoNanAndNoInfinity) {
  const std::vector<double> fine = {1, 2}, with_nan = {1, nan}, with_infinity = {1, infinity};
  EXPECT_EQ(measured_error(fine, fine), 0);
  EXPECT_TRUE(std::isnan(measured_error(with_nan, fine)));
  EXPECT_TRUE(std::isnan(measured_error(fine, with_nan)));
  EXPECT_EQ(measured_error(fine, with_infinity), infinity);
  EXPECT_EQ(measured_error(with_infinity, fine), infinity);
  EXPECT_TRUE(std::isnan(measured_error(fine, {})));
}

TEST(BenchCheck, OneTensorOutsideIsEnough) {
  const auto point = [](const std::vector<double>& errors) {
    BenchPoint point{.shape = shape_of(1), .algorithm = "", .bytes = {}};
    for (const double error : errors) point.check.tensors.push_back({"y", {0, 1}, error});
    return point;
  };
  const double most = point({0}).tolerance({"y", {0, 1}, 0});
  EXPECT_TRUE(point({}).inside_tolerance());
  EXPECT_TRUE(point({0, most, most / 2}).inside_tolerance());
  for (const double error : {1.001 * most, infinity, nan}) {
    EXPECT_FALSE(point({error, 0, 0}).inside_tolerance()) << error;
    EXPECT_FALSE(point({0, error, 0}).inside_tolerance()) << error;
    EXPECT_FALSE(point({0, 0, error}).inside_tolerance()) << error;
  }
}

TEST(BenchPeer, HasNoRatioWhereItComputedSomethingElse) {
  BenchPoint point{.shape = shape_of(4), .algorithm = "cpu", .bytes = {}};
  point.timing.samples = {2, 1, 3};
  takt::tool::PeerPoint peer{.name = "peer"};
  peer.timing.samples = {4, 4, 8};
  // Two libraries round: twice the tolerance of one.
  const double tolerance = point.tolerance({"y", {0, 4}, 0});
  peer.errors = {{"y", {0, 4}, 2 * tolerance}};
  EXPECT_TRUE(point.agrees(peer));
  EXPECT_EQ(point.ratio(peer), 0.5);
  for (const double error : {2.1 * tolerance, infinity, nan}) {
    peer.errors = {{"y", {0, 4}, 0}, {"y", {0, 4}, error}};
    EXPECT_FALSE(point.agrees(peer));
    EXPECT_EQ(point.ratio(peer), std::nullopt);
  }
  peer.errors.clear();
  peer.refusal = "no";
  EXPECT_EQ(point.ratio(peer), std::nullopt);
}

}  // namespace

#endif
