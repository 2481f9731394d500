// The functions that cell code may call, for float and double. Other value types (dual numbers, the
// vectors of the CPU path, a user's own) bring theirs, found by argument-dependent lookup.
#pragma once

#include <cmath>

// The mark of a function that runs on the host and, under nvcc, on the device too.
#ifdef __CUDACC__
#define TAKT_CELL __host__ __device__ __forceinline__
#else
#define TAKT_CELL inline __attribute__((always_inline))
#endif

namespace takt {

#define TAKT_MATH(Real, suffix)                                                              \
  TAKT_CELL Real exp(Real x) {                                                               \
    return ::exp##suffix(x);                                                                 \
  }                                                                                          \
  TAKT_CELL Real log(Real x) {                                                               \
    return ::log##suffix(x);                                                                 \
  }                                                                                          \
  TAKT_CELL Real sqrt(Real x) {                                                              \
    return ::sqrt##suffix(x);                                                                \
  }                                                                                          \
  TAKT_CELL Real tanh(Real x) {                                                              \
    return ::tanh##suffix(x);                                                                \
  }                                                                                          \
  TAKT_CELL Real abs(Real x) {                                                               \
    return ::fabs##suffix(x);                                                                \
  }                                                                                          \
  /* 1 / (1 + e^-x) */                                                                       \
  TAKT_CELL Real sigmoid(Real x) {                                                           \
    return Real(1) / (Real(1) + ::exp##suffix(-x));                                          \
  }                                                                                          \
  /* log(sigmoid(x)), without overflow for large -x */                                       \
  TAKT_CELL Real log_sigmoid(Real x) {                                                       \
    return (x < Real(0) ? x : Real(0)) - ::log1p##suffix(::exp##suffix(-::fabs##suffix(x))); \
  }                                                                                          \
  /* the larger one; a where either cannot be compared, so that max(NaN, b) is NaN */        \
  TAKT_CELL Real max(Real a, Real b) {                                                       \
    return b > a ? b : a;                                                                    \
  }                                                                                          \
  TAKT_CELL Real min(Real a, Real b) {                                                       \
    return b < a ? b : a;                                                                    \
  }                                                                                          \
  /* the derivative of max(x, 0): 1 where x > 0, else 0 */                                   \
  TAKT_CELL Real step(Real x) {                                                              \
    return x > Real(0) ? Real(1) : Real(0);                                                  \
  }

TAKT_MATH(float, f)
TAKT_MATH(double, )
#undef TAKT_MATH

}  // namespace takt
