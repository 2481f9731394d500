// The persistent forward kernel on the emulated device against the reference: every cell and type,
// every cluster size, units and rows that do not fill their tiles, parts of k, several groups,
// chunks, lengths, resets, both directions.
#include <cmath>
#include <string>
#include <type_traits>

#include <gtest/gtest.h>

#include <takt/kernels/ptx/flag.cuh>

#include "persistent_layer.hpp"

namespace takt::persistent_layer {
namespace {

template <class CellAndProduct>
class PersistentForwardKernel : public testing::Test {
 protected:
  using Cell = typename CellAndProduct::Cell;
  using Product = typename CellAndProduct::Product;
  // Orders of threads are the same for every type.
  static constexpr bool in_all_orders = std::is_same_v<Product, TensorProduct<__half>>;

  static void check(const Shape& shape, const Semantics& semantics) {
    SCOPED_TRACE(described(shape, semantics));
    Layer<Cell, Product> layer(shape, semantics);
    layer.run();
    layer.compare();
  }
};

TYPED_TEST_SUITE(PersistentForwardKernel, Instances, InstanceName);

TYPED_TEST(PersistentForwardKernel, GivesTheReferenceInEverySemantics) {
  for_each_semantics([&](const Semantics& semantics) {
    this->check({.T = 7, .B = 11, .H = 21, .blocks = 2}, semantics);
    this->check({.T = 7, .B = 11, .H = 21, .blocks = 2, .parts = 2, .in_grid = true}, semantics);
  });
}

TYPED_TEST(PersistentForwardKernel, GivesTheReferenceInBlocksAndClusters) {
  for_each_form(false, this->in_all_orders, [&](const Shape& shape, const Semantics& semantics) {
    this->check(shape, semantics);
  });
}

TYPED_TEST(PersistentForwardKernel, GivesTheReferenceInGrids) {
  for_each_form(true, this->in_all_orders, [&](const Shape& shape, const Semantics& semantics) {
    this->check(shape, semantics);
  });
}

/// Each half of h is used many times over.
TEST(PersistentForwardKernels, GivesTheReferenceOverManySteps) {
  using Layer = Layer<cells::Gru, TensorProduct<__half>>;
  for_each_long_shape([](const Shape& shape) {
    Layer layer(shape, {});
    layer.run();
    layer.compare();
  });
}

TEST(PersistentForwardKernels, GivesTheReferenceWhereAWarpLoadsItsRowInTurns) {
  using Layer = Layer<cells::Gru, StrictProduct>;
  const std::vector<Shape> shapes = deep_grids(35, 15);
  expect_either(Layer(shapes.back(), {}).shape());
  for (const Shape& shape : shapes) {
    SCOPED_TRACE(described(shape, {}));
    Layer layer(shape, {});
    layer.run();
    layer.compare();
  }
}

/// The bits depend neither on the schedule, nor on chunks, nor on how much of R is streamed and of
/// a row loaded at once.
TEST(PersistentForwardKernels, GivesTheSameBits) {
  using Layer = Layer<cells::Lstm, StrictProduct>;
  const Shape shape{.T = 7, .B = 11, .H = 90, .blocks = 3, .parts = 2};
  Layer whole(shape, {.resets = true});
  whole.run();
  Shape of_grid = shape;
  of_grid.in_grid = true;
  of_grid.shared_k_blocks = 0;
  of_grid.staged_k_blocks = 2;
  EXPECT_GT(Layer(of_grid, {.resets = true}).shape().streamed_depth(), 0);
  for (const simt::Schedule& schedule : simt::kernel_schedules()) {
    simt::set_schedule(schedule);
    Shape chunked = shape;
    chunked.chunk = 3;
    Layer again(chunked, {.resets = true});
    again.run();
    EXPECT_EQ(again.y(), whole.y()) << simt::to_string(schedule);
    of_grid.chunk = 7 - of_grid.chunk;
    Layer in_grid(of_grid, {.resets = true});
    in_grid.run();
    EXPECT_EQ(in_grid.y(), whole.y()) << simt::to_string(schedule) << ", in a grid";
  }
}

/// What a launch of the same call gave up, the next ones do not wait for; nothing more is written.
TEST(PersistentForwardKernels, DoNotWaitAgainAfterOneGaveUp) {
  using Layer = Layer<cells::Lstm, TensorProduct<__half>>;
  for (const bool in_grid : {false, true})
    for (const int blocks : {1, 2}) {
      Layer layer({.T = 9,
                   .B = 3,
                   .H = 40,
                   .blocks = blocks,
                   .parts = in_grid ? 2 : 1,
                   .gave_up_before = true,
                   .in_grid = in_grid},
                  {});
      layer.run();
      EXPECT_TRUE(layer.gave_up());
      const bool has_last = !std::isnan(layer.y().back());
      EXPECT_EQ(has_last, blocks == 1 && !in_grid);  // which waits for nobody
    }
}

/// Two blocks, one of which hands on its part only after the other has given up waiting for it.
struct LateBlock {
  unsigned* gave_up;
  std::uint32_t* word;  ///< that block 0 finds in the end
};
__global__ void late_block_kernel(const LateBlock p) {
  using ptx::Scope;
  TAKT_DYNAMIC_SHARED(unsigned char, shared);
  const int rank = static_cast<int>(ptx::cluster_rank());
  ClusterExchange exchange{.halves = shared + 128,
                           .full = reinterpret_cast<ptx::Mbarrier*>(shared),
                           .quits = reinterpret_cast<int*>(shared + 16),
                           .pitch = 64,
                           .rows = 1,
                           .blocks = 2,
                           .rank = rank,
                           .first_byte = 16 * rank,
                           .my_bytes = 16,
                           .row_bytes = 32,
                           .all_steps = 2};
  if (threadIdx.x < 32) reinterpret_cast<std::uint32_t*>(shared + 128)[threadIdx.x] = 0;
  Patience enough{.limit_ns = 60'000'000'000};
  exchange.begin(enough, 0, 1, true);
  if (threadIdx.x == 0) reinterpret_cast<std::uint32_t*>(exchange.next(0))[4 * rank] = 7;
  if (rank == 1)
    while (ptx::load_acquire<Scope::device>(p.gave_up) == 0) {
    }
  (void)exchange.publish(enough);
  if (rank == 0) {
    Patience none{.limit_ns = 0};
    exchange.wait(none);
    if (none.gave_up) ptx::store_release<Scope::device>(p.gave_up, 1U);
  }
  exchange.wait(enough);
  if (rank == 0 && threadIdx.x == 0)
    *p.word = reinterpret_cast<const std::uint32_t*>(exchange.current(0))[4];
  exchange.end(enough);
}

TEST(PersistentPatience, GivesUpWhatDoesNotComeAndGoesOn) {
  for (const simt::Schedule& schedule : simt::kernel_schedules()) {
    SCOPED_TRACE(simt::to_string(schedule));
    simt::set_schedule(schedule);
    const simt::TestStream stream;
    const simt::DeviceArray<unsigned> gave_up(std::vector<unsigned>(1));
    const simt::DeviceArray<std::uint32_t> word(std::vector<std::uint32_t>(1));
    const simt::Launch launch{
        .grid = 2, .block = 32, .shared_bytes = 256, .cluster = 2, .stream = stream};
    ASSERT_EQ(
        launch("late_block_kernel", &late_block_kernel, LateBlock{gave_up.data(), word.data()}),
        cudaSuccess);
    ASSERT_EQ(stream.wait(), cudaSuccess);
    EXPECT_EQ(gave_up.get()[0], 1u);
    EXPECT_EQ(word.get()[0], 7u);
  }
}

}  // namespace
}  // namespace takt::persistent_layer
