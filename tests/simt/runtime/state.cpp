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
  if (stream.queue.front().ready && !stream.queue.front().ready()) return false;
  const Operation operation = std::move(stream.queue.front());
  stream.queue.pop_front();
  if (runtime().sticky_error != cudaSuccess) return true;  // a lost device does nothing more
  const DeviceTurn turn;
  operation.run();
  return true;
}

std::vector<CUstream_st*> all_streams() {
  std::vector<CUstream_st*> streams(runtime().streams.begin(), runtime().streams.end());
  streams.push_back(&runtime().default_stream);
  return streams;
}

}  // namespace

Runtime& runtime() {
  static Runtime the_runtime;
  return the_runtime;
}

cudaError_t failed(cudaError_t error) {
  if (error != cudaSuccess) runtime().last_error = error;
  return error;
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

void enqueue(CUstream_st* stream, Operation operation) {
  if (stream->capturing)
    stream->captured.push_back(std::move(operation));
  else
    stream->queue.push_back(std::move(operation));
}

void pump(const std::function<bool()>& done, CUstream_st* first) {
  while (!done()) {
    if (first != nullptr && step(*first)) continue;
    std::vector<CUstream_st*> streams = all_streams();
    if (schedule().order == Order::lifo) std::reverse(streams.begin(), streams.end());
    if (schedule().order == Order::random)
      for (std::size_t n = streams.size(); n > 1; --n) std::swap(streams[n - 1], streams[draw(n)]);
    if (std::none_of(streams.begin(), streams.end(), [](CUstream_st* s) { return step(*s); })) {
      report("stream deadlock", "a stream waits for an event that nothing will record");
      runtime().sticky_error = cudaErrorLaunchFailure;
      for (CUstream_st* stream : all_streams()) stream->queue.clear();
      return;
    }
  }
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
  return offset + bytes <= after->second.bytes ? &after->second : nullptr;
}

}  // namespace simt
