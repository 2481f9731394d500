// The planner's shapes of persistent kernels, from facts alone.
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <takt/takt.hpp>

#include "cuda/persistent.hpp"
#include "gpu_facts.hpp"
#include "plan.hpp"

namespace takt {
namespace {

using namespace gpu_facts;

RnnSpec lstm(std::int64_t I, std::int64_t H, DataType type = DataType::f32) {
  return {.cell = "lstm", .input_size = I, .hidden_size = H, .type = type};
}

/// A shape of a pass is one that its kernel takes and the device has.
void expect_possible(const policy::PersistentShape& shape, const cuda::PersistentPass& pass,
                     const DeviceFacts& device) {
  const bool grid = pass.form == cuda::PersistentForm::grid;
  EXPECT_EQ(shape.backward, pass.backward);
  EXPECT_EQ(shape.in_grid, grid);
  EXPECT_EQ(shape.blocks > 1, pass.form != cuda::PersistentForm::block);
  EXPECT_LE(shape.blocks, policy::Persistent::unit_tiles(shape.H));
  EXPECT_LE(shape.blocks, grid ? device.multiprocessors : device.largest_cluster);
  EXPECT_LE(shape.warps(), policy::Persistent::most_warps);
  EXPECT_LE(shape.shared_bytes(), device.shared_bytes_per_block);
  EXPECT_LE(shape.row_tiles, policy::Persistent::most_row_tiles(shape.parts));
}

/// And parts of an H200, as MIG and MPS give them.
std::vector<DeviceFacts> whole_and_partial_gpus() {
  std::vector<DeviceFacts> all = gpus();
  for (const int multiprocessors : {1, 7, 16}) {
    all.push_back(h200());
    all.back().multiprocessors = multiprocessors;
  }
  all.back().shared_bytes_per_block = 100 << 10;
  return all;
}

TEST(PersistentPlanner, GivesEveryBlockOfAClusterUnitsAndOnlyWhatFits) {
  for (const DeviceFacts& device : whole_and_partial_gpus())
    for (const char* const cell : {"rnn_tanh", "lstm", "gru"})
      for (const DataType type : {DataType::f32, DataType::f16})
        for (std::int64_t H = 1; H < 1100; H += H < 40 ? 1 : 37)
          for (const std::int64_t B : {0, 1, 9, 200})
            for (const cuda::PersistentForm form : cuda::persistent_forms) {
              RnnSpec spec{.cell = cell, .input_size = 3, .hidden_size = H, .type = type};
              const auto choice = [&](bool backward) {
                const cuda::PersistentPass pass{.form = form, .backward = backward};
                const cuda::PersistentChoice chosen =
                    cuda::choose_persistent(pass, spec, find_cell(cell), {100, B}, device);
                EXPECT_EQ(chosen.shape.has_value(), chosen.reason.empty());
                if (chosen.shape) expect_possible(*chosen.shape, pass, device);
                return chosen.shape;
              };
              const auto forward = choice(false), backward = choice(true);
              spec.algorithm = cuda::to_string(form);
              if (!forward) {
                EXPECT_THROW(decide(spec, {100, B}, Mode::training, device), UnsupportedError);
                continue;
              }
              const Decision decision = decide(spec, {100, B}, Mode::training, device);
              EXPECT_EQ(decision.algorithm, spec.algorithm);
              EXPECT_EQ(decision.persistent_backward.has_value(), backward.has_value());
              EXPECT_FALSE(decide(spec, {100, B}, Mode::inference, device).persistent_backward);
            }
}

/// What no cluster holds, a grid does: R of an LSTM in f16 up to 2048 units; of more, or in f32, a
/// part is streamed.
TEST(PersistentPlanner, HasAGridForWhatNoClusterHolds) {
  using Form = cuda::PersistentForm;
  const auto shape = [](const cuda::PersistentPass& pass, std::int64_t H, DataType type,
                        Math math = Math::strict) {
    const RnnSpec spec{.input_size = 3, .hidden_size = H, .type = type, .math = math};
    return cuda::choose_persistent(pass, spec, find_cell("lstm"), {100, 8}, h200()).shape;
  };
  for (const bool backward : {false, true}) {
    const cuda::PersistentPass cluster{Form::cluster, backward}, grid{Form::grid, backward};
    EXPECT_TRUE(shape(cluster, 512, DataType::f16));
    EXPECT_FALSE(shape(cluster, 1024, DataType::f16));
    const auto streamed_share = [&](std::int64_t H, DataType type, Math math = Math::strict) {
      const auto chosen = shape(grid, H, type, math);
      EXPECT_TRUE(chosen) << H << " backward " << backward;
      return chosen ? static_cast<double>(chosen->streamed_depth()) /
                          static_cast<double>(chosen->depth())
                    : 1;
    };
    EXPECT_EQ(streamed_share(1024, DataType::f16), 0);
    EXPECT_EQ(streamed_share(768, DataType::f32), 0);
    // Backward a longer row is loaded at once, for which the model gives up a little of R.
    EXPECT_LE(streamed_share(2048, DataType::f16), backward ? 0.04 : 0);
    EXPECT_LE(streamed_share(1024, DataType::f32, Math::tf32), backward ? 0.04 : 0);
    EXPECT_GT(streamed_share(4096, DataType::f16), 0.4);
    EXPECT_GT(streamed_share(1024, DataType::f32), 0);
    EXPECT_FALSE(shape(grid, 16'384, DataType::f16));
  }
}

TEST(PersistentPlanner, SaysWhyNoGridTakesVeryManyUnits) {
  const Decision decision = decide(lstm(64, 10'000), {100, 8}, Mode::inference, h200());
  EXPECT_EQ(decision.candidates[3].reason,
            "a block would need 10 warps for its units; it has at most 8");
}

Room room_of_clusters(const Room::Most& most) {
  Room room;
  room.of(cuda::PersistentForm::cluster) = most;
  return room;
}

TEST(PersistentPlanner, HasNoGridOnOneMultiprocessor) {
  DeviceFacts device = h200();
  device.multiprocessors = 1;
  RnnSpec spec = lstm(64, 64);
  EXPECT_EQ(decide(spec, {100, 8}, Mode::inference, device).candidates[3].reason,
            "the device has one multiprocessor");
  spec.algorithm = "grid";
  EXPECT_THROW(decide(spec, {100, 8}, Mode::inference, device), UnsupportedError);
}

/// What was found out about room is of the form that was asked about.
TEST(PersistentPlanner, KeepsTheRoomOfAFormToIt) {
  RnnSpec spec = lstm(64, 600);
  spec.cell = "rnn_tanh";
  spec.algorithm = "cluster";
  const auto candidates = [&spec](const Room& room) {
    return decide(spec, {100, 8}, Mode::training, h200(), room).candidates;
  };
  const auto all = candidates({}), less = candidates(room_of_clusters({8, 1}));
  EXPECT_EQ(all[1].reason, less[1].reason);
  EXPECT_NE(all[2].reason, less[2].reason);
  EXPECT_EQ(all[3].reason, less[3].reason);
}

TEST(PersistentPlanner, SaysWhichBackwardATrainingPlanHas) {
  RnnSpec spec = lstm(64, 512);
  spec.type = DataType::f16;
  spec.algorithm = "cluster";
  const auto reason = [&](Mode mode, const Room::Most& most = {}) {
    return decide(spec, {100, 8}, mode, h200(), room_of_clusters(most)).candidates[2].reason;
  };
  EXPECT_EQ(reason(Mode::inference).find("backward"), std::string::npos);
  EXPECT_NE(reason(Mode::training).find("; backward 16 blocks of "), std::string::npos)
      << reason(Mode::training);
  EXPECT_NE(reason(Mode::training, {.backward = 8})
                .find("; backward by steps: the device has no room for as many blocks as R needs"),
            std::string::npos)
      << reason(Mode::training, {.backward = 8});
  EXPECT_NE(reason(Mode::training, {.backward = 1})
                .find("; backward by steps: the device has no room for it"),
            std::string::npos);
}

TEST(PersistentPlanner, SaysInHowManyTurnsARowComes) {
  const auto reason = [](std::int64_t H) {
    const RnnSpec spec = lstm(64, H, DataType::f16);
    return decide(spec, {100, 8}, Mode::inference, h200()).candidates[3].reason;
  };
  EXPECT_EQ(reason(768).find("turn"), std::string::npos) << reason(768);
  EXPECT_NE(reason(2048).find(" bytes of shared memory a block, a row in 2 turns, "),
            std::string::npos)
      << reason(2048);
}

/// "0+8 of 0+3": chunks 0 to 7 of groups 0 to 2.
std::string launches(std::int64_t chunks, std::int64_t groups, std::int64_t at_once) {
  const auto range = [](std::int64_t first, std::int64_t count) {
    return std::to_string(first) + "+" + std::to_string(count);
  };
  std::string all;
  cuda::for_each_launch(chunks, groups, at_once, [&](const cuda::LaunchPart& part) {
    all += (all.empty() ? "" : ", ") + range(part.first_chunk, part.chunks) + " of " +
           range(part.first_group, part.groups);
  });
  return all;
}

TEST(PersistentPlanner, LaunchesWholeChunksTogetherWhereTheyHaveRoom) {
  EXPECT_EQ(launches(1, 1, 1), "0+1 of 0+1");
  EXPECT_EQ(launches(2, 3, 6), "0+2 of 0+3");
  EXPECT_EQ(launches(2, 3, 5), "0+1 of 0+3, 1+1 of 0+3");
  EXPECT_EQ(launches(2, 3, 2), "0+1 of 0+2, 0+1 of 2+1, 1+1 of 0+2, 1+1 of 2+1");
  EXPECT_EQ(launches(3, 1, 2), "0+2 of 0+1, 2+1 of 0+1");
  EXPECT_EQ(policy::Persistent::most_chunks, 8);
  EXPECT_EQ(launches(11, 3, 33), "0+8 of 0+3, 8+3 of 0+3");
  EXPECT_EQ(launches(0, 3, 2), "");
  EXPECT_EQ(launches(2, 0, 1), "");
}

}  // namespace
}  // namespace takt
