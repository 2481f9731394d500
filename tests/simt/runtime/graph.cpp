// Graphs: capture of one stream, instantiation, replay.
#include <algorithm>

#include "runtime/state.hpp"

using namespace simt;

extern "C" {

cudaError_t cudaStreamBeginCapture(cudaStream_t handle, cudaStreamCaptureMode mode) {
  const Entry entry;
  if (handle == nullptr) return failed(cudaErrorStreamCaptureUnsupported);
  CUstream_st* stream = find_stream(handle);
  if (stream == nullptr) return failed(cudaErrorInvalidResourceHandle);
  if (stream == &runtime().default_stream) return failed(cudaErrorStreamCaptureUnsupported);
  if (mode < cudaStreamCaptureModeGlobal || mode > cudaStreamCaptureModeRelaxed)
    return failed(cudaErrorInvalidValue);
  if (stream->capturing) return failed(cudaErrorIllegalState);
  stream->capturing = true;
  stream->capture_mode = mode;
  stream->capture_thread = std::this_thread::get_id();
  stream->capture = ++runtime().captures;
  stream->capture_broken = false;
  stream->captured.clear();
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t* graph) {
  const Entry entry;
  CUstream_st* stream = find_stream(handle);
  if (stream == nullptr) return failed(cudaErrorInvalidResourceHandle);
  if (graph == nullptr) return failed(cudaErrorInvalidValue);
  if (!stream->capturing) return failed(cudaErrorIllegalState);
  if (stream->capture_mode != cudaStreamCaptureModeRelaxed &&
      stream->capture_thread != std::this_thread::get_id())
    return failed(cudaErrorStreamCaptureWrongThread);
  stream->capturing = false;
  *graph = nullptr;
  if (stream->capture_broken) return failed(cudaErrorStreamCaptureInvalidated);
  *graph = new CUgraph_st{std::move(stream->captured)};
  stream->captured.clear();
  runtime().graphs.insert(*graph);
  return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t handle, cudaStreamCaptureStatus* status) {
  const Entry entry;
  CUstream_st* stream = find_stream(handle);
  if (stream == nullptr) return failed(cudaErrorInvalidResourceHandle);
  if (status == nullptr) return failed(cudaErrorInvalidValue);
  if (stream == &runtime().default_stream &&
      std::any_of(runtime().streams.begin(), runtime().streams.end(),
                  [](const CUstream_st* each) { return each->capturing && each->blocking; }))
    return failed(cudaErrorStreamCaptureImplicit);
  *status = !stream->capturing       ? cudaStreamCaptureStatusNone
            : stream->capture_broken ? cudaStreamCaptureStatusInvalidated
                                     : cudaStreamCaptureStatusActive;
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph,
                                 unsigned long long) {
  const Entry entry;
  if (executable == nullptr || !runtime().graphs.contains(graph))
    return failed(cudaErrorInvalidValue);
  if (const int code = fault(Call::graph)) return failed(static_cast<cudaError_t>(code));
  *executable = new CUgraphExec_st{graph->nodes};
  runtime().executables.insert(*executable);
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t handle) {
  const Entry entry;
  CUstream_st* stream = nullptr;
  if (const cudaError_t error = open_stream(handle, &stream)) return failed(error);
  if (!runtime().executables.contains(executable)) return failed(cudaErrorInvalidValue);
  if (const int code = fault(Call::graph)) return failed(static_cast<cudaError_t>(code));
  if (runtime().sticky_error != cudaSuccess) return failed(runtime().sticky_error);
  for (const Operation& node : executable->nodes) enqueue(stream, node);
  return cudaSuccess;
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, std::size_t* count) {
  const Entry entry;
  if (!runtime().graphs.contains(graph) || count == nullptr || nodes != nullptr)
    return failed(cudaErrorInvalidValue);  // nodes themselves are not emulated, their number is
  *count = graph->nodes.size();
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  const Entry entry;
  if (runtime().graphs.erase(graph) == 0) return failed(cudaErrorInvalidValue);
  delete graph;
  return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  const Entry entry;
  if (!runtime().executables.contains(executable)) return failed(cudaErrorInvalidValue);
  runtime().executables.erase(executable);
  delete executable;
  return cudaSuccess;
}

}  // extern "C"
