// The faults that tests order of the emulated runtime, each at the call that it was ordered for.
#include <functional>
#include <string>
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
const void* const one_kernel_address = reinterpret_cast<const void*>(&one_kernel);
cudaError_t launch_one(int* values, cudaStream_t stream = nullptr) {
  return Launch{.block = 1, .stream = stream}("one_kernel", one_kernel, values);
}

/// What a faulty call works on.
struct Objects {
  DeviceArray<int> values{Ints{0}};
  TestStream stream;
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t executable = nullptr;
  Objects() {
    cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal);
    cudaStreamEndCapture(stream, &graph);
    cudaGraphInstantiate(&executable, graph, 0);
  }
  Objects(const Objects&) = delete;
  Objects& operator=(const Objects&) = delete;
  ~Objects() {
    cudaGraphExecDestroy(executable);
    cudaGraphDestroy(graph);
  }
};
struct Faulty {
  const char* name;
  Call kind;
  int code;
  std::function<int(Objects&)> call;  ///< gives back at once what it makes
};
class RuntimeFault : public testing::TestWithParam<Faulty> {};

template <class Handle, class Make, class Destroy>
int made_and_destroyed(Make make, Destroy destroy) {
  Handle handle{};
  const int error = static_cast<int>(make(&handle));
  if (error == 0) destroy(handle);
  return error;
}

const Faulty faulty_calls[] = {
    {"malloc", Call::allocate, cudaErrorMemoryAllocation,
     [](Objects&) {
       return made_and_destroyed<void*>([](void** p) { return cudaMalloc(p, 4); }, cudaFree);
     }},
    {"malloc_host", Call::allocate, cudaErrorMemoryAllocation,
     [](Objects&) {
       return made_and_destroyed<void*>([](void** p) { return cudaMallocHost(p, 4); },
                                        cudaFreeHost);
     }},
    {"malloc_async", Call::allocate, cudaErrorMemoryAllocation,
     [](Objects& o) {
       return made_and_destroyed<void*>([&](void** p) { return cudaMallocAsync(p, 4, o.stream); },
                                        cudaFree);
     }},
    {"launch", Call::launch, cudaErrorLaunchOutOfResources,
     [](Objects& o) { return int{launch_one(o.values.data(), o.stream)}; }},
    {"copy", Call::copy, cudaErrorUnknown,
     [](Objects& o) {
       const int one = 1;
       return int{cudaMemcpyAsync(o.values.data(), &one, 4, cudaMemcpyHostToDevice, o.stream)};
     }},
    {"fill", Call::copy, cudaErrorUnknown,
     [](Objects& o) { return int{cudaMemsetAsync(o.values.data(), 1, 4, o.stream)}; }},
    {"stream", Call::stream, cudaErrorMemoryAllocation,
     [](Objects&) {
       return made_and_destroyed<cudaStream_t>([](cudaStream_t* s) { return cudaStreamCreate(s); },
                                               cudaStreamDestroy);
     }},
    {"event", Call::event, cudaErrorMemoryAllocation,
     [](Objects&) {
       return made_and_destroyed<cudaEvent_t>(
           [](cudaEvent_t* e) { return cudaEventCreateWithFlags(e, cudaEventDisableTiming); },
           cudaEventDestroy);
     }},
    {"graph_instantiate", Call::graph, cudaErrorMemoryAllocation,
     [](Objects& o) {
       return made_and_destroyed<cudaGraphExec_t>(
           [&](cudaGraphExec_t* e) { return cudaGraphInstantiate(e, o.graph, 0); },
           cudaGraphExecDestroy);
     }},
    {"graph_launch", Call::graph, cudaErrorUnknown,
     [](Objects& o) { return int{cudaGraphLaunch(o.executable, o.stream)}; }},
    {"library", Call::library, CUBLAS_STATUS_ALLOC_FAILED,
     [](Objects&) {
       return made_and_destroyed<cublasLtHandle_t>(cublasLtCreate, cublasLtDestroy);
     }},
    {"query_devices", Call::query, cudaErrorNoDevice,
     [](Objects&) {
       int count = 0;
       return int{cudaGetDeviceCount(&count)};
     }},
    {"query_occupancy", Call::query, cudaErrorInvalidDeviceFunction,
     [](Objects&) {
       int blocks = 0;
       return int{cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, one_kernel, 32, 0)};
     }},
    {"query_kernel", Call::query, cudaErrorNoKernelImageForDevice,
     [](Objects&) {
       cudaFuncAttributes attributes{};
       return int{cudaFuncGetAttributes(&attributes, one_kernel_address)};
     }},
};
INSTANTIATE_TEST_SUITE_P(Calls, RuntimeFault, testing::ValuesIn(faulty_calls),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST_P(RuntimeFault, ComesAtItsCallAndNoOther) {
  const Faulty& tested = GetParam();
  Objects objects;
  for (int k = 0; k < 3; ++k) {
    fail_at(tested.kind, k, tested.code);
    EXPECT_EQ(calls_made(tested.kind), 0);
    for (int n = 0; n < 5; ++n) {
      EXPECT_EQ(tested.call(objects), n == k ? tested.code : 0) << "call " << n << ", fault " << k;
      EXPECT_EQ(calls_made(tested.kind), n + 1);
    }
  }
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess) << "a fault loses no device";
}

TEST(RuntimeFaults, OfOneKindLeaveTheOthersAlone) {
  fail_at(Call::copy, 0, cudaErrorUnknown);
  fail_at(Call::launch, 1, cudaErrorUnknown);
  DeviceArray<int> values(std::size_t{1});
  EXPECT_EQ(launch_one(values.data()), cudaSuccess);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(cudaMemset(values.data(), 0, 4), cudaErrorUnknown);
  EXPECT_EQ(cudaGetLastError(), cudaErrorUnknown);
  EXPECT_EQ(values.get(), Ints{1}) << "what failed has done nothing";
  EXPECT_EQ(launch_one(values.data()), cudaErrorUnknown);
}

}  // namespace
}  // namespace simt
