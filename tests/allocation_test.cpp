// Run calls allocate nothing: every way to the heap is counted while a call runs, on all threads.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include <takt/takt.hpp>

#include "call_arrays.hpp"
#include "heap_hook.hpp"
#include "sanitizers.hpp"

#if defined(__GLIBC__) && !defined(TAKT_HEAP_OF_SANITIZER)
namespace takt::test {
namespace {

std::atomic<std::size_t> allocations{0};

void note(const void*, std::size_t) {
  ++allocations;
}

template <class Call>
std::size_t count_allocations(const Call& call) {
  allocations = 0;
  EXPECT_TRUE(set_heap_hook(note));
  call();
  set_heap_hook(nullptr);
  return allocations;
}

struct AllocationShape {
  std::int64_t T, B, I, H;
};

constexpr AllocationShape shapes[] = {
    {0, 4, 3, 5},    {1, 1, 1, 1},    {7, 5, 3, 6},       {40, 3, 8, 9},
    {50, 4, 16, 32}, {5, 3, 64, 200}, {100, 16, 64, 128},
};

class Allocation : public testing::TestWithParam<int> {
 protected:
  static void expect_none(const AllocationShape& shape, const Plan& plan, bool ragged) {
    CallArrays arrays(plan, 1);
    if (ragged) {
      arrays.resets.assign(static_cast<std::size_t>(shape.T * shape.B), 0);
      for (std::int64_t b = 0; b < shape.B; ++b)
        arrays.lengths.push_back(static_cast<std::int32_t>((shape.T * (b + 1)) / (b + 2)));
    }
    const Stream stream(plan.device());
    for (int run = 0; run < 3; ++run) {
      EXPECT_EQ(count_allocations([&] { arrays.forward(plan); }), 0U);
      EXPECT_EQ(count_allocations([&] { arrays.backward(plan); }), 0U);
    }
  }
};

/// Arguments, weights and memory are put together inside the count, as a program does it.
TEST_P(Allocation, CallsMakeNone) {
  for (const CellInfo& cell : known_cells())
    for (const DataType type : {DataType::f32, DataType::f64})
      for (const AllocationShape& shape : shapes)
        for (const bool ragged : {false, true}) {
          SCOPED_TRACE(std::string(cell.name) + " " + std::string(to_string(type)) +
                       " T=" + std::to_string(shape.T) + " H=" + std::to_string(shape.H) +
                       (ragged ? " ragged" : ""));
          const RnnSpec spec{.cell = std::string(cell.name),
                             .input_size = shape.I,
                             .hidden_size = shape.H,
                             .type = type};
          const Device device = Device::cpu({.threads = GetParam()});
          const Plan plan(spec, {shape.T, shape.B}, Mode::training, device);
          expect_none(shape, plan, ragged);
        }
}

TEST_P(Allocation, IsSeenWhereThereIsOne) {
  const Device device = Device::cpu({.threads = GetParam()});
  // At least the shape and the values.
  EXPECT_GE(count_allocations([&] { random(device, {100}, 1); }), 2U);
}

INSTANTIATE_TEST_SUITE_P(Threads, Allocation, testing::Values(1, 2, 5));

}  // namespace
}  // namespace takt::test

#else

TEST(Allocation, CallsMakeNone) {
  GTEST_SKIP() << "the heap is a sanitizer's, or not glibc's: nothing is counted";
}

#endif
