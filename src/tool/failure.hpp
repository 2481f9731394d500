// What ends the tool early, and with which exit code.
#pragma once

#include <stdexcept>

namespace takt::tool {

/// As --help lists them.
enum Exit { done = 0, outside = 1, misused = 2, failed = 3 };

/// The user's mistake: a sentence that names the argument, what it got, what it may be. Exit code
/// `misused`, and nothing has been written.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Something that this machine could not do: exit code `failed`.
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace takt::tool
