// The emulated device's side of libraries that are loaded at run time: linked into programs whose
// symbols such a library sees.
#include "cudnn/gate.hpp"

#include "runtime/state.hpp"

namespace simt {

bool enqueue_for_library(CUstream_st* handle, std::function<void()> work) {
  const Entry entry;
  CUstream_st* const stream = find_stream(handle);
  if (stream == nullptr) return false;
  enqueue(stream, {std::move(work), {}});
  return true;
}

bool is_device_memory(const void* begin, std::size_t bytes) {
  const Entry entry;
  const Allocation* const found = find_allocation(begin, bytes);
  return found != nullptr && found->on_device;
}

void lose_device() {
  const Entry entry;
  runtime().sticky_error = cudaErrorIllegalAddress;
}

}  // namespace simt
