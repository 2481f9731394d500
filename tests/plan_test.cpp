// The planner, from facts alone.
#include "plan.hpp"

#include <gtest/gtest.h>

#include <takt/takt.hpp>

#include "cpu/layout.hpp"

namespace takt {
namespace {

constexpr std::int64_t f32_bytes = 4;
constexpr std::int64_t mark_bytes = 64;  // of the forward that filled `saved`

DeviceFacts facts(std::int64_t vector_bytes = 32, int threads = 4) {
  return {.kind = DeviceKind::cpu,
          .name = "a processor",
          .threads = threads,
          .instruction_set = "x86-64-v3",
          .vector_bytes = vector_bytes};
}

TEST(Planner, InferenceSavesNothing) {
  const RnnSpec spec{.cell = "lstm", .input_size = 64, .hidden_size = 128};
  const Decision inference = decide(spec, {100, 8}, Mode::inference, facts());
  EXPECT_EQ(inference.algorithm, "cpu");
  EXPECT_EQ(inference.saved_bytes, 0);
  const Decision training = decide(spec, {100, 8}, Mode::training, facts());
  EXPECT_GE(training.scratch_bytes, inference.scratch_bytes);
  // Gates and c of each step, and the initial h and c.
  EXPECT_EQ(training.saved_bytes, (100 * 8 * 5 + 8 * 2) * 128 * f32_bytes + mark_bytes);
}

TEST(Planner, RnnSavesOnlyInitialStates) {
  const RnnSpec spec{.cell = "rnn_tanh", .input_size = 64, .hidden_size = 128};
  EXPECT_EQ(decide(spec, {1000, 8}, Mode::training, facts()).saved_bytes,
            8 * 128 * f32_bytes + mark_bytes);
}

TEST(Planner, UnitsArePaddedToVectors) {
  const RnnSpec spec{.cell = "rnn_tanh", .input_size = 1, .hidden_size = 5};
  const auto saved = [&](std::int64_t vector_bytes) {
    return decide(spec, {4, 64}, Mode::training, facts(vector_bytes)).saved_bytes;
  };
  EXPECT_EQ(saved(16), 64 * 8 * f32_bytes + mark_bytes);
  EXPECT_EQ(saved(32), 64 * 8 * f32_bytes + mark_bytes);
  EXPECT_EQ(saved(64), 64 * 16 * f32_bytes + mark_bytes);
}

TEST(Planner, ScratchIsBoundedInT) {
  const RnnSpec spec{.cell = "lstm", .input_size = 64, .hidden_size = 128};
  const auto scratch = [&](std::int64_t T) {
    return decide(spec, {T, 8}, Mode::training, facts()).scratch_bytes;
  };
  EXPECT_LT(scratch(10), scratch(100));
  EXPECT_EQ(scratch(1 << 20), scratch(1 << 24));
  EXPECT_LT(scratch(1 << 24), 2 * cpu::chunk_bytes);
}

TEST(Planner, EmptyPlansNeedLittle) {
  const RnnSpec spec{.cell = "gru", .input_size = 2, .hidden_size = 3};
  EXPECT_GE(decide(spec, {0, 0}, Mode::training, facts()).scratch_bytes, 0);
  EXPECT_EQ(decide(spec, {0, 0}, Mode::training, facts()).saved_bytes, mark_bytes);
}

TEST(Planner, ExplainNamesWhatWasTakenAndRefused) {
  const RnnSpec spec{.cell = "gru", .input_size = 2, .hidden_size = 3};
  const Decision decision = decide(spec, {7, 5}, Mode::inference, facts());
  const std::string text = explain(decision, spec, {7, 5}, Mode::inference, facts());
  EXPECT_NE(text.find("gru f32 I=2 H=3 forward, inference, T up to 7, B up to 5"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("cpu (a processor, 4 threads, x86-64-v3)"), std::string::npos) << text;
  EXPECT_NE(text.find("taken      cpu: "), std::string::npos) << text;
  EXPECT_NE(text.find("refused    cuda step: the device of this plan is a cpu"), std::string::npos)
      << text;
}

TEST(SpecText, SaysWhatIsNotDefault) {
  const RnnSpec spec{.cell = "lstm",
                     .input_size = 2,
                     .hidden_size = 3,
                     .direction = Direction::reverse,
                     .bias = Bias::none,
                     .type = DataType::f64,
                     .layout = Layout::batch_major};
  EXPECT_EQ(to_string(spec), "lstm f64 I=2 H=3 reverse bias=none batch_major");
}

TEST(CpuSplit, CoversEveryRowAndBlockOnce) {
  // Through the library: threads do not change bits (CpuBits.ThreadsDoNotMatter) and every element
  // is compared (CpuAgainstReference); here only that more threads than work do no harm.
  const Device device = Device::cpu({.threads = 64});
  const Stream stream(device);
  const RnnSpec spec{.cell = "rnn_relu", .input_size = 1, .hidden_size = 1};
  const Plan plan(spec, {3, 1}, Mode::inference, device);
  const std::vector<float> x{1, 2, 3}, W{1}, R{1}, b{0};
  std::vector<float> y(3);
  Memory memory(plan);
  plan.forward({.x = x, .weights = {{.W = W, .R = R, .bW = b, .bR = b}}}, {.y = y}, memory, stream);
  EXPECT_EQ(y, (std::vector<float>{1, 3, 6}));
}

}  // namespace
}  // namespace takt
