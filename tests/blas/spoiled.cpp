// A BLAS that errs: loaded before the real one, it adds to one element of every float product. What
// it adds is the number in TAKT_SPOIL.
#include <dlfcn.h>

#include <cblas.h>

#include <cstdlib>

extern "C" __attribute__((visibility("default"))) void cblas_sgemm(
    CBLAS_ORDER order, CBLAS_TRANSPOSE transpose_a, CBLAS_TRANSPOSE transpose_b, blasint m,
    blasint n, blasint k, float alpha, const float* a, blasint lda, const float* b, blasint ldb,
    float beta, float* c, blasint ldc) {
  static const auto real =
      reinterpret_cast<decltype(&cblas_sgemm)>(dlsym(RTLD_NEXT, "cblas_sgemm"));
  static const char* const error = std::getenv("TAKT_SPOIL");
  real(order, transpose_a, transpose_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  if (error != nullptr && m > 0 && n > 0) c[(m / 2) * ldc + n / 2] += std::strtof(error, nullptr);
}
