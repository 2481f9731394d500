// Statuses of CUDA and cuBLAS as exceptions.
#include "cuda/errors.hpp"

namespace takt::cuda {

void fail(const char* what, cudaError_t status) {
  (void)cudaGetLastError();
  throw DeviceError(std::string("takt: ") + what + ": " + cudaGetErrorString(status) + " (" +
                    cudaGetErrorName(status) + ")");
}

void fail(const char* what, cublasStatus_t status) {
  (void)cudaGetLastError();
  throw DeviceError(std::string("takt: ") + what + ": " + cublasLtGetStatusString(status) + " (" +
                    cublasLtGetStatusName(status) + ")");
}

}  // namespace takt::cuda
