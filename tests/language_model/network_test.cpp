// The whole model: its gradients against finite differences, its calls against each other.
#include "language_model/network.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include <gtest/gtest.h>

#include "small_models.hpp"

namespace language_model::test {
namespace {

constexpr std::int64_t T = 5, B = 2;

/// A model in f64 with bytes to learn.
struct Sample {
  Sample(const ModelSizes& sizes, double dropout)
      : on(operations()),
        sizes(sizes),
        network(sizes, {.T = T, .B = B}, takt::Mode::training, *on, {.rate = dropout, .seed = 1},
                f64),
        parameters(sizes, on->device(), f64),
        batch{device_bytes(*on, text_of("abcabdabce")), device_bytes(*on, text_of("bdaaecadbb")),
              device_bytes(*on, {0, 0, 0, 0, 0, 1, 0, 0, 0, 0}), T, B},
        sum(on->device(), {1}, f64) {
    initialise(parameters, {.seed = 2}, *on);
    on->begin_step({.step = 4});
  }

  double mean_loss() {
    States states = initial_states();
    on->copy_to_device(std::vector<double>{0}, sum);
    network.forward(parameters, batch.inputs, batch.resets, states);
    network.loss(batch.targets, 0, T * B, sum);
    return values(*on, sum).front() / (T * B);
  }

  /// Not zeros, which would hide what is done with them.
  States initial_states() const {
    States states(sizes, B, on->device(), f64);
    std::uint64_t seed = 10;
    for (std::vector<takt::Array>* all : {&states.h, &states.c})
      for (takt::Array& array : *all)
        array = takt::random(on->device(), {B, sizes.hidden}, seed++, f64);
    return states;
  }

  std::unique_ptr<Operations> on;
  ModelSizes sizes;
  Network network;
  Parameters parameters;
  Batch batch;
  takt::Array sum;
};

using Case = std::tuple<const char*, int, double>;  // cell, layers, dropout

class LanguageModelGradient : public testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(Models, LanguageModelGradient,
                         testing::Combine(testing::Values("lstm", "gru", "rnn_tanh"),
                                          testing::Values(1, 2), testing::Values(0.0, 0.3)),
                         [](const auto& info) {
                           return std::string(std::get<0>(info.param)) + "_" +
                                  std::to_string(std::get<1>(info.param)) +
                                  (std::get<2>(info.param) > 0 ? "_dropout" : "");
                         });

TEST_P(LanguageModelGradient, IsWhatFiniteDifferencesSay) {
  const auto [cell, layers, dropout] = GetParam();
  Sample sample({.cell = cell, .embedding = 3, .hidden = 4, .layers = layers}, dropout);
  Parameters gradients(sample.sizes, sample.on->device(), f64);
  (void)sample.mean_loss();
  sample.network.backward(sample.parameters, sample.batch, sample.sum, gradients);
  const std::vector<double> found = values(*sample.on, gradients.values());
  const std::vector<double> at = values(*sample.on, sample.parameters.values());
  constexpr double distance = 1e-5;
  for (const Parameter& parameter : sample.parameters.list()) {
    double largest = 0;
    for (std::int64_t k = 0; k < parameter.size; ++k) {
      const auto n = static_cast<std::size_t>(parameter.offset + k);
      const auto loss_at = [&](double value) {
        std::vector<double> moved = at;
        moved[n] = value;
        sample.on->copy_to_device(moved, sample.parameters.values());
        return sample.mean_loss();
      };
      const double wanted =
          (loss_at(at[n] + distance) - loss_at(at[n] - distance)) / (2 * distance);
      ASSERT_NEAR(found[n], wanted, 1e-9) << parameter.name << " " << k;
      largest = std::max(largest, std::fabs(wanted));
    }
    EXPECT_GT(largest, 1e-5) << parameter.name;  // so that the comparison says something
  }
}

TEST(LanguageModelNetwork, WithoutRecurrenceGradientsOfRStayAndTheOthersAreTheSame) {
  Sample sample({.cell = "lstm", .embedding = 3, .hidden = 4, .layers = 2}, 0.3);
  const auto found = [&](bool recurrence) {
    Parameters gradients(sample.sizes, sample.on->device(), f64);
    const std::vector<double> sevens(static_cast<std::size_t>(gradients.values().size()), 7);
    sample.on->copy_to_device(sevens, gradients.values());
    (void)sample.mean_loss();
    sample.network.backward(sample.parameters, sample.batch, sample.sum, gradients, recurrence);
    return values(*sample.on, gradients.values());
  };
  const std::vector<double> with = found(true), without = found(false);
  for (const Parameter& parameter : sample.parameters.list())
    for (auto n = static_cast<std::size_t>(parameter.offset);
         n < static_cast<std::size_t>(parameter.offset + parameter.size); ++n)
      ASSERT_EQ(without[n], parameter.role == Role::recurrent ? 7 : with[n]) << parameter.name;
}

TEST(LanguageModelNetwork, OneStepAtATimeGivesWhatAllStepsGive) {
  const std::unique_ptr<Operations> on = operations();
  const ModelSizes sizes{.cell = "lstm", .embedding = 3, .hidden = 5, .layers = 2};
  Parameters parameters(sizes, on->device());
  initialise(parameters, {.seed = 2}, *on);
  const Text text = text_of("abcab");
  Network whole(sizes, {.T = T, .B = 1}, takt::Mode::inference, *on);
  Network step(sizes, {.T = 1, .B = 1}, takt::Mode::inference, *on);
  step.pack(parameters);
  States states(sizes, 1, on->device()), step_states(sizes, 1, on->device());
  whole.forward(parameters, device_bytes(*on, text), {}, states);
  const std::vector<double> all = values(*on, whole.logits());
  for (std::size_t t = 0; t < text.size(); ++t) {
    step.forward(parameters, device_bytes(*on, {text[t]}), {}, step_states);
    const std::vector<double> one = values(*on, step.logits());
    for (std::size_t n = 0; n < 256; ++n) ASSERT_NEAR(one[n], all[256 * t + n], 1e-6);
  }
  EXPECT_EQ(values(*on, states.h[1]), values(*on, step_states.h[1]));
  EXPECT_EQ(values(*on, states.c[0]), values(*on, step_states.c[0]));
}

TEST(LanguageModelNetwork, DropoutActsInTrainingOnly) {
  const std::unique_ptr<Operations> on = operations();
  Parameters parameters(small_sizes, on->device());
  initialise(parameters, {.seed = 2}, *on);
  on->begin_step({});
  const auto logits = [&](takt::Mode mode, double rate) {
    Network network(small_sizes, {.T = 3, .B = 1}, mode, *on, {.rate = rate, .seed = 1});
    States states(small_sizes, 1, on->device());
    network.forward(parameters, device_bytes(*on, text_of("abc")), {}, states);
    return values(*on, network.logits());
  };
  EXPECT_NE(logits(takt::Mode::training, 0.5), logits(takt::Mode::training, 0));
  EXPECT_EQ(logits(takt::Mode::inference, 0.5), logits(takt::Mode::inference, 0));
}

TEST(LanguageModelInitial, EachGateOfRIsOrthogonalAndForgetBiasesAreOne) {
  const std::unique_ptr<Operations> on = operations();
  const ModelSizes sizes{.cell = "lstm", .embedding = 3, .hidden = 6};
  constexpr std::size_t H = 6;
  Parameters parameters(sizes, on->device(), f64);
  initialise(parameters, {.seed = 2}, *on);
  const std::vector<double> all = values(*on, parameters.values());
  for (const Parameter& parameter : parameters.list()) {
    const double* value = all.data() + parameter.offset;
    if (parameter.name == "rnn.weight_hh_l0") {
      for (std::size_t row = 0; row < 4 * H; ++row)
        for (std::size_t other = row / H * H; other < row / H * H + H; ++other)
          EXPECT_NEAR(
              std::inner_product(value + row * H, value + row * H + H, value + other * H, 0.0),
              row == other ? 1 : 0, 1e-12);
    }
    for (std::size_t n = 0; n < 4 * H; ++n) {
      if (parameter.name == "rnn.bias_ih_l0") {
        EXPECT_EQ(value[n], n / H == 1 ? 1 : 0);  // i f g o
      }
      if (parameter.name == "rnn.bias_hh_l0") {
        EXPECT_EQ(value[n], 0);
      }
    }
  }
}

TEST(LanguageModelInitial, DependsOnTheSeedAlone) {
  const std::unique_ptr<Operations> on = operations();
  const auto drawn = [&](std::uint64_t seed) {
    Parameters parameters(small_sizes, on->device());
    initialise(parameters, {.seed = seed}, *on);
    return values(*on, parameters.values());
  };
  EXPECT_EQ(drawn(1), drawn(1));
  EXPECT_NE(drawn(1), drawn(2));
}

}  // namespace
}  // namespace language_model::test
