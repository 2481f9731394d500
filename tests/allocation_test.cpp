// Run calls allocate nothing. Every way to the heap is counted while a call runs, on all threads;
// OpenBLAS, which keeps its own working memory, is counted apart.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include <takt/takt.hpp>

#include "call_arrays.hpp"
#include "heap_hook.hpp"
#include "sanitizers.hpp"

#if defined(__GLIBC__) && !defined(TAKT_HEAP_OF_SANITIZER)
#include <dlfcn.h>

namespace takt::test {
namespace {

/// Who asked for memory since the count began, by return address.
struct Callers {
  std::atomic<std::size_t> count{0};
  std::array<const void*, 1024> addresses{};
};
constinit Callers callers;

void note(const void* caller, std::size_t) {
  const std::size_t n = callers.count.fetch_add(1);
  if (n < callers.addresses.size()) callers.addresses[n] = caller;
}

std::string library_of(const void* address) {
  Dl_info info{};
  return dladdr(address, &info) != 0 && info.dli_fname != nullptr ? info.dli_fname : "?";
}

struct Counts {
  std::size_t by_takt = 0;
  std::size_t by_blas = 0;
};

template <class Call>
Counts count_allocations(const Call& call) {
  callers.count = 0;
  EXPECT_TRUE(set_heap_hook(note));
  call();
  set_heap_hook(nullptr);
  const std::string blas = library_of(dlsym(RTLD_DEFAULT, "cblas_sgemm"));
  const std::size_t all = callers.count;
  EXPECT_LE(all, callers.addresses.size());
  Counts counts;
  for (std::size_t n = 0; n < std::min(all, callers.addresses.size()); ++n) {
    const std::string caller = library_of(callers.addresses[n]);
    ++(caller == blas ? counts.by_blas : counts.by_takt);
  }
  return counts;
}

struct AllocationShape {
  std::int64_t T, B, I, H;
  bool small;  // products below the size from which OpenBLAS uses its threads
};

constexpr AllocationShape shapes[] = {
    {0, 4, 3, 5, true},     {1, 1, 1, 1, true},     {7, 5, 3, 6, true},        {40, 3, 8, 9, true},
    {50, 4, 16, 32, false}, {5, 3, 64, 200, false}, {100, 16, 64, 128, false},
};

class Allocation : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    if (library_of(dlsym(RTLD_DEFAULT, "cblas_sgemm")) == library_of(&callers))
      GTEST_SKIP() << "OpenBLAS is linked statically: its allocations look like takt's";
  }

  static void expect_none(const AllocationShape& shape, const Plan& plan, bool ragged) {
    CallArrays arrays(plan, 1);
    if (ragged) {
      arrays.resets.assign(static_cast<std::size_t>(shape.T * shape.B), 0);
      for (std::int64_t b = 0; b < shape.B; ++b)
        arrays.lengths.push_back(static_cast<std::int32_t>((shape.T * (b + 1)) / (b + 2)));
    }
    const Stream stream(plan.device());
    for (int run = 0; run < 3; ++run) {
      const Counts forward = count_allocations([&] { arrays.forward(plan); });
      const Counts backward = count_allocations([&] { arrays.backward(plan); });
      EXPECT_EQ(forward.by_takt, 0U);
      EXPECT_EQ(backward.by_takt, 0U);
      if (!shape.small) continue;
      EXPECT_EQ(forward.by_blas, 0U);
      EXPECT_EQ(backward.by_blas, 0U);
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
  const Counts counts = count_allocations([&] { random(device, {100}, 1); });
  EXPECT_GE(counts.by_takt, 2U);  // at least the shape and the values
}

INSTANTIATE_TEST_SUITE_P(Threads, Allocation, testing::Values(1, 2, 5));

}  // namespace
}  // namespace takt::test

#else

TEST(Allocation, CallsMakeNone) {
  GTEST_SKIP() << "the heap is a sanitizer's, or not glibc's: nothing is counted";
}

#endif
