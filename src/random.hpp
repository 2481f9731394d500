// Philox 4x32-10 (Salmon et al. 2011): random numbers as a function of a key and a counter.
#pragma once

#include <array>
#include <cstdint>

namespace takt {

using PhiloxCounter = std::array<std::uint32_t, 4>;
using PhiloxKey = std::array<std::uint32_t, 2>;

constexpr PhiloxCounter philox(PhiloxCounter counter, PhiloxKey key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53} * counter[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {
        static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
        static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

/// Uniform in [-1, 1), in steps of 2^-23, so exact in every type down to f32: the value at
/// `position` of the sequence that `seed` and `sequence` name.
constexpr double uniform(std::uint64_t seed, std::uint64_t position, std::uint32_t sequence = 0) {
  const std::uint64_t block = position / 4;
  const PhiloxCounter bits = philox(
      {static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32), sequence, 0},
      {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
  return static_cast<double>(bits[position % 4] >> 8) * 0x1p-23 - 1.0;
}

}  // namespace takt
