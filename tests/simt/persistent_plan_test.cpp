// Plans that take a persistent form: what kernels' own tests do not reach.
#include <string>

#include <gtest/gtest.h>

#include <takt/takt.hpp>

#include "cuda/layout.hpp"
#include "cuda/persistent.hpp"
#include "device.hpp"
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
  const validate::CaseShape shape{1100, 5, 700, 20};
  for (const cuda::PersistentForm form :
       {cuda::PersistentForm::block, cuda::PersistentForm::cluster})
    for (const Semantics& semantics :
         {Semantics{}, Semantics{.reverse = true, .lengths = true, .resets = true}}) {
      const std::string algorithm(cuda::to_string(form));
      SCOPED_TRACE(algorithm + (semantics.reverse ? ", reverse" : ""));
      const Case checked{
          .cell = "lstm", .shape = shape, .semantics = semantics, .algorithm = algorithm};
      const RnnSpec spec{.cell = "lstm", .input_size = shape.I, .hidden_size = shape.H};
      const DeviceFacts& facts = device.state()->facts;
      cuda::Sizes sizes = cuda::sizes_of(spec, find_cell("lstm"), {shape.T, shape.B}, facts);
      sizes.persistent =
          cuda::choose_persistent(form, spec, find_cell("lstm"), {shape.T, shape.B}, facts).shape;
      ASSERT_TRUE(sizes.persistent);
      EXPECT_LT(cuda::ForwardLayout(sizes).chunk_rows, shape.T * shape.B);
      const validate::Outcome outcome = validate::run(checked, device, 1);
      EXPECT_EQ(outcome.algorithm, algorithm);
      EXPECT_LE(outcome.worst().share(), 1) << outcome.worst().tensor << " " << outcome.reason;
      EXPECT_EQ(outcome.noticed, "");
    }
}

/// Empty calls of a plan for more.
TEST(PersistentPlan, TakesEmptyCalls) {
  const Device device = Device::cuda();
  for (const std::string algorithm : {"block", "cluster"})
    for (const validate::CaseShape& shape :
         {validate::CaseShape{0, 3, 2, 20}, validate::CaseShape{4, 0, 2, 20}}) {
      const Case checked{.cell = "lstm", .shape = shape, .semantics = {}, .algorithm = algorithm};
      const validate::Outcome outcome = validate::run(checked, device, 1);
      EXPECT_EQ(outcome.algorithm, algorithm) << outcome.reason;
      EXPECT_EQ(outcome.worst().error(), 0) << outcome.worst().tensor;
    }
}

}  // namespace
}  // namespace takt
