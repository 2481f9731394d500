// CUDA graphs of what is enqueued on one stream, and the time that they take.
#pragma once

#include <functional>

#include <cuda_runtime.h>

namespace language_model::cuda {

/// What `work` enqueues on a stream, recorded. It must wait for nothing and allocate nothing.
class Graph {
 public:
  Graph(cudaStream_t stream, const std::function<void()>& work);
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;
  ~Graph();

  void launch(cudaStream_t stream) const;

 private:
  cudaGraphExec_t executable_ = nullptr;
};

/// Times what is enqueued on a stream.
class StreamClock {
 public:
  StreamClock();
  StreamClock(const StreamClock&) = delete;
  StreamClock& operator=(const StreamClock&) = delete;
  ~StreamClock();

  /// Waits for `work` to be done; seconds on the GPU.
  double seconds(cudaStream_t stream, const std::function<void()>& work);

 private:
  cudaEvent_t begin_ = nullptr, end_ = nullptr;
};

}  // namespace language_model::cuda
