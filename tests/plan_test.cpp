// The planner, from facts alone; and how a region divides its work.
#include "plan.hpp"

#include <atomic>
#include <vector>

#include <gtest/gtest.h>

#include <takt/takt.hpp>

#include "cpu/call.hpp"
#include "cpu/layout.hpp"
#include "cpu/thread_pool.hpp"

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
  // No weights packed, however many steps or rows there might have been.
  const RnnSpec large{.cell = "gru", .input_size = 1000, .hidden_size = 1000};
  for (const Dims none : {Dims{0, 0}, Dims{0, 5}, Dims{1000, 0}}) {
    EXPECT_LT(decide(spec, none, Mode::training, facts()).scratch_bytes, 4096);
    for (const Mode mode : {Mode::inference, Mode::training})
      EXPECT_LT(decide(large, none, mode, facts()).scratch_bytes, 1000 * 1000);
    EXPECT_EQ(decide(large, none, Mode::inference, facts()).packed_bytes, 0);
  }
  EXPECT_EQ(decide(spec, {0, 0}, Mode::training, facts()).saved_bytes, mark_bytes);
  EXPECT_EQ(decide(spec, {100, 0}, Mode::training, facts()).saved_bytes, mark_bytes);
}

TEST(Planner, CallsOfFewStepsAskNoScratchForWeights) {
  const RnnSpec spec{.cell = "lstm", .input_size = 256, .hidden_size = 256};
  constexpr std::int64_t of_R = 4 * 256 * 256 * f32_bytes, of_W = of_R;
  const auto scratch = [&](Dims largest) {
    return decide(spec, largest, Mode::inference, facts()).scratch_bytes;
  };
  EXPECT_LT(scratch({1, 1}), of_R);
  EXPECT_LT(scratch({2, 4}), of_R);
  EXPECT_GT(scratch({3, 1}), of_R);
  EXPECT_GT(scratch({1, 5}), of_R);
  const std::int64_t of_row = scratch({511, 1}) - scratch({510, 1});
  EXPECT_LT(scratch({513, 1}) - scratch({512, 1}), of_W + 2 * of_row);
  EXPECT_GT(scratch({513, 1}) - scratch({512, 1}), of_W);
}

TEST(Planner, ExplainNamesWhatWasTakenAndRefused) {
  const RnnSpec spec{.cell = "gru", .input_size = 2, .hidden_size = 3};
  Decision decision = decide(spec, {7, 5}, Mode::inference, facts());
  decision.candidates.push_back({"another", false, "a reason of its own"});
  const std::string text = explain(decision, spec, {7, 5}, Mode::inference, facts());
  EXPECT_NE(text.find("gru f32 I=2 H=3 forward, inference, T up to 7, B up to 5"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("cpu (a processor, 4 threads, x86-64-v3)"), std::string::npos) << text;
  EXPECT_NE(text.find("taken      cpu: "), std::string::npos) << text;
  EXPECT_NE(text.find("refused    another: a reason of its own"), std::string::npos) << text;
  EXPECT_NE(text.find(" bytes, saved 0 bytes, packed " + std::to_string(decision.packed_bytes) +
                      " bytes (Plan::pack)"),
            std::string::npos)
      << text;
  decision.packed_bytes = 0;
  EXPECT_TRUE(
      explain(decision, spec, {7, 5}, Mode::inference, facts()).ends_with(", saved 0 bytes"));
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

/// How often a region's members are given each row and block of units.
std::vector<int> times_covered(int threads, std::int64_t rows, std::int64_t blocks,
                               std::int64_t weight_bytes, std::int64_t step_products) {
  cpu::ThreadPool pool(threads);
  const cpu::Split split = cpu::split(threads, rows, blocks, weight_bytes, step_products);
  EXPECT_LE(split.members(), threads);
  std::vector<std::atomic<int>> times(static_cast<std::size_t>(rows * blocks));
  const auto kernel = [&](int, const cpu::Share& share) {
    for (std::int64_t row = share.row_begin; row < share.row_end; ++row)
      for (std::int64_t block = share.block_begin; block < share.block_end; ++block)
        ++times[static_cast<std::size_t>(row * blocks + block)];
  };
  cpu::run_region(pool, split, rows, blocks, kernel, 0);
  return {times.begin(), times.end()};
}

TEST(CpuSplit, CoversEveryRowAndBlockOnce) {
  constexpr std::int64_t fits = 1000, large = std::int64_t{8} << 20;  // bytes of R
  for (const int threads : {1, 2, 3, 7, 16})
    for (const std::int64_t rows : {1, 2, 5, 16, 17, 33, 100})
      for (const std::int64_t blocks : {1, 2, 3, 8, 13})
        for (const std::int64_t weight_bytes : {fits, large})
          for (const std::int64_t step_products : {std::int64_t{1}, std::int64_t{1} << 30})
            EXPECT_EQ(times_covered(threads, rows, blocks, weight_bytes, step_products),
                      std::vector<int>(static_cast<std::size_t>(rows * blocks), 1))
                << threads << " threads, " << rows << " rows, " << blocks << " blocks, R of "
                << weight_bytes << " bytes, " << step_products << " products a step";
}

}  // namespace
}  // namespace takt
