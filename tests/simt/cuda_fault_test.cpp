// Every call into CUDA and cuBLASLt that a program makes fails once: takt says which one and why,
// loses nothing, and the same objects then do the work.
#include <algorithm>
#include <functional>
#include <iterator>
#include <new>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include <cublasLt.h>
#include <gtest/gtest.h>

#include <takt/takt.hpp>

#include "device_array.hpp"
#include "gpu/layer.hpp"
#include "simt.hpp"

namespace takt::cuda_test {
namespace {

using simt::Call;
using Names = std::set<std::string>;

/// Rows of a chunk are gathered and scattered, and sums over it kept in f32: all kernels run.
const LayerCase product{.type = DataType::f16, .T = 2, .lengths = true, .resets = true};
const LayerCase precomputed{.type = DataType::f16,
                            .T = 2,
                            .I = 32,
                            .lengths = true,
                            .resets = true,
                            .input = InputMode::precomputed};

LayerCase by_name(const char* algorithm) {
  LayerCase like = product;
  like.algorithm = algorithm;
  like.H = 40;
  return like;
}
const LayerCase in_cluster = by_name("cluster"), in_grid = by_name("grid");

/// A whole program, each of its objects made where there is none yet.
struct Program {
  const LayerCase& like = product;
  std::optional<Device> device{};
  std::optional<Plan> plan{};
  std::optional<CudaLayer> layer{};
  std::optional<Memory> memory{};
  std::optional<Stream> stream{};

  void make() {
    if (!device) device.emplace(Device::cuda());
    if (!plan) plan.emplace(like.plan(*device));
    if (!layer) layer.emplace(*plan, like, 1);
    if (!memory) memory.emplace(*plan);
    if (!stream) stream.emplace(*device);
  }
  Results run() {
    make();
    layer->call(*memory, *stream);
    const CallStatus noticed = status(*memory, *stream);
    EXPECT_TRUE(noticed.fine()) << noticed.message();
    return layer->results(*stream);
  }
};

/// A kind of call that fails.
struct Fault {
  const char* name;
  Call kind;
  int code;
  const char* code_name;
  Names calls;  ///< of the kind that a program makes, as messages name them
  const LayerCase& like = product;

  friend std::ostream& operator<<(std::ostream& out, const Fault& fault) {
    return out << fault.name;
  }
};
class CudaFault : public testing::TestWithParam<Fault> {
 protected:
  const Results expected = Program{GetParam().like}.run();
  /// What messages named so far.
  Names named;

  void expect_message(const std::string& message) {
    const std::string begin = "takt: ", end = std::string(" (") + GetParam().code_name + ")";
    ASSERT_TRUE(message.starts_with(begin) && message.ends_with(end)) << message;
    named.insert(message.substr(begin.size(), message.find(": ", begin.size()) - begin.size()));
  }

  /// Whether something is thrown, which then is what takt throws for this fault.
  template <class Work>
  bool fails(const Work& work) {
    try {
      work();
      return false;
    } catch (const DeviceError& error) {
      expect_message(error.what());
    } catch (const std::bad_alloc&) {
      EXPECT_EQ(GetParam().code, static_cast<int>(cudaErrorMemoryAllocation));
      EXPECT_EQ(GetParam().kind, Call::allocate);
      named.insert("std::bad_alloc");
    }
    EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess) << "left for whoever asks next";
    return true;
  }

  /// The k-th call of a program's life fails, its end included; afterwards either it ends, or it is
  /// run again. False where there are not so many calls.
  bool life(int k, bool again) {
    simt::fail_at(GetParam().kind, k, GetParam().code);
    bool failed = false;
    {
      Program program{GetParam().like};
      failed = fails([&] { EXPECT_TRUE(same(program.run(), expected)); });
      if (failed && again) {
        EXPECT_TRUE(same(program.run(), expected));
      }
    }
    const bool came = simt::calls_made(GetParam().kind) > k;
    EXPECT_TRUE(!failed || came);
    EXPECT_EQ(cudaGetLastError(), cudaSuccess) << "left by an end";
    for (const simt::Report& report : simt::take_reports()) ADD_FAILURE() << report.text;
    EXPECT_EQ(simt::reset_device(), "") << "left on the device";
    return came;
  }
};

/// Of plans that take a persistent kernel by name.
const Names launches_by_name{
    "prepare_rows_kernel",       "initial_states_kernel",      "pack_fragments_kernel",
    "order_rows_kernel",         "fill_padding_kernel",        "gather_rows_kernel",
    "persistent_forward_kernel", "persistent_backward_kernel", "gather_seen_kernel",
    "column_sums_kernel",        "scatter_rows_kernel",        "store_sums_kernel",
    "initial_gradients_kernel"};
const Names queries_by_name = [] {
  Names names = launches_by_name;
  names.insert({"Device::cuda", "cudaGetDeviceProperties", "cudaGetDevice"});
  return names;
}();

const Fault faults[] = {
    {"allocate",
     Call::allocate,
     cudaErrorMemoryAllocation,
     "cudaErrorMemoryAllocation",
     {"std::bad_alloc"}},
    {"allocate_otherwise", Call::allocate, cudaErrorUnknown, "cudaErrorUnknown", {"cudaMalloc"}},
    {"launch",
     Call::launch,
     cudaErrorLaunchOutOfResources,
     "cudaErrorLaunchOutOfResources",
     {"prepare_rows_kernel", "initial_states_kernel", "gather_rows_kernel", "step_forward_kernel",
      "step_backward_kernel", "gather_seen_kernel", "column_sums_kernel", "scatter_rows_kernel",
      "store_sums_kernel", "initial_gradients_kernel"}},
    {"launch_of_precomputed",
     Call::launch,
     cudaErrorLaunchOutOfResources,
     "cudaErrorLaunchOutOfResources",
     {"prepare_rows_kernel", "initial_states_kernel", "widen_rows_kernel", "step_forward_kernel",
      "step_backward_kernel", "gather_seen_kernel", "column_sums_kernel", "scatter_rows_kernel",
      "store_sums_kernel", "initial_gradients_kernel"},
     precomputed},
    {"launch_in_cluster", Call::launch, cudaErrorLaunchOutOfResources,
     "cudaErrorLaunchOutOfResources", launches_by_name, in_cluster},
    {"launch_in_grid", Call::launch, cudaErrorCooperativeLaunchTooLarge,
     "cudaErrorCooperativeLaunchTooLarge", launches_by_name, in_grid},
    {"copy",
     Call::copy,
     cudaErrorUnknown,
     "cudaErrorUnknown",
     {"cudaMemset", "cudaMemsetAsync", "cudaMemcpy", "cudaMemcpyAsync"}},
    {"product",
     Call::product,
     CUBLAS_STATUS_EXECUTION_FAILED,
     "CUBLAS_STATUS_EXECUTION_FAILED",
     {"cublasLtMatmul"}},
    {"stream",
     Call::stream,
     cudaErrorMemoryAllocation,
     "cudaErrorMemoryAllocation",
     {"cudaStreamCreateWithFlags"}},
    {"library",
     Call::library,
     CUBLAS_STATUS_ALLOC_FAILED,
     "CUBLAS_STATUS_ALLOC_FAILED",
     {"cublasLtCreate", "cublasLtMatmulAlgoGetHeuristic"}},
    {"query",
     Call::query,
     cudaErrorNoKernelImageForDevice,
     "cudaErrorNoKernelImageForDevice",
     {"Device::cuda", "cudaGetDeviceProperties", "cudaGetDevice", "prepare_rows_kernel",
      "initial_states_kernel", "gather_rows_kernel", "step_forward_kernel", "step_backward_kernel",
      "gather_seen_kernel", "column_sums_kernel", "scatter_rows_kernel", "store_sums_kernel",
      "initial_gradients_kernel"}},
    {"query_of_precomputed",
     Call::query,
     cudaErrorNoKernelImageForDevice,
     "cudaErrorNoKernelImageForDevice",
     {"Device::cuda", "cudaGetDeviceProperties", "cudaGetDevice", "prepare_rows_kernel",
      "initial_states_kernel", "widen_rows_kernel", "step_forward_kernel", "step_backward_kernel",
      "gather_seen_kernel", "column_sums_kernel", "scatter_rows_kernel", "store_sums_kernel",
      "initial_gradients_kernel"},
     precomputed},
    {"query_in_cluster", Call::query, cudaErrorNoKernelImageForDevice,
     "cudaErrorNoKernelImageForDevice", queries_by_name, in_cluster},
    {"query_in_grid", Call::query, cudaErrorNoKernelImageForDevice,
     "cudaErrorNoKernelImageForDevice", queries_by_name, in_grid},
};
INSTANTIATE_TEST_SUITE_P(Calls, CudaFault, testing::ValuesIn(faults),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST_P(CudaFault, IsSaidAndLeavesNothingBehind) {
  for (const bool again : {false, true}) {
    named.clear();
    int k = 0;
    for (; !HasFailure(); ++k) {
      SCOPED_TRACE(k);
      if (!life(k, again)) break;
    }
    EXPECT_GE(k, static_cast<int>(GetParam().calls.size()));
    EXPECT_EQ(named, GetParam().calls);
  }
}

/// The kinds of calls that a plan's calls make.
class CudaCaptureFault : public CudaFault {};
std::vector<Fault> faults_of_calls() {
  std::vector<Fault> found;
  std::copy_if(std::begin(faults), std::end(faults), std::back_inserter(found),
               [](const Fault& fault) {
                 return fault.kind == Call::launch || fault.kind == Call::copy ||
                        fault.kind == Call::product || fault.kind == Call::query;
               });
  return found;
}
INSTANTIATE_TEST_SUITE_P(Calls, CudaCaptureFault, testing::ValuesIn(faults_of_calls()),
                         [](const auto& tested) { return std::string(tested.param.name); });

/// Ends a capture, whatever became of it, and gives back its graph.
void end_capture(cudaStream_t stream) {
  cudaGraph_t graph = nullptr;
  (void)cudaStreamEndCapture(stream, &graph);
  if (graph != nullptr) {
    EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);
  }
  (void)cudaGetLastError();
}

TEST_P(CudaCaptureFault, LeavesAStreamThatWorks) {
  Program program{GetParam().like};
  program.make();
  const simt::TestStream handle;
  const StreamRef stream(static_cast<cudaStream_t>(handle));
  const auto call = [&] { program.layer->call(*program.memory, stream); };
  simt::fail_at(GetParam().kind, -1, 0);
  call();
  const int calls = simt::calls_made(GetParam().kind);
  EXPECT_GT(calls, 0);
  for (int k = 0; k < calls; ++k) {
    SCOPED_TRACE(k);
    ASSERT_EQ(cudaStreamBeginCapture(handle, cudaStreamCaptureModeGlobal), cudaSuccess);
    simt::fail_at(GetParam().kind, k, GetParam().code);
    EXPECT_TRUE(fails(call));
    EXPECT_EQ(simt::calls_made(GetParam().kind), k + 1) << "nothing more is asked for";
    end_capture(handle);
    program.layer->spoil(0xFF, stream);
    call();
    EXPECT_TRUE(same(program.layer->results(stream), expected));
    ASSERT_EQ(cudaStreamBeginCapture(handle, cudaStreamCaptureModeGlobal), cudaSuccess);
    EXPECT_FALSE(fails(call));
    end_capture(handle);
  }
}

/// What cannot be done now, by name.
struct Refused {
  const char* name;
  std::function<void(Program&, StreamRef)> work;
};
const Refused refused[] = {
    {"call", [](Program& p, StreamRef stream) { p.layer->call(*p.memory, stream); }},
    {"results", [](Program& p, StreamRef stream) { p.layer->results(stream); }},
    {"status", [](Program& p, StreamRef stream) { status(*p.memory, stream); }},
    {"array", [](Program& p, StreamRef) { Array(*p.device, {8}); }},
    {"memory", [](Program& p, StreamRef) { Memory{*p.plan}; }},
    {"plan", [](Program& p, StreamRef) { p.like.plan(*p.device); }},
    {"stream", [](Program& p, StreamRef) { Stream{*p.device}; }},
    {"device", [](Program&, StreamRef) { Device::cuda(); }},
};
bool needs_nothing_of_a_capture(const std::string& name) {
  return name == "call" || name == "stream" || name == "device";
}

std::string message_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const DeviceError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(CudaFaults, WhatWaitsOrAllocatesIsRefusedInACapture) {
  const Results expected = Program().run();
  Program program;
  program.make();
  const simt::TestStream handle;
  const StreamRef stream(static_cast<cudaStream_t>(handle));
  for (const Refused& each : refused) {
    if (needs_nothing_of_a_capture(each.name)) continue;
    SCOPED_TRACE(each.name);
    ASSERT_EQ(cudaStreamBeginCapture(handle, cudaStreamCaptureModeGlobal), cudaSuccess);
    const std::string message = message_of([&] { each.work(program, stream); });
    EXPECT_TRUE(message.ends_with("(cudaErrorStreamCaptureUnsupported)")) << message;
    const std::string lost = message_of([&] { program.layer->call(*program.memory, stream); });
    EXPECT_TRUE(lost.ends_with("(cudaErrorStreamCaptureInvalidated)")) << lost;
    end_capture(handle);
    program.layer->spoil(0xFF, stream);
    program.layer->call(*program.memory, stream);
    EXPECT_TRUE(same(program.layer->results(stream), expected));
  }
}

/// Half of the warp is elsewhere.
__global__ void wrong_kernel(int* values) {
  if (threadIdx.x < 16)
    __syncwarp();
  else
    values[threadIdx.x] = __shfl_xor_sync(~0u, values[threadIdx.x], 1);
}

TEST(CudaFaults, OfALostDeviceAreSaidByAll) {
  Program program;
  program.run();
  const simt::DeviceArray<int> values(std::size_t{32});
  const cudaStream_t handle = StreamRef(*program.stream).handle();
  ASSERT_EQ((simt::Launch{.stream = handle}("wrong_kernel", wrong_kernel, values.data())),
            cudaSuccess);
  program.layer->call(*program.memory, *program.stream);
  const std::string first = message_of([&] { program.stream->synchronize(); });
  EXPECT_TRUE(first.starts_with("takt: cudaStreamSynchronize: ")) << first;
  EXPECT_TRUE(simt::reported("divergent warp operation", {"cuda_fault_test.cpp:"}));
  for (const Refused& each : refused) {
    SCOPED_TRACE(each.name);
    const std::string message = message_of([&] { each.work(program, *program.stream); });
    EXPECT_TRUE(message.ends_with("(cudaErrorLaunchFailure)")) << message;
  }
}

TEST(CudaFaults, ThereAreNoEventsAndNoGraphs) {
  Program().run();
  EXPECT_EQ(simt::calls_made(Call::event), 0);
  EXPECT_EQ(simt::calls_made(Call::graph), 0);
}

}  // namespace
}  // namespace takt::cuda_test
