// The emulated runtime against what CUDA documents: captures, and graphs made of them.
#include <cstddef>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "device_array.hpp"

namespace simt {
namespace {

using Ints = std::vector<int>;

__global__ void append_digit_kernel(int* number, int digit) {
  number[0] = 10 * number[0] + digit;
}

class RuntimeGraph : public testing::Test {
 protected:
  cudaError_t append(int digit, cudaStream_t stream) {
    const Launch launch{.block = 1, .stream = stream};
    return launch("append_digit_kernel", append_digit_kernel, number.data(), digit);
  }
  cudaError_t begin(cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal) {
    return cudaStreamBeginCapture(stream, mode);
  }
  cudaError_t end() {
    graph = reinterpret_cast<cudaGraph_t>(this);  // so that a null graph must have been written
    return cudaStreamEndCapture(stream, &graph);
  }
  cudaStreamCaptureStatus status() {
    cudaStreamCaptureStatus found = cudaStreamCaptureStatusNone;
    EXPECT_EQ(cudaStreamIsCapturing(stream, &found), cudaSuccess);
    return found;
  }
  void TearDown() override {
    if (graph != nullptr) cudaGraphDestroy(graph);
  }

  TestStream stream;
  DeviceArray<int> number{Ints{0}};
  cudaGraph_t graph = nullptr;
};

TEST_F(RuntimeGraph, IsReplayedAsOftenAsLaunched) {
  int start = 7;
  cudaEvent_t event = nullptr;
  ASSERT_EQ(cudaEventCreate(&event), cudaSuccess);
  ASSERT_EQ(begin(), cudaSuccess);
  EXPECT_EQ(status(), cudaStreamCaptureStatusActive);
  EXPECT_EQ(append(1, stream), cudaSuccess);
  EXPECT_EQ(cudaEventRecord(event, stream), cudaSuccess);
  EXPECT_EQ(cudaStreamWaitEvent(stream, event, 0), cudaSuccess);
  EXPECT_EQ(append(2, stream), cudaSuccess);
  ASSERT_EQ(end(), cudaSuccess);
  EXPECT_EQ(status(), cudaStreamCaptureStatusNone);
  std::size_t nodes = 0;
  ASSERT_EQ(cudaGraphGetNodes(graph, nullptr, &nodes), cudaSuccess);
  EXPECT_EQ(nodes, 2u) << "events are places in a graph, not nodes";
  cudaGraphExec_t executable = nullptr;
  ASSERT_EQ(cudaGraphInstantiate(&executable, graph, 0), cudaSuccess);
  ASSERT_EQ(cudaGraphDestroy(graph), cudaSuccess);
  EXPECT_EQ(cudaGraphDestroy(graph), cudaErrorInvalidValue);
  graph = nullptr;
  ASSERT_EQ(stream.wait(), cudaSuccess);
  EXPECT_EQ(number.get(), Ints{0}) << "captured, not run";
  cudaMemcpyAsync(number.data(), &start, sizeof start, cudaMemcpyHostToDevice, stream);
  for (int n = 0; n < 3; ++n) ASSERT_EQ(cudaGraphLaunch(executable, stream), cudaSuccess);
  EXPECT_EQ(append(3, stream), cudaSuccess);
  EXPECT_EQ(number.get(), Ints{0}) << "nobody has waited yet";
  ASSERT_EQ(stream.wait(), cudaSuccess);
  EXPECT_EQ(number.get(), Ints{71212123});
  EXPECT_EQ(cudaGraphExecDestroy(executable), cudaSuccess);
  EXPECT_EQ(cudaGraphExecDestroy(executable), cudaErrorInvalidValue);
  EXPECT_EQ(cudaGraphLaunch(executable, stream), cudaErrorInvalidValue);
  cudaEventDestroy(event);
}

TEST_F(RuntimeGraph, CopiesFromTheHostAtEachReplay) {
  int start = 5;
  ASSERT_EQ(begin(), cudaSuccess);
  EXPECT_EQ(cudaMemcpyAsync(number.data(), &start, sizeof start, cudaMemcpyHostToDevice, stream),
            0);
  ASSERT_EQ(end(), cudaSuccess);
  cudaGraphExec_t executable = nullptr;
  ASSERT_EQ(cudaGraphInstantiate(&executable, graph, 0), cudaSuccess);
  for (const int value : {6, 8}) {
    start = value;
    ASSERT_EQ(cudaGraphLaunch(executable, stream), cudaSuccess);
    ASSERT_EQ(stream.wait(), cudaSuccess);
    EXPECT_EQ(number.get(), Ints{value});
  }
  cudaGraphExecDestroy(executable);
}

TEST_F(RuntimeGraph, CapturesBeginAndEndInPairs) {
  EXPECT_EQ(cudaStreamBeginCapture(nullptr, cudaStreamCaptureModeGlobal),
            cudaErrorStreamCaptureUnsupported);
  EXPECT_EQ(begin(static_cast<cudaStreamCaptureMode>(3)), cudaErrorInvalidValue);
  EXPECT_EQ(cudaStreamEndCapture(stream, &graph), cudaErrorIllegalState);
  ASSERT_EQ(begin(), cudaSuccess);
  EXPECT_EQ(begin(), cudaErrorIllegalState);
  cudaError_t elsewhere = cudaSuccess;
  std::thread([&] { elsewhere = end(); }).join();
  EXPECT_EQ(elsewhere, cudaErrorStreamCaptureWrongThread);
  EXPECT_EQ(end(), cudaSuccess);
  std::size_t nodes = 1;
  EXPECT_EQ(cudaGraphGetNodes(graph, nullptr, &nodes), cudaSuccess);
  EXPECT_EQ(nodes, 0u);
}

/// What a capture refuses, with its code; the capture is lost then.
struct Refused {
  const char* name;
  cudaError_t code;
  std::function<cudaError_t(cudaStream_t captures, int* memory, cudaEvent_t event)> call;
};
class RuntimeCapture : public RuntimeGraph, public testing::WithParamInterface<Refused> {};

INSTANTIATE_TEST_SUITE_P(
    Refused, RuntimeCapture,
    testing::Values(
        Refused{"malloc", cudaErrorStreamCaptureUnsupported,
                [](cudaStream_t, int* memory, cudaEvent_t) { return cudaMalloc(&memory, 4); }},
        Refused{"free", cudaErrorStreamCaptureUnsupported,
                [](cudaStream_t, int* memory, cudaEvent_t) { return cudaFree(memory); }},
        Refused{"stream_synchronize", cudaErrorStreamCaptureUnsupported,
                [](cudaStream_t captures, int*, cudaEvent_t) {
                  return cudaStreamSynchronize(captures);
                }},
        Refused{"stream_query", cudaErrorStreamCaptureUnsupported,
                [](cudaStream_t captures, int*, cudaEvent_t) { return cudaStreamQuery(captures); }},
        Refused{"device_synchronize", cudaErrorStreamCaptureUnsupported,
                [](cudaStream_t, int*, cudaEvent_t) { return cudaDeviceSynchronize(); }},
        Refused{"default_stream_launch", cudaErrorStreamCaptureImplicit,
                [](cudaStream_t, int* memory, cudaEvent_t) {
                  const Launch launch{.block = 1};
                  return launch("append_digit_kernel", append_digit_kernel, memory, 9);
                }},
        Refused{"default_stream_memset", cudaErrorStreamCaptureImplicit,
                [](cudaStream_t, int* memory, cudaEvent_t) { return cudaMemset(memory, 1, 4); }},
        Refused{"default_stream_synchronize", cudaErrorStreamCaptureImplicit,
                [](cudaStream_t, int*, cudaEvent_t) { return cudaStreamSynchronize(nullptr); }},
        Refused{"wait_for_work_outside", cudaErrorStreamCaptureIsolation,
                [](cudaStream_t captures, int*, cudaEvent_t outside) {
                  return cudaStreamWaitEvent(captures, outside, 0);
                }},
        Refused{"event_query", cudaErrorCapturedEvent,
                [](cudaStream_t captures, int*, cudaEvent_t event) {
                  cudaEventRecord(event, captures);
                  return cudaEventQuery(event);
                }},
        Refused{"event_synchronize", cudaErrorCapturedEvent,
                [](cudaStream_t captures, int*, cudaEvent_t event) {
                  cudaEventRecord(event, captures);
                  return cudaEventSynchronize(event);
                }}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST_P(RuntimeCapture, IsLostByWhatItRefuses) {
  const TestStream other;
  cudaEvent_t event = nullptr;
  ASSERT_EQ(cudaEventCreate(&event), cudaSuccess);
  ASSERT_EQ(cudaEventRecord(event, other), cudaSuccess);
  ASSERT_EQ(begin(), cudaSuccess);
  ASSERT_EQ(append(1, stream), cudaSuccess);
  EXPECT_EQ(GetParam().call(stream, number.data(), event), GetParam().code);
  EXPECT_EQ(cudaGetLastError(), GetParam().code);
  EXPECT_EQ(status(), cudaStreamCaptureStatusInvalidated);
  EXPECT_EQ(append(2, stream), cudaErrorStreamCaptureInvalidated);
  EXPECT_EQ(end(), cudaErrorStreamCaptureInvalidated);
  EXPECT_EQ(graph, nullptr);
  EXPECT_EQ(status(), cudaStreamCaptureStatusNone);
  // The stream can be used again, and nothing of the capture has run.
  EXPECT_EQ(append(3, stream), cudaSuccess);
  EXPECT_EQ(stream.wait(), cudaSuccess);
  EXPECT_EQ(number.get(), Ints{3});
  ASSERT_EQ(begin(), cudaSuccess);
  EXPECT_EQ(end(), cudaSuccess);
  cudaEventDestroy(event);
}

TEST_F(RuntimeGraph, CaptureLeavesOtherStreamsAlone) {
  const TestStream other;
  cudaEvent_t event = nullptr;
  ASSERT_EQ(cudaEventCreate(&event), cudaSuccess);
  ASSERT_EQ(begin(), cudaSuccess);
  EXPECT_EQ(append(4, other), cudaSuccess);
  EXPECT_EQ(cudaEventRecord(event, other), cudaSuccess);
  EXPECT_EQ(cudaEventSynchronize(event), cudaSuccess);
  EXPECT_EQ(other.wait(), cudaSuccess);
  EXPECT_EQ(cudaEventDestroy(event), cudaSuccess);
  EXPECT_EQ(end(), cudaSuccess);
  EXPECT_EQ(number.get(), Ints{4});
}

TEST_F(RuntimeGraph, CaptureOfANonBlockingStreamLeavesTheDefaultOneOpen) {
  cudaStream_t apart = nullptr;
  ASSERT_EQ(cudaStreamCreateWithFlags(&apart, cudaStreamNonBlocking), cudaSuccess);
  ASSERT_EQ(cudaStreamBeginCapture(apart, cudaStreamCaptureModeGlobal), cudaSuccess);
  EXPECT_EQ(append(4, nullptr), cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(nullptr), cudaSuccess);
  EXPECT_EQ(cudaStreamEndCapture(apart, &graph), cudaSuccess);
  EXPECT_EQ(number.get(), Ints{4});
  cudaStreamDestroy(apart);
}

/// Which allocations the mode of a capture allows.
TEST_F(RuntimeGraph, ModeSaysWhoMayAllocate) {
  struct {
    cudaStreamCaptureMode mode;
    bool same_thread, other_thread;
  } const cases[] = {{cudaStreamCaptureModeGlobal, false, false},
                     {cudaStreamCaptureModeThreadLocal, false, true},
                     {cudaStreamCaptureModeRelaxed, true, true}};
  for (const auto& each : cases)
    for (const bool other_thread : {false, true}) {
      ASSERT_EQ(begin(each.mode), cudaSuccess);
      void* memory = nullptr;
      cudaError_t made = cudaSuccess;
      if (other_thread)
        std::thread([&] { made = cudaMalloc(&memory, 4); }).join();
      else
        made = cudaMalloc(&memory, 4);
      const bool allowed = other_thread ? each.other_thread : each.same_thread;
      EXPECT_EQ(made, allowed ? cudaSuccess : cudaErrorStreamCaptureUnsupported) << each.mode;
      EXPECT_EQ(end(), allowed ? cudaSuccess : cudaErrorStreamCaptureInvalidated) << each.mode;
      if (graph != nullptr) cudaGraphDestroy(graph);
      graph = nullptr;
      EXPECT_EQ(cudaFree(memory), cudaSuccess);
    }
}

}  // namespace
}  // namespace simt
