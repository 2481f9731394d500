// What the reference keeps for every cell: lengths, resets, direction, carried states, empty sizes,
// null pointers. Most of it holds exactly.
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include <takt/reference.hpp>

#include "reference_layer.hpp"

namespace takt::reference_test {
namespace {

using reference::CellSizes;
using reference::Gradients;
using reference::Result;

class ReferenceRules : public testing::TestWithParam<CellSizes> {
 protected:
  std::mt19937_64 generator_{5};

  /// T 6, B 4, I 3, H 5.
  Layer random_layer() {
    Layer layer(GetParam(), 6, 4, 3, 5);
    layer.randomize(generator_);
    return layer;
  }
};

INSTANTIATE_TEST_SUITE_P(EveryCell, ReferenceRules, testing::ValuesIn(reference::cells()),
                         [](const auto& instance) { return std::string(instance.param.name); });

/// Steps [from, to) of `whole`; the initial states stay as they are.
Layer steps_of(const Layer& whole, std::int64_t from, std::int64_t to) {
  Layer part = whole;
  const auto cut = [&](auto& array, std::int64_t size) {
    if (array.empty()) return;
    const auto first = array.begin() + from * whole.B * size;
    array = std::remove_cvref_t<decltype(array)>(first, first + (to - from) * whole.B * size);
  };
  part.T = to - from;
  cut(part.x, whole.I);
  cut(part.resets, 1);
  return part;
}

/// Row b of an array [blocks,B,size].
template <class Element>
std::vector<Element> row_of(const std::vector<Element>& array, std::int64_t B, std::int64_t b,
                            std::int64_t size) {
  std::vector<Element> row;
  for (std::int64_t n = 0; n < static_cast<std::int64_t>(array.size()); ++n) {
    if (n / size % B == b) row.push_back(array[static_cast<std::size_t>(n)]);
  }
  return row;
}

/// Row b alone, cut to its length.
Layer row_alone(const Layer& layer, std::int64_t b) {
  Layer row = layer;
  row.x = row_of(layer.x, layer.B, b, layer.I);
  row.h0 = row_of(layer.h0, layer.B, b, layer.H);
  row.c0 = row_of(layer.c0, layer.B, b, layer.H);
  row.resets = row_of(layer.resets, layer.B, b, 1);
  row.lengths = {};
  row.B = 1;
  return steps_of(row, 0, layer.length(b));
}

Values joined(Values first, const Values& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

/// [blocks,T,B,size], each row's valid prefix turned round.
template <class Element>
std::vector<Element> flipped(const Layer& layer, const std::vector<Element>& array,
                             std::int64_t size) {
  std::vector<Element> out = array;
  const std::int64_t blocks = static_cast<std::int64_t>(array.size()) / (layer.T * layer.B * size);
  for (std::int64_t block = 0; block < blocks; ++block) {
    for (std::int64_t t = 0; t < layer.T; ++t) {
      for (std::int64_t b = 0; b < layer.B; ++b) {
        if (!layer.valid(t, b)) continue;
        for (std::int64_t j = 0; j < size; ++j) {
          out[layer.at(block * layer.T + t, b, j, size)] =
              array[layer.at(block * layer.T + layer.length(b) - 1 - t, b, j, size)];
        }
      }
    }
  }
  return out;
}

void expect_finite(const Values& values) {
  for (const double value : values) EXPECT_TRUE(std::isfinite(value));
}

TEST_P(ReferenceRules, SplitAndCarriedEqualsWhole) {
  const Layer whole = random_layer();
  const LayerUpstream upstream(whole, generator_);
  Layer first = steps_of(whole, 0, 2);
  Layer second = steps_of(whole, 2, 6);
  const Result first_result = reference::forward(first.problem());
  second.h0 = first_result.hT;
  second.c0 = first_result.cT;
  const Result second_result = reference::forward(second.problem());
  const Result result = reference::forward(whole.problem());
  EXPECT_EQ(result.y, joined(first_result.y, second_result.y));
  EXPECT_EQ(result.hT, second_result.hT);
  EXPECT_EQ(result.cT, second_result.cT);

  LayerUpstream late = upstream, early = upstream;
  const std::int64_t cut = 2 * whole.B * whole.H;
  late.dy.erase(late.dy.begin(), late.dy.begin() + cut);
  early.dy.resize(static_cast<std::size_t>(cut));
  late.dc_all = early.dc_all = {};
  reference::Upstream all = upstream.pointers();
  all.dc_all = nullptr;
  const Gradients gradients = reference::backward(whole.problem(), all);
  const Gradients second_gradients = reference::backward(second.problem(), late.pointers());
  early.dhT = second_gradients.dh0;
  early.dcT = second_gradients.dc0;
  const Gradients first_gradients = reference::backward(first.problem(), early.pointers());
  EXPECT_EQ(gradients.dx, joined(first_gradients.dx, second_gradients.dx));
  EXPECT_EQ(gradients.dh0, first_gradients.dh0);
  EXPECT_EQ(gradients.dc0, first_gradients.dc0);
}

TEST_P(ReferenceRules, ReverseIsForwardOnFlippedPrefixes) {
  Layer layer = random_layer();
  layer.lengths = {6, 3, 0, 5};
  layer.resets.assign(24, 0);
  layer.resets[layer.at(2, 0, 0, 1)] = layer.resets[layer.at(2, 1, 0, 1)] =
      layer.resets[layer.at(0, 3, 0, 1)] = 1;
  Layer flip = layer;
  flip.x = flipped(layer, layer.x, layer.I);
  flip.resets = flipped(layer, layer.resets, 1);
  layer.reverse = true;
  const Result result = reference::forward(layer.problem());
  const Result flip_result = reference::forward(flip.problem());
  EXPECT_EQ(result.y, flipped(layer, flip_result.y, layer.H));
  EXPECT_EQ(result.c_all, flipped(layer, flip_result.c_all, layer.H));
  EXPECT_EQ(result.hT, flip_result.hT);
  EXPECT_EQ(result.cT, flip_result.cT);

  const LayerUpstream upstream(layer, generator_);
  LayerUpstream flip_upstream = upstream;
  flip_upstream.dy = flipped(layer, upstream.dy, layer.H);
  flip_upstream.dc_all = flipped(layer, upstream.dc_all, layer.H);
  const Gradients gradients = reference::backward(layer.problem(), upstream.pointers());
  const Gradients flip_gradients = reference::backward(flip.problem(), flip_upstream.pointers());
  EXPECT_EQ(gradients.dx, flipped(layer, flip_gradients.dx, layer.I));
  EXPECT_EQ(gradients.dh0, flip_gradients.dh0);
  EXPECT_EQ(gradients.dc0, flip_gradients.dc0);
  EXPECT_EQ(gradients.dW, flip_gradients.dW);
  EXPECT_EQ(gradients.dR, flip_gradients.dR);
}

TEST_P(ReferenceRules, RowWithLengthEqualsRowAlone) {
  for (const bool reverse : {false, true}) {
    Layer layer = random_layer();
    layer.reverse = reverse;
    layer.lengths = {4, 0, 1, 6};
    layer.fill = -7;
    const Result result = reference::forward(layer.problem());
    for (std::int64_t b = 0; b < layer.B; ++b) {
      const Result alone = reference::forward(row_alone(layer, b).problem());
      const Values padding(static_cast<std::size_t>((layer.T - layer.length(b)) * layer.H), -7);
      EXPECT_EQ(row_of(result.y, layer.B, b, layer.H), joined(alone.y, padding));
      EXPECT_EQ(row_of(result.hT, layer.B, b, layer.H), alone.hT);
      EXPECT_EQ(row_of(result.cT, layer.B, b, layer.H), alone.cT);
      if (layer.C == 1) {
        EXPECT_EQ(row_of(result.c_all, layer.B, b, layer.H), joined(alone.c_all, padding));
      }
    }
    EXPECT_EQ(row_of(result.hT, layer.B, 1, layer.H), row_of(layer.h0, layer.B, 1, layer.H));
    EXPECT_EQ(row_of(result.cT, layer.B, 1, layer.H), row_of(layer.c0, layer.B, 1, layer.H));
  }
}

TEST_P(ReferenceRules, ResetStartsAnew) {
  for (const bool reverse : {false, true}) {
    Layer layer = random_layer();
    layer.reverse = reverse;
    layer.resets.assign(24, 0);
    for (std::int64_t b = 0; b < layer.B; ++b) layer.resets[layer.at(2, b, 0, 1)] = 1;
    Layer before = reverse ? steps_of(layer, 3, 6) : steps_of(layer, 0, 2);
    Layer after = reverse ? steps_of(layer, 0, 3) : steps_of(layer, 2, 6);
    before.resets = after.resets = {};
    after.h0 = after.c0 = {};
    const Result result = reference::forward(layer.problem());
    const Result result_before = reference::forward(before.problem());
    const Result result_after = reference::forward(after.problem());
    EXPECT_EQ(result.y, reverse ? joined(result_after.y, result_before.y)
                                : joined(result_before.y, result_after.y));
    EXPECT_EQ(result.hT, result_after.hT);
    EXPECT_EQ(result.cT, result_after.cT);

    // What comes in at the end stays on this side.
    LayerUpstream upstream(layer, generator_);
    upstream.dy = upstream.dc_all = {};
    const Gradients gradients = reference::backward(layer.problem(), upstream.pointers());
    const Gradients gradients_after = reference::backward(after.problem(), upstream.pointers());
    const Values none = zeros(before.T * layer.B * layer.I);
    EXPECT_EQ(gradients.dx,
              reverse ? joined(gradients_after.dx, none) : joined(none, gradients_after.dx));
    EXPECT_EQ(gradients.dR, gradients_after.dR);
    EXPECT_EQ(gradients.dh0, zeros(layer.B * layer.H));
    EXPECT_EQ(gradients.dc0, zeros(layer.C * layer.B * layer.H));
  }
}

TEST_P(ReferenceRules, PaddingIsNeverRead) {
  for (const bool reverse : {false, true}) {
    Layer layer = random_layer();
    layer.reverse = reverse;
    layer.lengths = {4, 0, 1, 6};
    LayerUpstream upstream(layer, generator_);
    fill_padding(layer, layer.I, 0, layer.x);
    fill_padding(layer, 0, upstream);
    const Result clean = reference::forward(layer.problem());
    const Gradients clean_gradients = reference::backward(layer.problem(), upstream.pointers());
    fill_padding(layer, layer.I, nan_value, layer.x);
    fill_padding(layer, nan_value, upstream);
    const Result result = reference::forward(layer.problem());
    const Gradients gradients = reference::backward(layer.problem(), upstream.pointers());

    EXPECT_EQ(result.y, clean.y);
    EXPECT_EQ(result.hT, clean.hT);
    EXPECT_EQ(result.cT, clean.cT);
    EXPECT_EQ(result.c_all, clean.c_all);
    EXPECT_EQ(gradients.dx, clean_gradients.dx);
    EXPECT_EQ(gradients.dW, clean_gradients.dW);
    EXPECT_EQ(gradients.dR, clean_gradients.dR);
    EXPECT_EQ(gradients.dbW, clean_gradients.dbW);
    EXPECT_EQ(gradients.dbR, clean_gradients.dbR);
    EXPECT_EQ(gradients.dh0, clean_gradients.dh0);
    EXPECT_EQ(gradients.dc0, clean_gradients.dc0);
    expect_finite(gradients.dW);
    EXPECT_EQ(row_of(gradients.dh0, layer.B, 1, layer.H),
              row_of(upstream.dhT, layer.B, 1, layer.H));
    EXPECT_EQ(row_of(gradients.dc0, layer.B, 1, layer.H),
              row_of(upstream.dcT, layer.B, 1, layer.H));
  }
}

TEST_P(ReferenceRules, NoSteps) {
  const Layer layer = steps_of(random_layer(), 0, 0);
  const LayerUpstream upstream(layer, generator_);
  const Result result = reference::forward(layer.problem());
  EXPECT_TRUE(result.y.empty());
  EXPECT_TRUE(result.c_all.empty());
  EXPECT_EQ(result.hT, layer.h0);
  EXPECT_EQ(result.cT, layer.c0);
  const Gradients gradients = reference::backward(layer.problem(), upstream.pointers());
  EXPECT_TRUE(gradients.dx.empty());
  EXPECT_EQ(gradients.dh0, upstream.dhT);
  EXPECT_EQ(gradients.dc0, upstream.dcT);
  EXPECT_EQ(gradients.dW, zeros(layer.G * layer.H * layer.I));
  EXPECT_EQ(gradients.dR, zeros(layer.G * layer.H * layer.H));
  EXPECT_EQ(gradients.dbW, zeros(layer.G * layer.H));
  EXPECT_EQ(gradients.dbR, zeros(layer.G * layer.H));
}

TEST_P(ReferenceRules, NoRows) {
  Layer layer = random_layer();
  layer.B = 0;
  layer.x = layer.h0 = layer.c0 = {};
  const Result result = reference::forward(layer.problem());
  EXPECT_TRUE(result.y.empty() && result.hT.empty() && result.cT.empty() && result.c_all.empty());
  const Gradients gradients = reference::backward(layer.problem(), {});
  EXPECT_TRUE(gradients.dx.empty() && gradients.dh0.empty() && gradients.dc0.empty());
  EXPECT_EQ(gradients.dW, zeros(layer.G * layer.H * layer.I));
}

TEST_P(ReferenceRules, NullIsZero) {
  Layer layer = random_layer();
  const LayerUpstream upstream(layer, generator_);
  LayerUpstream explicit_zeros;
  explicit_zeros.dy = upstream.dy;
  explicit_zeros.dhT = zeros(layer.B * layer.H);
  explicit_zeros.dcT = zeros(layer.C * layer.B * layer.H);
  explicit_zeros.dc_all = zeros(layer.C * layer.T * layer.B * layer.H);
  layer.bW = layer.bR = zeros(layer.G * layer.H);
  const Gradients gradients = reference::backward(layer.problem(), explicit_zeros.pointers());
  layer.bW = layer.bR = {};
  const Gradients of_null = reference::backward(layer.problem(), {.dy = upstream.dy.data()});
  EXPECT_EQ(gradients.dx, of_null.dx);
  EXPECT_EQ(gradients.dR, of_null.dR);
  EXPECT_EQ(gradients.dbR, of_null.dbR);
  EXPECT_NE(of_null.dbR, zeros(layer.G * layer.H));
}

}  // namespace
}  // namespace takt::reference_test
