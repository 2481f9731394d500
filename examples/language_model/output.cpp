// Lines and bytes on stdout.
#include "output.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "failure.hpp"

namespace language_model {
namespace {

/// Whether a byte is a control character to a terminal, or ends one of two bytes in UTF-8.
bool steers(std::uint8_t before, std::uint8_t byte) {
  return byte < 0x20 || byte == 0x7f || (before == 0xc2 && byte >= 0x80 && byte < 0xa0);
}

}  // namespace

std::string format(const char* form, ...) {
  std::va_list arguments, again;
  va_start(arguments, form);
  va_copy(again, arguments);
  const int size = std::vsnprintf(nullptr, 0, form, arguments);
  va_end(arguments);
  std::string text(size > 0 ? static_cast<std::size_t>(size) : 0, '\0');
  std::vsnprintf(text.data(), text.size() + 1, form, again);
  va_end(again);
  return text;
}

void print_text(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    throw Failure(std::string("could not write to stdout: ") + std::strerror(errno));
}

void print_line(const std::string& line) {
  print_text(line + "\n");
}

void print_byte(std::uint8_t byte) {
  static const bool terminal = isatty(STDOUT_FILENO) == 1;
  static std::uint8_t before = 0;
  const bool plain = !terminal || byte == '\n' || byte == '\t' || !steers(before, byte);
  before = byte;
  print_text(plain ? std::string(1, static_cast<char>(byte)) : format("\\x%02x", byte));
}

std::string escaped(const std::string& text) {
  std::string result;
  std::uint8_t before = 0;
  for (const char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    result += steers(before, byte) ? format("\\x%02x", byte) : std::string(1, c);
    before = byte;
  }
  return result;
}

std::string duration(double seconds) {
  const auto whole = static_cast<long>(std::clamp(seconds + 0.5, 0.0, 1e12));
  if (whole < 60) return format("%ld s", whole);
  return format("%ld min %ld s", whole / 60, whole % 60);
}

}  // namespace language_model
