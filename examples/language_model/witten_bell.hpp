// A model that only counts: what is seen after the last two bytes. What the network must beat.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <unordered_map>

namespace language_model {

/// Bytes after the `order` bytes before them, smoothed as Witten and Bell do (1991, their method
/// C, interpolated): with n the times that a context was seen and d the different bytes after it,
///   p(byte | context) = (count + d p(byte | shorter context)) / (n + d),
/// down to the empty context and below it 1 / 256 for every byte.
class WittenBell {
 public:
  static constexpr int order = 2;

  explicit WittenBell(std::span<const std::uint8_t> text);

  /// The probability of a byte after those of `before`, of which the last `order` count.
  double probability(std::span<const std::uint8_t> before, std::uint8_t byte) const;

  /// Bits that a byte of `text` takes, on average; `before` is what precedes it.
  double bits_per_byte(std::span<const std::uint8_t> before,
                       std::span<const std::uint8_t> text) const;

 private:
  struct Context {
    std::int64_t times = 0, different = 0;
  };
  /// Of contexts of one length, each as one number.
  struct Counts {
    std::unordered_map<std::uint32_t, Context> contexts;
    std::unordered_map<std::uint32_t, std::int64_t> bytes;  // by context and byte
  };
  std::array<Counts, order + 1> counts_;
};

}  // namespace language_model
