// Statuses of CUDA and cuBLAS, each checked.
#pragma once

#include <string>

#include <cublasLt.h>
#include <cuda_runtime.h>

#include <takt/error.hpp>

namespace takt::cuda {

/// "takt: WHAT: out of memory (cudaErrorMemoryAllocation)". Allocates only where it throws.
[[noreturn]] void fail(const char* what, cudaError_t status);
[[noreturn]] void fail(const char* what, cublasStatus_t status);

/// `what` was asked for: "step_forward_kernel", "cudaMemcpyAsync". A failed call's status is also
/// taken from CUDA's own memory, so that the next question does not get it again.
inline void check(const char* what, cudaError_t status) {
  if (status != cudaSuccess) fail(what, status);
}
inline void check(const char* what, cublasStatus_t status) {
  if (status != CUBLAS_STATUS_SUCCESS) fail(what, status);
}

/// For ends, which cannot throw: a failed call leaves nothing for whoever asks CUDA next.
inline void forgive(cudaError_t status) noexcept {
  if (status != cudaSuccess) (void)cudaGetLastError();
}

/// Makes a device the current one of this host thread, until its end.
class CurrentDevice {
 public:
  explicit CurrentDevice(int ordinal) {
    check("cudaGetDevice", cudaGetDevice(&before_));
    if (before_ != ordinal) {
      check("cudaSetDevice", cudaSetDevice(ordinal));
      changed_ = true;
    }
  }
  CurrentDevice(const CurrentDevice&) = delete;
  CurrentDevice& operator=(const CurrentDevice&) = delete;
  ~CurrentDevice() {
    if (changed_) forgive(cudaSetDevice(before_));
  }

 private:
  int before_ = 0;
  bool changed_ = false;
};

}  // namespace takt::cuda
