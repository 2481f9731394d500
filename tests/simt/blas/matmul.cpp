// cublasLtMatmul: refuses what cuBLASLt refuses, and multiplies at its turn on the stream.
#include <memory>

#include "blas/product.hpp"
#include "device/operations.hpp"
#include "runtime/state.hpp"

namespace simt::blas {
namespace {

constexpr std::uintptr_t workspace_alignment = 256;

bool is_multiple(const void* pointer, std::uintptr_t bytes) {
  return reinterpret_cast<std::uintptr_t>(pointer) % bytes == 0;
}

std::uint32_t alignment_of(const void* pointer) {
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  for (std::uint32_t alignment = 256; alignment > 1; alignment /= 2)
    if (address % alignment == 0) return alignment;
  return 1;
}

/// Without an algorithm of the caller's: the heuristic's first for these pointers and workspace.
std::optional<Algo> implicit_algo(const Call& call) {
  Preference preference;
  preference.workspace_bytes = call.workspace_bytes;
  preference.alignment_a = alignment_of(call.a);
  preference.alignment_b = alignment_of(call.b);
  preference.alignment_c = alignment_of(call.c);
  preference.alignment_d = alignment_of(call.d);
  return choose_algo(call.product, preference);
}

cublasStatus_t take_scalar(const MatmulDesc& desc, const void* pointer, const char* name,
                           Scalar& scalar) {
  if (pointer == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  if (desc.pointer_mode == CUBLASLT_POINTER_MODE_DEVICE) {
    scalar.on_device = pointer;
    return CUBLAS_STATUS_SUCCESS;
  }
  const Allocation* const found = find_allocation(pointer, 1);
  if (found != nullptr && found->on_device) {
    report("product", std::string("cublasLtMatmul: ") + name +
                          " lies in device memory, and the pointer mode is host");
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  scalar.value = desc.scale_type == CUDA_R_64F
                     ? *static_cast<const double*>(pointer)
                     : static_cast<double>(*static_cast<const float*>(pointer));
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t check_pointers(const Call& call) {
  const Algo& algo = call.algo;
  if (!is_multiple(call.a, algo.alignment_a) || !is_multiple(call.b, algo.alignment_b) ||
      !is_multiple(call.c, algo.alignment_c) || !is_multiple(call.d, algo.alignment_d))
    return CUBLAS_STATUS_INVALID_VALUE;
  if (call.c == call.d && call.product.c.layout != call.product.d.layout)
    return CUBLAS_STATUS_INVALID_VALUE;
  if (call.product.has_bias() && call.product.desc.bias == nullptr)
    return CUBLAS_STATUS_INVALID_VALUE;
  if (call.workspace_bytes > 0 && call.workspace == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  if (!is_multiple(call.workspace, workspace_alignment)) return CUBLAS_STATUS_INVALID_VALUE;
  return call.workspace_bytes < workspace_bytes(call.product, algo) ? CUBLAS_STATUS_INVALID_VALUE
                                                                    : CUBLAS_STATUS_SUCCESS;
}

void run(const Call& call) {
  if (const std::string text = find_fault(call); !text.empty()) {
    report("product", "cublasLtMatmul: " + text);
    runtime().sticky_error = cudaErrorLaunchFailure;
    return;
  }
  multiply(call);
}

}  // namespace
}  // namespace simt::blas

using namespace simt;
using namespace simt::blas;

extern "C" cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc,
                                         const void* alpha, const void* a,
                                         cublasLtMatrixLayout_t a_layout, const void* b,
                                         cublasLtMatrixLayout_t b_layout, const void* beta,
                                         const void* c, cublasLtMatrixLayout_t c_layout, void* d,
                                         cublasLtMatrixLayout_t d_layout,
                                         const cublasLtMatmulAlgo_t* algo, void* workspace,
                                         size_t workspace_bytes, cudaStream_t handle_of_stream) {
  const Entry entry;
  if (const int code = fault(simt::Call::product)) return static_cast<cublasStatus_t>(code);
  if (!is_handle(handle)) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (a == nullptr || b == nullptr || c == nullptr || d == nullptr)
    return CUBLAS_STATUS_INVALID_VALUE;
  auto call = std::make_shared<blas::Call>();
  call->a = a;
  call->b = b;
  call->c = c;
  call->d = d;
  call->workspace = workspace;
  call->workspace_bytes = workspace_bytes;
  Product& product = call->product;
  if (const auto status = check_product(desc, a_layout, b_layout, c_layout, d_layout, product))
    return status;
  if (const auto status = take_scalar(product.desc, alpha, "alpha", call->alpha)) return status;
  if (const auto status = take_scalar(product.desc, beta, "beta", call->beta)) return status;
  if (algo == nullptr) {
    const std::optional<Algo> chosen = implicit_algo(*call);
    if (!chosen) return CUBLAS_STATUS_INVALID_VALUE;  // a pointer between two elements
    call->algo = *chosen;
  } else if (!load(algo, call->algo)) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  if (const cublasStatus_t status = check_algo(product, call->algo)) return status;
  if (const cublasStatus_t status = check_pointers(*call)) return status;
  CUstream_st* const stream = find_stream(handle_of_stream);
  if (stream == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  if (handle_of_stream == nullptr && anybody_captures()) return CUBLAS_STATUS_EXECUTION_FAILED;
  if (runtime().sticky_error != cudaSuccess) return CUBLAS_STATUS_EXECUTION_FAILED;
  enqueue(stream, {[call] { run(*call); }, {}});
  return CUBLAS_STATUS_SUCCESS;
}
