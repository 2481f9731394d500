// The persistent forward kernel on the emulated device against the reference: every cell and type,
// every cluster size, units and rows that do not fill their tiles, parts of k, several groups,
// chunks, lengths, resets, both directions.
#include <cmath>
#include <string>

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

  static void check(const Shape& shape, const Semantics& semantics) {
    SCOPED_TRACE(testing::Message()
                 << "T " << shape.T << " B " << shape.B << " H " << shape.H << ", " << shape.blocks
                 << " blocks, " << shape.parts << " parts, " << shape.row_tiles
                 << " row tiles, reverse " << semantics.reverse << ", lengths " << semantics.lengths
                 << ", resets " << semantics.resets);
    Layer<Cell, Product> layer(shape, semantics);
    layer.run();
    layer.compare();
  }
};

template <class CellType, class ProductType>
struct Instance {
  using Cell = CellType;
  using Product = ProductType;
};
template <class... Cells>
auto instances(CellList<Cells...>)
    -> testing::Types<Instance<Cells, StrictProduct>..., Instance<Cells, Tf32Product>...,
                      Instance<Cells, TensorProduct<__half>>...,
                      Instance<Cells, TensorProduct<__nv_bfloat16>>...>;
struct InstanceName {
  template <class T>
  static std::string GetName(int) {
    return std::string(T::Cell::name) + "_" + to_string(precision_of<typename T::Product>());
  }
};
TYPED_TEST_SUITE(PersistentForwardKernel, decltype(instances(AllCells{})), InstanceName);

TYPED_TEST(PersistentForwardKernel, GivesTheReferenceInEverySemantics) {
  for (const simt::Schedule& schedule : simt::kernel_schedules()) {
    SCOPED_TRACE(simt::to_string(schedule));
    simt::set_schedule(schedule);
    for (const bool reverse : {false, true})
      for (const bool lengths : {false, true})
        for (const bool resets : {false, true})
          for (const bool in_grid : {false, true})
            this->check({.T = 7,
                         .B = 11,
                         .H = 21,
                         .blocks = 2,
                         .parts = in_grid ? 2 : 1,
                         .in_grid = in_grid},
                        {reverse, lengths, resets});
  }
}

TYPED_TEST(PersistentForwardKernel, GivesTheReferenceInEveryForm) {
  const Semantics all{.reverse = true, .lengths = true, .resets = true};
  this->check({.T = 5, .B = 3, .H = 40}, all);
  this->check({.T = 5, .B = 1, .H = 1}, {});
  this->check({.T = 1, .B = 9, .H = 16}, {});
  this->check({.T = 9, .B = 20, .H = 33, .parts = 4, .row_tiles = 2, .chunk = 4}, all);
  this->check({.T = 6, .B = 13, .H = 70, .blocks = 4, .parts = 6, .row_tiles = 3}, all);
  this->check({.T = 7, .B = 9, .H = 120, .blocks = 8}, all);
  this->check({.T = 7, .B = 2, .H = 250, .blocks = 16}, all);
  // In a grid: one block, blocks of several tiles and with no whole k block of their own, groups
  // one after the other.
  this->check({.T = 4, .B = 3, .H = 5, .parts = 2, .in_grid = true}, {});
  this->check({.T = 1, .B = 9, .H = 40, .blocks = 3, .parts = 2, .in_grid = true}, all);
  this->check({.T = 9, .B = 20, .H = 70, .blocks = 2, .parts = 2, .chunk = 4, .in_grid = true},
              all);
  this->check({.T = 6,
               .B = 50,
               .H = 100,
               .blocks = 7,
               .parts = 6,
               .row_tiles = 3,
               .in_grid = true,
               .at_once = 2},
              all);
}

/// Each half of h is used many times over.
TEST(PersistentForwardKernels, GivesTheReferenceOverManySteps) {
  using Layer = Layer<cells::Gru, TensorProduct<__half>>;
  for (const Shape& shape :
       {Shape{.T = 300, .B = 2, .H = 20, .blocks = 2}, Shape{.T = 300, .B = 2, .H = 20},
        Shape{.T = 300, .B = 2, .H = 20, .blocks = 2, .chunk = 37},
        Shape{.T = 300, .B = 2, .H = 20, .blocks = 2, .parts = 2, .in_grid = true},
        Shape{.T = 300, .B = 2, .H = 20, .blocks = 2, .parts = 2, .chunk = 37, .in_grid = true}}) {
    Layer layer(shape, {});
    layer.run();
    layer.compare();
  }
}

/// The bits depend neither on the schedule nor on chunks.
TEST(PersistentForwardKernels, GivesTheSameBits) {
  using Layer = Layer<cells::Lstm, StrictProduct>;
  const Shape shape{.T = 7, .B = 11, .H = 40, .blocks = 2, .parts = 2};
  Layer whole(shape, {.resets = true});
  whole.run();
  Shape of_grid = shape;
  of_grid.in_grid = true;
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
  ClusterExchange exchange{.h = shared + 128,
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
  exchange.begin(enough, 0, 1);
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
  exchange.end();
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
