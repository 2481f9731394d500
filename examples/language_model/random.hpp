// Random numbers as functions of what they are for: there is no state, so that a resumed run draws
// what an uninterrupted one would have drawn.
#pragma once

#include <cstdint>

#include "both_sides.hpp"

namespace language_model {

/// What a number is drawn for; draws for different purposes have nothing to do with each other.
enum class Purpose : std::uint32_t { initial_value, shift, dropout, byte };

/// Mixes 64 bits (the finaliser of SplitMix64, Steele, Lea and Flood 2014).
LANGUAGE_MODEL_BOTH constexpr std::uint64_t mixed(std::uint64_t bits) {
  bits += 0x9E3779B97F4A7C15;
  bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
  bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
  return bits ^ (bits >> 31);
}

/// Names a sequence: for dropout, say, the mask of one place in one step.
constexpr std::uint64_t sequence(std::uint64_t seed, Purpose purpose, std::uint64_t of = 0,
                                 std::uint64_t at = 0) {
  return mixed(at ^ mixed(of ^ mixed(static_cast<std::uint64_t>(purpose) ^ mixed(seed))));
}

/// 64 bits at `position` of a sequence.
LANGUAGE_MODEL_BOTH constexpr std::uint64_t random_bits(std::uint64_t sequence,
                                                        std::uint64_t position) {
  return mixed(sequence + position * 0xD1B54A32D192ED03);
}

/// Uniform in [0, 1), in steps of 2^-24, so exact in every type down to f32.
LANGUAGE_MODEL_BOTH constexpr double unit_interval(std::uint64_t bits) {
  return static_cast<double>(bits >> 40) * 0x1p-24;
}

}  // namespace language_model
