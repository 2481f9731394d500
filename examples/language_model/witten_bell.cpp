// Counts of contexts, and probabilities from them.
#include "witten_bell.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace language_model {
namespace {

/// The last `length` bytes of `before` as one number.
std::uint32_t key(std::span<const std::uint8_t> before, std::size_t length) {
  std::uint32_t bytes = 0;
  for (const std::uint8_t byte : before.last(length)) bytes = bytes << 8 | byte;
  return bytes;
}

std::uint32_t with(std::uint32_t context, std::uint8_t byte) {
  return context << 8 | byte;
}

}  // namespace

WittenBell::WittenBell(std::span<const std::uint8_t> text) {
  for (std::size_t at = 0; at < text.size(); ++at)
    for (std::size_t length = 0; length <= std::min<std::size_t>(order, at); ++length) {
      const std::uint32_t before = key(text.first(at), length);
      Context& context = counts_[length].contexts[before];
      context.times += 1;
      if (counts_[length].bytes[with(before, text[at])]++ == 0) context.different += 1;
    }
}

double WittenBell::probability(std::span<const std::uint8_t> before, std::uint8_t byte) const {
  double value = 1.0 / 256;
  for (std::size_t length = 0; length <= std::min<std::size_t>(order, before.size()); ++length) {
    const auto& [contexts, bytes] = counts_[length];
    const auto context = contexts.find(key(before, length));
    if (context == contexts.end()) break;  // nor was any longer one seen
    const auto count = bytes.find(with(context->first, byte));
    const auto times = static_cast<double>(context->second.times);
    const auto d = static_cast<double>(context->second.different);
    value =
        ((count == bytes.end() ? 0 : static_cast<double>(count->second)) + d * value) / (times + d);
  }
  return value;
}

double WittenBell::bits_per_byte(std::span<const std::uint8_t> before,
                                 std::span<const std::uint8_t> text) const {
  const auto context = before.last(std::min<std::size_t>(order, before.size()));
  std::vector<std::uint8_t> seen(context.begin(), context.end());
  double bits = 0;
  for (const std::uint8_t byte : text) {
    bits -= std::log2(probability(seen, byte));
    seen.push_back(byte);
  }
  return bits / static_cast<double>(text.size());
}

}  // namespace language_model
