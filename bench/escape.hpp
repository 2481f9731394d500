// Words of strangers, fit for a terminal.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace takt::bench {

/// Bytes of the UTF-8 character at the beginning of `text`; 0 where there is none, or where it is a
/// control character.
inline std::size_t printable_bytes(std::string_view text) {
  const auto code = [&](std::size_t n) {
    return n < text.size() ? static_cast<unsigned char>(text[n]) : 0u;
  };
  const auto goes_on = [&](std::size_t n) { return (code(n) & 0xc0u) == 0x80u; };
  const unsigned first = code(0), second = code(1);
  if (first < 0x80) return first >= 0x20 && first != 0x7f ? 1 : 0;
  if (first >= 0xc2 && first < 0xe0)
    return goes_on(1) && (first != 0xc2 || second >= 0xa0) ? 2 : 0;  // from U+00a0 on
  if (first >= 0xe0 && first < 0xf0)
    return goes_on(1) && goes_on(2) && (first != 0xe0 || second >= 0xa0) ? 3 : 0;
  if (first >= 0xf0 && first < 0xf5)
    return goes_on(1) && goes_on(2) && goes_on(3) && (first != 0xf0 || second >= 0x90) ? 4 : 0;
  return 0;
}

/// Control characters, of one byte or two, and what is no UTF-8 as \x1b; everything else as it is.
inline std::string escaped(std::string_view text) {
  constexpr char digits[] = "0123456789abcdef";
  std::string result;
  while (!text.empty()) {
    const std::size_t bytes = printable_bytes(text);
    if (bytes > 0) {
      result += text.substr(0, bytes);
    } else {
      const auto code = static_cast<unsigned char>(text[0]);
      result += {'\\', 'x', digits[code / 16], digits[code % 16]};
    }
    text.remove_prefix(std::max<std::size_t>(bytes, 1));
  }
  return result;
}

}  // namespace takt::bench
