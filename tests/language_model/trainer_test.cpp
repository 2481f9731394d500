// Training: what it learns, that it is the same every time, and how it is judged.
#include "language_model/trainer.hpp"

#include <cmath>
#include <set>

#include <gtest/gtest.h>

#include "language_model/writer.hpp"
#include "small_models.hpp"

namespace language_model::test {
namespace {

Text repeated(const std::string& words, int times) {
  Text text;
  for (int n = 0; n < times; ++n) text.insert(text.end(), words.begin(), words.end());
  return text;
}

std::vector<double> weights_after(const ModelSizes& sizes, const TrainingOptions& options,
                                  int steps, int threads = 1) {
  const auto on = cpu_operations(takt::Device::cpu({.threads = threads}));
  Trainer trainer(sizes, options, repeated(rhyme, 2), *on);
  for (int n = 0; n < steps; ++n) trainer.step();
  return values(*on, trainer.state().weights.values());
}

TEST(LanguageModelTraining, KnowsATinyTextByHeartAndWritesIt) {
  for (const char* cell : {"gru", "lstm"}) {
    const std::unique_ptr<Operations> on = operations();
    const Text text = repeated(rhyme, 10);
    const ModelSizes sizes{.cell = cell, .embedding = 8, .hidden = 64};
    Trainer trainer(sizes,
                    {.steps = 600, .window = 80, .streams = 2, .dropout = 0, .decay = 0, .seed = 1},
                    text, *on);
    double bits = 0;
    for (int n = 0; n < 600; ++n) {
      trainer.step();
      bits = trainer.training_bits_per_byte();
    }
    EXPECT_LT(bits, 0.1) << cell;
    Writer writer(trainer.state().average, *on);
    writer.read(text_of(rhyme));
    std::string written;
    for (std::size_t n = 0; n < 3 * rhyme.size(); ++n)
      written += static_cast<char>(writer.write({.temperature = 0}));
    EXPECT_EQ(written, rhyme + rhyme + rhyme) << cell;
  }
}

TEST(LanguageModelTraining, StartsFromWhatTheSeedDrawsOrFromZerosToBeLoaded) {
  const std::unique_ptr<Operations> on = operations();
  Parameters drawn(small_sizes, on->device());
  initialise(drawn, {.seed = small_options().seed}, *on);
  const std::vector<double> wanted = values(*on, drawn.values());
  for (const Start start : {Start::drawn, Start::zeros}) {
    Trainer trainer(small_sizes, small_options(), text_of(rhyme), *on, f32, start);
    const std::vector<double> zeros(wanted.size());
    EXPECT_EQ(values(*on, trainer.state().weights.values()),
              start == Start::drawn ? wanted : zeros);
    EXPECT_EQ(values(*on, trainer.state().average.values()),
              start == Start::drawn ? wanted : zeros);
  }
}

/// Against inference over the same bytes, by the weights that each step finds: from zeros at the
/// start of a pass, which has two steps here, and else from where the step before has stopped.
TEST(LanguageModelTraining, CarriesItsStatesThroughAPassAndStartsTheNextFromZeros) {
  constexpr std::int64_t T = 8, B = 2;
  const TrainingOptions options{.steps = 40, .window = T, .streams = B, .dropout = 0, .seed = 3};
  const Text text = text_of(rhyme.substr(0, 47));
  for (const char* cell : {"gru", "lstm"}) {
    const std::unique_ptr<Operations> on = operations();
    const ModelSizes sizes{.cell = cell, .embedding = 5, .hidden = 9, .layers = 2};
    Trainer trainer(sizes, options, text, *on);
    Network network(sizes, {.T = T, .B = B}, takt::Mode::inference, *on);
    const Batch batch{on->make_bytes(T * B), on->make_bytes(T * B), on->make_bytes(T * B), T, B};
    States wanted(sizes, B, on->device());
    const auto expect_near = [&](const takt::Array& found, const takt::Array& there) {
      const std::vector<double> a = values(*on, found), b = values(*on, there);
      for (std::size_t n = 0; n < a.size(); ++n) ASSERT_NEAR(a[n], b[n], 1e-5) << cell;
    };
    for (int step = 0; step < 5; ++step) {
      SCOPED_TRACE(step);
      if (step % 2 == 0) wanted = States(sizes, B, on->device());
      on->begin_step(step_numbers(options, std::ssize(text), step));
      on->read_streams(device_bytes(*on, text), batch);
      network.forward(trainer.state().weights, batch.inputs, {}, wanted);
      trainer.step();
      for (std::size_t l = 0; l < 2; ++l) {
        expect_near(trainer.state().states.h[l], wanted.h[l]);
        if (!wanted.c.empty()) expect_near(trainer.state().states.c[l], wanted.c[l]);
      }
    }
  }
}

TEST(LanguageModelTraining, GivesTheSameBitsEveryTimeWhateverTheThreads) {
  const std::vector<double> once = weights_after(small_sizes, small_options(), 20);
  EXPECT_EQ(once, weights_after(small_sizes, small_options(), 20));
  EXPECT_EQ(once, weights_after(small_sizes, small_options(), 20, 2));
}

TEST(LanguageModelSteps, GoThroughTheTextAndStartEachPassElsewhere) {
  const TrainingOptions options{.steps = 100, .window = 10, .streams = 2};
  constexpr std::int64_t size = 75, steps_per_pass = 3;
  std::set<std::int64_t> starts;
  for (std::int64_t step = 0; step < 60; ++step) {
    const StepNumbers now = step_numbers(options, size, step);
    EXPECT_EQ(now.step, step + 1);
    EXPECT_EQ(now.fresh, step % steps_per_pass == 0);
    if (now.fresh) {
      starts.insert(now.start);
      EXPECT_TRUE(now.start >= 0 && now.start < size) << now.start;
    } else {
      EXPECT_EQ(now.start, step_numbers(options, size, step - 1).start + options.window);
    }
  }
  EXPECT_GT(starts.size(), 10u);
}

TEST(LanguageModelSteps, TheLearningRateRisesAndThenFalls) {
  const TrainingOptions options{.steps = 1000, .learning_rate = 0.5, .average_decay = 0.9};
  const auto rate = [&](std::int64_t step) {
    return step_numbers(options, 100, step).learning_rate;
  };
  EXPECT_GT(rate(0), 0);
  EXPECT_LT(rate(0), 0.02);
  EXPECT_GT(rate(50), 0.49);
  EXPECT_NEAR(rate(500), 0.25, 1e-12);
  EXPECT_NEAR(rate(999), 0.01, 1e-12);
  for (std::int64_t step = 1; step < 1000; ++step) {
    EXPECT_LE(rate(step), 0.5);
    if (step > 50) {
      EXPECT_LE(rate(step), rate(step - 1)) << step;
    }
  }
  EXPECT_EQ(step_numbers(options, 100, 0).average_decay, 0.1);
  EXPECT_EQ(step_numbers(options, 100, 500).average_decay, 0.9);
}

/// With no gradient left by clipping, only decay moves a parameter: that of matrices, not biases.
TEST(LanguageModelTraining, DecayActsOnMatricesAndClippingOnAllGradients) {
  const std::unique_ptr<Operations> on = operations();
  TrainingOptions options = small_options();
  options.most_norm = 1e-30;
  options.decay = 100;
  Trainer trainer({.cell = "lstm", .embedding = 4, .hidden = 8}, options, text_of(rhyme), *on);
  const std::vector<double> before = values(*on, trainer.state().weights.values());
  trainer.step();
  const std::vector<double> after = values(*on, trainer.state().weights.values());
  const double kept = 1 - 100 * step_numbers(options, 1, 0).learning_rate;
  for (const Parameter& parameter : trainer.state().weights.list()) {
    const bool bias = parameter.shape.size() == 1;
    for (auto n = static_cast<std::size_t>(parameter.offset);
         n < static_cast<std::size_t>(parameter.offset + parameter.size); ++n)
      ASSERT_NEAR(after[n], before[n] * (bias ? 1 : kept), 1e-6) << parameter.name;
  }
}

TEST(LanguageModelTraining, DependsOnItsSeed) {
  TrainingOptions other = small_options();
  other.seed += 1;
  EXPECT_NE(weights_after(small_sizes, small_options(), 3), weights_after(small_sizes, other, 3));
}

TEST(LanguageModelTraining, WithoutRecurrenceRStaysZeroAndAllElseLearns) {
  const std::unique_ptr<Operations> on = operations();
  TrainingOptions options = small_options();
  options.recurrence = false;
  Trainer trainer(small_sizes, options, repeated(rhyme, 2), *on);
  const std::vector<double> before = values(*on, trainer.state().weights.values());
  for (int n = 0; n < 5; ++n) trainer.step();
  const std::vector<double> after = values(*on, trainer.state().weights.values());
  for (const Parameter& parameter : trainer.state().weights.list()) {
    bool moved = false;
    for (auto n = static_cast<std::size_t>(parameter.offset);
         n < static_cast<std::size_t>(parameter.offset + parameter.size); ++n) {
      if (parameter.role == Role::recurrent) {
        ASSERT_EQ(after[n], 0);
      }
      moved = moved || after[n] != before[n];
    }
    EXPECT_EQ(moved, parameter.role != Role::recurrent) << parameter.name;
  }
}

/// All that moves is clipped to the norm, and nothing else counts in it: Adam's first mean says so.
TEST(LanguageModelTraining, WithoutRecurrenceClippingDoesNotCountR) {
  for (const bool recurrence : {true, false}) {
    const std::unique_ptr<Operations> on = operations();
    TrainingOptions options = small_options();
    options.most_norm = 1e-3;
    options.recurrence = recurrence;
    Trainer trainer(small_sizes, options, repeated(rhyme, 2), *on);
    trainer.step();
    double sum = 0;
    for (const double mean : values(*on, trainer.state().mean.values())) sum += mean * mean;
    EXPECT_NEAR(std::sqrt(sum), 0.1 * 1e-3, 1e-9) << recurrence;
  }
}

TEST(LanguageModelTraining, ATextShorterThanAStepIsReadAsARing) {
  const std::unique_ptr<Operations> on = operations();
  Trainer trainer(small_sizes, small_options(), text_of("abc"), *on);
  for (int n = 0; n < 30; ++n) trainer.step();
  EXPECT_LT(trainer.training_bits_per_byte(), 8);
}

/// The judge goes through the text in windows; here every byte goes through a call of one step.
TEST(LanguageModelJudge, SaysWhatOneByteAfterTheOtherSays) {
  const std::unique_ptr<Operations> on = operations();
  const Text before = repeated(rhyme, 1), text = repeated(rhyme, 12);  // more than one window
  Parameters parameters(small_sizes, on->device());
  initialise(parameters, {.seed = 4}, *on);
  Judge judge(small_sizes, before, text, *on, f32);
  const double found = judge.bits_per_byte(parameters);

  Network step(small_sizes, {.T = 1, .B = 1}, takt::Mode::inference, *on);
  States states(small_sizes, 1, on->device());
  takt::Array sum(on->device(), {1}, f64);
  const auto read = [&](std::uint8_t byte) {
    step.forward(parameters, device_bytes(*on, {byte}), {}, states);
  };
  for (const std::uint8_t byte : before) read(byte);
  for (const std::uint8_t byte : text) {
    step.loss(device_bytes(*on, {byte}), 0, 1, sum);
    read(byte);
  }
  const double bits = values(*on, sum).front() / std::log(2.0) / static_cast<double>(text.size());
  EXPECT_NEAR(found, bits, 1e-5);
  EXPECT_EQ(judge.bits_per_byte(parameters), found);  // nothing is left over
}

TEST(LanguageModelJudge, LooksAtNoMoreThanItSays) {
  const std::unique_ptr<Operations> on = operations();
  Parameters parameters(small_sizes, on->device());
  initialise(parameters, {.seed = 4}, *on);
  Text text(Judge::most_bytes, 'a');
  const double bits = Judge(small_sizes, text_of("a"), text, *on, f32).bits_per_byte(parameters);
  text.resize(text.size() + 1000, 'b');
  EXPECT_EQ(Judge(small_sizes, text_of("a"), text, *on, f32).bits_per_byte(parameters), bits);
}

TEST(LanguageModelWriter, TheSameSeedWritesTheSameText) {
  const std::unique_ptr<Operations> on = operations();
  Parameters parameters(small_sizes, on->device());
  initialise(parameters, {.seed = 4}, *on);
  const auto written = [&](std::uint64_t seed) {
    Writer writer(parameters, *on);
    Text text;
    for (int n = 0; n < 40; ++n) text.push_back(writer.write({.temperature = 1, .seed = seed}));
    return text;
  };
  EXPECT_EQ(written(1), written(1));
  EXPECT_NE(written(1), written(2));
}

}  // namespace
}  // namespace language_model::test
