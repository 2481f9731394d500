// What ends the program early, and with which exit code.
#pragma once

#include <stdexcept>

namespace language_model {

/// As --help lists them; those of the takt tool.
enum Exit { done = 0, misused = 2, failed = 3 };

/// The user's mistake: a sentence that names the argument or the file, what it got, what it may be.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Something that this machine could not do.
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace language_model
