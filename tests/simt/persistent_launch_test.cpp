// Launches of the persistent kernels that have chunks of several layers: both directions of one, or
// layers of a stack, each a chunk behind the one below. None may notice the others.
#include <cmath>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "persistent_layer.hpp"

namespace takt::persistent_layer {
namespace {

/// Rows of a layer end anywhere, so that its groups end before those of another.
constexpr Semantics semantics_of_layers[] = {
    {}, {.reverse = true}, {.reverse = true, .lengths = true, .resets = true}};

/// Also of padding, which nobody has written: NaN.
bool same_bits(const Values& a, const Values& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0);
}

/// Each layer by itself, then all together: the same bits.
template <class Cell, class Product>
void expect_nothing_noticed(const Shape& shape, std::int64_t apart) {
  using Layer = Layer<Cell, Product>;
  SCOPED_TRACE(described(shape, {}) + ", " + std::to_string(apart) + " chunks apart");
  std::deque<Layer> alone, together;
  std::vector<Layer*> layers;
  std::uint64_t seed = 20;
  for (const Semantics& semantics : semantics_of_layers) {
    alone.emplace_back(shape, semantics, ++seed).run_both();
    layers.push_back(&together.emplace_back(shape, semantics, seed));
  }
  Layer::run_both_together(layers, apart);
  for (std::size_t n = 0; n < layers.size(); ++n) {
    SCOPED_TRACE("layer " + std::to_string(n));
    EXPECT_TRUE(same_bits(together[n].y(), alone[n].y()));
    EXPECT_TRUE(same_bits(together[n].dwx(), alone[n].dwx()));
    EXPECT_TRUE(same_bits(together[n].drh(), alone[n].drh()));
    EXPECT_TRUE(same_bits(together[n].dh0(), alone[n].dh0()));
    EXPECT_TRUE(same_bits(together[n].dc0(), alone[n].dc0()));
    together[n].compare();
    together[n].compare_gradients();
  }
}

/// Every form; groups of a grid that have room together, of one layer alone, and of less than one.
std::vector<Shape> shapes() {
  const Shape block{.T = 7, .B = 11, .H = 40, .chunk = 3};
  Shape cluster = block, grid = block;
  cluster.blocks = 2;
  grid.blocks = 3, grid.parts = 2, grid.in_grid = true;
  Shape grid_of_layers = grid, grid_of_a_layer = grid, grid_of_a_group = grid;
  grid_of_layers.at_once = 5, grid_of_a_layer.at_once = 3, grid_of_a_group.at_once = 1;
  return {block, cluster, grid, grid_of_layers, grid_of_a_layer, grid_of_a_group};
}

template <class Cell, class Product>
void expect_nothing_noticed_anywhere() {
  const std::vector<simt::Schedule> schedules = simt::kernel_schedules();
  const std::vector<Shape> all = shapes();
  for (std::size_t n = 0; n < all.size(); ++n)
    for (const std::size_t apart : {0, 1}) {
      if (looks_at_accesses && (n + apart) % 2 != 0) continue;
      const simt::Schedule& schedule = schedules[(2 * n + apart) % schedules.size()];
      SCOPED_TRACE(simt::to_string(schedule));
      simt::set_schedule(schedule);
      expect_nothing_noticed<Cell, Product>(all[n], static_cast<std::int64_t>(apart));
    }
}

TEST(PersistentLaunch, RunsLayersThatDoNotNoticeEachOther) {
  expect_nothing_noticed_anywhere<cells::Lstm, TensorProduct<__half>>();
}
TEST(PersistentLaunch, RunsLayersOfF32ThatDoNotNoticeEachOther) {
  expect_nothing_noticed_anywhere<cells::Gru, StrictProduct>();
}

/// As many as one launch has room for, and more than that.
TEST(PersistentLaunch, RunsManyLayers) {
  using Layer = Layer<cells::RnnTanh, TensorProduct<__half>>;
  std::deque<Layer> all;
  std::vector<Layer*> layers;
  for (std::uint64_t n = 0; n <= policy::Persistent::most_chunks; ++n)
    layers.push_back(&all.emplace_back(Shape{.T = 4, .B = 3, .H = 20, .blocks = 2},
                                       Semantics{.reverse = n % 2 != 0, .lengths = n % 3 == 0},
                                       40 + n));
  Layer::run_both_together(layers);
  for (const Layer& layer : all) {
    layer.compare();
    layer.compare_gradients();
  }
}

/// What one of them gave up earlier is not another's.
TEST(PersistentLaunch, KeepsWhatOneLayerGaveUpFromOthers) {
  using Layer = Layer<cells::Lstm, TensorProduct<__half>>;
  for (const bool in_grid : {false, true}) {
    Shape shape{.T = 5, .B = 3, .H = 40, .blocks = 2, .parts = in_grid ? 2 : 1, .in_grid = in_grid};
    Layer fine(shape, {});
    shape.gave_up_before = true;
    Layer over(shape, {}, 12);
    Layer::run_together({&over, &fine});
    EXPECT_TRUE(over.gave_up());
    EXPECT_TRUE(std::isnan(over.y().back()));
    fine.compare();
  }
}

}  // namespace
}  // namespace takt::persistent_layer
