// Plans for inference: the bits of training, whatever outputs are asked for.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <takt/takt.hpp>

#include "call_kinds.hpp"
#include "cell_names.hpp"

namespace takt::test {
namespace {

class Inference : public testing::TestWithParam<std::string> {
 protected:
  const Device device = Device::cpu({.threads = 2});
};

/// Forward's results, of an output that is not asked for what was there.
std::vector<std::vector<unsigned char>> outputs_of(const CallArrays& arrays) {
  return {bytes_of(arrays.y), bytes_of(arrays.hT), bytes_of(arrays.cT), bytes_of(arrays.c_all)};
}

TEST_P(Inference, HasTheBitsOfTraining) {
  for (const RnnSpec& spec : kinds_of(GetParam()))
    for (const bool ragged : {false, true}) {
      SCOPED_TRACE(to_string(spec) + (ragged ? ", ragged" : ""));
      const Plan inference(spec, dims_of_kinds, Mode::inference, device);
      const Plan training(spec, dims_of_kinds, Mode::training, device);
      CallArrays inferred(inference, 1), trained(training, 1);
      for (CallArrays* arrays : {&inferred, &trained})
        if (ragged) make_ragged_rows(*arrays);
      const auto before = outputs_of(inferred);
      inferred.forward(inference);
      trained.forward(training);
      EXPECT_EQ(outputs_of(inferred), outputs_of(trained));
      EXPECT_NE(outputs_of(inferred), before);
    }
}

TEST_P(Inference, GivesEachSetOfOutputsTheSameBits) {
  const Stream stream(device);
  for (const RnnSpec& spec : kinds_of(GetParam())) {
    SCOPED_TRACE(to_string(spec));
    const Plan plan(spec, dims_of_kinds, Mode::inference, device);
    CallArrays all(plan, 1);
    make_ragged_rows(all);
    all.forward(plan);
    const auto expected = outputs_of(all);
    for (unsigned asked = 0; asked < 16; ++asked) {
      CallArrays some(plan, 1);
      make_ragged_rows(some);
      auto wanted = outputs_of(some);
      for (unsigned n = 0; n < 4; ++n)
        if ((asked >> n & 1U) != 0) wanted[n] = expected[n];
      Outputs outputs = some.outputs();
      if ((asked & 1U) == 0) outputs.y = nullptr;
      if ((asked & 2U) == 0) outputs.hT = nullptr;
      if ((asked & 4U) == 0) outputs.cT = nullptr;
      if ((asked & 8U) == 0) outputs.c_all = nullptr;
      plan.forward(some.inputs(), outputs, some.memory, stream);
      EXPECT_EQ(outputs_of(some), wanted) << "y, hT, cT, c_all: bits of " << asked;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Cells, Inference, testing::ValuesIn(cell_names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace takt::test
