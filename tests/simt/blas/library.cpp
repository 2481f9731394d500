// cuBLASLt itself: its handles, its version, and the names of what it answers.
#include <cublasLt.h>

#include "blas/product.hpp"
#include "runtime/state.hpp"

struct cublasLtContext {};

namespace simt::blas {

bool is_handle(cublasLtHandle_t handle) {
  return handle != nullptr && runtime().library_objects.contains(handle);
}

namespace {

struct Status {
  cublasStatus_t code;
  const char *name, *text;
};
constexpr Status statuses[] = {
    {CUBLAS_STATUS_SUCCESS, "CUBLAS_STATUS_SUCCESS", "success"},
    {CUBLAS_STATUS_NOT_INITIALIZED, "CUBLAS_STATUS_NOT_INITIALIZED", "no cuBLAS handle"},
    {CUBLAS_STATUS_ALLOC_FAILED, "CUBLAS_STATUS_ALLOC_FAILED", "not enough memory"},
    {CUBLAS_STATUS_INVALID_VALUE, "CUBLAS_STATUS_INVALID_VALUE", "a value that cannot be"},
    {CUBLAS_STATUS_ARCH_MISMATCH, "CUBLAS_STATUS_ARCH_MISMATCH", "not on this device"},
    {CUBLAS_STATUS_MAPPING_ERROR, "CUBLAS_STATUS_MAPPING_ERROR", "device memory not reached"},
    {CUBLAS_STATUS_EXECUTION_FAILED, "CUBLAS_STATUS_EXECUTION_FAILED", "failed on the device"},
    {CUBLAS_STATUS_INTERNAL_ERROR, "CUBLAS_STATUS_INTERNAL_ERROR", "failed inside cuBLAS"},
    {CUBLAS_STATUS_NOT_SUPPORTED, "CUBLAS_STATUS_NOT_SUPPORTED", "not supported"},
    {CUBLAS_STATUS_LICENSE_ERROR, "CUBLAS_STATUS_LICENSE_ERROR", "no licence"},
};

constexpr Status unknown{CUBLAS_STATUS_SUCCESS, "unrecognized status", "unrecognized status"};

const Status& find_status(cublasStatus_t code) {
  for (const Status& status : statuses)
    if (status.code == code) return status;
  return unknown;
}

}  // namespace
}  // namespace simt::blas

using namespace simt;
using namespace simt::blas;

extern "C" {

cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  const Entry entry;
  if (const int code = fault(simt::Call::library)) return static_cast<cublasStatus_t>(code);
  if (handle == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  if (runtime().sticky_error != cudaSuccess) return CUBLAS_STATUS_NOT_INITIALIZED;
  *handle = new cublasLtContext;
  runtime().library_objects[*handle] = "cuBLASLt handle";
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
  const Entry entry;
  if (handle == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  // Forgotten by reset_device already, it is the caller's to give back all the same.
  runtime().library_objects.erase(handle);
  delete handle;
  return CUBLAS_STATUS_SUCCESS;
}

size_t cublasLtGetVersion() {
  return CUBLAS_VERSION;
}
size_t cublasLtGetCudartVersion() {
  return CUDART_VERSION;
}

const char* cublasLtGetStatusName(cublasStatus_t status) {
  return find_status(status).name;
}
const char* cublasLtGetStatusString(cublasStatus_t status) {
  return find_status(status).text;
}
const char* cublasGetStatusName(cublasStatus_t status) {
  return find_status(status).name;
}
const char* cublasGetStatusString(cublasStatus_t status) {
  return find_status(status).text;
}

}  // extern "C"
