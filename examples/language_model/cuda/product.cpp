// Products by cuBLASLt. It is column-major: a row-major c = a b is its c^T = b^T a^T, and what lies
// in memory as a is its a^T.
#include "cuda/product.hpp"

#include <algorithm>

#include "cuda/status.hpp"

namespace language_model::cuda {
namespace {

/// For split sums of products as small as these.
constexpr std::int64_t workspace_bytes = std::int64_t{4} << 20;

cublasLtContext* make_handle() {
  cublasLtHandle_t handle = nullptr;
  check("cublasLtCreate", cublasLtCreate(&handle));
  return handle;
}

struct Types {
  cudaDataType_t element;
  cublasComputeType_t compute;
};
Types types_of(takt::ConstPointer data) {
  if (data.type() == takt::DataType::f64) return {CUDA_R_64F, CUBLAS_COMPUTE_64F};
  return {CUDA_R_32F, CUBLAS_COMPUTE_32F};
}

cublasLtMatrixLayoutOpaque_t layout_of(const ConstMatrix& matrix) {
  cublasLtMatrixLayoutOpaque_t layout{};
  check("cublasLtMatrixLayoutInit",
        cublasLtMatrixLayoutInit(&layout, types_of(matrix.data).element,
                                 static_cast<std::uint64_t>(matrix.columns),
                                 static_cast<std::uint64_t>(matrix.rows), matrix.columns));
  return layout;
}

void transpose(cublasLtMatmulDescOpaque_t& desc, cublasLtMatmulDescAttributes_t operand) {
  const cublasOperation_t transposed = CUBLAS_OP_T;
  check("cublasLtMatmulDescSetAttribute",
        cublasLtMatmulDescSetAttribute(&desc, operand, &transposed, sizeof transposed));
}

class Preference {
 public:
  Preference() {
    check("cublasLtMatmulPreferenceInit", cublasLtMatmulPreferenceInit(&preference_));
  }
  template <class Value>
  void set(cublasLtMatmulPreferenceAttributes_t attribute, Value value) {
    check("cublasLtMatmulPreferenceSetAttribute",
          cublasLtMatmulPreferenceSetAttribute(&preference_, attribute, &value, sizeof value));
  }
  cublasLtMatmulPreference_t get() { return &preference_; }

 private:
  cublasLtMatmulPreferenceOpaque_t preference_{};
};

/// Bytes, a power of two, at most what allocations are aligned to.
std::uint32_t alignment_of(takt::ConstPointer data) {
  const auto address = reinterpret_cast<std::uintptr_t>(data.data());
  std::uint32_t alignment = 256;
  while (address % alignment != 0) alignment /= 2;
  return alignment;
}

}  // namespace

Products::Products(const takt::Device& device)
    : handle_(make_handle()), workspace_(device, {workspace_bytes / 4}) {}

void Products::enqueue(const ConstMatrix& a, const ConstMatrix& b, const Matrix& c,
                       cudaStream_t stream) {
  const Types types = types_of(c.data);
  cublasLtMatmulDescOpaque_t desc{};
  check("cublasLtMatmulDescInit", cublasLtMatmulDescInit(&desc, types.compute, types.element));
  if (b.transposed) transpose(desc, CUBLASLT_MATMUL_DESC_TRANSA);
  if (a.transposed) transpose(desc, CUBLASLT_MATMUL_DESC_TRANSB);
  cublasLtMatrixLayoutOpaque_t first = layout_of(b), second = layout_of(a), to = layout_of(c);

  Preference preference;
  preference.set(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, std::uint64_t{workspace_bytes});
  // Of the ways to add up a split sum, those whose order is fixed.
  preference.set(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
                 std::uint32_t{CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE});
  preference.set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, alignment_of(b.data));
  preference.set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, alignment_of(a.data));
  preference.set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, alignment_of(c.data));
  preference.set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, alignment_of(c.data));
  cublasLtMatmulHeuristicResult_t found{};
  int count = 0;
  check("cublasLtMatmulAlgoGetHeuristic",
        cublasLtMatmulAlgoGetHeuristic(handle_.get(), &desc, &first, &second, &to, &to,
                                       preference.get(), 1, &found, &count));
  check("cublasLtMatmulAlgoGetHeuristic", count == 0 ? CUBLAS_STATUS_NOT_SUPPORTED : found.state);

  const float one = 1, zero = 0;
  const double one_double = 1, zero_double = 0;
  const bool is_double = types.element == CUDA_R_64F;
  const void* const alpha = is_double ? static_cast<const void*>(&one_double) : &one;
  const void* const beta = is_double ? static_cast<const void*>(&zero_double) : &zero;
  check("cublasLtMatmul",
        cublasLtMatmul(handle_.get(), &desc, alpha, b.data.data(), &first, a.data.data(), &second,
                       beta, c.data.data(), &to, c.data.data(), &to, &found.algo, workspace_.data(),
                       workspace_bytes, stream));
}

}  // namespace language_model::cuda
