// The planner's model: what it counts, and what it makes plans take. The constants of tests/limit
// are made up.
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <takt/takt.hpp>

#include "cuda/model.hpp"
#include "gpu_facts.hpp"
#include "plan.hpp"

namespace takt {
namespace {

using cuda::Model;
using policy::PersistentShape;

constexpr Model fixture_models[] = {
#include "limit/measured_models.inc"
};

const RnnSpec medium{.cell = "lstm", .input_size = 256, .hidden_size = 256, .type = DataType::bf16};

/// The guesses for an H200, as if they had been measured.
Model measured_h200() {
  Model model = cuda::guessed_model();
  model.device = "NVIDIA H200";
  model.record = "r.json, commit 1, today";
  return model;
}

class MeasuredModel : public testing::Test {
 protected:
  MeasuredModel() { device.model = &model; }
  Decision decided(const RnnSpec& spec, Dims largest, Mode mode = Mode::inference) const {
    return decide(spec, largest, mode, device);
  }
  Model model = measured_h200();
  DeviceFacts device = gpu_facts::h200();
};

TEST_F(MeasuredModel, LetsAPlanTakeWhatItFindsFastest) {
  EXPECT_EQ(decided(medium, {1000, 8}).algorithm, "cluster");
  RnnSpec spec = medium;
  spec.input_size = spec.hidden_size = 64;
  EXPECT_EQ(decided(spec, {1000, 8}).algorithm, "block");
  spec.hidden_size = 1024;
  EXPECT_EQ(decided(spec, {1000, 8}).algorithm, "grid");
  EXPECT_EQ(decided(spec, {1000, 8}, Mode::training).algorithm, "grid");
  // What is done once in a call counts.
  EXPECT_EQ(decided(medium, {1, 8}).algorithm, "step");
  // Groups that have no room run one after the other.
  EXPECT_EQ(decided(spec, {1000, 4096}).algorithm, "step");
  spec.type = DataType::f64;
  EXPECT_EQ(decided(spec, {1000, 8}).algorithm, "step");
}

TEST_F(MeasuredModel, GoesBackwardByStepsWhereThatIsFaster) {
  // Exchanges so slow that rows of gates' gradients, four times as long as h, do not pay.
  for (cuda::ClusterModel& cluster : model.constants.clusters) cluster.exchange = {0.1, 1.0};
  model.constants.grid = {0.1, 1.0};
  const Decision decision = decided(medium, {1000, 8}, Mode::training);
  EXPECT_EQ(decision.algorithm, "cluster");
  EXPECT_TRUE(decision.persistent);
  EXPECT_FALSE(decision.persistent_backward);
  EXPECT_NE(decision.candidates[2].reason.find("; backward by steps: that is faster by the model"),
            std::string::npos)
      << decision.candidates[2].reason;
  RnnSpec named = medium;
  named.algorithm = "cluster";
  EXPECT_TRUE(decided(named, {1000, 8}, Mode::training).persistent_backward);
}

TEST_F(MeasuredModel, CountsBothPassesOfATrainingPlan) {
  // Forward a grid is a little slower than a cluster, backward much faster.
  for (cuda::ClusterModel& cluster : model.constants.clusters) cluster.exchange = {0.1, 0.2};
  model.constants.grid = {0.9, 0.01};
  EXPECT_EQ(decided(medium, {1000, 8}).algorithm, "cluster");
  EXPECT_EQ(decided(medium, {1000, 8}, Mode::training).algorithm, "grid");
}

TEST_F(MeasuredModel, TakesAnythingForNothing) {
  EXPECT_EQ(decided(medium, {0, 8}).algorithm, "step");
  EXPECT_FALSE(decided(medium, {1000, 0}).algorithm.empty());
}

TEST_F(MeasuredModel, IsNamedWithTheReasons) {
  const Decision decision = decided(medium, {1000, 8});
  const auto reason = [&](std::size_t n) { return decision.candidates[n].reason; };
  EXPECT_TRUE(reason(0).starts_with("slower by the model: W x as one product")) << reason(0);
  EXPECT_EQ(reason(1), "a block would need 16 warps for its units; it has at most 8");
  EXPECT_TRUE(reason(2).starts_with("16 blocks of ")) << reason(2);
  EXPECT_TRUE(reason(3).starts_with("slower by the model: 16 blocks of ")) << reason(3);
  for (const std::size_t n : {0U, 2U, 3U})
    EXPECT_TRUE(reason(n).ends_with(" us a call by constants of r.json, commit 1, today"))
        << reason(n);
  EXPECT_TRUE(decision.candidates[2].taken);
  EXPECT_FALSE(decision.candidates[0].taken);
}

TEST_F(MeasuredModel, GivesWayToAName) {
  RnnSpec spec = medium;
  spec.algorithm = "step";
  const Decision decision = decided(spec, {1000, 8});
  EXPECT_EQ(decision.algorithm, "step");
  EXPECT_FALSE(decision.persistent);
  EXPECT_TRUE(decision.candidates[2].reason.starts_with("another is named: 16 blocks of "))
      << decision.candidates[2].reason;
}

TEST(GuessedModel, TakesNothingButSteps) {
  for (const DeviceFacts& device : gpu_facts::gpus())
    for (const std::int64_t B : {1, 8, 64}) {
      const Decision decision = decide(medium, {1000, B}, Mode::inference, device);
      EXPECT_EQ(decision.algorithm, "step");
      EXPECT_TRUE(decision.candidates[3].reason.starts_with(
          "only by name, since no constants of the device are measured: "))
          << decision.candidates[3].reason;
    }
}

TEST(GuessedModel, SaysHowLongTheLongestCallTakes) {
  const Dims longest{std::numeric_limits<std::int64_t>::max(), 1};
  const std::string reason =
      decide(medium, longest, Mode::inference, gpu_facts::h200()).candidates[0].reason;
  EXPECT_NE(reason.find("us a step, 4.88408e+19 us a call by"), std::string::npos) << reason;
}

/// What a device answers, and what it was asked for: blocks of a group.
struct Answers {
  int most_blocks = 0;           ///< of a group that it has room for
  int most_backward_blocks = 0;  ///< likewise
  std::vector<int> asked{};
  bool was_asked_for_a_grid = false;

  GroupsAtOnce ask() {
    return [this](std::int64_t, const PersistentShape& shape) {
      asked.push_back(shape.blocks);
      was_asked_for_a_grid = was_asked_for_a_grid || shape.in_grid;
      return shape.blocks <= (shape.backward ? most_backward_blocks : most_blocks) ? 3 : 0;
    };
  }
};

class AskedDevice : public MeasuredModel {
 protected:
  Decision taken(Answers& answers, Mode mode = Mode::inference,
                 const std::string& algorithm = "") const {
    RnnSpec spec = medium;
    spec.algorithm = algorithm;
    return decide_on(spec, {1000, 8}, mode, device, answers.ask());
  }
};

TEST_F(AskedDevice, HasASmallerGroupWhereALargerHasNoRoom) {
  Answers answers{.most_blocks = 8};
  const Decision decision = taken(answers);
  EXPECT_EQ(decision.algorithm, "cluster");
  EXPECT_EQ(decision.groups_at_once, 3);
  EXPECT_FALSE(decision.persistent->in_grid);
  EXPECT_EQ(answers.asked.front(), 16);
  EXPECT_EQ(answers.asked.back(), 8);
}

TEST_F(AskedDevice, HasStepsWhereNothingElseHasRoom) {
  Answers none{};
  const Decision decision = taken(none);
  EXPECT_EQ(decision.algorithm, "step");
  EXPECT_FALSE(decision.persistent);
  EXPECT_TRUE(none.was_asked_for_a_grid);
  EXPECT_EQ(decision.candidates[2].reason, "the device has no room for it");
  EXPECT_EQ(decision.candidates[3].reason, "the device has no room for it");
  for (const char* const named : {"cluster", "grid"})
    EXPECT_THROW(taken(none, Mode::inference, named), UnsupportedError);
}

TEST_F(AskedDevice, GoesBackwardByStepsWhereThatHasNoRoom) {
  Answers answers{.most_blocks = 16};
  const Decision decision = taken(answers, Mode::training, "cluster");
  EXPECT_TRUE(decision.persistent);
  EXPECT_FALSE(decision.persistent_backward);
  EXPECT_EQ(decision.backward_groups_at_once, 0);
}

TEST(PlannerTable, HasNoRowWithoutARecord) {
  for (const Model& model : cuda::measured_models()) {
    EXPECT_TRUE(model.is_measured());
    EXPECT_EQ(cuda::find_model(model.device), &model);
  }
  EXPECT_EQ(cuda::find_model("no such device"), nullptr);
  EXPECT_EQ(cuda::find_model(""), nullptr);
}

TEST(StepModel, CountsWhatAStepReadsAndMultiplies) {
  DeviceFacts device = gpu_facts::h200();
  device.model = &fixture_models[0];  // 1 us a kernel, 1 TB/s from L2, 100 TFLOP/s
  RnnSpec spec = medium;
  spec.hidden_size = 1000;
  const auto us = [&](std::int64_t B) {
    return cuda::step_us({spec, find_cell("lstm"), B}, device);
  };
  EXPECT_NEAR(us(1), 2 + 8.0, 1e-9);         // 4 x 1000 x 1000 x 2 bytes
  EXPECT_NEAR(us(10'000), 2 + 800.0, 1e-9);  // 2 x 4 x 1000 x 1000 x 10,000
  EXPECT_NEAR(cuda::fused_step_us({spec, find_cell("lstm"), 1}, device), 1 + 8.0, 1e-9);
  spec.hidden_size = 5000;  // 200 MB, which L2 does not keep: 500 GB/s
  EXPECT_NEAR(us(1), 2 + 400.0, 1e-9);
}

class PlannerModel : public testing::Test {
 protected:
  PlannerModel() {
    device.multiprocessors = 100;
    device.model = &fixture_models[0];
  }
  double us(const PersistentShape& shape, std::int64_t B = 1, Math math = Math::strict) const {
    const RnnSpec spec{.input_size = 3,
                       .hidden_size = shape.H,
                       .type = shape.element_bytes == 2 ? DataType::bf16 : DataType::f32,
                       .math = math};
    return cuda::persistent_step_us(shape, {spec, find_cell("lstm"), B}, device);
  }
  DeviceFacts device = gpu_facts::h200();
  // 16 units in one warp; of R 4 matrix tiles, in one k block of 64 bytes, half of it padding.
  const PersistentShape block{.H = 16, .gates = 4, .element_bytes = 2};
  // 64 units in two blocks of two warps; each warp has 4 matrix tiles in two k blocks.
  const PersistentShape cluster{.H = 64, .gates = 4, .element_bytes = 2, .blocks = 2};
  // Two barriers of 30 cycles and two functions of 90 at 1 GHz.
  const double forward_us = 0.06 + 0.18, backward_us = 0.06;
  // 64 by 32 by 8 multiply-adds of one warp: it has a quarter of its multiprocessor, which has a
  // hundredth of 100 TFLOP/s.
  const double product_us = 2 * 64 * 32 * 8 / 0.25e6;
};

TEST_F(PlannerModel, CountsWhatABlockWaitsFor) {
  EXPECT_NEAR(us(block), forward_us + product_us, 1e-9);
  EXPECT_NEAR(us(block, 800), us(block), 1e-9);
  EXPECT_NEAR(us(block, 801), 2 * us(block), 1e-9);
  // f32: twice the k, at 128 multiply-adds a cycle of all four parts of the multiprocessor.
  PersistentShape strict = block;
  strict.element_bytes = 4;
  strict.wide_sums = true;
  EXPECT_NEAR(us(strict), forward_us + 64 * 16 * 8 / 32e3, 1e-9);
  strict.wide_sums = false;
  EXPECT_NEAR(us(strict, 1, Math::tf32), forward_us + product_us / 2, 1e-9);
  // Four warps side by side, then sums of 4 matrix tiles, 512 bytes each, written and read.
  PersistentShape split = block;
  split.H = 64;
  split.blocks = 4;
  split.parts = 2;
  PersistentShape whole = split;
  whole.parts = 1;
  EXPECT_NEAR(us(split) - us(whole), -product_us + 2 * 2 * 4 * 512 / 100e3, 1e-9);
}

TEST_F(PlannerModel, CountsExchanges) {
  EXPECT_NEAR(us(cluster), forward_us + 2 * product_us + 0.2 + 0.02048, 1e-9);
  // Ten clusters at a time, of 8 rows each.
  EXPECT_NEAR(us(cluster, 80), us(cluster), 1e-9);
  EXPECT_NEAR(us(cluster, 81), 2 * us(cluster), 1e-9);
  // Backward as many products, and rows that are four times as long.
  PersistentShape backward = cluster;
  backward.backward = true;
  EXPECT_NEAR(us(backward), backward_us + 2 * product_us + 0.2 + 4 * 0.02048, 1e-9);
  // In a grid one warp stores 2 tiles of 32 bytes in 8 rows.
  PersistentShape grid = cluster;
  grid.in_grid = true;
  EXPECT_NEAR(us(grid), forward_us + 2 * product_us + 2 + 0.01024 + 0.032, 1e-9);
}

TEST_F(PlannerModel, CountsReads) {
  // So many products a second that reads are all; of R what registers leave in shared memory.
  cuda::Model fast = fixture_models[0];
  fast.constants.bf16_tflop_per_s = 1e9;
  device.model = &fast;
  PersistentShape large{.H = 256, .gates = 4, .element_bytes = 2, .blocks = 16};
  const double rows = 8 * 64 * 8, in_shared = 5 * 4 * 1024;  // 3 of 8 k blocks in registers
  EXPECT_EQ(large.depth_in_shared(), 5);
  EXPECT_NEAR(us(large), forward_us + 0.2 + 4 * 0.00256 + (rows + in_shared) / 100e3, 1e-6);
  large.row_tiles = 2;
  EXPECT_NEAR(us(large), forward_us + 0.2 + 8 * 0.00256 + 2 * (rows + in_shared) / 100e3, 1e-6);

  // In a grid of two tiles a block, rows are read once more, at 10 B/ns, and by both warps from
  // shared memory.
  PersistentShape grid{.H = 256, .gates = 4, .element_bytes = 2, .blocks = 8, .in_grid = true};
  const double stays = us(grid);
  EXPECT_EQ(grid.depth_in_registers(), 2);
  EXPECT_NEAR(stays,
              forward_us + 2 + 4 * 0.01024 + 2 * 32 * 8 / 16e3 + 2 * 6 * 4096 / 100e3 +
                  rows / 10e3 + 2 * rows / 100e3,
              1e-6);
  // In two turns L2 is waited for once more, in three twice.
  PersistentShape in_turns = grid;
  in_turns.staged_k_blocks = 4;
  EXPECT_NEAR(us(in_turns) - stays, 300 / fast.constants.clock_mhz, 1e-9);
  in_turns.staged_k_blocks = 3;
  EXPECT_NEAR(us(in_turns) - stays, 2 * 300 / fast.constants.clock_mhz, 1e-9);
  // Three turns of each of two row tiles; the first wait of all is the exchange's.
  PersistentShape one_turn = grid;
  one_turn.row_tiles = in_turns.row_tiles = 2;
  EXPECT_NEAR(us(in_turns) - us(one_turn), 4 * 300 / fast.constants.clock_mhz, 1e-9);
  // What is streamed, 4 of 6 k blocks, comes from L2, or from memory where that is too small.
  grid.shared_k_blocks = 2;
  const double streamed = 2 * 4 * 4096;
  EXPECT_NEAR(us(grid) - stays, streamed / 10e3 - streamed / 100e3, 1e-6);
  device.l2_bytes = 1000;
  EXPECT_NEAR(us(grid) - stays, streamed / 10e3 - streamed / 100e3, 1e-6);
  EXPECT_NEAR(us(grid, 80) - us(grid),
              9 * 8 * streamed / 500e3 - streamed / 10e3 + 8 * streamed / 500e3, 1e-6);
}

TEST_F(PlannerModel, CountsWhatACallTakesOnce) {
  // R of 4 k blocks, 4 tiles and 4 matrix tiles, read and written, then read by each launch.
  const double R_us = 4 * 2 * 4 * 1024 / 1e6;
  EXPECT_NEAR(cuda::persistent_call_us(cluster, 0, device), 3 + 2 * R_us, 1e-9);
  EXPECT_NEAR(cuda::persistent_call_us(cluster, 256, device), 3 + 2 * R_us + 1 + R_us, 1e-9);
  EXPECT_NEAR(cuda::persistent_call_us(cluster, 257, device), 3 + 2 * R_us + 2 * (1 + R_us), 1e-9);
}

TEST_F(PlannerModel, GrowsGuessesWithADevice) {
  // What all multiprocessors do together; what each does stays.
  DeviceFacts whole = gpu_facts::h200(), half = whole;
  half.multiprocessors = 66;
  const RnnSpec spec{.input_size = 3, .hidden_size = 1024, .type = DataType::bf16};
  const auto by_steps = [&](const DeviceFacts& of) {
    return cuda::step_us({spec, find_cell("lstm"), 1}, of) - 2 * 2.6;
  };
  EXPECT_NEAR(by_steps(half), 2 * by_steps(whole), 1e-9);
  const auto by_cluster = [&](const DeviceFacts& of) {
    return cuda::persistent_step_us(cluster, {medium, find_cell("lstm"), 1}, of);
  };
  EXPECT_NEAR(by_cluster(half), by_cluster(whole), 1e-9);
}

}  // namespace
}  // namespace takt
