// Dual numbers: a value and its derivative along one direction, for forward differentiation.
#pragma once

#include <takt/math.hpp>

namespace takt {

/// value + derivative * e with e^2 = 0, over another value type of cells (Scalar, a vector, Dual).
/// Cell code run on it gives exact directional derivatives. At a tie, max and min have the
/// derivative of their second argument: max(x, 0) has the derivative 0 at 0.
template <class Real>
struct Dual {
  Real value;
  Real derivative;

  Dual() = default;
  TAKT_CELL Dual(Real v, Real d) : value(v), derivative(d) {}
  /// A constant.
  template <class Number>
  TAKT_CELL explicit Dual(Number number) : value(Real(number)), derivative(Real(0)) {}

  friend TAKT_CELL Dual operator-(Dual a) { return {-a.value, -a.derivative}; }
  friend TAKT_CELL Dual operator+(Dual a, Dual b) {
    return {a.value + b.value, a.derivative + b.derivative};
  }
  friend TAKT_CELL Dual operator-(Dual a, Dual b) {
    return {a.value - b.value, a.derivative - b.derivative};
  }
  friend TAKT_CELL Dual operator*(Dual a, Dual b) {
    return {a.value * b.value, a.derivative * b.value + a.value * b.derivative};
  }
  friend TAKT_CELL Dual operator/(Dual a, Dual b) {
    const Real q = a.value / b.value;
    return {q, (a.derivative - q * b.derivative) / b.value};
  }
  TAKT_CELL Dual& operator+=(Dual a) { return *this = *this + a; }
  TAKT_CELL Dual& operator-=(Dual a) { return *this = *this - a; }
  TAKT_CELL Dual& operator*=(Dual a) { return *this = *this * a; }
  TAKT_CELL Dual& operator/=(Dual a) { return *this = *this / a; }

  friend TAKT_CELL Dual exp(Dual x) {
    const Real e = exp(x.value);
    return {e, e * x.derivative};
  }
  friend TAKT_CELL Dual log(Dual x) { return {log(x.value), x.derivative / x.value}; }
  friend TAKT_CELL Dual sqrt(Dual x) {
    const Real root = sqrt(x.value);
    return {root, x.derivative / (root + root)};
  }
  friend TAKT_CELL Dual tanh(Dual x) {
    const Real t = tanh(x.value);
    return {t, (Real(1) - t * t) * x.derivative};
  }
  friend TAKT_CELL Dual sigmoid(Dual x) {
    const Real s = sigmoid(x.value);
    return {s, s * (Real(1) - s) * x.derivative};
  }
  friend TAKT_CELL Dual log_sigmoid(Dual x) {
    return {log_sigmoid(x.value), sigmoid(-x.value) * x.derivative};
  }
  friend TAKT_CELL Dual abs(Dual x) {
    return {abs(x.value), (step(x.value) - step(-x.value)) * x.derivative};
  }
  friend TAKT_CELL Dual max(Dual a, Dual b) {
    return {max(a.value, b.value), either(step(a.value - b.value), a, b)};
  }
  friend TAKT_CELL Dual min(Dual a, Dual b) {
    return {min(a.value, b.value), either(step(b.value - a.value), a, b)};
  }
  friend TAKT_CELL Dual where_positive(Dual x, Dual a) {
    return {where_positive(x.value, a.value), where_positive(x.value, a.derivative)};
  }
  friend TAKT_CELL Dual step(Dual x) { return {step(x.value), Real(0)}; }

 private:
  /// The derivative of a where `first` is 1, of b where it is 0.
  TAKT_CELL static Real either(Real first, Dual a, Dual b) {
    return first * a.derivative + (Real(1) - first) * b.derivative;
  }
};

}  // namespace takt
