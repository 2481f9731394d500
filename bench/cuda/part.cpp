// A part of an array on a GPU.
#include "cuda/part.hpp"

#include "cuda/checked.hpp"

namespace takt::bench {

Array part_on_gpu(const Array& array, std::int64_t from, std::int64_t count, const Stream& stream) {
  const std::size_t element = size_of(array.type());
  Array part(array.device(), {count}, array.type());
  checked("cudaMemcpyAsync", cudaMemcpyAsync(part.data(),
                                             static_cast<const char*>(array.data()) +
                                                 static_cast<std::size_t>(from) * element,
                                             static_cast<std::size_t>(count) * element,
                                             cudaMemcpyDeviceToDevice, StreamRef(stream).handle()));
  return part;
}

}  // namespace takt::bench
