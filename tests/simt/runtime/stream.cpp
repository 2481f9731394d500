// Streams and events.
#include "runtime/state.hpp"

using namespace simt;

namespace {

bool is_event(cudaEvent_t event) {
  return runtime().events.contains(event);
}

/// Waiting, or asking whether work is done, breaks a capture of this stream.
cudaError_t refuse_capture(CUstream_st& stream) {
  if (!stream.capturing) return cudaSuccess;
  stream.capture_broken = true;
  return failed(cudaErrorStreamCaptureUnsupported);
}

cudaError_t finish(CUstream_st& stream) {
  pump([&] { return stream.queue.empty(); }, &stream);
  return failed(runtime().sticky_error);
}

cudaError_t make_stream(cudaStream_t* stream) {
  if (stream == nullptr) return failed(cudaErrorInvalidValue);
  if (const int code = fault(Call::stream)) return failed(static_cast<cudaError_t>(code));
  if (runtime().sticky_error != cudaSuccess) return runtime().sticky_error;
  *stream = new CUstream_st;
  runtime().streams.insert(*stream);
  return cudaSuccess;
}

cudaError_t make_event(cudaEvent_t* event, bool timing) {
  if (event == nullptr) return failed(cudaErrorInvalidValue);
  if (const int code = fault(Call::event)) return failed(static_cast<cudaError_t>(code));
  if (runtime().sticky_error != cudaSuccess) return runtime().sticky_error;
  *event = new CUevent_st;
  (*event)->timing = timing;
  runtime().events.insert(*event);
  return cudaSuccess;
}

}  // namespace

extern "C" {

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  const Entry entry;
  return make_stream(stream);
}
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  const Entry entry;
  return make_stream(stream);
}
cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned, int) {
  const Entry entry;
  return make_stream(stream);
}
cudaError_t cudaStreamDestroy(cudaStream_t handle) {
  const Entry entry;
  if (!runtime().streams.contains(handle)) return failed(cudaErrorInvalidResourceHandle);
  handle->capturing = false;
  const cudaError_t error = finish(*handle);
  runtime().streams.erase(handle);
  delete handle;
  return error;
}
cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
  const Entry entry;
  CUstream_st* stream = find_stream(handle);
  if (stream == nullptr) return failed(cudaErrorInvalidResourceHandle);
  if (const cudaError_t error = refuse_capture(*stream)) return error;
  return finish(*stream);
}
cudaError_t cudaStreamQuery(cudaStream_t handle) {
  const Entry entry;
  CUstream_st* stream = find_stream(handle);
  if (stream == nullptr) return failed(cudaErrorInvalidResourceHandle);
  if (const cudaError_t error = refuse_capture(*stream)) return error;
  return stream->queue.empty() ? failed(runtime().sticky_error) : cudaErrorNotReady;
}
cudaError_t cudaDeviceSynchronize() {
  const Entry entry;
  if (anybody_captures()) {
    for (CUstream_st* stream : runtime().streams) stream->capture_broken |= stream->capturing;
    return failed(cudaErrorStreamCaptureUnsupported);
  }
  pump([] {
    for (const CUstream_st* stream : runtime().streams)
      if (!stream->queue.empty()) return false;
    return runtime().default_stream.queue.empty();
  });
  return failed(runtime().sticky_error);
}

cudaError_t cudaEventCreate(cudaEvent_t* event) {
  const Entry entry;
  return make_event(event, true);
}
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  const Entry entry;
  return make_event(event, (flags & cudaEventDisableTiming) == 0);
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  const Entry entry;
  if (!is_event(event)) return failed(cudaErrorInvalidResourceHandle);
  // What waits for it has its own copy of the number, but looks here: let it happen first.
  cudaDeviceSynchronize();
  runtime().events.erase(event);
  delete event;
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t handle) {
  const Entry entry;
  CUstream_st* stream = find_stream(handle);
  if (stream == nullptr || !is_event(event)) return failed(cudaErrorInvalidResourceHandle);
  if (const int code = fault(Call::event)) return failed(static_cast<cudaError_t>(code));
  const std::uint64_t number = stream->capturing ? event->recorded : ++event->recorded;
  enqueue(stream, {[event, number] {
                     event->reached = number;
                     event->time = std::chrono::steady_clock::now();
                   },
                   {}});
  return cudaSuccess;
}
cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t event, unsigned) {
  const Entry entry;
  CUstream_st* stream = find_stream(handle);
  if (stream == nullptr || !is_event(event)) return failed(cudaErrorInvalidResourceHandle);
  if (stream->capturing) {
    // Captures of one stream only: joining another one's work is not emulated.
    stream->capture_broken = true;
    return failed(cudaErrorStreamCaptureIsolation);
  }
  const std::uint64_t number = event->recorded;
  enqueue(stream, {[] {}, [event, number] { return event->reached >= number; }});
  return cudaSuccess;
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  const Entry entry;
  if (!is_event(event)) return failed(cudaErrorInvalidResourceHandle);
  const std::uint64_t number = event->recorded;
  pump([&] { return event->reached >= number; });
  return failed(runtime().sticky_error);
}
cudaError_t cudaEventQuery(cudaEvent_t event) {
  const Entry entry;
  if (!is_event(event)) return failed(cudaErrorInvalidResourceHandle);
  return event->reached >= event->recorded ? failed(runtime().sticky_error) : cudaErrorNotReady;
}
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t from, cudaEvent_t to) {
  const Entry entry;
  if (!is_event(from) || !is_event(to) || !from->timing || !to->timing || from->recorded == 0 ||
      to->recorded == 0)
    return failed(cudaErrorInvalidResourceHandle);
  if (from->reached < from->recorded || to->reached < to->recorded) return cudaErrorNotReady;
  *milliseconds = std::chrono::duration<float, std::milli>(to->time - from->time).count();
  return cudaSuccess;
}

}  // extern "C"
