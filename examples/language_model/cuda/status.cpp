// Statuses of CUDA and cuBLASLt as exceptions.
#include "cuda/status.hpp"

#include <new>
#include <string>

#include "failure.hpp"

namespace language_model::cuda {
namespace {

[[noreturn]] void fail(const char* call, const std::string& file, int line, const char* why,
                       const char* name) {
  (void)cudaGetLastError();
  throw Failure(std::string(call) + " (" + file.substr(file.rfind('/') + 1) + ":" +
                std::to_string(line) + "): " + why + " (" + name + ")");
}

}  // namespace

void check(const char* call, cudaError_t status, const char* file, int line) {
  if (status == cudaSuccess) return;
  if (status == cudaErrorMemoryAllocation) {
    (void)cudaGetLastError();
    throw std::bad_alloc();
  }
  fail(call, file, line, cudaGetErrorString(status), cudaGetErrorName(status));
}

void check(const char* call, cublasStatus_t status, const char* file, int line) {
  if (status != CUBLAS_STATUS_SUCCESS)
    fail(call, file, line, cublasLtGetStatusString(status), cublasLtGetStatusName(status));
}

}  // namespace language_model::cuda
