// Statuses of CUDA and cuBLASLt, each checked.
#pragma once

#include <cublasLt.h>
#include <cuda_runtime.h>

namespace language_model::cuda {

/// Throws Failure where a call did not succeed: "cudaMemcpyAsync (operations.cpp:93): unknown error
/// (cudaErrorUnknown)". std::bad_alloc where the GPU's memory is short.
void check(const char* call, cudaError_t status, const char* file = __builtin_FILE(),
           int line = __builtin_LINE());
void check(const char* call, cublasStatus_t status, const char* file = __builtin_FILE(),
           int line = __builtin_LINE());

/// For ends, which cannot throw: a failed call leaves nothing for whoever asks CUDA next.
inline void forgive(cudaError_t status) noexcept {
  if (status != cudaSuccess) (void)cudaGetLastError();
}

}  // namespace language_model::cuda
