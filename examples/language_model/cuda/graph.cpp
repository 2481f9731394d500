// Graphs captured from a stream, and events on it.
#include "cuda/graph.hpp"

#include <memory>
#include <type_traits>

#include "cuda/status.hpp"

namespace language_model::cuda {
namespace {

struct DestroyGraph {
  void operator()(cudaGraph_t graph) const noexcept { forgive(cudaGraphDestroy(graph)); }
};
using OwnedGraph = std::unique_ptr<std::remove_pointer_t<cudaGraph_t>, DestroyGraph>;

/// A capture that ends, whatever becomes of what is captured.
class Capture {
 public:
  explicit Capture(cudaStream_t stream) : stream_(stream) {
    check("cudaStreamBeginCapture",
          cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal));
  }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;
  ~Capture() {
    if (ended_) return;
    cudaGraph_t graph = nullptr;
    forgive(cudaStreamEndCapture(stream_, &graph));
    const OwnedGraph owner(graph);
  }

  OwnedGraph end() {
    ended_ = true;
    cudaGraph_t graph = nullptr;
    check("cudaStreamEndCapture", cudaStreamEndCapture(stream_, &graph));
    return OwnedGraph(graph);
  }

 private:
  cudaStream_t stream_;
  bool ended_ = false;
};

}  // namespace

Graph::Graph(cudaStream_t stream, const std::function<void()>& work) {
  Capture capture(stream);
  work();
  const OwnedGraph graph = capture.end();
  check("cudaGraphInstantiate", cudaGraphInstantiate(&executable_, graph.get(), 0));
}

Graph::~Graph() {
  forgive(cudaGraphExecDestroy(executable_));
}

void Graph::launch(cudaStream_t stream) const {
  check("cudaGraphLaunch", cudaGraphLaunch(executable_, stream));
}

StreamClock::StreamClock() {
  check("cudaEventCreate", cudaEventCreate(&begin_));
  const cudaError_t status = cudaEventCreate(&end_);
  if (status != cudaSuccess) forgive(cudaEventDestroy(begin_));
  check("cudaEventCreate", status);
}

StreamClock::~StreamClock() {
  forgive(cudaEventDestroy(begin_));
  forgive(cudaEventDestroy(end_));
}

double StreamClock::seconds(cudaStream_t stream, const std::function<void()>& work) {
  check("cudaEventRecord", cudaEventRecord(begin_, stream));
  work();
  check("cudaEventRecord", cudaEventRecord(end_, stream));
  check("cudaEventSynchronize", cudaEventSynchronize(end_));
  float milliseconds = 0;
  check("cudaEventElapsedTime", cudaEventElapsedTime(&milliseconds, begin_, end_));
  return 1e-3 * static_cast<double>(milliseconds);
}

}  // namespace language_model::cuda
