// The emulated runtime's errors, and what ends them: a reset of the device, another driver.
#include <thread>
#include <vector>

#include <cublasLt.h>
#include <gtest/gtest.h>

#include "device_array.hpp"

namespace simt {
namespace {

using Ints = std::vector<int>;

__global__ void one_kernel(int* values) {
  values[threadIdx.x] = 1;
}
/// Half of the warp is elsewhere.
__global__ void wrong_kernel(int* values) {
  if (threadIdx.x < 16)
    __syncwarp();
  else
    values[threadIdx.x] = __shfl_xor_sync(~0u, values[threadIdx.x], 1);
}
const void* const one_kernel_address = reinterpret_cast<const void*>(&one_kernel);
cudaError_t launch_one(int* values, cudaStream_t stream = nullptr) {
  return Launch{.block = 1, .stream = stream}("one_kernel", one_kernel, values);
}

TEST(RuntimeError, IsReturnedOnce) {
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  EXPECT_EQ(cudaSetDevice(7), cudaErrorInvalidDevice);
  int pageable = 0;
  EXPECT_EQ(cudaFreeHost(&pageable), cudaErrorInvalidValue);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess) << "success leaves the last error alone";
  EXPECT_EQ(cudaPeekAtLastError(), cudaErrorInvalidValue);
  EXPECT_EQ(cudaPeekAtLastError(), cudaErrorInvalidValue);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidValue);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess);
}

TEST(RuntimeError, IsItsThreadsOwn) {
  EXPECT_EQ(cudaSetDevice(7), cudaErrorInvalidDevice);
  cudaError_t elsewhere = cudaErrorUnknown;
  std::thread([&] { elsewhere = cudaGetLastError(); }).join();
  EXPECT_EQ(elsewhere, cudaSuccess);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidDevice);
}

TEST(RuntimeError, HasANameAndAText) {
  EXPECT_STREQ(cudaGetErrorName(cudaErrorMemoryAllocation), "cudaErrorMemoryAllocation");
  EXPECT_STREQ(cudaGetErrorName(cudaErrorCapturedEvent), "cudaErrorCapturedEvent");
  EXPECT_STREQ(cudaGetErrorString(cudaSuccess), "no error");
  const auto none = static_cast<cudaError_t>(12345);
  EXPECT_STREQ(cudaGetErrorName(none), "unrecognized error code");
  EXPECT_STREQ(cudaGetErrorString(none), "unrecognized error code");
}

TEST(RuntimeError, OfAKernelStaysUntilTheDeviceIsReset) {
  TestStream stream, other;
  DeviceArray<int> values(Ints(32, 0));
  cudaEvent_t event = nullptr;
  ASSERT_EQ(cudaEventCreate(&event), cudaSuccess);
  const Launch launch{.block = 32, .stream = stream};
  ASSERT_EQ(launch("wrong_kernel", wrong_kernel, values.data()), cudaSuccess);
  int after = 7;
  cudaMemcpyAsync(&after, values.data(), sizeof after, cudaMemcpyDeviceToHost, stream);
  ASSERT_EQ(cudaEventRecord(event, stream), cudaSuccess);
  ASSERT_EQ(cudaStreamWaitEvent(other, event, 0), cudaSuccess);
  EXPECT_EQ(stream.wait(), cudaErrorLaunchFailure);
  EXPECT_TRUE(reported("divergent warp operation", {"runtime_error_test.cpp:"}));
  void* memory = nullptr;
  cudaEvent_t second = nullptr;
  int count = 0;
  const cudaError_t answers[] = {cudaGetLastError(),
                                 cudaGetLastError(),
                                 cudaMalloc(&memory, 4),
                                 cudaMemset(values.data(), 0, 4),
                                 cudaMemcpy(values.data(), values.data(), 4, cudaMemcpyDefault),
                                 launch_one(values.data(), stream),
                                 cudaEventCreate(&second),
                                 cudaEventRecord(event, stream),
                                 cudaEventSynchronize(event),
                                 cudaStreamWaitEvent(other, event, 0),
                                 cudaStreamQuery(other),
                                 cudaStreamSynchronize(other),
                                 cudaDeviceSynchronize(),
                                 cudaGetDeviceCount(&count)};
  for (const cudaError_t answer : answers) EXPECT_EQ(answer, cudaErrorLaunchFailure);
  EXPECT_EQ(after, 7) << "a lost device does nothing more";
  EXPECT_TRUE(take_reports().empty()) << "what follows a failure is not reported";
  EXPECT_EQ(reset_device(), "1 allocation, 2 streams, 1 event");
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(cudaMalloc(&memory, 4), cudaSuccess);
  EXPECT_EQ(cudaFree(memory), cudaSuccess);
}

TEST(RuntimeReset, NamesWhatWasLeft) {
  EXPECT_EQ(reset_device(), "");
  void* memory = nullptr;
  cudaStream_t stream = nullptr;
  cudaEvent_t event = nullptr;
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t executable = nullptr;
  cublasLtHandle_t handle = nullptr;
  ASSERT_EQ(cudaMalloc(&memory, 4), cudaSuccess);
  ASSERT_EQ(cudaMallocHost(&memory, 4), cudaSuccess);
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  ASSERT_EQ(cudaEventCreate(&event), cudaSuccess);
  ASSERT_EQ(cudaEventCreate(&event), cudaSuccess);
  ASSERT_EQ(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal), cudaSuccess);
  ASSERT_EQ(cudaStreamEndCapture(stream, &graph), cudaSuccess);
  ASSERT_EQ(cudaGraphInstantiate(&executable, graph, 0), cudaSuccess);
  ASSERT_EQ(cublasLtCreate(&handle), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(reset_device(),
            "2 allocations, 1 stream, 2 events, 1 graph, 1 executable graph, 1 cuBLASLt handle");
  EXPECT_EQ(reset_device(), "");
  EXPECT_EQ(cudaStreamQuery(stream), cudaErrorInvalidResourceHandle);
  cublasLtDestroy(handle);
}

TEST(RuntimeReset, EndsWhatHasNotRun) {
  cudaStream_t stream = nullptr;
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  int* memory = nullptr;
  ASSERT_EQ(cudaMalloc(&memory, 4), cudaSuccess);
  EXPECT_EQ(launch_one(memory, stream), cudaSuccess);
  EXPECT_EQ(launch_one(memory), cudaSuccess);
  fail_at(Call::launch, 0, cudaErrorUnknown);
  EXPECT_EQ(reset_device(), "1 allocation, 1 stream");
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(counters().launches, 0);
  DeviceArray<int> values(Ints{0});
  EXPECT_EQ(launch_one(values.data()), cudaSuccess) << "faults are forgotten";
}

// The driver. -------------------------------------------------------------------------------------

TEST(RuntimeDriver, TooOldOrNoneFailsEveryCall) {
  for (const int version : {0, CUDART_VERSION - 1000}) {
    set_driver(version);
    int value = -1;
    std::size_t bytes = 0;
    void* memory = nullptr;
    cudaStream_t stream = nullptr;
    cudaEvent_t event = nullptr;
    cudaDeviceProp properties{};
    EXPECT_EQ(cudaDriverGetVersion(&value), cudaSuccess);
    EXPECT_EQ(value, version);
    EXPECT_EQ(cudaRuntimeGetVersion(&value), cudaSuccess);
    EXPECT_EQ(value, CUDART_VERSION);
    const cudaError_t answers[] = {
        cudaGetDeviceCount(&value),
        cudaGetDevice(&value),
        cudaSetDevice(0),
        cudaGetDeviceProperties(&properties, 0),
        cudaDeviceGetAttribute(&value, cudaDevAttrWarpSize, 0),
        cudaMemGetInfo(&bytes, &bytes),
        cudaMalloc(&memory, 4),
        cudaMallocHost(&memory, 4),
        cudaFree(nullptr),
        cudaStreamCreate(&stream),
        cudaEventCreate(&event),
        cudaDeviceSynchronize(),
        cudaFuncSetAttribute(one_kernel_address, cudaFuncAttributeMaxDynamicSharedMemorySize, 4),
        launch_one(nullptr)};
    for (const cudaError_t answer : answers) EXPECT_EQ(answer, cudaErrorInsufficientDriver);
    reset_device();
    EXPECT_EQ(cudaGetDeviceCount(&value), cudaSuccess);
  }
}

TEST(RuntimeDriver, OfTheSameMajorVersionWillDo) {
  int count = 0;
  for (const int version : {CUDART_VERSION / 1000 * 1000, CUDART_VERSION + 1000}) {
    set_driver(version);
    EXPECT_EQ(cudaGetDeviceCount(&count), cudaSuccess);
  }
}

}  // namespace
}  // namespace simt
