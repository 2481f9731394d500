// The reference's cells by hand, one step each, and its refusals. Its rules are proven in
// reference_rules_test.cpp, its gradients in reference_gradient_test.cpp and golden_test.cpp.
#include <cmath>
#include <limits>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include <takt/error.hpp>
#include <takt/reference.hpp>

#include "reference_layer.hpp"

namespace takt::reference_test {
namespace {

using reference::CellSizes;
using reference::Result;

CellSizes sizes_of(const std::string& name) {
  for (const CellSizes& cell : reference::cells()) {
    if (cell.name == name) return cell;
  }
  ADD_FAILURE() << name << " is not in the list";
  return {};
}

// One step by hand. T = 1, B = 1, I = 1, H = 2; v(gate, j) are W x + bW and R h0 + bR of a unit.

struct OneStep {
  Layer layer;
  Result result;

  explicit OneStep(const std::string& cell) : layer(sizes_of(cell), 1, 1, 1, 2) {
    layer.x = {0.5};
    layer.h0 = {0.25, -0.75};
    if (layer.C > 0) layer.c0 = {0.4, -0.6};
    // Row n = gate * 2 + unit: no two rows alike.
    for (int n = 0; n < 2 * layer.G; ++n) {
      layer.W.push_back(0.3 * n - 0.8);
      layer.R.insert(layer.R.end(), {0.2 * n - 0.5, 0.9 - 0.25 * n});
      layer.bW.push_back(0.1 * n - 0.2);
      layer.bR.push_back(0.35 - 0.15 * n);
    }
    result = reference::forward(layer.problem());
  }

  static double wx(int gate, int unit) {
    const int n = 2 * gate + unit;
    return (0.3 * n - 0.8) * 0.5 + (0.1 * n - 0.2);
  }
  static double rh(int gate, int unit) {
    const int n = 2 * gate + unit;
    return (0.2 * n - 0.5) * 0.25 - (0.9 - 0.25 * n) * 0.75 + (0.35 - 0.15 * n);
  }
  static double sum(int gate, int unit) { return wx(gate, unit) + rh(gate, unit); }
};

double logistic(double v) {
  return 0.5 * (1 + std::tanh(0.5 * v));
}

/// Some ten roundings of numbers near 1.
constexpr double one_step_tolerance = 8 * std::numeric_limits<double>::epsilon();

TEST(ReferenceByHand, RnnTanh) {
  const OneStep step("rnn_tanh");
  EXPECT_NEAR(step.result.y[0], std::tanh(OneStep::sum(0, 0)), one_step_tolerance);
  EXPECT_NEAR(step.result.y[1], std::tanh(OneStep::sum(0, 1)), one_step_tolerance);
  // -0.4 - 0.2 for W x + bW, -0.125 - 0.675 + 0.35 for R h0 + bR.
  EXPECT_NEAR(OneStep::sum(0, 0), -1.05, one_step_tolerance);
}

TEST(ReferenceByHand, RnnRelu) {
  OneStep step("rnn_relu");
  EXPECT_EQ(step.result.y[0], 0);  // of -1.05
  step.layer.bW[0] = 1.1;          // W x + bW = 0.7
  step.result = reference::forward(step.layer.problem());
  EXPECT_NEAR(step.result.y[0], 0.25, one_step_tolerance);
}

TEST(ReferenceByHand, Lstm) {
  const OneStep step("lstm");
  for (const int j : {0, 1}) {
    const double i = logistic(OneStep::sum(0, j));
    const double f = logistic(OneStep::sum(1, j));
    const double g = std::tanh(OneStep::sum(2, j));
    const double o = logistic(OneStep::sum(3, j));
    const double c = f * (j == 0 ? 0.4 : -0.6) + i * g;
    const auto at = static_cast<std::size_t>(j);
    EXPECT_NEAR(step.result.y[at], o * std::tanh(c), one_step_tolerance);
    EXPECT_NEAR(step.result.c_all[at], c, one_step_tolerance);
    EXPECT_EQ(step.result.hT[at], step.result.y[at]);
    EXPECT_EQ(step.result.cT[at], step.result.c_all[at]);
  }
}

TEST(ReferenceByHand, GruResetsAfterTheProduct) {
  const OneStep step("gru");
  for (const int j : {0, 1}) {
    const double r = logistic(OneStep::sum(0, j));
    const double z = logistic(OneStep::sum(1, j));
    const double n = std::tanh(OneStep::wx(2, j) + r * OneStep::rh(2, j));
    const double h = (1 - z) * n + z * (j == 0 ? 0.25 : -0.75);
    EXPECT_NEAR(step.result.y[static_cast<std::size_t>(j)], h, one_step_tolerance);
  }
}

// Refusals.

/// Both passes refuse `problem`, naming the argument, in exactly these words.
void expect_refused(const reference::Problem& problem, const std::string& argument,
                    const std::string& what) {
  const auto expect_from = [&](const char* pass, const auto& call) {
    try {
      call();
      ADD_FAILURE() << pass << " did not refuse " << argument;
    } catch (const ArgumentError& error) {
      EXPECT_EQ(error.where(), "reference");
      EXPECT_EQ(error.argument(), argument);
      EXPECT_EQ(error.what(), "takt: reference: '" + argument + "' is " + what) << pass;
    }
  };
  expect_from("forward", [&] { reference::forward(problem); });
  expect_from("backward", [&] { reference::backward(problem, {}); });
}

Layer lstm_layer() {
  Layer layer(sizes_of("lstm"), 2, 3, 4, 5);
  std::mt19937_64 generator(1);
  layer.randomize(generator);
  return layer;
}

TEST(ReferenceRefusal, UnknownCell) {
  Layer layer = lstm_layer();
  layer.cell = "lstn";
  std::string known;
  for (const CellSizes& cell : reference::cells()) {
    known += (known.empty() ? "" : ", ") + std::string(cell.name);
  }
  EXPECT_NE(known.find("lstm, gru"), std::string::npos);
  expect_refused(layer.problem(), "cell", "'lstn'; it must be one of " + known);
}

TEST(ReferenceRefusal, Sizes) {
  const Layer layer = lstm_layer();
  reference::Problem problem = layer.problem();
  problem.T = -1;
  expect_refused(problem, "T", "-1; it must be at least 0");
  problem = layer.problem();
  problem.B = -2;
  expect_refused(problem, "B", "-2; it must be at least 0");
  problem = layer.problem();
  problem.I = 0;
  expect_refused(problem, "I", "0; it must be at least 1");
  problem = layer.problem();
  problem.H = 0;
  expect_refused(problem, "H", "0; it must be at least 1");
}

TEST(ReferenceRefusal, NullPointers) {
  const Layer layer = lstm_layer();
  reference::Problem problem = layer.problem();
  problem.x = nullptr;
  expect_refused(problem, "x", "null; it must point to T * B * I = 24 values");
  problem = layer.problem();
  problem.W = nullptr;
  expect_refused(problem, "W",
                 "null and I 4; it must point to G * H * I = 80 values, or I be G * H = 20");
  problem = layer.problem();
  problem.R = nullptr;
  expect_refused(problem, "R", "null; it must point to G * H * H = 100 values");
}

TEST(ReferenceRefusal, Lengths) {
  Layer layer = lstm_layer();
  layer.lengths = {0, 2, 3};
  expect_refused(layer.problem(), "lengths[2]", "3; it must be between 0 and T = 2");
  layer.lengths = {0, -1, 2};
  expect_refused(layer.problem(), "lengths[1]", "-1; it must be between 0 and T = 2");
}

}  // namespace
}  // namespace takt::reference_test
