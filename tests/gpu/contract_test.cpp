// What plan.hpp promises of calls on a GPU: they can be captured and shared by host threads, and
// leave nothing behind that a later call could read. On the emulated device and, where there is
// one, on a GPU.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <takt/takt.hpp>

#include "cell_names.hpp"
#include "devices/test_devices.hpp"
#include "gpu/layer.hpp"

namespace takt::cuda_test {
namespace {

/// None where the program has no GPU.
std::vector<std::string> cells() {
  return test::has_gpu() ? test::cell_names() : std::vector<std::string>();
}

class CudaContract : public testing::TestWithParam<std::string> {
 protected:
  const Device device = Device::cuda();
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(CudaContract);
INSTANTIATE_TEST_SUITE_P(Cells, CudaContract, testing::ValuesIn(cells()),
                         [](const auto& tested) { return tested.param; });

/// Cases in which calls take other ways: other kernels, operands, tensors.
std::vector<LayerCase> ways(const std::string& cell) {
  const LayerCase plain{.cell = cell, .B = 3};
  std::vector<LayerCase> cases(6, plain);
  cases[1].type = DataType::f16;
  cases[1].lengths = cases[1].resets = true;
  cases[1].accumulate = true;
  cases[2].type = DataType::bf16;
  cases[2].optional = false;
  cases[2].H = 7;
  cases[3].type = DataType::f64;
  cases[3].layout = Layout::batch_major;
  cases[3].lengths = true;
  cases[4].direction = Direction::reverse;
  cases[4].accumulate = true;
  cases[5].direction = Direction::reverse;
  cases[5].lengths = cases[5].resets = true;
  cases[5].optional = false;
  return cases;
}

/// The same of persistent kernels.
std::vector<LayerCase> persistent_ways(const std::string& cell, const Device& device) {
  const LayerCase plain{.cell = cell, .B = 3, .H = 24, .algorithm = "block"};
  std::vector<LayerCase> cases(4, plain);
  cases[1].type = DataType::f16;
  cases[1].lengths = cases[1].resets = true;
  cases[1].accumulate = true;
  cases[1].H = 21;
  cases[2].algorithm = "cluster";
  cases[2].layout = Layout::batch_major;
  cases[2].lengths = true;
  cases[3].algorithm = "cluster";
  cases[3].type = DataType::bf16;
  cases[3].direction = Direction::reverse;
  cases[3].lengths = cases[3].resets = true;
  cases[3].optional = false;
  cases[3].B = 9;  // two groups
  if (!test::has_clusters(device)) cases.resize(2);
  cases.push_back(cases[1]);
  cases.back().algorithm = "grid";
  cases.push_back(plain);
  cases.back().algorithm = "grid";
  cases.back().direction = Direction::reverse;
  cases.back().B = 9;  // two groups, or two rows of tiles
  return cases;
}

std::vector<LayerCase> all_ways(const std::string& cell, const Device& device) {
  std::vector<LayerCase> cases = ways(cell);
  for (const LayerCase& like : persistent_ways(cell, device)) cases.push_back(like);
  return cases;
}

/// What calls on a stream enqueue, captured.
class Graph {
 public:
  template <class Calls>
  Graph(cudaStream_t stream, const Calls& calls) {
    EXPECT_EQ(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal), cudaSuccess);
    EXPECT_NO_THROW(calls());
    EXPECT_EQ(cudaStreamEndCapture(stream, &graph_), cudaSuccess);
  }
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;
  ~Graph() {
    if (executable_ != nullptr) cudaGraphExecDestroy(executable_);
    if (graph_ != nullptr) cudaGraphDestroy(graph_);
  }
  std::int64_t nodes() const {
    std::size_t count = 0;
    EXPECT_EQ(cudaGraphGetNodes(graph_, nullptr, &count), cudaSuccess);
    return static_cast<std::int64_t>(count);
  }
  void launch(cudaStream_t stream) {
    if (executable_ == nullptr) {
      ASSERT_EQ(cudaGraphInstantiate(&executable_, graph_, 0), cudaSuccess);
    }
    ASSERT_EQ(cudaGraphLaunch(executable_, stream), cudaSuccess);
  }

 private:
  cudaGraph_t graph_ = nullptr;
  cudaGraphExec_t executable_ = nullptr;
};

/// The stream is one beside which the default stream may not be used.
TEST_P(CudaContract, GraphsOfCallsGiveTheSameBits) {
  for (const LayerCase& like : all_ways(GetParam(), device)) {
    SCOPED_TRACE(text(like));
    const Plan plan = like.plan(device);
    const Results expected = alone(plan, like, 1);
    CudaLayer layer(plan, like, 1);
    CallMemory memory(plan);
    const CallersStream handle;
    const StreamRef stream(static_cast<cudaStream_t>(handle));
    const Results before = layer.results(stream);
    Graph graph(handle, [&] { layer.call(memory, stream); });
    EXPECT_TRUE(same(layer.results(stream), before)) << "captured, not run";
    for (const int junk : {0xFF, 0x00, 0x5A}) {
      layer.spoil(junk, stream);
      memory.fill(junk, stream);
      graph.launch(handle);
      EXPECT_TRUE(same(layer.results(stream), expected)) << "over bytes of " << junk;
    }
  }
}

/// Of a call. Each launch, product, copy and fill is a node; on a GPU a product may be more kernels
/// than one.
std::int64_t nodes(const LayerCase& like, const Device& device, Mode mode, bool backward) {
  const Plan plan = like.plan(device, mode);
  CudaLayer layer(plan, like, 1);
  CallMemory memory(plan);
  const CallersStream handle;
  const StreamRef stream(static_cast<cudaStream_t>(handle));
  const Graph graph(handle, [&] {
    if (backward)
      layer.backward(memory, stream);
    else
      layer.forward(memory, stream);
  });
  return graph.nodes();
}

/// All but a step's product and its kernel: lengths and status, initial and final states, rows
/// gathered, one product; backward also gathered rows, sums, and more products.
constexpr std::int64_t most_nodes_of_forward = 8, most_nodes_of_backward = 16;

TEST_P(CudaContract, AStepIsTwoNodesOfAGraph) {
  struct Pass {
    const char* name;
    Mode mode;
    bool backward;
  };
  for (LayerCase like : ways(GetParam()))
    for (const Pass& pass : {Pass{"inference", Mode::inference, false},
                             {"training", Mode::training, false},
                             {"backward", Mode::training, true}}) {
      SCOPED_TRACE(text(like) + " " + pass.name);
      like.T = 2;
      const std::int64_t two = nodes(like, device, pass.mode, pass.backward);
      like.T = 5;
      const std::int64_t five = nodes(like, device, pass.mode, pass.backward);
      EXPECT_EQ(five - two, 2 * 3);
      EXPECT_LE(two - 2 * 2, pass.backward ? most_nodes_of_backward : most_nodes_of_forward);
    }
}

TEST_P(CudaContract, AllStepsOfAPersistentKernelAreOneNode) {
  constexpr std::int64_t packed_ordered_padded_cleared = 5;
  for (LayerCase like : persistent_ways(GetParam(), device))
    for (const auto& [mode, backward] :
         {std::pair{Mode::inference, false}, {Mode::training, false}, {Mode::training, true}}) {
      SCOPED_TRACE(text(like) + " " + std::string(to_string(mode)) +
                   (backward ? ", backward" : ""));
      like.T = 2;
      const std::int64_t two = nodes(like, device, mode, backward);
      like.T = 5;
      EXPECT_EQ(nodes(like, device, mode, backward), two);
      EXPECT_LE(two, (backward ? most_nodes_of_backward : most_nodes_of_forward) +
                         packed_ordered_padded_cleared + 1);
    }
}

/// Each enqueues some calls before it waits, so that the threads are in them at the same time.
TEST_P(CudaContract, HostThreadsShareAPlan) {
  const LayerCase like{.cell = GetParam(), .lengths = true};
  const Plan plan = like.plan(device);
  const std::vector<Results> expected{alone(plan, like, 1), alone(plan, like, 100)};
  std::atomic<int> arrived{0};
  const auto repeat = [&](std::size_t n) {
    const Stream stream(device);
    std::vector<CudaLayer> layers;
    std::vector<CallMemory> memories;
    for (int m = 0; m < 8; ++m) {
      layers.emplace_back(plan, like, n == 0 ? 1 : 100);
      memories.emplace_back(plan);
    }
    for (int run = 1; run <= 6; ++run) {
      for (CudaLayer& layer : layers) layer.spoil(0xFF, stream);
      for (++arrived; arrived < 2 * run;) std::this_thread::yield();
      for (std::size_t m = 0; m < layers.size(); ++m) layers[m].call(memories[m], stream);
      for (const CudaLayer& layer : layers)
        EXPECT_TRUE(same(layer.results(stream), expected[n])) << "thread " << n;
    }
  };
  std::thread other([&] { repeat(1); });
  repeat(0);
  other.join();
}

/// Calls one after another in the same memory: of other data, of fewer steps and rows, over NaN and
/// other junk.
TEST_P(CudaContract, NothingIsReadThatACallHasNotWritten) {
  constexpr int nothing = -1, nan = 0xFF, junk = 0x5A;
  for (const LayerCase& many : all_ways(GetParam(), device))
    for (const Mode mode : {Mode::inference, Mode::training}) {
      SCOPED_TRACE(text(many) + " " + std::string(to_string(mode)));
      LayerCase few = many;
      few.T = 1;
      few.B -= 1;
      const Plan plan = many.plan(device, mode);
      CallMemory memory(plan);
      const Stream stream(device);
      const auto run = [&](const LayerCase& like, std::uint64_t seed, int before) {
        CudaLayer layer(plan, like, seed);
        layer.spoil(before == nan ? junk : nan, stream);
        if (before != nothing) memory.fill(before, stream);
        layer.forward(memory, stream);
        EXPECT_EQ(status(memory, stream).message(), "");
        if (mode == Mode::inference) return layer.results(stream);
        if (before != nothing) memory.scratch.fill(before, stream);
        layer.backward(memory, stream);
        EXPECT_EQ(status(memory, stream).message(), "");
        return layer.results(stream);
      };
      const Results first = alone(plan, many, 1), second = alone(plan, many, 100);
      const Results of_few = alone(plan, few, 1);
      EXPECT_FALSE(same(first, second));
      EXPECT_TRUE(same(run(many, 1, nan), first)) << "over NaN";
      EXPECT_TRUE(same(run(many, 100, nothing), second)) << "after a call of other data";
      EXPECT_TRUE(same(run(few, 1, nothing), of_few)) << "few rows after many";
      EXPECT_TRUE(same(run(many, 1, nothing), first)) << "many rows after few";
      EXPECT_TRUE(same(run(few, 1, nan), of_few)) << "few rows over NaN";
      EXPECT_TRUE(same(run(many, 100, junk), second)) << "over junk";
    }
}

TEST_P(CudaContract, NothingIsWrittenAroundResultsAndMemory) {
  for (const LayerCase& like : all_ways(GetParam(), device)) {
    SCOPED_TRACE(text(like));
    for (const Mode mode : {Mode::inference, Mode::training}) {
      const Plan plan = like.plan(device, mode);
      CudaLayer layer(plan, like, 1);
      CallMemory memory(plan);
      const Stream stream(device);
      const auto surroundings = [&] {
        Results all = layer.surroundings(stream);
        all["scratch"] = memory.scratch.surroundings(stream);
        all["saved"] = memory.saved.surroundings(stream);
        return all;
      };
      const Results before = surroundings();
      layer.call(memory, stream);
      EXPECT_TRUE(same(surroundings(), before));
    }
  }
}

TEST_P(CudaContract, DefaultStreamsAreStreamsLikeOthers) {
  const LayerCase like{.cell = GetParam(), .lengths = true};
  const Plan plan = like.plan(device);
  const Results expected = alone(plan, like, 1);
  for (const cudaStream_t handle : {cudaStream_t{nullptr}, cudaStreamLegacy, cudaStreamPerThread}) {
    CudaLayer layer(plan, like, 1);
    CallMemory memory(plan);
    layer.call(memory, handle);
    EXPECT_TRUE(same(layer.results(handle), expected));
  }
}

}  // namespace
}  // namespace takt::cuda_test
