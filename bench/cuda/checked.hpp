// Statuses of CUDA in benchmarks, each checked.
#pragma once

#include <string>

#include <cuda_runtime.h>

#include <takt/device.hpp>
#include <takt/error.hpp>

namespace takt::bench {

inline void checked(const char* what, cudaError_t status) {
  if (status == cudaSuccess) return;
  (void)cudaGetLastError();
  throw DeviceError(std::string("takt: ") + what + ": " + cudaGetErrorString(status) + " (" +
                    cudaGetErrorName(status) + ")");
}

/// Makes it the current one of this host thread for good: one device is measured.
inline void use_device(const Device& device) {
  checked("cudaSetDevice", cudaSetDevice(device.place().ordinal));
}

}  // namespace takt::bench
