// Addresses as instructions on shared memory take them: for the other files of this folder, so that
// the emulated device has no file of this name.
#pragma once

#include <cstdint>

#include <takt/kernels/device.cuh>

namespace takt::ptx {

/// In the shared::cta window. cvta.to.shared: "Data Movement and Conversion Instructions: cvta".
TAKT_DEVICE std::uint32_t shared_address(const void* place) {
  return static_cast<std::uint32_t>(__cvta_generic_to_shared(place));
}

}  // namespace takt::ptx
