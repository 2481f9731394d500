// The reference's gradients against central finite differences of its own forward pass: every
// element of every input, for every cell.
#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <takt/reference.hpp>

#include "reference_layer.hpp"

namespace takt::reference_test {
namespace {

using reference::CellSizes;
using reference::Gradients;
using reference::Result;

struct Variant {
  const char* name;
  bool lengths = false;
  bool resets = false;
  bool reverse = false;
  bool initial_states = true;
};

constexpr Variant variants[] = {
    {.name = "plain"},
    {.name = "reverse", .reverse = true},
    {.name = "lengths", .lengths = true},
    {.name = "resets", .resets = true},
    {.name = "lengths_resets", .lengths = true, .resets = true},
    {.name = "reverse_lengths", .lengths = true, .reverse = true},
    {.name = "reverse_lengths_resets", .lengths = true, .resets = true, .reverse = true},
    {.name = "null_initial_states", .initial_states = false},
};

/// T 5, B 4, I 3, H 5. Lengths: one 0, one 1, one full. Resets: before a row's first step (row 0,
/// both ways; row 2), in the middle (rows 0, 1, 3), and where a row has ended.
Layer make_layer(const CellSizes& cell, const Variant& variant, std::mt19937_64& generator) {
  Layer layer(cell, 5, 4, 3, 5);
  layer.randomize(generator);
  layer.reverse = variant.reverse;
  if (variant.lengths) layer.lengths = {3, 0, 1, 5};
  if (variant.resets) {
    layer.resets.assign(20, 0);
    for (const auto& [t, b] : {std::pair{0, 0}, {2, 0}, {4, 0}, {1, 1}, {0, 2}, {3, 3}}) {
      layer.resets[static_cast<std::size_t>(t * 4 + b)] = 1;
    }
  }
  if (!variant.initial_states) layer.h0 = layer.c0 = {};
  fill_padding(layer, layer.I, nan_value, layer.x);
  return layer;
}

/// Sum of coefficient * value over what is valid; `magnitude` gets the sum of the terms' sizes.
double weighted_sum(const Values& coefficients, const Values& values, double& magnitude) {
  double sum = 0;
  for (std::size_t n = 0; n < values.size(); ++n) {
    if (std::isnan(coefficients[n])) continue;
    sum += coefficients[n] * values[n];
    magnitude += std::fabs(coefficients[n] * values[n]);
  }
  return sum;
}

struct Loss {
  double value = 0;
  double magnitude = 0;
  std::vector<bool> zero_outputs;  ///< which elements of y are 0: the active pieces of a relu
};

/// The scalar whose gradients by y, hT, cT and c_all are the upstream ones.
Loss loss_of(const Layer& layer, const LayerUpstream& upstream) {
  const Result result = reference::forward(layer.problem());
  Loss loss;
  loss.value += weighted_sum(upstream.dy, result.y, loss.magnitude);
  loss.value += weighted_sum(upstream.dhT, result.hT, loss.magnitude);
  loss.value += weighted_sum(upstream.dcT, result.cT, loss.magnitude);
  loss.value += weighted_sum(upstream.dc_all, result.c_all, loss.magnitude);
  for (const double value : result.y) loss.zero_outputs.push_back(value == 0);
  return loss;
}

constexpr double difference_step = 1e-4;

/// (4 D(e) - D(2e)) / 3 for central differences D with e = difference_step.
double difference(const Layer& layer, const LayerUpstream& upstream, double& element) {
  const double value = element;
  std::vector<Loss> losses;
  for (const int n : {-2, -1, 1, 2}) {
    element = value + n * difference_step;
    losses.push_back(loss_of(layer, upstream));
    EXPECT_EQ(losses[0].zero_outputs, losses.back().zero_outputs)
        << "a kink lies within the difference: choose another seed";
  }
  element = value;
  const double near = (losses[2].value - losses[1].value) / (2 * difference_step);
  const double far = (losses[3].value - losses[0].value) / (4 * difference_step);
  return (4 * near - far) / 3;
}

/// Of the difference, in two parts. Truncation: e^4 / 30 of the fifth derivative, 3e-18 of it:
/// nothing. Rounding: a loss is known to some four roundings of its magnitude (T steps of sums that
/// partly cancel), and the difference divides it by e, with 3/2 for its four losses.
double difference_tolerance(double magnitude) {
  return 6 * std::numeric_limits<double>::epsilon() * magnitude / difference_step;
}

void expect_gradient(const char* name, const Layer& layer, const LayerUpstream& upstream,
                     Values& input, const Values& gradient) {
  ASSERT_EQ(gradient.size(), input.size()) << name;
  const double tolerance = difference_tolerance(loss_of(layer, upstream).magnitude);
  double largest = 0;
  for (std::size_t n = 0; n < input.size(); ++n) {
    if (std::isnan(input[n])) {
      EXPECT_EQ(gradient[n], 0) << name << "[" << n << "] is padding";
      continue;
    }
    EXPECT_NEAR(gradient[n], difference(layer, upstream, input[n]), tolerance)
        << name << "[" << n << "]";
    largest = std::max(largest, std::fabs(gradient[n]));
  }
  if (!input.empty()) {
    EXPECT_GT(largest, 0.1) << name << ": nothing depends on it";
  }
}

/// The cell's start values, as a row that runs no step shows them.
void set_start_values(Layer& layer) {
  Layer still = layer;
  still.T = 0;
  still.h0 = still.c0 = {};
  const Result start = reference::forward(still.problem());
  layer.h0 = start.hT;
  layer.c0 = start.cT;
}

class ReferenceGradients : public testing::TestWithParam<std::tuple<CellSizes, Variant>> {};

TEST_P(ReferenceGradients, EqualFiniteDifferences) {
  const auto& [cell, variant] = GetParam();
  std::mt19937_64 generator(11);
  Layer layer = make_layer(cell, variant, generator);
  LayerUpstream upstream(layer, generator);
  fill_padding(layer, nan_value, upstream);
  const Gradients gradients = reference::backward(layer.problem(), upstream.pointers());
  if (!variant.initial_states) set_start_values(layer);

  expect_gradient("x", layer, upstream, layer.x, gradients.dx);
  expect_gradient("h0", layer, upstream, layer.h0, gradients.dh0);
  expect_gradient("c0", layer, upstream, layer.c0, gradients.dc0);
  expect_gradient("W", layer, upstream, layer.W, gradients.dW);
  expect_gradient("R", layer, upstream, layer.R, gradients.dR);
  expect_gradient("bW", layer, upstream, layer.bW, gradients.dbW);
  expect_gradient("bR", layer, upstream, layer.bR, gradients.dbR);
}

TEST_P(ReferenceGradients, DifferencesCanFail) {
  const auto& [cell, variant] = GetParam();
  std::mt19937_64 generator(11);
  Layer layer = make_layer(cell, variant, generator);
  LayerUpstream upstream(layer, generator);
  fill_padding(layer, nan_value, upstream);
  Values wrong = reference::backward(layer.problem(), upstream.pointers()).dR;
  wrong[3] += 1e-6;
  EXPECT_NONFATAL_FAILURE(expect_gradient("R", layer, upstream, layer.R, wrong), "R[3]");
}

INSTANTIATE_TEST_SUITE_P(EveryCell, ReferenceGradients,
                         testing::Combine(testing::ValuesIn(reference::cells()),
                                          testing::ValuesIn(variants)),
                         [](const auto& instance) {
                           return std::string(std::get<0>(instance.param).name) + "_" +
                                  std::get<1>(instance.param).name;
                         });

}  // namespace
}  // namespace takt::reference_test
