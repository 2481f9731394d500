// Models and runs in files: what comes back, and what is refused.
#include "language_model/checkpoint.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "checkpoint_files.hpp"

namespace language_model::test {
namespace {

const Text text = text_of(rhyme + rhyme);

class LanguageModelCheckpoint : public CheckpointFiles {};

TEST_F(LanguageModelCheckpoint, AModelComesBackBitForBit) {
  for (const char* cell : {"lstm", "gru"}) {
    Parameters parameters({.cell = cell, .embedding = 3, .hidden = 5, .layers = 2}, on_->device());
    initialise(parameters, {.seed = 9}, *on_);
    save_model(path("model"), parameters, *on_);
    const Parameters back = load_model(path("model"), *on_);
    EXPECT_EQ(back.sizes(), parameters.sizes());
    EXPECT_EQ(values(*on_, back.values()), values(*on_, parameters.values()));
  }
}

TEST_F(LanguageModelCheckpoint, AModelHasTheNamesAndShapesOfPyTorch) {
  const Parameters parameters({.cell = "lstm", .embedding = 3, .hidden = 5, .layers = 2},
                              on_->device());
  save_model(path("model"), parameters, *on_);
  const TensorFile file = read_safetensors("the model", path("model"));
  const std::map<std::string, std::vector<std::int64_t>> wanted{
      {"embedding.weight", {256, 3}}, {"rnn.weight_ih_l0", {20, 3}}, {"rnn.weight_hh_l0", {20, 5}},
      {"rnn.bias_ih_l0", {20}},       {"rnn.bias_hh_l0", {20}},      {"rnn.weight_ih_l1", {20, 5}},
      {"rnn.weight_hh_l1", {20, 5}},  {"rnn.bias_ih_l1", {20}},      {"rnn.bias_hh_l1", {20}},
      {"output.weight", {256, 5}},    {"output.bias", {256}}};
  ASSERT_EQ(file.tensors.size(), wanted.size());
  for (const auto& [name, shape] : wanted) EXPECT_EQ(file.tensors.at(name).shape, shape) << name;
  EXPECT_EQ(file.metadata.at("cell"), "lstm");
  EXPECT_EQ(file.metadata.at("hidden"), "5");
}

TEST_F(LanguageModelCheckpoint, AModelWhoseTensorsAreNotThoseOfItsSizesIsRefused) {
  const Parameters parameters({.cell = "gru", .embedding = 3, .hidden = 5}, on_->device());
  const auto refusal = [&](const std::function<void(TensorFile&)>& work) {
    save_model(path("model"), parameters, *on_);
    change("model", work);
    return refusal_of([&] { (void)load_model(path("model"), *on_); });
  };
  const std::string name = "the model '" + path("model") + "' ";
  EXPECT_EQ(refusal([](TensorFile&) {}), "");
  EXPECT_EQ(refusal([](TensorFile& file) { file.metadata["hidden"] = "6"; }),
            name + "has tensor 'rnn.weight_ih_l0' of shape [15,3]; its sizes need [18,3]");
  EXPECT_EQ(refusal([](TensorFile& file) { file.tensors["output.bias"].values[3] = NAN; }),
            name + "has tensor 'output.bias' with values that are not finite in f32");
  EXPECT_EQ(refusal([](TensorFile& file) {
              file.tensors["output.bias"].type = f64;
              file.tensors["output.bias"].values[3] = 1e300;
            }),
            name + "has tensor 'output.bias' with values that are not finite in f32");
  EXPECT_EQ(refusal([](TensorFile& file) {
              file.tensors["rnn.weight_hh_l1"] = file.tensors["rnn.weight_hh_l0"];
            }),
            name + "has tensor 'rnn.weight_hh_l1', which its sizes do not need");
  EXPECT_EQ(refusal([](TensorFile& file) { file.tensors.erase("output.bias"); }),
            name + "has no tensor 'output.bias'");
  EXPECT_EQ(refusal([](TensorFile& file) { file.metadata["cell"] = "mamba"; }),
            name + "says that 'cell' is 'mamba'; it must be one of: rnn_tanh, rnn_relu, lstm, gru");
  EXPECT_EQ(refusal([](TensorFile& file) { file.metadata["layers"] = "1000000000"; }),
            name + "says that 'layers' is 1000000000; it must be between 1 and 16");
  EXPECT_EQ(refusal([](TensorFile& file) { file.metadata["layers"] = "two"; }),
            name + "says that its 'layers' is 'two', which is no such number");
  EXPECT_EQ(refusal([](TensorFile& file) { file.metadata.erase("hidden"); }),
            name + "does not say its 'hidden'");
  EXPECT_EQ(refusal([](TensorFile& file) { file.metadata.clear(); }),
            name + "has no 'format' in its metadata; it must be 'takt language model'");
}

Run run_of(const TrainingOptions& options) {
  return {small_sizes, options, fingerprint(text), static_cast<std::int64_t>(text.size())};
}

/// Stops after each of several steps: within a pass and at its end, before and after a judgement.
TEST_F(LanguageModelCheckpoint, AResumedRunIsTheUninterruptedOneBitForBit) {
  constexpr std::int64_t judged = 5;
  for (const char* cell : {"gru", "lstm"}) {
    const ModelSizes sizes{.cell = cell, .embedding = 8, .hidden = 24, .layers = 2};
    const TrainingOptions options = small_options();
    const auto go_on = [&](Trainer& trainer, std::int64_t stop) {
      while (trainer.state().step < stop) {
        trainer.step();
        if (trainer.state().step == judged) (void)trainer.training_bits_per_byte();
      }
    };
    const auto trained = [&](std::int64_t stop) {
      auto made = std::make_unique<Trainer>(sizes, options, text, *on_);
      go_on(*made, stop);
      if (stop == options.steps) return made;
      language_model::Run run = run_of(options);
      run.sizes = sizes;
      run.curve = {{1, 2.5, 1.0 / 3}};
      save_run(path("run"), run, made->state(), *on_);
      const language_model::Run back = load_run(path("run"));
      EXPECT_EQ(back.options, options);
      EXPECT_EQ(back.sizes, sizes);
      EXPECT_EQ(back.curve.front().held_out, 1.0 / 3);
      auto resumed = std::make_unique<Trainer>(back.sizes, back.options, text, *on_);
      load_state(path("run"), resumed->state(), *on_);
      go_on(*resumed, options.steps);
      return resumed;
    };
    const auto whole = trained(options.steps);
    const double loss = whole->training_bits_per_byte();
    for (const std::int64_t stop : {1, 4, 5, 7, 39}) {
      const auto parts = trained(stop);
      const TrainingState &a = whole->state(), &b = parts->state();
      EXPECT_EQ(parts->training_bits_per_byte(), loss) << stop;
      EXPECT_EQ(values(*on_, a.weights.values()), values(*on_, b.weights.values())) << stop;
      EXPECT_EQ(values(*on_, a.average.values()), values(*on_, b.average.values())) << stop;
      EXPECT_EQ(values(*on_, a.square.values()), values(*on_, b.square.values())) << stop;
      EXPECT_EQ(values(*on_, a.states.h[1]), values(*on_, b.states.h[1])) << stop;
    }
  }
}

TEST_F(LanguageModelCheckpoint, ARunIsNoModelAndAModelIsNoRun) {
  Trainer trainer(small_sizes, small_options(), text, *on_);
  save_run(path("run"), run_of(small_options()), trainer.state(), *on_);
  save_model(path("model"), trainer.state().weights, *on_);
  EXPECT_EQ(refusal_of([&] { (void)load_model(path("run"), *on_); }),
            "the model '" + path("run") +
                "' has the 'format' 'takt language model in training'; it must be 'takt language "
                "model'");
  expect_said(refusal_of([&] { (void)load_run(path("model")); }),
              "it must be 'takt language model in training'");
}

TEST_F(LanguageModelCheckpoint, ARunWithOptionsOutOfRangeOrAnotherStateIsRefused) {
  Trainer trainer(small_sizes, small_options(), text, *on_);
  const auto refusal = [&](const std::function<void(TensorFile&)>& work) {
    save_run(path("run"), run_of(small_options()), trainer.state(), *on_);
    change("run", work);
    return refusal_of([&] {
      const language_model::Run run = load_run(path("run"));
      Trainer other(run.sizes, run.options, text, *on_);
      load_state(path("run"), other.state(), *on_);
    });
  };
  EXPECT_EQ(refusal([](TensorFile&) {}), "");
  expect_said(refusal([](TensorFile& file) { file.metadata["streams"] = "0"; }),
              "says that 'streams' is 0; it must be between 1 and 16384");
  expect_said(refusal([](TensorFile& file) { file.metadata["dropout"] = "nan"; }),
              "says that 'dropout' is nan; it must be between 0 and 0.95");
  expect_said(refusal([](TensorFile& file) { file.metadata["streams"] = "3"; }),
              "has tensor 'state.h_l0' of shape [2,24]; its sizes need [3,24]");
  expect_said(refusal([](TensorFile& file) {
                file.tensors["curve"].shape = {0, 4};
              }),
              "has a tensor 'curve' that does not have 3 columns");
  expect_said(refusal([](TensorFile& file) { file.metadata["step"] = "-1"; }),
              "says that 'step' is -1; it must be between 0 and 40");
  expect_said(refusal([](TensorFile& file) { file.metadata["loss_steps"] = "1"; }),
              "says that 'loss_steps' is 1; it must be between 0 and 0");
  expect_said(refusal([](TensorFile& file) {
                file.tensors["curve"] = {f64, {1, 3}, {1, 2, 3}};  // of a run of no steps
              }),
              "has a tensor 'curve' whose steps do not rise from 1 to at most 0");
  for (const char* name : {"adam.square.output.bias", "state.h_l0", "loss", "curve"})
    expect_said(refusal([&](TensorFile& file) {
                  if (name == std::string("curve")) file.tensors[name] = {f64, {1, 3}, {1, 2, 3}};
                  file.tensors[name].values[0] = NAN;
                }),
                std::string("has tensor '") + name + "' with values that are not finite in f32");
}

TEST_F(LanguageModelCheckpoint, ARunsTensorsAreHeldAgainstItsSizesBeforeMemoryIsTaken) {
  Trainer trainer(small_sizes, small_options(), text, *on_);
  save_run(path("run"), run_of(small_options()), trainer.state(), *on_);
  change("run", [](TensorFile& file) {
    file.metadata["hidden"] = "16384";
    file.metadata["layers"] = "16";
  });
  expect_said(refusal_of([&] { (void)load_run(path("run")); }), "; its sizes need [49152,8]");
}

TEST_F(LanguageModelCheckpoint, WhatIsNotFiniteIsNotSavedAndReplacesNothing) {
  Trainer trainer(small_sizes, small_options(), text, *on_);
  const language_model::Run run = run_of(small_options());
  save_run(path("run"), run, trainer.state(), *on_);
  const std::string before = folder_.read("run");
  std::vector<double> spoilt = values(*on_, trainer.state().square.values());
  spoilt[3] = INFINITY;
  on_->copy_to_device(spoilt, trainer.state().square.values());
  try {
    save_run(path("run"), run, trainer.state(), *on_);
    ADD_FAILURE() << "it was saved";
  } catch (const Failure& error) {
    EXPECT_EQ(error.what(), "could not save '" + path("run") +
                                "': 'adam.square.embedding.weight' has values that are not finite "
                                "in f32");
  }
  EXPECT_TRUE(folder_.read("run") == before);
}

TEST_F(LanguageModelCheckpoint, AModelSaysHowItWasJudgedAndOfWhichRun) {
  Parameters parameters(small_sizes, on_->device());
  const language_model::Run run = run_of(small_options());
  const Judgement judged{.run_mark = mark_of(run), .step = 70, .held_out = 1.0 / 3};
  save_model(path("model"), parameters, *on_, judged);
  const Judgement found = load_judgement(path("model"), run);
  EXPECT_EQ(found.step, 70);
  EXPECT_EQ(found.held_out, 1.0 / 3);
  const auto refusal = [&](const language_model::Run& of) {
    return refusal_of([&] { (void)load_judgement(path("model"), of); });
  };
  language_model::Run other = run;
  other.options.dropout = 0.25;
  expect_said(refusal(other), "the model '" + path("model") + "' is one of another run: ");
  other = run;
  other.text_fingerprint += 1;
  expect_said(refusal(other), "is one of another run: ");
  change("model", [](TensorFile& file) { file.metadata["held_out"] = "nan"; });
  expect_said(refusal(run), "says that 'held_out' is nan; it must be finite");
  save_model(path("model"), parameters, *on_);
  expect_said(refusal(run), "does not say its 'run_mark'");
}

TEST_F(LanguageModelCheckpoint, AMarkIsOfSizesOptionsAndTextAndNotOfHowFarARunIs) {
  language_model::Run run = run_of(small_options());
  const std::uint64_t mark = mark_of(run);
  run.curve.push_back({1, 2, 3});
  EXPECT_EQ(mark_of(run), mark);
  run.sizes.hidden += 1;
  EXPECT_NE(mark_of(run), mark);
}

}  // namespace
}  // namespace language_model::test
