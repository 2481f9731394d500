// The GPU against the CPU: the same losses, weights and bytes; and against itself: its graphs, and
// runs that are resumed. On the emulated device and, where there is one, on a GPU.
#include <string>
#include <tuple>

#include <gtest/gtest.h>

#include "language_model/checkpoint.hpp"
#include "language_model/writer.hpp"
#include "small_models.hpp"
#include "tool_run.hpp"

namespace language_model::test {
namespace {

using takt::test::TestDevice;

std::vector<TestDevice> gpus() {
  std::vector<TestDevice> found;
  for (const TestDevice& device : takt::test::test_devices())
    if (device.name != "cpu") found.push_back(device);
  return found;
}

using Case = std::tuple<TestDevice, const char*>;  // the GPU, a cell

class LanguageModelTwin : public testing::TestWithParam<Case> {
 protected:
  const std::unique_ptr<Operations> gpu_ = operations_on(std::get<0>(GetParam()).open());
  const std::unique_ptr<Operations> cpu_ = operations();
  const ModelSizes sizes_{
      .cell = std::get<1>(GetParam()), .embedding = 5, .hidden = 7, .layers = 2};
  const TrainingOptions options_{.steps = 40, .window = 6, .streams = 3, .dropout = 0.3, .seed = 3};
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LanguageModelTwin);
INSTANTIATE_TEST_SUITE_P(Cells, LanguageModelTwin,
                         testing::Combine(testing::ValuesIn(gpus()),
                                          testing::Values("lstm", "gru")),
                         [](const auto& info) {
                           return std::string(std::get<1>(info.param)) + "_" +
                                  std::get<0>(info.param).name;
                         });

/// Past what runs as calls and what is measured, so that a graph runs, too.
constexpr int steps = 8;

struct Trained {
  std::vector<double> bits, weights, average;
};

Trained trained(Operations& on, const ModelSizes& sizes, const TrainingOptions& options,
                takt::DataType type) {
  Trainer trainer(sizes, options, text_of(rhyme), on, type);
  Trained found;
  for (int n = 0; n < steps; ++n) {
    trainer.step();
    found.bits.push_back(trainer.training_bits_per_byte());
  }
  found.weights = values(on, trainer.state().weights.values());
  found.average = values(on, trainer.state().average.values());
  return found;
}

void expect_near(const std::vector<double>& found, const std::vector<double>& wanted,
                 double tolerance) {
  ASSERT_EQ(found.size(), wanted.size());
  for (std::size_t n = 0; n < found.size(); ++n) ASSERT_NEAR(found[n], wanted[n], tolerance) << n;
}

/// Sums differ in their last bits. Adam divides a gradient by its size, so that those bits come
/// through whole where a gradient is no larger than its epsilon of 1e-8: by 1e-16 / 1e-8, times the
/// learning rate of 0.01.
TEST_P(LanguageModelTwin, TrainsToTheLossesAndWeightsOfTheCpu) {
  const Trained found = trained(*gpu_, sizes_, options_, f64);
  const Trained wanted = trained(*cpu_, sizes_, options_, f64);
  expect_near(found.bits, wanted.bits, 1e-9);
  expect_near(found.weights, wanted.weights, 1e-9);
  expect_near(found.average, wanted.average, 1e-9);
}

TEST_P(LanguageModelTwin, TrainsToTheLossesOfTheCpuInF32) {
  expect_near(trained(*gpu_, sizes_, options_, f32).bits,
              trained(*cpu_, sizes_, options_, f32).bits, 1e-4);
}

/// All that a run saves, in bytes.
std::string saved(const Trainer& trainer, const ModelSizes& sizes, const TrainingOptions& options,
                  Operations& on, const takt::test::Folder& folder) {
  save_run(folder / "run", {.sizes = sizes, .options = options}, trainer.state(), on);
  return folder.read("run");
}

/// A run that is resumed after every step runs each as calls, one that is not has graphs.
TEST_P(LanguageModelTwin, ResumedAfterEveryStepItLeavesTheBitsOfARunInGraphs) {
  const takt::test::Folder folder;
  const auto make = [&] {
    return std::make_unique<Trainer>(sizes_, options_, text_of(rhyme), *gpu_);
  };
  const auto whole = make();
  for (int n = 0; n < steps; ++n) whole->step();
  const std::string wanted = saved(*whole, sizes_, options_, *gpu_, folder);
  std::string found;
  for (int n = 0; n < steps; ++n) {
    const auto part = make();
    if (n > 0) load_state(folder / "run", part->state(), *gpu_);
    part->step();
    found = saved(*part, sizes_, options_, *gpu_, folder);
  }
  EXPECT_TRUE(found == wanted);
}

TEST_P(LanguageModelTwin, JudgesAsTheCpuDoes) {
  const auto bits = [&](Operations& on) {
    Parameters parameters(sizes_, on.device());
    initialise(parameters, {.seed = 4}, on);
    return Judge(sizes_, text_of(rhyme), text_of(rhyme + rhyme), on, f32).bits_per_byte(parameters);
  };
  EXPECT_NEAR(bits(*gpu_), bits(*cpu_), 1e-5);
}

TEST_P(LanguageModelTwin, WritesTheBytesOfTheCpu) {
  const auto written = [&](Operations& on, double temperature) {
    Parameters parameters(sizes_, on.device());
    initialise(parameters, {.seed = 4}, on);
    Writer writer(parameters, on);
    writer.read(text_of("one "));
    Text text;
    for (int n = 0; n < 20; ++n)
      text.push_back(writer.write({.temperature = temperature, .seed = 7}));
    return text;
  };
  for (const double temperature : {0.0, 0.1, 1.0})
    EXPECT_EQ(written(*gpu_, temperature), written(*cpu_, temperature)) << temperature;
}

/// The shares of a step's time are those of the few steps that were measured.
TEST_P(LanguageModelTwin, SaysWhereTheTimeGoes) {
  Trainer trainer(sizes_, options_, text_of(rhyme), *gpu_);
  trainer.step();
  EXPECT_EQ(trainer.time().seconds(), 0);  // it loads kernels
  trainer.step();
  for (const Part part : {Part::takt, Part::products, Part::rest})
    EXPECT_GT(trainer.time().seconds(part), 0);
  for (int n = 2; n < steps; ++n) trainer.step();
  const double seconds = trainer.time().seconds();
  trainer.step();
  EXPECT_EQ(trainer.time().seconds(), seconds);  // in a graph parts have no times
}

}  // namespace
}  // namespace language_model::test
