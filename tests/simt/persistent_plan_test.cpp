// Plans that take a persistent form: what kernels' own tests do not reach.
#include <string>

#include <gtest/gtest.h>

#include <takt/takt.hpp>

#include "cuda/layout.hpp"
#include "cuda/persistent.hpp"
#include "device.hpp"
#include "gpu/layer.hpp"
#include "simt.hpp"
#include "validate/run.hpp"

namespace takt {
namespace {

using validate::Case;
using validate::Semantics;

/// More rows than a chunk holds: states, saved values and inner states of the second chunk have
/// places of their own.
TEST(PersistentPlan, CarriesStatesFromChunkToChunk) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "it takes minutes";
#endif
  const Device device = Device::cuda();
  const validate::CaseShape shape{260, 5, 3300, 20};
  for (const cuda::PersistentForm form : cuda::persistent_forms)
    for (const Semantics& semantics :
         {Semantics{}, Semantics{.reverse = true, .lengths = true, .resets = true}}) {
      const std::string algorithm(cuda::to_string(form));
      SCOPED_TRACE(algorithm + (semantics.reverse ? ", reverse" : ""));
      const Case checked{
          .cell = "lstm", .shape = shape, .semantics = semantics, .algorithm = algorithm};
      const RnnSpec spec{.cell = "lstm", .input_size = shape.I, .hidden_size = shape.H};
      const DeviceFacts& facts = device.state()->facts;
      cuda::Sizes sizes = cuda::sizes_of(spec, find_cell("lstm"), {shape.T, shape.B}, facts);
      const auto chosen = [&](bool backward) {
        return cuda::choose_persistent({form, backward}, spec, find_cell("lstm"),
                                       {shape.T, shape.B}, facts)
            .shape;
      };
      sizes.persistent = chosen(false);
      sizes.persistent_backward = chosen(true);
      ASSERT_TRUE(sizes.persistent && sizes.persistent_backward);
      EXPECT_LT(cuda::ForwardLayout(sizes).chunk_rows, shape.T * shape.B);
      EXPECT_LT(cuda::BackwardLayout(sizes).chunk_rows, shape.T * shape.B);
      const validate::Outcome outcome = validate::run(checked, device, 1);
      EXPECT_EQ(outcome.algorithm, algorithm);
      EXPECT_LE(outcome.worst().share(), 1) << outcome.worst().tensor << " " << outcome.reason;
      EXPECT_EQ(outcome.noticed, "");
    }
}

/// Empty calls of a plan for more.
TEST(PersistentPlan, TakesEmptyCalls) {
  const Device device = Device::cuda();
  for (const std::string algorithm : {"block", "cluster", "grid"})
    for (const validate::CaseShape& shape :
         {validate::CaseShape{0, 3, 2, 20}, validate::CaseShape{4, 0, 2, 20}}) {
      const Case checked{.cell = "lstm", .shape = shape, .semantics = {}, .algorithm = algorithm};
      const validate::Outcome outcome = validate::run(checked, device, 1);
      EXPECT_EQ(outcome.algorithm, algorithm) << outcome.reason;
      EXPECT_EQ(outcome.worst().error(), 0) << outcome.worst().tensor;
    }
}

/// A cluster stays inside a group of multiprocessors; here a group has few, and each has room for
/// one block.
class SmallGroups {
 public:
  explicit SmallGroups(int multiprocessors) {
    simt::Profile profile = simt::h200();
    profile.multiprocessors_of_a_group = multiprocessors;
    profile.blocks_per_multiprocessor = 1;
    simt::set_device(profile);
  }
  SmallGroups(const SmallGroups&) = delete;
  SmallGroups& operator=(const SmallGroups&) = delete;
  ~SmallGroups() { simt::set_device(simt::h200()); }
};

std::string shape_of(const Plan& plan) {
  for (const Candidate& candidate : plan.candidates())
    if (candidate.taken) return candidate.reason;
  return "none";
}

TEST(PersistentPlan, TakesASmallerClusterWhereALargerHasNoRoom) {
  const RnnSpec spec{.cell = "rnn_tanh",
                     .input_size = 3,
                     .hidden_size = 600,
                     .type = DataType::f16,
                     .algorithm = "cluster"};
  const auto plan = [&spec] { return Plan(spec, {4, 3}, Mode::inference, Device::cuda()); };
  EXPECT_EQ(shape_of(plan()).substr(0, 9), "16 blocks");
  {
    const SmallGroups groups(8);
    EXPECT_EQ(shape_of(plan()).substr(0, 8), "8 blocks");
  }
  {
    const SmallGroups none(0);
    try {
      plan();
      ADD_FAILURE() << "not refused";
    } catch (const UnsupportedError& error) {
      EXPECT_NE(std::string(error.what())
                    .find("bytes of shared memory at once; the device has no "
                          "room for them (other processes, MPS or MIG"),
                std::string::npos)
          << error.what();
    }
  }
}

/// Forward in a cluster of 16; backward, which would need another so large, by steps.
TEST(PersistentPlan, GoesBackwardByStepsWhereThatHasNoRoom) {
  const Case checked{.cell = "lstm",
                     .type = DataType::f16,
                     .shape = {4, 3, 3, 500},
                     .semantics = {.lengths = true},
                     .algorithm = "cluster"};
  const RnnSpec spec{.cell = "lstm",
                     .input_size = 3,
                     .hidden_size = 500,
                     .type = DataType::f16,
                     .algorithm = "cluster"};
  const Plan plan(spec, {4, 3}, Mode::training, Device::cuda());
  EXPECT_NE(shape_of(plan).find("; backward 16 blocks"), std::string::npos) << shape_of(plan);
  const SmallGroups groups(8);
  const Plan small(spec, {4, 3}, Mode::training, Device::cuda());
  EXPECT_EQ(shape_of(small).substr(0, 8), "8 blocks");
  EXPECT_NE(shape_of(small).find("; backward by steps: "), std::string::npos) << shape_of(small);
  const validate::Outcome outcome = validate::run(checked, Device::cuda(), 1);
  EXPECT_EQ(outcome.algorithm, "cluster");
  EXPECT_LE(outcome.worst().share(), 1) << outcome.worst().tensor << " " << outcome.reason;
}

/// In less time than one step takes, nothing comes from the others.
TEST(PersistentPlan, GivesUpAfterTheTimeOfTheSpec) {
  const Device device = Device::cuda();
  cuda_test::LayerCase like{.T = 4, .B = 8, .H = 256, .algorithm = "cluster"};
  for (const std::string algorithm : {"cluster", "grid"})
    for (const std::int64_t limit_ms : {1, 600'000}) {
      like.algorithm = algorithm;
      RnnSpec spec = like.spec();
      spec.wait_limit_ms = limit_ms;
      const Plan plan(spec, {like.T, like.B}, Mode::training, device);
      ASSERT_EQ(shape_of(plan).find("backward by steps"), std::string::npos);
      cuda_test::CudaLayer layer(plan, like, 1);
      cuda_test::CallMemory memory(plan);
      const Stream stream(device);
      for (const bool backward : {false, true}) {
        backward ? layer.backward(memory, stream) : layer.forward(memory, stream);
        const CallStatus told = status(memory, stream);
        EXPECT_EQ(told.gave_up, limit_ms == 1) << told.message();
        EXPECT_EQ(told.fine(), limit_ms != 1);
      }
      // Barriers whose data never came: of a kernel that gave up, nothing else.
      for (const simt::Report& report : simt::take_reports())
        EXPECT_TRUE(limit_ms == 1 && report.kind == "mbarrier") << report.text;
    }
}

}  // namespace
}  // namespace takt
