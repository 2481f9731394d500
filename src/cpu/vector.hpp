// Vec<Real>: a vector of units, as wide as the instruction-set level for which it is compiled.
// Cells run on it as they do on a float. Included by the level files only.
//
// Compiler vector types rather than a loop left to the vectoriser: the same code for g++ and clang,
// and no dependence on what the vectoriser makes of a cell.
#pragma once

#include <cstdint>

#include "cpu/level.hpp"

namespace takt::cpu::TAKT_CPU_LEVEL {

#if defined(__AVX512F__)
inline constexpr int vector_bytes = 64;
inline constexpr int accumulators = 24;  // vectors that the product keeps in registers
#elif defined(__AVX__)
inline constexpr int vector_bytes = 32;
inline constexpr int accumulators = 12;
#else
inline constexpr int vector_bytes = 16;
inline constexpr int accumulators = 12;
#endif

template <class Real>
struct FloatBits;
template <>
struct FloatBits<float> {
  using Int = std::uint32_t;
  static constexpr int mantissa = 23;
  static constexpr float round_magic = 12582912.0F;  // 1.5 * 2^23: adding it rounds to an integer
  static constexpr float ln2_hi = 0.693359375F;      // 9 bits, so that n * ln2_hi is exact
  static constexpr float ln2_lo = -2.12194440e-4F;
  static constexpr float exp_largest = 88.0F;   // |x| up to which 2^n needs no second factor
  static constexpr float tanh_largest = 10.0F;  // from here on tanh rounds to 1
  static constexpr int terms = 7;               // r^8 / 8! < 2^-25 r for |r| <= ln(2) / 2
};
template <>
struct FloatBits<double> {
  using Int = std::uint64_t;
  static constexpr int mantissa = 52;
  static constexpr double round_magic = 6755399441055744.0;     // 1.5 * 2^52
  static constexpr double ln2_hi = 6.93147180369123816490e-01;  // 33 bits
  static constexpr double ln2_lo = 1.90821492927058770002e-10;
  static constexpr double exp_largest = 708.0;
  static constexpr double tanh_largest = 20.0;
  static constexpr int terms = 13;  // r^14 / 14! < 2^-54 r
};

template <class Real>
struct Vec {
  using Bits = FloatBits<Real>;
  using Int = typename Bits::Int;
  static constexpr int size = vector_bytes / static_cast<int>(sizeof(Real));
  typedef Real Native __attribute__((vector_size(vector_bytes)));
  typedef Int NativeInt __attribute__((vector_size(vector_bytes)));

  Native v;

  Vec() = default;
  TAKT_INLINE Vec(Native native) : v(native) {}  // NOLINT(google-explicit-constructor)
  template <class Number>
  TAKT_INLINE explicit Vec(Number number) : v(Native{} + static_cast<Real>(number)) {}

  TAKT_INLINE static Vec load(const Real* from) {
    Vec x;
    __builtin_memcpy(&x.v, from, sizeof x.v);
    return x;
  }
  TAKT_INLINE void store(Real* to) const { __builtin_memcpy(to, &v, sizeof v); }
  /// The first n elements; the others are zero.
  TAKT_INLINE static Vec load(const Real* from, int n) {
    if (n >= size) return load(from);
    Vec x(0);
    for (int u = 0; u < n; ++u) x.v[u] = from[u];
    return x;
  }
  TAKT_INLINE void store(Real* to, int n) const {
    if (n >= size) return store(to);
    for (int u = 0; u < n; ++u) to[u] = v[u];
  }

  friend TAKT_INLINE Vec operator-(Vec a) { return -a.v; }
  friend TAKT_INLINE Vec operator+(Vec a, Vec b) { return a.v + b.v; }
  friend TAKT_INLINE Vec operator-(Vec a, Vec b) { return a.v - b.v; }
  friend TAKT_INLINE Vec operator*(Vec a, Vec b) { return a.v * b.v; }
  friend TAKT_INLINE Vec operator/(Vec a, Vec b) { return a.v / b.v; }
  TAKT_INLINE Vec& operator+=(Vec a) { return *this = *this + a; }
  TAKT_INLINE Vec& operator-=(Vec a) { return *this = *this - a; }
  TAKT_INLINE Vec& operator*=(Vec a) { return *this = *this * a; }
  TAKT_INLINE Vec& operator/=(Vec a) { return *this = *this / a; }

  // Where a comparison with NaN is false these keep a, as takt/math.hpp says.
  friend TAKT_INLINE Vec max(Vec a, Vec b) { return b.v > a.v ? b.v : a.v; }
  friend TAKT_INLINE Vec min(Vec a, Vec b) { return b.v < a.v ? b.v : a.v; }
  friend TAKT_INLINE Vec where_positive(Vec x, Vec a) { return x.v <= Native{} ? Native{} : a.v; }
  friend TAKT_INLINE Vec step(Vec x) { return x.v > Native{} ? Native{} + 1 : Native{}; }
  friend TAKT_INLINE Vec abs(Vec x) { return from_bits(bits(x) & ~sign_bits()); }

  friend TAKT_INLINE Vec exp(Vec x) {
    const Vec largest(Bits::exp_largest);
    const Native infinity = Native{} + static_cast<Real>(__builtin_inf());
    // Halved so that the whole range is reached, then squared.
    const ExpParts half =
        expm1_parts(max(min(x, largest + largest), -(largest + largest)) * Vec(Real(0.5)));
    const Vec root = half.scale + half.scale * half.rest;
    const Vec squared = root * root;
    const Native below = x.v < -(largest.v + largest.v) ? Native{} : squared.v;
    return x.v > largest.v + largest.v ? infinity : below;
  }

  friend TAKT_INLINE Vec sigmoid(Vec x) {
    const Vec largest(Bits::exp_largest);
    const ExpParts e = expm1_parts(max(min(-x, largest), -largest));
    return Vec(1) / (Vec(1) + (e.scale + e.scale * e.rest));
  }

  friend TAKT_INLINE Vec tanh(Vec x) {
    // |tanh x| = |u| / (2 + u) with u = e^(-2 |x|) - 1, exact in relative terms near 0.
    const Vec a = min(abs(x), Vec(Bits::tanh_largest));
    const ExpParts e = expm1_parts(a * Vec(-2));
    const Vec u = (e.scale - Vec(1)) + e.scale * e.rest;
    return from_bits((bits(u / (Vec(2) + u)) & ~sign_bits()) | (bits(x) & sign_bits()));
  }

  friend Vec log(Vec x) {
    return each(x, [](Real a) { return scalar::log(a); });
  }
  friend Vec sqrt(Vec x) {
    return each(x, [](Real a) { return scalar::sqrt(a); });
  }
  friend Vec log_sigmoid(Vec x) {
    return each(x, [](Real a) { return scalar::log_sigmoid(a); });
  }

 private:
  struct ExpParts {
    Vec scale;  // 2^n
    Vec rest;   // e^r - 1, with x = n ln 2 + r, |r| <= ln(2) / 2
  };

  TAKT_INLINE static NativeInt bits(Vec x) { return reinterpret_cast<NativeInt>(x.v); }
  TAKT_INLINE static Vec from_bits(NativeInt x) { return reinterpret_cast<Native>(x); }
  TAKT_INLINE static NativeInt sign_bits() {
    return NativeInt{} + (Int(1) << (8 * sizeof(Real) - 1));
  }

  template <class F>
  TAKT_INLINE static Vec each(Vec x, F f) {
    for (int u = 0; u < size; ++u) x.v[u] = f(x.v[u]);
    return x;
  }

  /// For |x| <= exp_largest; NaN stays NaN.
  TAKT_INLINE static ExpParts expm1_parts(Vec x) {
    const Vec log2_e(1.4426950408889634);
    const Vec magic(Bits::round_magic);
    const Vec shifted = x * log2_e + magic;  // n in its low mantissa bits
    const Vec n = shifted - magic;
    const Vec r = (x - n * Vec(Bits::ln2_hi)) - n * Vec(Bits::ln2_lo);
    const NativeInt one = bits(Vec(1));
    const Vec scale = from_bits((bits(shifted) << Bits::mantissa) + one);
    // Taylor: r (1 + r/2 (1 + r/3 (...))), summed as a Horner scheme in 1/k!.
    Vec p(inverse_factorial(Bits::terms));
    for (int k = Bits::terms - 1; k >= 2; --k) p = p * r + Vec(inverse_factorial(k));
    return {scale, p * r * r + r};
  }

  static constexpr Real inverse_factorial(int k) {
    double f = 1;
    for (int n = 2; n <= k; ++n) f *= n;
    return static_cast<Real>(1 / f);
  }
};

}  // namespace takt::cpu::TAKT_CPU_LEVEL
