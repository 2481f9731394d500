// The words that benchmarks move: known by their index, so that whoever gets one can tell whether
// it is right.
#pragma once

#include <cstdint>

#include <takt/kernels/device.cuh>

namespace takt::micro {

inline constexpr std::uint32_t pattern_factor = 2654435761u;
inline constexpr std::uint32_t pattern_start = 40503u;

TAKT_DEVICE std::uint32_t pattern_word(std::uint32_t n) {
  return n * pattern_factor + pattern_start;
}

/// The sum of the first `words`, modulo 2^32.
inline std::uint32_t pattern_sum(std::int64_t words) {
  const auto n = static_cast<std::uint64_t>(words);
  // One of n and n - 1 is even.
  const std::uint64_t pairs = n % 2 == 0 ? n / 2 * (n - 1) : (n - 1) / 2 * n;
  return static_cast<std::uint32_t>(pairs * pattern_factor + n * pattern_start);
}

// Messages of exchanges. In round r, block p sends what block (p + r) % blocks sent in round r - 1,
// each word plus one: every round depends on the one before, and a wrong word spreads. "Round 0" is
// the pattern.

/// Word `w` of what block p sends in a round.
TAKT_DEVICE std::uint32_t message_word(int p, int w, int round, int blocks, int words) {
  const std::int64_t steps = std::int64_t{round} * (round + 1) / 2;
  const int origin = static_cast<int>((p + steps) % blocks);
  return pattern_word(static_cast<std::uint32_t>(origin * words + w)) +
         static_cast<std::uint32_t>(round);
}

TAKT_DEVICE uint4 next_of(uint4 v) {
  return uint4{v.x + 1, v.y + 1, v.z + 1, v.w + 1};
}

/// How many of the words [blocks, words] that a round left are wrong, of this thread's share.
TAKT_DEVICE std::uint32_t wrong_words(const std::uint32_t* gathered, int round, int blocks,
                                      int words) {
  std::uint32_t wrong = 0;
  for (int n = static_cast<int>(threadIdx.x); n < blocks * words; n += static_cast<int>(blockDim.x))
    wrong += gathered[n] != message_word(n / words, n % words, round, blocks, words) ? 1 : 0;
  return wrong;
}

}  // namespace takt::micro
