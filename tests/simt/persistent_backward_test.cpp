// The persistent backward kernel on the emulated device against the reference, behind the forward
// kernel: as persistent_test.cpp.
#include <cmath>
#include <string>
#include <type_traits>

#include <gtest/gtest.h>

#include "persistent_layer.hpp"

namespace takt::persistent_layer {
namespace {

template <class CellAndProduct>
class PersistentBackwardKernel : public testing::Test {
 protected:
  using Cell = typename CellAndProduct::Cell;
  using Product = typename CellAndProduct::Product;
  // Orders of threads are the same for every type.
  static constexpr bool in_all_orders = std::is_same_v<Product, TensorProduct<__half>>;

  static void check(const Shape& shape, const Semantics& semantics) {
    SCOPED_TRACE(described(shape, semantics));
    Layer<Cell, Product> layer(shape, semantics);
    layer.run_both();
    layer.compare_gradients();
  }
};

TYPED_TEST_SUITE(PersistentBackwardKernel, Instances, InstanceName);

TYPED_TEST(PersistentBackwardKernel, GivesTheReferenceInEverySemantics) {
  for_each_semantics([&](const Semantics& semantics) {
    this->check({.T = 7, .B = 11, .H = 21, .blocks = 2}, semantics);
    this->check({.T = 7, .B = 11, .H = 21, .blocks = 2, .parts = 2, .in_grid = true}, semantics);
  });
}

TYPED_TEST(PersistentBackwardKernel, GivesTheReferenceInBlocksAndClusters) {
  for_each_form(false, this->in_all_orders, [&](const Shape& shape, const Semantics& semantics) {
    this->check(shape, semantics);
  });
}

TYPED_TEST(PersistentBackwardKernel, GivesTheReferenceInGrids) {
  for_each_form(true, this->in_all_orders, [&](const Shape& shape, const Semantics& semantics) {
    this->check(shape, semantics);
  });
}

TEST(PersistentBackwardKernels, GivesTheReferenceOverManySteps) {
  for_each_long_shape([](const Shape& shape) {
    SCOPED_TRACE(described(shape, {}));
    Layer<cells::Gru, TensorProduct<__half>> layer(shape, {});
    layer.run_both();
    layer.compare_gradients();
  });
}

TEST(PersistentBackwardKernels, GivesTheReferenceWhereAWarpLoadsItsRowInTurns) {
  using Layer = Layer<cells::Lstm, TensorProduct<__half>>;
  const std::vector<Shape> shapes = deep_grids(19, 5);
  expect_either(Layer(shapes.back(), {}).shape(true));
  for (const Shape& shape : shapes) {
    SCOPED_TRACE(described(shape, {}));
    Layer layer(shape, {});
    layer.run_both();
    layer.compare_gradients();
  }
}

/// The bits depend neither on the schedule, nor on chunks, nor on the exchange, nor on how much of
/// R is streamed.
template <class Cell>
void expect_same_bits(const Semantics& semantics) {
  Shape shape{.T = 7, .B = 11, .H = 90, .blocks = 3, .parts = 2};
  Layer<Cell, StrictProduct> whole(shape, semantics);
  whole.run_both();
  for (const simt::Schedule& schedule : simt::kernel_schedules()) {
    simt::set_schedule(schedule);
    for (const bool in_grid : {false, true}) {
      shape.in_grid = in_grid;
      shape.chunk = in_grid ? 4 : 3;
      shape.shared_k_blocks = in_grid ? 0 : 1 << 20;
      shape.staged_k_blocks = in_grid ? 4 : policy::Persistent::most_staged;
      Layer<Cell, StrictProduct> again(shape, semantics);
      EXPECT_EQ(again.shape(true).streamed_depth() > 0, in_grid);
      again.run_both();
      EXPECT_EQ(again.dwx(), whole.dwx()) << described(shape, semantics);
      EXPECT_EQ(again.drh(), whole.drh()) << described(shape, semantics);
      EXPECT_EQ(again.dh0(), whole.dh0()) << described(shape, semantics);
      EXPECT_EQ(again.dc0(), whole.dc0()) << described(shape, semantics);
    }
  }
}
TEST(PersistentBackwardKernels, GivesTheSameBits) {
  expect_same_bits<cells::Lstm>({.resets = true});
  expect_same_bits<cells::Gru>({.reverse = true, .lengths = true, .resets = true});
}

/// What an earlier launch of the same call gave up, a later one does not wait for. Of the chunk's
/// steps it runs the first, which needs nobody else.
TEST(PersistentBackwardKernels, DoNotWaitAfterOneGaveUp) {
  for (const bool in_grid : {false, true}) {
    Layer<cells::Lstm, TensorProduct<__half>> layer(
        {.T = 9, .B = 3, .H = 40, .blocks = 2, .parts = in_grid ? 2 : 1, .in_grid = in_grid}, {});
    layer.run_both(true);
    EXPECT_TRUE(layer.gave_up());
    EXPECT_EQ(layer.dwx().front(), 0);
    EXPECT_FALSE(std::isnan(layer.dwx().back()));
    EXPECT_NE(layer.dwx().back(), 0);
  }
}

}  // namespace
}  // namespace takt::persistent_layer
