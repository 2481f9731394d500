// Sentences of refusal: "takt: forward: 'x' is null; it must ...".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <takt/error.hpp>

namespace takt {

/// `rest` follows the quoted argument: " is -1; it must be at least 1".
[[noreturn]] inline void refuse(std::string_view where, std::string_view argument,
                                const std::string& rest) {
  throw ArgumentError(std::string(where), std::string(argument),
                      "'" + std::string(argument) + "'" + rest);
}

[[noreturn]] inline void unsupported(std::string_view where, std::string_view argument,
                                     const std::string& rest) {
  throw UnsupportedError(std::string(where), std::string(argument),
                         "'" + std::string(argument) + "'" + rest);
}

/// A number as a person writes it: 0.1 rather than 0.100000.
std::string number(double value);
inline std::string number(std::int64_t value) {
  return std::to_string(value);
}
inline std::string number(int value) {
  return std::to_string(value);
}

}  // namespace takt
