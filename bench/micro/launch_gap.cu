// From kernel to kernel: chains of short kernels that each need what the one before has written, as
// a graph and as launches of a stream.
//
// Parameters: blocks, threads; edges "plain", or "programmatic": each kernel may begin while the
// one before ends, and waits for its writes itself.
#include <memory>
#include <type_traits>

#include <takt/kernels/ptx/grid_dependency.cuh>

#include "runner.cuh"

namespace takt::micro {
namespace {

struct GapParams {
  std::uint32_t* words;  // [blocks * threads]
};

template <bool programmatic>
__global__ void gap_kernel(GapParams p) {
  if constexpr (programmatic) {
    ptx::grid_dependency_launch_dependents();
    ptx::grid_dependency_wait();
  }
  p.words[blockIdx.x * blockDim.x + threadIdx.x] += 1;
}

struct GraphDeleter {
  void operator()(cudaGraphExec_t graph) const { (void)cudaGraphExecDestroy(graph); }
};
using Graph = std::unique_ptr<std::remove_pointer_t<cudaGraphExec_t>, GraphDeleter>;

/// What `body` puts on the stream, as a graph.
Graph captured(cudaStream_t stream, const std::function<void()>& body) {
  check("cudaStreamBeginCapture", cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
  std::exception_ptr failure;
  try {
    body();
  } catch (...) {
    failure = std::current_exception();
  }
  cudaGraph_t graph = nullptr;
  const cudaError_t ended = cudaStreamEndCapture(stream, &graph);  // whatever happened
  cudaGraphExec_t executable = nullptr;
  cudaError_t instantiated = cudaSuccess;
  if (graph != nullptr) {
    if (failure == nullptr) instantiated = cudaGraphInstantiate(&executable, graph, 0);
    (void)cudaGraphDestroy(graph);
  }
  if (failure != nullptr) std::rethrow_exception(failure);
  check("cudaStreamEndCapture", ended);
  check("cudaGraphInstantiate", instantiated);
  return Graph(executable);
}

template <bool programmatic>
std::vector<double> measure_chain(Runner& runner, const Shape& shape, bool as_graph) {
  const auto words = runner.pattern(std::int64_t{shape.blocks} * shape.threads);
  const int kernels = runner.sizes().chain;
  const auto chain = [&] {
    for (int n = 0; n < kernels; ++n)
      launch(gap_kernel<programmatic>, shape, runner.stream(), GapParams{words.data()});
  };
  Graph graph;
  if (as_graph) graph = captured(runner.stream(), chain);
  std::uint32_t chains = 0;
  const auto samples = runner.repeated([&] {
    ++chains;
    const double ns = runner.elapsed_ns([&] {
      if (as_graph)
        check("cudaGraphLaunch", cudaGraphLaunch(graph.get(), runner.stream()));
      else
        chain();
    });
    return ns / kernels;
  });
  runner.check_pattern(words, chains * static_cast<std::uint32_t>(kernels));
  return samples;
}

void measure_chains(Runner& runner, bool as_graph) {
  const int threads = runner.sizes().threads;
  for (const bool programmatic : {false, true})
    for (const int blocks : {1, runner.blocks(), 4 * runner.blocks()})
      runner.measure({{"blocks", blocks},
                      {"threads", threads},
                      {"edges", programmatic ? "programmatic" : "plain"}},
                     [&] {
                       const Shape shape{
                           .blocks = blocks, .threads = threads, .programmatic = programmatic};
                       return programmatic ? measure_chain<true>(runner, shape, as_graph)
                                           : measure_chain<false>(runner, shape, as_graph);
                     });
}

}  // namespace

void run_graph_node_gap(Runner& runner) {
  measure_chains(runner, true);
}

void run_stream_launch_gap(Runner& runner) {
  measure_chains(runner, false);
}

}  // namespace takt::micro
