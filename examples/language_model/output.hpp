// What goes to stdout: lines about a run, and the bytes that a model writes.
#pragma once

#include <cstdint>
#include <string>

namespace language_model {

/// printf into a string.
__attribute__((format(printf, 1, 2))) std::string format(const char* form, ...);

/// On stdout, at once. Throws Failure where stdout takes no more.
void print_text(const std::string& text);
void print_line(const std::string& line);

/// A byte on stdout, at once: as it is, but where stdout is a terminal those that would steer it
/// are shown as \x1b. Throws as print_text.
void print_byte(std::uint8_t byte);

/// For a line of a message: control characters as \x1b, everything else as it is.
std::string escaped(const std::string& text);

/// "2 min 5 s", "40 s".
std::string duration(double seconds);

}  // namespace language_model
