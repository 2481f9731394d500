// The products of whole sequences, row-major, through CBLAS.
#pragma once

#include <cblas.h>

#include <cstdint>

namespace takt::cpu {

enum class Transpose : bool { no, yes };

inline CBLAS_TRANSPOSE cblas(Transpose transpose) {
  return transpose == Transpose::yes ? CblasTrans : CblasNoTrans;
}

inline void gemm(Transpose a, Transpose b, int m, int n, int k, const float* A, int lda,
                 const float* B, int ldb, float beta, float* C, int ldc) {
  cblas_sgemm(CblasRowMajor, cblas(a), cblas(b), m, n, k, 1, A, lda, B, ldb, beta, C, ldc);
}
inline void gemm(Transpose a, Transpose b, int m, int n, int k, const double* A, int lda,
                 const double* B, int ldb, double beta, double* C, int ldc) {
  cblas_dgemm(CblasRowMajor, cblas(a), cblas(b), m, n, k, 1, A, lda, B, ldb, beta, C, ldc);
}

/// C [rows,n] = A [rows,k] B [n,k]^T.
template <class Real>
void product_transposed(std::int64_t rows, std::int64_t n, std::int64_t k, const Real* A,
                        std::int64_t lda, const Real* B, Real* C) {
  gemm(Transpose::no, Transpose::yes, static_cast<int>(rows), static_cast<int>(n),
       static_cast<int>(k), A, static_cast<int>(lda), B, static_cast<int>(k), Real(0), C,
       static_cast<int>(n));
}

/// C [rows,n] = A [rows,k] B [k,n].
template <class Real>
void product(std::int64_t rows, std::int64_t n, std::int64_t k, const Real* A, const Real* B,
             Real* C) {
  gemm(Transpose::no, Transpose::no, static_cast<int>(rows), static_cast<int>(n),
       static_cast<int>(k), A, static_cast<int>(k), B, static_cast<int>(n), Real(0), C,
       static_cast<int>(n));
}

/// C [m,n] = beta C + A [rows,m]^T B [rows,n].
template <class Real>
void add_product_of_rows(std::int64_t rows, std::int64_t m, std::int64_t n, const Real* A,
                         const Real* B, Real beta, Real* C) {
  gemm(Transpose::yes, Transpose::no, static_cast<int>(m), static_cast<int>(n),
       static_cast<int>(rows), A, static_cast<int>(m), B, static_cast<int>(n), beta, C,
       static_cast<int>(n));
}

}  // namespace takt::cpu
