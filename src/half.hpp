// f16 and bf16 as their bits: what the host needs to make such numbers and to read them.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

namespace takt {
namespace detail {

/// `value` / 2^`places`, to the nearest, ties to even.
constexpr std::uint32_t shifted(std::uint32_t value, std::uint32_t places) {
  const std::uint32_t kept = value >> places, half = std::uint32_t{1} << (places - 1);
  const std::uint32_t rest = value & (2 * half - 1);
  return kept + (rest > half || (rest == half && kept % 2 != 0) ? 1 : 0);
}

/// The 16 bits of a type with `fraction` bits behind the point, and exponents that are smaller by
/// `offset` than those of a float.
template <std::uint32_t fraction, std::uint32_t offset>
constexpr std::uint16_t narrowed(float value) {
  constexpr std::uint32_t places = 23 - fraction, float_infinity = 0x7F800000;
  constexpr std::uint32_t infinity = 0x7FFF >> fraction << fraction;
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = bits >> 16 & 0x8000, size = bits & 0x7FFFFFFF;
  std::uint32_t narrow = 0;
  if (size > float_infinity) {
    // A quiet NaN, with what fits of its payload.
    narrow = infinity | 1u << (fraction - 1) | (size >> places & (infinity ^ 0x7FFF));
  } else if (size >> 23 > offset) {
    narrow = std::min(shifted(size - (offset << 23), places), infinity);
  } else {
    // Subnormal in 16 bits: the place of its last bit is that of the least exponent.
    const std::uint32_t exponent = std::max(size >> 23, 1u);
    const std::uint32_t significand = (size & 0x7FFFFF) | (size >> 23 > 0 ? 0x800000u : 0u);
    narrow = shifted(significand, std::min(places + offset + 1 - exponent, 31u));
  }
  return static_cast<std::uint16_t>(sign | narrow);
}

}  // namespace detail

/// To the nearest, ties to even; past the largest: infinity.
constexpr std::uint16_t to_f16(float value) {
  return detail::narrowed<10, 112>(value);
}
constexpr std::uint16_t to_bf16(float value) {
  return detail::narrowed<7, 0>(value);
}

/// Exact.
constexpr float from_f16(std::uint16_t bits) {
  const std::uint32_t sign = std::uint32_t{bits & 0x8000u} << 16, size = bits & 0x7FFFu;
  const std::uint32_t exponent = size >> 10;
  if (exponent == 0) {
    const float value = static_cast<float>(size) * 0x1p-24f;
    return sign != 0 ? -value : value;
  }
  const std::uint32_t offset = exponent == 31 ? 2 * 112 : 112;  // infinity and NaN keep all ones
  return std::bit_cast<float>(sign | ((size << 13) + (offset << 23)));
}
constexpr float from_bf16(std::uint16_t bits) {
  return std::bit_cast<float>(std::uint32_t{bits} << 16);
}

}  // namespace takt
