// Queues, turns of the device, errors and faults.
#include "runtime/state.hpp"

#include <algorithm>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

#include "device/grid.hpp"

namespace simt {
namespace {

void set_access([[maybe_unused]] bool allowed) {
#ifdef __SANITIZE_ADDRESS__
  for (const auto& [begin, allocation] : runtime().allocations) {
    if (!allocation.on_device) continue;
    if (allowed)
      __asan_unpoison_memory_region(begin, allocation.bytes);
    else
      __asan_poison_memory_region(begin, allocation.bytes);
  }
#endif
}

/// Runs the first operation of a queue where it is ready.
bool step(CUstream_st& stream) {
  if (stream.queue.empty()) return false;
  const bool lost = runtime().sticky_error != cudaSuccess;  // does nothing more, waits for nothing
  if (!lost && stream.queue.front().ready && !stream.queue.front().ready()) return false;
  const Operation operation = std::move(stream.queue.front());
  stream.queue.pop_front();
  if (lost) return true;
  const DeviceTurn turn;
  operation.run();
  return true;
}

std::vector<CUstream_st*> all_streams() {
  std::vector<CUstream_st*> streams(runtime().streams.begin(), runtime().streams.end());
  streams.push_back(&runtime().default_stream);
  for (const auto& stream : runtime().retired) streams.push_back(stream.get());
  std::sort(streams.begin(), streams.end(),
            [](const CUstream_st* a, const CUstream_st* b) { return a->number < b->number; });
  return streams;
}

}  // namespace

Runtime& runtime() {
  static Runtime the_runtime;
  return the_runtime;
}

constinit thread_local cudaError_t last_error = cudaSuccess;

cudaError_t failed(cudaError_t error) {
  if (error != cudaSuccess) last_error = error;
  return error;
}

// One of the runtime's own major version will do, and none is as bad as an old one.
cudaError_t refused_by_driver() {
  return runtime().driver_version / 1000 < CUDART_VERSION / 1000 ? cudaErrorInsufficientDriver
                                                                 : cudaSuccess;
}
cudaError_t refused_query() {
  if (const cudaError_t error = refused_by_driver()) return error;
  if (const int code = fault(Call::query)) return static_cast<cudaError_t>(code);
  return runtime().sticky_error;
}

int fault(Call call) {
  Runtime::Fault& fault = runtime().faults[call];
  ++fault.calls;
  if (fault.countdown < 0) return 0;
  return fault.countdown-- == 0 ? fault.code : 0;
}
void fail_at(Call call, int k, int code) {
  const Entry entry;
  runtime().faults[call] = {k, code, 0};
}
int calls_made(Call call) {
  const Entry entry;
  return runtime().faults[call].calls;
}

CUstream_st* find_stream(cudaStream_t stream) {
  if (stream == nullptr || stream == cudaStreamLegacy || stream == cudaStreamPerThread)
    return &runtime().default_stream;
  return runtime().streams.contains(stream) ? stream : nullptr;
}

bool anybody_captures() {
  for (const CUstream_st* stream : runtime().streams)
    if (stream->capturing) return true;
  return false;
}

cudaError_t open_stream(cudaStream_t handle, CUstream_st** stream) {
  if (const cudaError_t error = refused_by_driver()) return error;
  *stream = find_stream(handle);
  if (*stream == nullptr) return cudaErrorInvalidResourceHandle;
  if (*stream == &runtime().default_stream) {
    bool shut = false;
    for (CUstream_st* each : runtime().streams) {
      if (!each->capturing || !each->blocking) continue;
      shut = each->capture_broken = true;
    }
    if (shut) return cudaErrorStreamCaptureImplicit;
  }
  const bool broken = (*stream)->capturing && (*stream)->capture_broken;
  return broken ? cudaErrorStreamCaptureInvalidated : cudaSuccess;
}

cudaError_t refuse_unseen() {
  bool refused = false;
  for (CUstream_st* stream : runtime().streams) {
    if (!stream->capturing || stream->capture_mode == cudaStreamCaptureModeRelaxed) continue;
    if (stream->capture_mode == cudaStreamCaptureModeThreadLocal &&
        stream->capture_thread != std::this_thread::get_id())
      continue;
    refused = stream->capture_broken = true;
  }
  return refused ? cudaErrorStreamCaptureUnsupported : cudaSuccess;
}

void enqueue(CUstream_st* stream, Operation operation) {
  if (stream->capturing)
    stream->captured.push_back(std::move(operation));
  else
    stream->queue.push_back(std::move(operation));
}

bool run_one(CUstream_st* first) {
  // fifo: the stream that is waited for before all others; lifo: after all others.
  const bool last =
      schedule().order == Order::lifo || (schedule().order == Order::random && draw(2) == 0);
  if (first != nullptr && !last && step(*first)) return true;
  std::vector<CUstream_st*> streams = all_streams();
  if (schedule().order == Order::lifo) std::reverse(streams.begin(), streams.end());
  if (schedule().order == Order::random)
    for (std::size_t n = streams.size(); n > 1; --n) std::swap(streams[n - 1], streams[draw(n)]);
  std::erase(streams, first);
  return std::any_of(streams.begin(), streams.end(), [](CUstream_st* s) { return step(*s); }) ||
         (first != nullptr && step(*first));
}

bool idle() {
  const std::vector<CUstream_st*> streams = all_streams();
  return std::all_of(streams.begin(), streams.end(),
                     [](const CUstream_st* stream) { return stream->queue.empty(); });
}

void pump(const std::function<bool()>& done, CUstream_st* first) {
  while (!done()) {
    if (run_one(first)) continue;
    report("stream deadlock", "a stream waits for an event that nothing will record");
    runtime().sticky_error = cudaErrorLaunchFailure;
    for (CUstream_st* stream : all_streams()) stream->queue.clear();
    break;
  }
  std::erase_if(runtime().retired, [](const auto& stream) { return stream->queue.empty(); });
}

DeviceTurn::DeviceTurn() {
  if (runtime().device_is_open++ == 0) set_access(true);
}
DeviceTurn::~DeviceTurn() {
  if (--runtime().device_is_open == 0) set_access(false);
}

const Allocation* find_allocation(const void* begin, std::size_t bytes) {
  char* const p = static_cast<char*>(const_cast<void*>(begin));
  auto after = runtime().allocations.upper_bound(p);
  if (after == runtime().allocations.begin()) return nullptr;
  --after;
  const auto offset = static_cast<std::size_t>(p - after->first);
  const Allocation& found = after->second;
  const bool holds = !found.freed && offset <= found.bytes && bytes <= found.bytes - offset;
  return holds ? &found : nullptr;
}

}  // namespace simt
