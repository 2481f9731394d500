// Scalar<Real>: a float or double as cell code sees it, with the functions that cell code may call.
#pragma once

#include <cmath>

// The mark of a function that runs on the host and, under nvcc, on the device too.
#ifdef __CUDACC__
#define TAKT_CELL __host__ __device__ __forceinline__
#else
#define TAKT_CELL inline __attribute__((always_inline))
#endif

namespace takt {

/// The functions themselves, on float and double.
namespace scalar {

#define TAKT_SCALAR_MATH(Real, suffix)                                                       \
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
  /* the larger one; a where they cannot be compared, so that max(NaN, b) is NaN */          \
  TAKT_CELL Real max(Real a, Real b) {                                                       \
    return b > a ? b : a;                                                                    \
  }                                                                                          \
  TAKT_CELL Real min(Real a, Real b) {                                                       \
    return b < a ? b : a;                                                                    \
  }                                                                                          \
  /* a where x > 0 or x is NaN, else 0: the gradient a through max(x, 0) */                  \
  TAKT_CELL Real where_positive(Real x, Real a) {                                            \
    return x <= Real(0) ? Real(0) : a;                                                       \
  }                                                                                          \
  /* 1 where x > 0, else 0 */                                                                \
  TAKT_CELL Real step(Real x) {                                                              \
    return x > Real(0) ? Real(1) : Real(0);                                                  \
  }

TAKT_SCALAR_MATH(float, f)
TAKT_SCALAR_MATH(double, )
#undef TAKT_SCALAR_MATH

}  // namespace scalar

/// A value whose functions are found by its type alone, in whatever namespace a cell is written: on
/// a bare float, `abs` and `tanh` would be those of the C library, for int and for double.
template <class Real>
struct Scalar {
  Real value;

  Scalar() = default;
  template <class Number>
  TAKT_CELL explicit Scalar(Number number) : value(static_cast<Real>(number)) {}

  friend TAKT_CELL Scalar operator-(Scalar a) { return Scalar(-a.value); }
  friend TAKT_CELL Scalar operator+(Scalar a, Scalar b) { return Scalar(a.value + b.value); }
  friend TAKT_CELL Scalar operator-(Scalar a, Scalar b) { return Scalar(a.value - b.value); }
  friend TAKT_CELL Scalar operator*(Scalar a, Scalar b) { return Scalar(a.value * b.value); }
  friend TAKT_CELL Scalar operator/(Scalar a, Scalar b) { return Scalar(a.value / b.value); }
  TAKT_CELL Scalar& operator+=(Scalar a) { return *this = *this + a; }
  TAKT_CELL Scalar& operator-=(Scalar a) { return *this = *this - a; }
  TAKT_CELL Scalar& operator*=(Scalar a) { return *this = *this * a; }
  TAKT_CELL Scalar& operator/=(Scalar a) { return *this = *this / a; }

  friend TAKT_CELL Scalar exp(Scalar x) { return Scalar(scalar::exp(x.value)); }
  friend TAKT_CELL Scalar log(Scalar x) { return Scalar(scalar::log(x.value)); }
  friend TAKT_CELL Scalar sqrt(Scalar x) { return Scalar(scalar::sqrt(x.value)); }
  friend TAKT_CELL Scalar tanh(Scalar x) { return Scalar(scalar::tanh(x.value)); }
  friend TAKT_CELL Scalar abs(Scalar x) { return Scalar(scalar::abs(x.value)); }
  friend TAKT_CELL Scalar sigmoid(Scalar x) { return Scalar(scalar::sigmoid(x.value)); }
  friend TAKT_CELL Scalar log_sigmoid(Scalar x) { return Scalar(scalar::log_sigmoid(x.value)); }
  friend TAKT_CELL Scalar max(Scalar a, Scalar b) { return Scalar(scalar::max(a.value, b.value)); }
  friend TAKT_CELL Scalar min(Scalar a, Scalar b) { return Scalar(scalar::min(a.value, b.value)); }
  friend TAKT_CELL Scalar where_positive(Scalar x, Scalar a) {
    return Scalar(scalar::where_positive(x.value, a.value));
  }
  friend TAKT_CELL Scalar step(Scalar x) { return Scalar(scalar::step(x.value)); }
};

}  // namespace takt
