// The emulated runtime against what CUDA documents: memory and copies.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "device_array.hpp"

namespace simt {
namespace {

using Ints = std::vector<int>;
constexpr std::size_t int_bytes = sizeof(int);

TEST(RuntimeMemory, IsCountedAndBounded) {
  std::size_t free_before = 0, free_after = 0, total = 0;
  ASSERT_EQ(cudaMemGetInfo(&free_before, &total), cudaSuccess);
  EXPECT_EQ(total, h200().memory_bytes);
  EXPECT_EQ(free_before, total);
  char* memory = nullptr;
  ASSERT_EQ(cudaMalloc(&memory, 1001), cudaSuccess);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory) % 256, 0u);
  ASSERT_EQ(cudaMemGetInfo(&free_after, &total), cudaSuccess);
  EXPECT_EQ(free_before - free_after, 1001u);
  void* more = memory;
  EXPECT_EQ(cudaMalloc(&more, free_after + 1), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaGetLastError(), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaFree(memory), cudaSuccess);
  EXPECT_EQ(cudaFree(memory), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFree(nullptr), cudaSuccess);
  EXPECT_EQ(cudaMalloc(&more, 0), cudaSuccess);
  EXPECT_EQ(more, nullptr);
}

TEST(RuntimeMemory, IsFreedByItsBeginningAndItsKind) {
  DeviceArray<int> device(4);
  int* pinned = nullptr;
  ASSERT_EQ(cudaMallocHost(&pinned, 16), cudaSuccess);
  EXPECT_EQ(cudaFree(device.data() + 1), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFreeAsync(device.data() + 1, nullptr), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFreeHost(device.data()), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFree(pinned), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFreeHost(pinned), cudaSuccess);
  EXPECT_EQ(cudaFreeHost(nullptr), cudaSuccess);
}

TEST(RuntimeMemory, PointersSayWhatTheyAre) {
  DeviceArray<int> device(4);
  int* pinned = nullptr;
  ASSERT_EQ(cudaMallocHost(&pinned, 16), cudaSuccess);
  int pageable = 0;
  struct {
    int* pointer;
    cudaMemoryType type;
    int device;
    bool on_device, on_host;
  } const cases[] = {
      {device.data() + 3, cudaMemoryTypeDevice, 0, true, false},
      {device.data() + 4, cudaMemoryTypeUnregistered, cudaInvalidDeviceId, false, true},
      {pinned + 3, cudaMemoryTypeHost, 0, true, true},
      {&pageable, cudaMemoryTypeUnregistered, cudaInvalidDeviceId, false, true},
  };
  for (const auto& each : cases) {
    cudaPointerAttributes found{};
    ASSERT_EQ(cudaPointerGetAttributes(&found, each.pointer), cudaSuccess);
    EXPECT_EQ(found.type, each.type);
    EXPECT_EQ(found.device, each.device);
    EXPECT_EQ(found.devicePointer, each.on_device ? each.pointer : nullptr);
    EXPECT_EQ(found.hostPointer, each.on_host ? each.pointer : nullptr);
  }
  cudaFreeHost(pinned);
}

/// The two ends of a copy, and the one kind beside cudaMemcpyDefault that they fit.
struct Ends {
  const char* name;
  bool to_device, from_device;
  cudaMemcpyKind kind;
};
class RuntimeCopy : public testing::TestWithParam<Ends> {};
INSTANTIATE_TEST_SUITE_P(Kinds, RuntimeCopy,
                         testing::Values(Ends{"to_device", true, false, cudaMemcpyHostToDevice},
                                         Ends{"to_host", false, true, cudaMemcpyDeviceToHost},
                                         Ends{"inside_device", true, true,
                                              cudaMemcpyDeviceToDevice},
                                         Ends{"inside_host", false, false, cudaMemcpyHostToHost}),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST_P(RuntimeCopy, TakesItsKindAndNoOther) {
  const Ends ends = GetParam();
  for (int n = cudaMemcpyHostToHost; n <= cudaMemcpyDefault; ++n) {
    const auto kind = static_cast<cudaMemcpyKind>(n);
    const Ints source{1, 2, 3, 4};
    Ints target(4, 9);
    DeviceArray<int> device_source(source), device_target(target);
    const bool fits = kind == ends.kind || kind == cudaMemcpyDefault;
    EXPECT_EQ(
        cudaMemcpy(ends.to_device ? device_target.data() : target.data(),
                   ends.from_device ? device_source.data() : source.data(), 3 * int_bytes, kind),
        fits ? cudaSuccess : cudaErrorInvalidValue)
        << n;
    EXPECT_EQ(ends.to_device ? device_target.get() : target, fits ? (Ints{1, 2, 3, 9}) : Ints(4, 9))
        << n;
  }
}

TEST(RuntimeMemory, CopiesStayInsideAnAllocation) {
  DeviceArray<int> values(Ints{1, 2, 3, 4}), others(Ints(8, 0));
  Ints host(8, 9);
  EXPECT_EQ(cudaMemcpy(values.data() + 2, host.data(), 3 * int_bytes, cudaMemcpyHostToDevice),
            cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(host.data(), values.data() + 2, 3 * int_bytes, cudaMemcpyDeviceToHost),
            cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(others.data(), values.data(), 5 * int_bytes, cudaMemcpyDefault),
            cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemset(values.data() + 2, 0, 3 * int_bytes), cudaErrorInvalidValue);
  // A size so large that begin and size together wrap around.
  EXPECT_EQ(cudaMemset(values.data() + 2, 0, SIZE_MAX - 3), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(values.data(), nullptr, 4, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(values.data(), host.data(), 4, static_cast<cudaMemcpyKind>(5)),
            cudaErrorInvalidMemcpyDirection);
  EXPECT_EQ(cudaMemcpy(nullptr, nullptr, 0, cudaMemcpyHostToDevice), cudaSuccess);
  EXPECT_EQ(values.get(), (Ints{1, 2, 3, 4}));
  EXPECT_EQ(host, Ints(8, 9));
  EXPECT_EQ(cudaMemset(values.data() + 2, 0, 2 * int_bytes), cudaSuccess);
  EXPECT_EQ(values.get(), (Ints{1, 2, 0, 0}));
}

TEST(RuntimeMemory, PageableBytesAreTakenAtTheCallPinnedOnesAtTheirTurn) {
  const TestStream stream;
  DeviceArray<int> from_pageable(Ints{0}), from_pinned(Ints{0});
  int pageable = 1;
  int* pinned = nullptr;
  ASSERT_EQ(cudaMallocHost(&pinned, int_bytes), cudaSuccess);
  *pinned = 1;
  cudaMemcpyAsync(from_pageable.data(), &pageable, int_bytes, cudaMemcpyHostToDevice, stream);
  cudaMemcpyAsync(from_pinned.data(), pinned, int_bytes, cudaMemcpyHostToDevice, stream);
  pageable = *pinned = 2;
  EXPECT_EQ(from_pageable.get(), Ints{0}) << "nobody has waited yet";
  ASSERT_EQ(stream.wait(), cudaSuccess);
  EXPECT_EQ(from_pageable.get(), Ints{1});
  EXPECT_EQ(from_pinned.get(), Ints{2});
  cudaFreeHost(pinned);
}

TEST(RuntimeMemory, CopyInsideTheHostIsDoneWhenItReturns) {
  const TestStream stream;
  const int source = 7;
  int target = 0;
  EXPECT_EQ(cudaMemcpyAsync(&target, &source, int_bytes, cudaMemcpyHostToHost, stream),
            cudaSuccess);
  EXPECT_EQ(target, 7);
}

TEST(RuntimeMemory, IsFreedInTheOrderOfItsStream) {
  const TestStream stream;
  int* memory = nullptr;
  int got = 0;
  const int value = 7;
  ASSERT_EQ(cudaMallocAsync(&memory, int_bytes, stream), cudaSuccess);
  EXPECT_EQ(cudaMemcpyAsync(memory, &value, int_bytes, cudaMemcpyHostToDevice, stream), 0);
  EXPECT_EQ(cudaMemcpyAsync(&got, memory, int_bytes, cudaMemcpyDeviceToHost, stream), 0);
  EXPECT_EQ(cudaFreeAsync(memory, stream), cudaSuccess);
  EXPECT_EQ(cudaFreeAsync(memory, stream), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFree(memory), cudaErrorInvalidValue);
  std::size_t free_bytes = 0, total = 0;
  ASSERT_EQ(stream.wait(), cudaSuccess);
  EXPECT_EQ(got, 7);
  ASSERT_EQ(cudaMemGetInfo(&free_bytes, &total), cudaSuccess);
  EXPECT_EQ(free_bytes, total);
}

}  // namespace
}  // namespace simt
