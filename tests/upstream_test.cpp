// Backward from one upstream gradient alone: of y, hT, cT or c_all, with the others null.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include <takt/takt.hpp>

#include "cell_names.hpp"
#include "near_reference.hpp"

namespace takt::reference_test {
namespace {

using Part = Values LayerUpstream::*;
constexpr Part parts[] = {&LayerUpstream::dy, &LayerUpstream::dhT, &LayerUpstream::dcT,
                          &LayerUpstream::dc_all};
constexpr const char* part_names[] = {"dy", "dhT", "dcT", "dc_all"};

template <class Real>
Layer make_layer(const std::string& cell, bool reverse) {
  const CellInfo& info = find_cell(cell);
  Layer layer({info.name, info.gates, info.inner_states()}, 7, 4, 3, 9);
  std::mt19937_64 generator(8);
  layer.randomize(generator);
  // As in validation: the recurrence must matter, yet not blow up.
  layer.R = random_values(generator, layer.G * layer.H * layer.H,
                          1.5 / std::sqrt(static_cast<double>(layer.H + 1)));
  layer.reverse = reverse;
  layer.lengths = {7, 0, 3, 6};
  round_numbers<Real>(layer);
  return layer;
}

template <class Real>
void expect_each_part_alone(const std::string& cell, bool reverse) {
  const Layer layer = make_layer<Real>(cell, reverse);
  std::mt19937_64 generator(9);
  LayerUpstream all(layer, generator);
  round_numbers<Real>(all);
  for (std::size_t n = 0; n < std::size(parts); ++n) {
    if ((all.*parts[n]).empty()) continue;
    SCOPED_TRACE(part_names[n]);
    LayerUpstream alone;
    alone.*parts[n] = all.*parts[n];
    const reference::Gradients found = run_plan<Real>(layer, &alone).gradients;
    expect_near_reference<Real>(layer, alone, found);
    EXPECT_TRUE(std::any_of(found.dW.begin(), found.dW.end(),
                            [](double value) { return std::abs(value) > 0.1; }));
  }
}

class UpstreamAlone : public testing::TestWithParam<std::string> {};

TEST_P(UpstreamAlone, GivesTheGradientsOfTheReference) {
  for (const bool reverse : {false, true}) {
    SCOPED_TRACE(reverse ? "reverse" : "forward");
    expect_each_part_alone<float>(GetParam(), reverse);
    expect_each_part_alone<double>(GetParam(), reverse);
  }
}

INSTANTIATE_TEST_SUITE_P(Cells, UpstreamAlone, testing::ValuesIn(test::cell_names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace takt::reference_test
