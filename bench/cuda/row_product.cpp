// Products by cuBLASLt. It is column-major: a row-major D = A M^T is its D^T = M A^T.
#include "cuda/row_product.hpp"

#include <numeric>
#include <string>

#include "peer.hpp"

namespace takt::bench {
namespace {

constexpr std::int64_t workspace_bytes = std::int64_t{32} << 20;  // what NVIDIA advises for Hopper
constexpr std::int64_t allocation_alignment = 256;

void checked(const char* what, cublasStatus_t status) {
  if (status != CUBLAS_STATUS_SUCCESS)
    throw PeerRefusal(std::string("the two-kernel loop's ") + what + ": " +
                      cublasLtGetStatusName(status));
}

cublasLtHandle_t make_handle() {
  cublasLtHandle_t handle = nullptr;
  checked("cublasLtCreate", cublasLtCreate(&handle));
  return handle;
}

cudaDataType_t type_of(DataType type) {
  switch (type) {
    case DataType::f16: return CUDA_R_16F;
    case DataType::bf16: return CUDA_R_16BF;
    default: return CUDA_R_32F;
  }
}

void describe(cublasLtMatrixLayoutOpaque_t& layout, cudaDataType_t type, std::int64_t height,
              std::int64_t width) {
  checked("cublasLtMatrixLayoutInit",
          cublasLtMatrixLayoutInit(&layout, type, static_cast<std::uint64_t>(height),
                                   static_cast<std::uint64_t>(width), height));
}

}  // namespace

RowProduct::RowProduct(const Device& device, Sizes sizes, DataType type, Math math)
    : handle_(make_handle(), cublasLtDestroy), workspace_(device, {workspace_bytes / 4}) {
  const auto compute = math == Math::tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
  checked("cublasLtMatmulDescInit", cublasLtMatmulDescInit(&desc_, compute, CUDA_R_32F));
  const cublasOperation_t transposed = CUBLAS_OP_T;
  checked("cublasLtMatmulDescSetAttribute",
          cublasLtMatmulDescSetAttribute(&desc_, CUBLASLT_MATMUL_DESC_TRANSA, &transposed,
                                         sizeof transposed));
  describe(m_, type_of(type), sizes.K, sizes.N);
  describe(a_, type_of(type), sizes.K, sizes.rows);
  describe(d_, CUDA_R_32F, sizes.N, sizes.rows);
  cublasLtMatmulPreferenceOpaque_t preference{};
  checked("cublasLtMatmulPreferenceInit", cublasLtMatmulPreferenceInit(&preference));
  const auto most_bytes = static_cast<std::uint64_t>(workspace_bytes);
  checked(
      "cublasLtMatmulPreferenceSetAttribute",
      cublasLtMatmulPreferenceSetAttribute(&preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                                           &most_bytes, sizeof most_bytes));
  // A may begin at any of its rows; all else, at allocations.
  const auto row_bytes = sizes.K * static_cast<std::int64_t>(size_of(type));
  const auto alignment = static_cast<std::uint32_t>(std::gcd(row_bytes, allocation_alignment));
  checked(
      "cublasLtMatmulPreferenceSetAttribute",
      cublasLtMatmulPreferenceSetAttribute(&preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
                                           &alignment, sizeof alignment));
  cublasLtMatmulHeuristicResult_t result{};
  int found = 0;
  checked("cublasLtMatmulAlgoGetHeuristic",
          cublasLtMatmulAlgoGetHeuristic(handle_.get(), &desc_, &m_, &a_, &d_, &d_, &preference, 1,
                                         &result, &found));
  checked("cublasLtMatmulAlgoGetHeuristic",
          found == 0 ? CUBLAS_STATUS_NOT_SUPPORTED : CUBLAS_STATUS_SUCCESS);
  algorithm_ = result.algo;
}

void RowProduct::enqueue(const void* A, const void* M, float* D, CUstream_st* stream) {
  const float one = 1, zero = 0;
  checked("cublasLtMatmul",
          cublasLtMatmul(handle_.get(), &desc_, &one, M, &m_, A, &a_, &zero, D, &d_, D, &d_,
                         &algorithm_, workspace_.data(), workspace_bytes, stream));
}

}  // namespace takt::bench
