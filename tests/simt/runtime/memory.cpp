// Memory of the emulated device: on the heap at exact sizes, filled with NaN, shut to the host.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

#include "race/race.hpp"
#include "runtime/state.hpp"

namespace simt {
namespace {

constexpr std::size_t alignment = 256;

cudaError_t allocate(void** pointer, std::size_t bytes, bool on_device) {
  Runtime& r = runtime();
  if (const cudaError_t error = refused_by_driver()) return failed(error);
  if (pointer == nullptr) return failed(cudaErrorInvalidValue);
  if (const int code = fault(Call::allocate)) return failed(static_cast<cudaError_t>(code));
  if (r.sticky_error != cudaSuccess) return failed(r.sticky_error);
  std::size_t used = 0;
  for (const auto& [begin, allocation] : r.allocations)
    if (allocation.on_device) used += allocation.bytes;
  *pointer = nullptr;
  if (on_device && bytes > r.profile.memory_bytes - std::min(used, r.profile.memory_bytes))
    return failed(cudaErrorMemoryAllocation);
  if (bytes == 0) return cudaSuccess;
  void* memory = nullptr;
  if (posix_memalign(&memory, alignment, bytes) != 0) return failed(cudaErrorMemoryAllocation);
  std::memset(memory, 0xFF, bytes);
  r.allocations[static_cast<char*>(memory)] = {bytes, on_device};
  race::watch(memory, bytes);
#ifdef __SANITIZE_ADDRESS__
  if (on_device && r.device_is_open == 0) __asan_poison_memory_region(memory, bytes);
#endif
  *pointer = memory;
  return cudaSuccess;
}

using Allocations = std::map<char*, Allocation>;

/// The end where none of this kind begins here.
Allocations::iterator find_begin(void* pointer, bool on_device) {
  Allocations& all = runtime().allocations;
  const auto found = all.find(static_cast<char*>(pointer));
  const bool fits =
      found != all.end() && found->second.on_device == on_device && !found->second.freed;
  return fits ? found : all.end();
}

void give_back(Allocations::iterator allocation) {
  const auto [begin, what] = *allocation;
#ifdef __SANITIZE_ADDRESS__
  __asan_unpoison_memory_region(begin, what.bytes);
#endif
  race::forget(begin, what.bytes);
  runtime().allocations.erase(allocation);
  std::free(begin);
}

cudaError_t release(void* pointer, bool on_device) {
  if (pointer == nullptr) return cudaSuccess;
  const auto found = find_begin(pointer, on_device);
  if (found == runtime().allocations.end()) return failed(cudaErrorInvalidValue);
  give_back(found);
  return cudaSuccess;
}

bool is_device(const void* pointer, std::size_t bytes) {
  const Allocation* found = find_allocation(pointer, bytes);
  return found != nullptr && found->on_device;
}
bool is_any_device(const void* pointer) {
  const Allocation* found = find_allocation(pointer, 1);
  return found != nullptr && found->on_device;
}

/// Whether both ends are what `kind` says and lie in one allocation where they are the device's.
bool fits(const void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  const bool to_device = is_device(to, bytes), from_device = is_device(from, bytes);
  if (is_any_device(to) != to_device || is_any_device(from) != from_device) return false;
  switch (kind) {
    case cudaMemcpyHostToDevice: return to_device && !from_device;
    case cudaMemcpyDeviceToHost: return !to_device && from_device;
    case cudaMemcpyDeviceToDevice: return to_device && from_device;
    case cudaMemcpyHostToHost: return !to_device && !from_device;
    case cudaMemcpyDefault: return true;
  }
  return false;
}

/// A copy from pageable host memory takes the bytes at the call; one from the device, at its turn.
/// One inside the host's memory waits for itself.
cudaError_t copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                 cudaStream_t handle) {
  Runtime& r = runtime();
  CUstream_st* stream = nullptr;
  if (const cudaError_t error = open_stream(handle, &stream)) return failed(error);
  if (const int code = fault(Call::copy)) return failed(static_cast<cudaError_t>(code));
  if (r.sticky_error != cudaSuccess) return failed(r.sticky_error);
  if (kind < cudaMemcpyHostToHost || kind > cudaMemcpyDefault)
    return failed(cudaErrorInvalidMemcpyDirection);
  if (bytes == 0) return cudaSuccess;
  if (to == nullptr || from == nullptr || !fits(to, from, bytes, kind))
    return failed(cudaErrorInvalidValue);
  const bool from_host = !is_device(from, bytes);
  if (from_host && find_allocation(from, bytes) == nullptr && !stream->capturing) {
    std::vector<char> taken(static_cast<const char*>(from), static_cast<const char*>(from) + bytes);
    enqueue(stream,
            {[to, taken = std::move(taken)] { std::memcpy(to, taken.data(), taken.size()); }, {}});
  } else {
    enqueue(stream, {[to, from, bytes] { std::memcpy(to, from, bytes); }, {}});
  }
  const bool inside_host = from_host && !is_device(to, bytes);
  return inside_host && !stream->capturing ? cudaStreamSynchronize(handle) : cudaSuccess;
}

/// Allocations that a graph makes are not emulated.
cudaError_t refuse_memory_node(CUstream_st* stream) {
  stream->capture_broken |= stream->capturing;
  return stream->capturing ? cudaErrorStreamCaptureUnsupported : cudaSuccess;
}

cudaError_t fill(void* to, int value, std::size_t bytes, cudaStream_t handle) {
  Runtime& r = runtime();
  CUstream_st* stream = nullptr;
  if (const cudaError_t error = open_stream(handle, &stream)) return failed(error);
  if (const int code = fault(Call::copy)) return failed(static_cast<cudaError_t>(code));
  if (r.sticky_error != cudaSuccess) return failed(r.sticky_error);
  if (bytes == 0) return cudaSuccess;
  if (!is_device(to, bytes)) return failed(cudaErrorInvalidValue);
  enqueue(stream, {[to, value, bytes] { std::memset(to, value, bytes); }, {}});
  return cudaSuccess;
}

}  // namespace
}  // namespace simt

using namespace simt;

extern "C" {

cudaError_t cudaMalloc(void** pointer, std::size_t bytes) {
  const Entry entry;
  if (const cudaError_t error = refuse_unseen()) return failed(error);
  return allocate(pointer, bytes, true);
}
cudaError_t cudaFree(void* pointer) {
  const Entry entry;
  if (pointer == nullptr) return failed(refused_by_driver());
  if (const cudaError_t error = refuse_unseen()) return failed(error);
  if (!anybody_captures()) cudaDeviceSynchronize();
  return release(pointer, true);
}
cudaError_t cudaMallocHost(void** pointer, std::size_t bytes) {
  const Entry entry;
  return allocate(pointer, bytes, false);
}
cudaError_t cudaHostAlloc(void** pointer, std::size_t bytes, unsigned) {
  const Entry entry;
  return allocate(pointer, bytes, false);
}
cudaError_t cudaFreeHost(void* pointer) {
  const Entry entry;
  return release(pointer, false);
}
cudaError_t cudaMallocAsync(void** pointer, std::size_t bytes, cudaStream_t handle) {
  const Entry entry;
  CUstream_st* stream = nullptr;
  if (const cudaError_t error = open_stream(handle, &stream)) return failed(error);
  if (const cudaError_t error = refuse_memory_node(stream)) return failed(error);
  return allocate(pointer, bytes, true);
}
cudaError_t cudaFreeAsync(void* pointer, cudaStream_t handle) {
  const Entry entry;
  CUstream_st* stream = nullptr;
  if (const cudaError_t error = open_stream(handle, &stream)) return failed(error);
  if (const cudaError_t error = refuse_memory_node(stream)) return failed(error);
  if (runtime().sticky_error != cudaSuccess) return failed(runtime().sticky_error);
  const auto found = find_begin(pointer, true);
  if (found == runtime().allocations.end()) return failed(cudaErrorInvalidValue);
  found->second.freed = true;
  enqueue(stream, {[found] { give_back(found); }, {}});
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  const Entry entry;
  return copy(to, from, bytes, kind, stream);
}
cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  const Entry entry;
  const cudaError_t error = copy(to, from, bytes, kind, nullptr);
  return error != cudaSuccess ? error : cudaStreamSynchronize(nullptr);
}
cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t stream) {
  const Entry entry;
  return fill(to, value, bytes, stream);
}
cudaError_t cudaMemset(void* to, int value, std::size_t bytes) {
  const Entry entry;
  return fill(to, value, bytes, nullptr);
}

cudaError_t cudaMemGetInfo(std::size_t* free_bytes, std::size_t* total_bytes) {
  const Entry entry;
  if (const cudaError_t error = refused_by_driver()) return failed(error);
  std::size_t used = 0;
  for (const auto& [begin, allocation] : runtime().allocations)
    if (allocation.on_device) used += allocation.bytes;
  *total_bytes = runtime().profile.memory_bytes;
  *free_bytes = *total_bytes - std::min(used, *total_bytes);
  return cudaSuccess;
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* pointer) {
  const Entry entry;
  *attributes = {};
  const Allocation* found = find_allocation(pointer, 1);
  attributes->type = found == nullptr   ? cudaMemoryTypeUnregistered
                     : found->on_device ? cudaMemoryTypeDevice
                                        : cudaMemoryTypeHost;
  attributes->device = found == nullptr ? -2 : 0;
  if (found != nullptr) attributes->devicePointer = const_cast<void*>(pointer);
  if (found == nullptr || !found->on_device) attributes->hostPointer = const_cast<void*>(pointer);
  return cudaSuccess;
}

}  // extern "C"
