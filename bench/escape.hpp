// Words of strangers, fit for a terminal.
#pragma once

#include <string>
#include <string_view>

namespace takt::bench {

/// Control characters as \x1b; everything else as it is.
inline std::string escaped(std::string_view text) {
  constexpr char digits[] = "0123456789abcdef";
  std::string result;
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (code >= 0x20 && code != 0x7f)
      result += c;
    else
      result += {'\\', 'x', digits[code / 16], digits[code % 16]};
  }
  return result;
}

}  // namespace takt::bench
