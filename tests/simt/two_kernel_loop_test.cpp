// The two-kernel loop, run again and again; what keeps it from running is a refusal.
#ifdef TAKT_BENCH

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <cublasLt.h>
#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include <takt/takt.hpp>

#include "peer_loop.hpp"
#include "simt.hpp"

namespace {

using takt::bench::Peer;
using takt::bench::Problem;

std::unique_ptr<Peer> prepare(const Problem& problem) {
  return takt::bench::prepare_loop(problem, [](Peer&) { return true; });
}

std::string refusal(const std::function<void()>& run) {
  try {
    run();
  } catch (const takt::bench::PeerRefusal& refused) {
    return refused.what();
  }
  return "none";
}

TEST(TwoKernelLoop, SaysWhatKeepsItFromRunning) {
  const takt::bench::Shape shape{.cell = "gru", .T = 3, .B = 2, .I = 3, .H = 5};
  Problem problem(shape, takt::bench::make_plan(shape, takt::Device::cuda()));
  simt::fail_at(simt::Call::allocate, 3, cudaErrorMemoryAllocation);
  EXPECT_EQ(refusal([&] { prepare(problem); }),
            "the two-kernel loop has no memory for W x of all steps");
  simt::fail_at(simt::Call::library, 0, CUBLAS_STATUS_NOT_INITIALIZED);
  EXPECT_EQ(refusal([&] { prepare(problem); }),
            "the two-kernel loop's cublasLtCreate: CUBLAS_STATUS_NOT_INITIALIZED");
  const auto loop = prepare(problem);
  simt::fail_at(simt::Call::product, 1, CUBLAS_STATUS_EXECUTION_FAILED);
  EXPECT_EQ(refusal([&] { loop->enqueue(); }),
            "the two-kernel loop's cublasLtMatmul: CUBLAS_STATUS_EXECUTION_FAILED");
  simt::fail_at(simt::Call::launch, 0, cudaErrorLaunchOutOfResources);
  EXPECT_THROW(loop->enqueue(), takt::DeviceError);
  loop->enqueue();
  problem.wait();
  EXPECT_EQ(loop->results().front().values.size(), 3u * 2 * 5);
}

TEST(TwoKernelLoop, ComputesTheSameInEachCall) {
  const takt::bench::Shape shape{.cell = "lstm", .T = 3, .B = 2, .I = 3, .H = 5};
  Problem problem(shape, takt::bench::make_plan(shape, takt::Device::cuda()));
  const auto loop = prepare(problem);
  loop->enqueue();
  const std::vector<double> first = loop->results().front().values;
  loop->enqueue();
  EXPECT_EQ(loop->results().front().values, first);
}

}  // namespace

#endif
