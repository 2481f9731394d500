// How kernels of one thread an item walk over items: from one's own on, in strides of all threads.
#pragma once

#include <cstdint>

#include <takt/kernels/device.cuh>

namespace takt {

TAKT_DEVICE std::int64_t first_item() {
  return static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}
TAKT_DEVICE std::int64_t items_at_once() {
  return static_cast<std::int64_t>(gridDim.x) * blockDim.x;
}

}  // namespace takt
