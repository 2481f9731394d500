// A product as cublasLtMatmul was asked for it, checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <cublasLt.h>

#include "blas/descriptors.hpp"

namespace simt::blas {

/// A row of the documented table of types, as far as it is emulated; C and D are of one type.
struct Combination {
  cublasComputeType_t compute;
  cudaDataType_t scale, ab, cd, bias;
};
const Combination* find_combination(int compute, int scale, int a, int b, int c, int d);

/// 0 for types that no combination has.
std::int64_t bytes_of(int type);

/// op(A), op(B), C or D: element (row, col) of matrix `batch` lies `row_stride * row + col_stride *
/// col + batch_stride * batch` elements from the pointer.
struct Operand {
  Layout layout;
  std::int64_t rows, cols;
  std::int64_t row_stride, col_stride, batch_stride;
  std::int64_t element_bytes;
};

struct Product {
  MatmulDesc desc;
  Operand a, b, c, d;
  std::int64_t m, n, k, batches;
  bool has_bias() const { return desc.epilogue == CUBLASLT_EPILOGUE_BIAS; }
};

/// Without a layout of C it has D's.
cublasStatus_t check_product(cublasLtMatmulDesc_t desc, cublasLtMatrixLayout_t a,
                             cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t c,
                             cublasLtMatrixLayout_t d, Product& product);

/// "f32 5 x 7, column-major, leading dimension 9, 3 of them 70 apart".
std::string to_string(const Layout& layout);

bool is_handle(cublasLtHandle_t handle);

// Algorithms. -----------------------------------------------------------------------------------

/// How the pointers of a call are aligned, in bytes; of the bias only where there is one.
struct Alignments {
  std::uint64_t a = 256, b = 256, c = 256, d = 256;
};
cublasStatus_t check_algo(const Product& product, const Algo& algo);
std::uint64_t workspace_bytes(const Product& product, const Algo& algo);
/// The first of the heuristic's choices.
std::optional<Algo> choose_algo(const Product& product, const Preference& preference);

// Running it. -----------------------------------------------------------------------------------

/// A factor: the value at the call, or where the device finds it.
struct Scalar {
  double value = 0;
  const void* on_device = nullptr;
};

struct Call {
  Product product;
  Algo algo;
  Scalar alpha, beta;
  const void *a, *b, *c;
  void* d;
  void* workspace;
  std::size_t workspace_bytes;
};

/// What the call would touch and must not; empty where all is well.
std::string find_fault(const Call& call);
/// D = alpha op(A) op(B) + beta C + bias, of memory that has been checked.
void multiply(const Call& call);
/// In the scale type's precision.
double value_of(const Scalar& scalar, int scale_type);

}  // namespace simt::blas
