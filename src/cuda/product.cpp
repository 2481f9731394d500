// Products by cuBLASLt. It is column-major: a row-major D = A M is its D^T = M^T A^T.
#include "cuda/product.hpp"

#include <algorithm>
#include <cstring>

#include "cuda/errors.hpp"

namespace takt::cuda {
namespace {

constexpr std::uint32_t wide_bytes = 16;

cudaDataType_t cuda_type(DataType type) {
  switch (type) {
    case DataType::f64: return CUDA_R_64F;
    case DataType::f16: return CUDA_R_16F;
    case DataType::bf16: return CUDA_R_16BF;
    case DataType::f32: break;
  }
  return CUDA_R_32F;
}

cublasComputeType_t compute_type(const ProductSpec& spec) {
  if (spec.in == DataType::f64) return CUBLAS_COMPUTE_64F;
  return spec.math == Math::tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
}

std::uint64_t size(std::int64_t n) {
  return static_cast<std::uint64_t>(n);
}

void set_transposed(cublasLtMatmulDesc_t desc, cublasLtMatmulDescAttributes_t operand) {
  const cublasOperation_t transposed = CUBLAS_OP_T;
  check("cublasLtMatmulDescSetAttribute",
        cublasLtMatmulDescSetAttribute(desc, operand, &transposed, sizeof transposed));
}

/// A smaller size with the same alignment of rows.
std::int64_t for_loading(std::int64_t size) {
  constexpr std::int64_t same = 16;
  return size <= Product::load_size ? size : Product::load_size - same + size % same;
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

// Descriptors are given as pointers to what is theirs to change; cuBLASLt only reads them here.
cublasLtMatmulDesc_t pointer_to(const cublasLtMatmulDescOpaque_t& desc) {
  return const_cast<cublasLtMatmulDesc_t>(&desc);
}
cublasLtMatrixLayout_t pointer_to(const cublasLtMatrixLayoutOpaque_t& layout) {
  return const_cast<cublasLtMatrixLayout_t>(&layout);
}

}  // namespace

void BoundProduct::run(const void* A, const void* M, void* D, bool add, cudaStream_t stream) const {
  const float one = 1, zero = 0;
  const double one_double = 1, zero_double = 0;
  const void* const alpha = is_double_ ? static_cast<const void*>(&one_double) : &one;
  const void* const beta = is_double_ ? static_cast<const void*>(add ? &one_double : &zero_double)
                                      : (add ? &one : &zero);
  check("cublasLtMatmul", cublasLtMatmul(handle_, pointer_to(desc_), alpha, M, pointer_to(a_), A,
                                         pointer_to(b_), beta, D, pointer_to(d_), D, pointer_to(d_),
                                         algo_, workspace_, workspace_bytes_, stream));
}

Product::Product(cublasLtHandle_t handle, const ProductSpec& spec, std::int64_t most_rows,
                 std::int64_t workspace_bytes)
    : handle_(handle), spec_(spec), workspace_bytes_(workspace_bytes) {
  std::vector<std::int64_t> all_rows;
  for (std::int64_t rows = 1; rows < most_rows; rows *= 2) all_rows.push_back(rows);
  if (most_rows > 0) all_rows.push_back(most_rows);
  const auto element = static_cast<std::uint32_t>(size_of(spec.in));
  for (const std::int64_t rows : all_rows) {
    BoundProduct product;
    describe(
        {.rows = rows, .row_stride = spec.kind == ProductSpec::Kind::over_rows ? spec.N : spec.K},
        product);
    Choice choice{.rows = rows};
    choice.has_aligned = choose(product, wide_bytes, choice.aligned);
    if (!choose(product, element, choice.any))
      throw DeviceError("takt: cublasLtMatmulAlgoGetHeuristic: no algorithm for a product");
    choices_.push_back(choice);
  }
}

void Product::describe(const ProductShape& shape, BoundProduct& product) const {
  using Kind = ProductSpec::Kind;
  const std::int64_t N = spec_.N, K = spec_.K, rows = shape.rows, stride = shape.row_stride;
  const cudaDataType_t in = cuda_type(spec_.in), out = cuda_type(spec_.out);
  product.handle_ = handle_;
  product.workspace_bytes_ = static_cast<std::size_t>(workspace_bytes_);
  product.is_double_ = spec_.in == DataType::f64;
  check("cublasLtMatmulDescInit",
        cublasLtMatmulDescInit(&product.desc_, compute_type(spec_),
                               product.is_double_ ? CUDA_R_64F : CUDA_R_32F));
  const auto layout = [](cublasLtMatrixLayoutOpaque_t& to, cudaDataType_t type, std::int64_t m,
                         std::int64_t n, std::int64_t ld) {
    check("cublasLtMatrixLayoutInit", cublasLtMatrixLayoutInit(&to, type, size(m), size(n), ld));
  };
  switch (spec_.kind) {
    case Kind::by_transposed:
      set_transposed(&product.desc_, CUBLASLT_MATMUL_DESC_TRANSA);
      layout(product.a_, in, K, N, K);
      layout(product.b_, in, K, rows, stride);
      layout(product.d_, out, N, rows, N);
      break;
    case Kind::by_matrix:
      layout(product.a_, in, N, K, N);
      layout(product.b_, in, K, rows, stride);
      layout(product.d_, out, N, rows, N);
      break;
    case Kind::over_rows:
      set_transposed(&product.desc_, CUBLASLT_MATMUL_DESC_TRANSB);
      layout(product.a_, in, N, rows, stride);
      layout(product.b_, in, K, rows, K);
      layout(product.d_, out, N, K, N);
      break;
  }
}

bool Product::choose(const BoundProduct& product, std::uint32_t alignment,
                     cublasLtMatmulAlgo_t& algo) const {
  Preference preference;
  preference.set(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, size(workspace_bytes_));
  preference.set(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
                 static_cast<std::uint32_t>(spec_.split ? CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE
                                                        : CUBLASLT_REDUCTION_SCHEME_NONE));
  for (const auto operand :
       {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES})
    preference.set(operand, alignment);
  const auto of_output = std::max(alignment, static_cast<std::uint32_t>(size_of(spec_.out)));
  for (const auto operand :
       {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES})
    preference.set(operand, of_output);
  cublasLtMatmulHeuristicResult_t result{};
  int found = 0;
  const cublasStatus_t status = cublasLtMatmulAlgoGetHeuristic(
      handle_, pointer_to(product.desc_), pointer_to(product.a_), pointer_to(product.b_),
      pointer_to(product.d_), pointer_to(product.d_), preference.get(), 1, &result, &found);
  if (status == CUBLAS_STATUS_NOT_SUPPORTED) return false;
  check("cublasLtMatmulAlgoGetHeuristic", status);
  if (found == 0 || result.state != CUBLAS_STATUS_SUCCESS) return false;
  algo = result.algo;
  return true;
}

bool Product::takes(const BoundProduct& product, const cublasLtMatmulAlgo_t& algo) const {
  cublasLtMatmulHeuristicResult_t result{};
  const cublasStatus_t status = cublasLtMatmulAlgoCheck(
      handle_, pointer_to(product.desc_), pointer_to(product.a_), pointer_to(product.b_),
      pointer_to(product.d_), pointer_to(product.d_), &algo, &result);
  return status == CUBLAS_STATUS_SUCCESS && result.workspaceSize <= product.workspace_bytes_;
}

BoundProduct Product::bind(const ProductShape& shape, void* workspace) const {
  BoundProduct product;
  describe(shape, product);
  product.workspace_ = workspace;
  auto choice = std::find_if(choices_.begin(), choices_.end(),
                             [&](const Choice& each) { return shape.rows <= each.rows; });
  for (; choice != choices_.end(); ++choice) {
    if (shape.aligned && choice->has_aligned && takes(product, choice->aligned))
      product.algo_ = &choice->aligned;
    else if (takes(product, choice->any))
      product.algo_ = &choice->any;
    else
      continue;
    return product;
  }
  throw DeviceError("takt: cublasLtMatmulAlgoCheck: no chosen algorithm takes a product's sizes");
}

void Product::load(void* memory, void* workspace) const {
  Product small = *this;
  small.spec_.N = for_loading(spec_.N);
  small.spec_.K = for_loading(spec_.K);
  const bool sum = spec_.kind == ProductSpec::Kind::over_rows;
  std::vector<cublasLtMatmulAlgo_t> loaded;
  const auto operand = [&](std::int64_t n) {
    return static_cast<char*>(memory) + n * load_bytes / 3;
  };
  for (const Choice& choice : choices_) {
    BoundProduct product;
    small.describe(
        {.rows = for_loading(choice.rows), .row_stride = sum ? small.spec_.N : small.spec_.K},
        product);
    product.workspace_ = workspace;
    for (const cublasLtMatmulAlgo_t* algo : {&choice.aligned, &choice.any}) {
      const std::size_t shift = algo == &choice.any ? size_of(spec_.in) : 0;
      if (algo == &choice.aligned && !choice.has_aligned) continue;
      const auto same = [&](const cublasLtMatmulAlgo_t& other) {
        return std::memcmp(&other, algo, sizeof other) == 0;
      };
      if (std::any_of(loaded.begin(), loaded.end(), same) || !takes(product, *algo)) continue;
      product.algo_ = algo;
      // Results stay where any type is aligned to its elements.
      product.run(operand(0) + shift, operand(1) + shift, operand(2) + 2 * shift, false, nullptr);
      loaded.push_back(*algo);
    }
  }
}

}  // namespace takt::cuda
