// Streams and events.
#include "runtime/state.hpp"

using namespace simt;

namespace {

/// Null where it is none; lives on as long as something waits for it.
std::shared_ptr<CUevent_st> find_event(cudaEvent_t event) {
  const auto found = runtime().events.find(event);
  return found == runtime().events.end() ? nullptr : found->second;
}

/// The stream to wait for, or to ask whether its work is done, which breaks a capture.
cudaError_t stream_to_wait_for(cudaStream_t handle, CUstream_st** stream) {
  if (const cudaError_t error = open_stream(handle, stream)) return error;
  if (!(*stream)->capturing) return cudaSuccess;
  (*stream)->capture_broken = true;
  return cudaErrorStreamCaptureUnsupported;
}

void break_capture(std::uint64_t number) {
  for (CUstream_st* stream : runtime().streams)
    if (stream->capturing && stream->capture == number) stream->capture_broken = true;
}

/// The event to wait for, or to ask: one of a capture never happens.
cudaError_t event_to_wait_for(cudaEvent_t handle, std::shared_ptr<CUevent_st>* event) {
  *event = find_event(handle);
  if (*event == nullptr) return cudaErrorInvalidResourceHandle;
  if ((*event)->capture == 0) return cudaSuccess;
  break_capture((*event)->capture);
  return cudaErrorCapturedEvent;
}

cudaError_t finish(CUstream_st& stream) {
  pump([&] { return stream.queue.empty(); }, &stream);
  return failed(runtime().sticky_error);
}

cudaError_t make_stream(cudaStream_t* stream, unsigned flags) {
  if (const cudaError_t error = refused_by_driver()) return failed(error);
  if (stream == nullptr) return failed(cudaErrorInvalidValue);
  if (const int code = fault(Call::stream)) return failed(static_cast<cudaError_t>(code));
  if (runtime().sticky_error != cudaSuccess) return failed(runtime().sticky_error);
  *stream = new CUstream_st;
  (*stream)->blocking = (flags & cudaStreamNonBlocking) == 0;
  (*stream)->number = ++runtime().streams_made;
  runtime().streams.insert(*stream);
  return cudaSuccess;
}

cudaError_t make_event(cudaEvent_t* event, bool timing) {
  if (const cudaError_t error = refused_by_driver()) return failed(error);
  if (event == nullptr) return failed(cudaErrorInvalidValue);
  if (const int code = fault(Call::event)) return failed(static_cast<cudaError_t>(code));
  if (runtime().sticky_error != cudaSuccess) return failed(runtime().sticky_error);
  const auto made = std::make_shared<CUevent_st>();
  made->timing = timing;
  *event = made.get();
  runtime().events[*event] = made;
  return cudaSuccess;
}

}  // namespace

extern "C" {

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  const Entry entry;
  return make_stream(stream, cudaStreamDefault);
}
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  const Entry entry;
  return make_stream(stream, flags);
}
cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned flags, int) {
  const Entry entry;
  return make_stream(stream, flags);
}
cudaError_t cudaStreamDestroy(cudaStream_t handle) {
  const Entry entry;
  if (!runtime().streams.contains(handle)) return failed(cudaErrorInvalidResourceHandle);
  handle->capturing = false;
  runtime().streams.erase(handle);
  std::unique_ptr<CUstream_st> stream(handle);
  if (!stream->queue.empty()) runtime().retired.push_back(std::move(stream));  // nobody waits
  return failed(runtime().sticky_error);
}
cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
  const Entry entry;
  CUstream_st* stream = nullptr;
  if (const cudaError_t error = stream_to_wait_for(handle, &stream)) return failed(error);
  return finish(*stream);
}
// Who asks again and again is answered in the end: each "no" lets one operation run.
cudaError_t cudaStreamQuery(cudaStream_t handle) {
  const Entry entry;
  CUstream_st* stream = nullptr;
  if (const cudaError_t error = stream_to_wait_for(handle, &stream)) return failed(error);
  if (runtime().sticky_error != cudaSuccess || stream->queue.empty())
    return failed(runtime().sticky_error);
  run_one(stream);
  return cudaErrorNotReady;
}
cudaError_t cudaDeviceSynchronize() {
  const Entry entry;
  if (const cudaError_t error = refused_by_driver()) return failed(error);
  if (anybody_captures()) {
    for (CUstream_st* stream : runtime().streams) stream->capture_broken |= stream->capturing;
    return failed(cudaErrorStreamCaptureUnsupported);
  }
  pump(idle);
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
  return runtime().events.erase(event) == 1 ? cudaSuccess : failed(cudaErrorInvalidResourceHandle);
}
cudaError_t cudaEventRecord(cudaEvent_t handle, cudaStream_t stream_handle) {
  const Entry entry;
  const std::shared_ptr<CUevent_st> event = find_event(handle);
  if (event == nullptr) return failed(cudaErrorInvalidResourceHandle);
  CUstream_st* stream = nullptr;
  if (const cudaError_t error = open_stream(stream_handle, &stream)) return failed(error);
  if (const int code = fault(Call::event)) return failed(static_cast<cudaError_t>(code));
  if (runtime().sticky_error != cudaSuccess) return failed(runtime().sticky_error);
  event->capture = stream->capturing ? stream->capture : 0;
  if (stream->capturing) return cudaSuccess;  // a place in the graph, not a node of it
  const auto reached = event->reached = std::make_shared<bool>(false);
  enqueue(stream, {[event, reached] {
                     *reached = true;
                     if (event->reached == reached) event->time = std::chrono::steady_clock::now();
                   },
                   {}});
  return cudaSuccess;
}
cudaError_t cudaStreamWaitEvent(cudaStream_t stream_handle, cudaEvent_t handle, unsigned) {
  const Entry entry;
  const std::shared_ptr<CUevent_st> event = find_event(handle);
  if (event == nullptr) return failed(cudaErrorInvalidResourceHandle);
  CUstream_st* stream = nullptr;
  if (const cudaError_t error = open_stream(stream_handle, &stream)) return failed(error);
  if (runtime().sticky_error != cudaSuccess) return failed(runtime().sticky_error);
  if (stream->capturing && stream->capture == event->capture) return cudaSuccess;
  if (stream->capturing || event->capture != 0) {
    // Captures of one stream only: joining another one's work is not emulated.
    stream->capture_broken |= stream->capturing;
    break_capture(event->capture);
    return failed(cudaErrorStreamCaptureIsolation);
  }
  if (event->reached != nullptr)
    enqueue(stream, {[] {}, [reached = event->reached] { return *reached; }});
  return cudaSuccess;
}
cudaError_t cudaEventSynchronize(cudaEvent_t handle) {
  const Entry entry;
  std::shared_ptr<CUevent_st> event;
  if (const cudaError_t error = event_to_wait_for(handle, &event)) return failed(error);
  const auto reached = event->reached;
  pump([&] { return reached == nullptr || *reached || runtime().sticky_error != cudaSuccess; });
  return failed(runtime().sticky_error);
}
cudaError_t cudaEventQuery(cudaEvent_t handle) {
  const Entry entry;
  std::shared_ptr<CUevent_st> event;
  if (const cudaError_t error = event_to_wait_for(handle, &event)) return failed(error);
  if (runtime().sticky_error != cudaSuccess || event->reached == nullptr || *event->reached)
    return failed(runtime().sticky_error);
  run_one();
  return cudaErrorNotReady;
}
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t from_handle,
                                 cudaEvent_t to_handle) {
  const Entry entry;
  if (milliseconds == nullptr) return failed(cudaErrorInvalidValue);
  const std::shared_ptr<CUevent_st> from = find_event(from_handle), to = find_event(to_handle);
  if (from == nullptr || to == nullptr || !from->timing || !to->timing)
    return failed(cudaErrorInvalidResourceHandle);
  if (from->capture != 0 || to->capture != 0) return failed(cudaErrorCapturedEvent);
  if (from->reached == nullptr || to->reached == nullptr)
    return failed(cudaErrorInvalidResourceHandle);
  if (!*from->reached || !*to->reached) return cudaErrorNotReady;
  *milliseconds = std::chrono::duration<float, std::milli>(to->time - from->time).count();
  return cudaSuccess;
}

}  // extern "C"
