// The programs that the interface was made for, as a caller writes them; each says what it proves.
// The first program is the README's, compiled from the README itself (tests/readme).
#include <gtest/gtest.h>

#include <cmath>
#include <takt/takt.hpp>

namespace {

const takt::Device device = takt::Device::cpu({.threads = 2});

/// The sum over y of 0.5 y^2, whose gradient by y is y.
double loss_of(const takt::Array& y, const takt::Stream& stream) {
  double sum = 0;
  for (const float value : takt::to_host(y, stream)) sum += 0.5 * value * value;
  return sum;
}

TEST(Programs, TrainingStepsLowerTheLoss) {
  const takt::RnnSpec spec{.cell = "lstm", .input_size = 8, .hidden_size = 16};
  const takt::Plan plan{spec, {.T = 20, .B = 4}, takt::Mode::training, device};
  takt::WeightArrays weights = takt::make_weights(spec, device, takt::Uniform{.seed = 1});
  takt::WeightArrays gradients = takt::make_weights(spec, device, takt::Zeros{});
  const takt::Array x = takt::random(device, {20, 4, 8}, /*seed=*/2);
  takt::Array y{device, {20, 4, 16}};
  takt::Memory memory{plan};
  const takt::Stream stream{device};

  const takt::Inputs inputs{.x = x, .weights = weights};
  const takt::Outputs outputs{.y = y};
  double before = 0;
  for (int step = 0; step < 20; ++step) {
    plan.forward(inputs, outputs, memory, stream);
    const double loss = loss_of(y, stream);
    EXPECT_TRUE(step == 0 || loss < before) << step;
    before = loss;
    plan.backward(inputs, outputs, {.dy = y}, {.weights = gradients}, memory, stream);
    for (std::size_t n = 0; n < weights.arrays().size(); ++n) {
      auto* weight = static_cast<float*>(weights.arrays()[n].data());
      const std::vector<float> gradient = takt::to_host(gradients.arrays()[n], stream);
      for (std::size_t k = 0; k < gradient.size(); ++k) weight[k] -= 0.01F * gradient[k];
    }
  }
  EXPECT_LT(before, 0.5 * 20 * 4 * 16 * 0.01);
}

TEST(Programs, AccumulateAddsToGradients) {
  const takt::RnnSpec spec{.cell = "gru", .input_size = 3, .hidden_size = 5};
  const takt::Plan plan{spec, {.T = 6, .B = 2}, takt::Mode::training, device};
  const takt::WeightArrays weights = takt::make_weights(spec, device, takt::Uniform{.seed = 1});
  takt::WeightArrays once = takt::make_weights(spec, device),
                     twice = takt::make_weights(spec, device);
  const takt::Array x = takt::random(device, {6, 2, 3}, /*seed=*/2);
  takt::Array y{device, {6, 2, 5}};
  takt::Memory memory{plan};
  const takt::Stream stream{device};
  const takt::Inputs inputs{.x = x, .weights = weights};
  const takt::Outputs outputs{.y = y};
  plan.forward(inputs, outputs, memory, stream);
  plan.backward(inputs, outputs, {.dy = y}, {.weights = once}, memory, stream);
  for (int n = 0; n < 2; ++n)
    plan.backward(inputs, outputs, {.dy = y}, {.weights = twice, .accumulate = true}, memory,
                  stream);
  for (std::size_t n = 0; n < once.arrays().size(); ++n) {
    const std::vector<float> a = takt::to_host(once.arrays()[n], stream),
                             b = takt::to_host(twice.arrays()[n], stream);
    for (std::size_t k = 0; k < a.size(); ++k)
      EXPECT_NEAR(b[k], 2 * a[k], 1e-5F * std::abs(b[k]) + 1e-6F);
  }
}

TEST(Programs, StreamingOneStepAtATimeFollowsTheWholeSequence) {
  constexpr std::int64_t T = 50, I = 4, H = 7;
  const takt::RnnSpec spec{.cell = "lstm", .input_size = I, .hidden_size = H};
  const takt::WeightArrays weights = takt::make_weights(spec, device, takt::Uniform{.seed = 3});
  const takt::Stream stream{device};
  const std::vector<float> x = takt::to_host(takt::random(device, {T, I}, /*seed=*/4), stream);

  const takt::Plan whole{spec, {.T = T, .B = 1}, takt::Mode::inference, device};
  takt::Memory memory_of_whole{whole};
  std::vector<float> y(T * H);
  whole.forward({.x = x, .weights = weights}, {.y = y}, memory_of_whole, stream);

  const takt::Plan step{spec, {.T = 1, .B = 1}, takt::Mode::inference, device};
  takt::Memory memory{step};
  std::vector<float> h(H), c(H), y_t(H);
  for (std::int64_t t = 0; t < T; ++t) {
    step.forward({.x = x.data() + t * I, .h0 = h, .c0 = c, .weights = weights},
                 {.y = y_t, .hT = h, .cT = c}, memory, stream);  // h0 and hT may be the same memory
    for (std::int64_t j = 0; j < H; ++j)
      EXPECT_NEAR(y_t[static_cast<std::size_t>(j)], y[static_cast<std::size_t>(t * H + j)], 1e-6F);
  }
}

TEST(Programs, RaggedRowsAndResets) {
  constexpr std::int64_t T = 6, B = 3, I = 2, H = 4;
  const takt::RnnSpec spec{.cell = "gru", .input_size = I, .hidden_size = H};
  const takt::WeightArrays weights = takt::make_weights(spec, device, takt::Uniform{.seed = 3});
  const takt::Array x = takt::random(device, {T, B, I}, /*seed=*/4);
  const std::vector<std::int32_t> lengths{4, 0, 6};
  std::vector<std::uint8_t> episode_starts(T * B);
  episode_starts[2 * B + 0] = 1;
  std::vector<float> y(T * B * H), hT(B * H);
  const takt::Plan plan{spec, {.T = T, .B = B}, takt::Mode::inference, device};
  takt::Memory memory{plan};
  const takt::Stream stream{device};
  takt::Inputs inputs{.x = x, .weights = weights};
  inputs.lengths = lengths.data();
  inputs.resets = episode_starts.data();
  plan.forward(inputs, {.y = y, .hT = hT}, memory, stream);
  for (std::size_t j = 0; j < H; ++j) {
    EXPECT_EQ(hT[0 * H + j], y[(3 * B + 0) * H + j]);  // the last valid step
    EXPECT_EQ(hT[1 * H + j], 0);                       // no step: the start value
    EXPECT_EQ(y[(4 * B + 0) * H + j], 0);              // padding
  }
}

void expect_sentence(const char* sentence, const auto& call) {
  try {
    call();
    FAIL() << "not refused: " << sentence;
  } catch (const takt::Error& error) {
    EXPECT_STREQ(error.what(), sentence);
  }
}

TEST(Programs, WhatGoesWrongReadsLikeThis) {
  const takt::RnnSpec spec{.cell = "lstm", .input_size = 4, .hidden_size = 256};
  const takt::Plan plan{spec, {.T = 1000, .B = 4}, takt::Mode::inference, device};
  takt::Memory memory{plan};
  const takt::Stream stream{device};
  const takt::WeightArrays weights = takt::make_weights(spec, device);
  const takt::Array x{device, {1000, 4, 4}};
  takt::Array y{device, {1000, 4, 256}};
  const std::vector<std::int32_t> lengths{3, 1000, 0, 1201};
  expect_sentence("takt: forward: 'lengths[3]' is 1201; it must be between 0 and T = 1000", [&] {
    plan.forward({.x = x, .lengths = lengths.data(), .weights = weights}, {.y = y}, memory, stream);
  });
  expect_sentence(
      "takt: Plan: 'projection_size' is 512; it must be at most hidden_size = 256, or 0 for none",
      [&] {
        takt::RnnSpec wrong = spec;
        wrong.projection_size = 512;
        takt::Plan{wrong, {.T = 1, .B = 1}, takt::Mode::inference, device};
      });
  takt::MemoryView small = memory;
  small.scratch.size = plan.scratch_bytes() - 1;
  const std::string needs = "takt: forward: scratch holds " + std::to_string(small.scratch.size) +
                            " bytes; this plan needs " + std::to_string(plan.scratch_bytes()) +
                            " (Plan::scratch_bytes())";
  expect_sentence(needs.c_str(),
                  [&] { plan.forward({.x = x, .weights = weights}, {.y = y}, small, stream); });
}

}  // namespace
