// Sizes that may not fit: arithmetic on std::int64_t that says so instead of wrapping.
#pragma once

#include <cstdint>
#include <limits>
#include <stdexcept>

namespace takt {

/// Thrown by `Checked`; whoever knows the argument's name turns it into an ArgumentError.
struct SizeOverflow : std::overflow_error {
  SizeOverflow() : std::overflow_error("takt: a size does not fit into 63 bits") {}
};

/// A non-negative size whose sums and products throw SizeOverflow where they do not fit.
struct Checked {
  std::int64_t value = 0;

  friend Checked operator*(Checked a, Checked b) {
    std::int64_t product = 0;
    if (__builtin_mul_overflow(a.value, b.value, &product)) throw SizeOverflow();
    return {product};
  }
  friend Checked operator+(Checked a, Checked b) {
    std::int64_t sum = 0;
    if (__builtin_add_overflow(a.value, b.value, &sum)) throw SizeOverflow();
    return {sum};
  }
};

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}
constexpr std::int64_t round_up(std::int64_t a, std::int64_t b) {
  return ceil_div(a, b) * b;
}

/// Offsets of parts in one piece of memory, each a multiple of `line_bytes`.
template <std::int64_t line_bytes>
class BasicArena {
 public:
  std::int64_t take(Checked bytes) {
    const std::int64_t offset = size_;
    const Checked end = Checked{size_} + bytes + Checked{line_bytes - 1};
    size_ = end.value / line_bytes * line_bytes;
    return offset;
  }
  std::int64_t size() const noexcept { return size_; }

 private:
  std::int64_t size_ = 0;
};

/// Each part on a cache line of its own.
using Arena = BasicArena<64>;

}  // namespace takt
