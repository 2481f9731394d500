// What a program takes from the host's heap is reported while it has promised to take nothing.
#include <atomic>
#include <cstdlib>
#include <functional>
#include <memory>
#include <new>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "device_array.hpp"
#include "runtime/heap.hpp"

namespace simt {
namespace {

using Ints = std::vector<int>;

__global__ void one_kernel(int* values) {
  values[threadIdx.x] = 1;
}
cudaError_t launch_one(int* values, cudaStream_t stream = nullptr) {
  return Launch{.block = 1, .stream = stream}("one_kernel", one_kernel, values);
}

/// Keeps the compiler from leaving out an allocation that nobody looks at.
template <class Pointer>
Pointer used(Pointer memory) {
  asm volatile("" : : "r"(memory) : "memory");
  return memory;
}

TEST(RuntimeHeap, EachWayToTakeFromItIsSeen) {
  struct {
    const char* bytes;
    std::function<void()> take;
  } const cases[] = {
      {"24 bytes", [] { std::free(used(std::malloc(24))); }},
      {"40 bytes", [] { std::free(used(std::calloc(5, 8))); }},
      {"12 bytes", [] { ::operator delete(used(::operator new(12))); }},
      {"800 bytes", [] { used(std::vector<double>(100).data()); }},
      {"64 bytes", [] { used(std::make_unique<char[]>(64).get()); }},
      {"128 bytes", [] { std::free(used(std::aligned_alloc(64, 128))); }},
  };
  for (const auto& each : cases) {
    {
      const HostHeapWatch watch;
      each.take();
    }
    EXPECT_TRUE(reported("host allocation", {each.bytes, "runtime_heap_test.cpp:"}));
    each.take();
    EXPECT_TRUE(take_reports().empty()) << "the watch has ended";
  }
}

TEST(RuntimeHeap, OfTheEmulationIsNobodysBusiness) {
  TestStream stream;
  DeviceArray<int> values(Ints{0});
  int got = 0;
  cudaEvent_t event = nullptr;
  void* memory = nullptr;
  cudaGraph_t graph = nullptr;
  {
    const HostHeapWatch watch;
    EXPECT_EQ(cudaMalloc(&memory, 4096), cudaSuccess);
    EXPECT_EQ(cudaEventCreate(&event), cudaSuccess);
    EXPECT_EQ(launch_one(values.data(), stream), cudaSuccess);
    EXPECT_EQ(cudaEventRecord(event, stream), cudaSuccess);
    EXPECT_EQ(cudaMemcpyAsync(&got, values.data(), 4, cudaMemcpyDeviceToHost, stream), cudaSuccess);
    EXPECT_EQ(stream.wait(), cudaSuccess);
    EXPECT_EQ(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal), cudaSuccess);
    EXPECT_EQ(launch_one(values.data(), stream), cudaSuccess);
    EXPECT_EQ(cudaStreamEndCapture(stream, &graph), cudaSuccess);
    EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);
    EXPECT_EQ(cudaEventDestroy(event), cudaSuccess);
    EXPECT_EQ(cudaFree(memory), cudaSuccess);
  }
  EXPECT_EQ(got, 1);
  EXPECT_TRUE(take_reports().empty());
}

TEST(RuntimeHeap, WatchesAndPausesNest) {
  const auto seen = [] {
    std::free(used(std::malloc(24)));
    return !take_reports().empty();
  };
  EXPECT_FALSE(seen());
  {
    const HostHeapWatch outer;
    {
      const HostHeapWatch inner;
      EXPECT_TRUE(seen());
    }
    EXPECT_TRUE(seen());
    {
      const Unwatched pause;
      {
        const Unwatched inner;
        EXPECT_FALSE(seen());
      }
      EXPECT_FALSE(seen());
    }
    EXPECT_TRUE(seen());
  }
  EXPECT_FALSE(seen());
}

TEST(RuntimeHeap, OfOtherThreadsIsNotWatched) {
  std::atomic<int> turn{0};
  const auto wait_for = [&](int mine) {
    while (turn != mine) std::this_thread::yield();
  };
  std::thread other([&] {
    wait_for(1);
    std::free(used(std::malloc(24)));
    turn = 2;
  });
  {
    const HostHeapWatch watch;
    turn = 1;
    wait_for(2);
  }
  other.join();
  EXPECT_TRUE(take_reports().empty());
}

}  // namespace
}  // namespace simt
