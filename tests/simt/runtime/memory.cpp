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
  if (pointer == nullptr) return failed(cudaErrorInvalidValue);
  if (on_device && anybody_captures()) return failed(cudaErrorStreamCaptureUnsupported);
  if (const int code = fault(Call::allocate)) return failed(static_cast<cudaError_t>(code));
  if (r.sticky_error != cudaSuccess) return r.sticky_error;
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

cudaError_t release(void* pointer, bool on_device) {
  Runtime& r = runtime();
  if (pointer == nullptr) return cudaSuccess;
  const auto found = r.allocations.find(static_cast<char*>(pointer));
  if (found == r.allocations.end() || found->second.on_device != on_device)
    return failed(cudaErrorInvalidValue);
  if (on_device && anybody_captures()) return failed(cudaErrorStreamCaptureUnsupported);
#ifdef __SANITIZE_ADDRESS__
  __asan_unpoison_memory_region(pointer, found->second.bytes);
#endif
  race::forget(pointer, found->second.bytes);
  r.allocations.erase(found);
  std::free(pointer);
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
cudaError_t copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                 cudaStream_t handle) {
  Runtime& r = runtime();
  CUstream_st* stream = find_stream(handle);
  if (stream == nullptr) return failed(cudaErrorInvalidResourceHandle);
  if (handle == nullptr && anybody_captures()) return failed(cudaErrorStreamCaptureImplicit);
  if (const int code = fault(Call::copy)) return failed(static_cast<cudaError_t>(code));
  if (r.sticky_error != cudaSuccess) return r.sticky_error;
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
  return cudaSuccess;
}

cudaError_t fill(void* to, int value, std::size_t bytes, cudaStream_t handle) {
  Runtime& r = runtime();
  CUstream_st* stream = find_stream(handle);
  if (stream == nullptr) return failed(cudaErrorInvalidResourceHandle);
  if (handle == nullptr && anybody_captures()) return failed(cudaErrorStreamCaptureImplicit);
  if (const int code = fault(Call::copy)) return failed(static_cast<cudaError_t>(code));
  if (r.sticky_error != cudaSuccess) return r.sticky_error;
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
  return allocate(pointer, bytes, true);
}
cudaError_t cudaFree(void* pointer) {
  const Entry entry;
  if (pointer != nullptr && !anybody_captures()) cudaDeviceSynchronize();
  return release(pointer, true);
}
cudaError_t cudaMallocHost(void** pointer, std::size_t bytes) {
  const Entry entry;
  return allocate(pointer, bytes, false);
}
cudaError_t cudaFreeHost(void* pointer) {
  const Entry entry;
  return release(pointer, false);
}
cudaError_t cudaMallocAsync(void** pointer, std::size_t bytes, cudaStream_t stream) {
  const Entry entry;
  if (find_stream(stream) == nullptr) return failed(cudaErrorInvalidResourceHandle);
  return allocate(pointer, bytes, true);
}
cudaError_t cudaFreeAsync(void* pointer, cudaStream_t handle) {
  const Entry entry;
  CUstream_st* stream = find_stream(handle);
  if (stream == nullptr) return failed(cudaErrorInvalidResourceHandle);
  if (!is_any_device(pointer)) return failed(cudaErrorInvalidValue);
  enqueue(stream, {[pointer] { release(pointer, true); }, {}});
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
  if (found != nullptr && found->on_device)
    attributes->devicePointer = const_cast<void*>(pointer);
  else
    attributes->hostPointer = const_cast<void*>(pointer);
  return cudaSuccess;
}

}  // extern "C"
