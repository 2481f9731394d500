// What ends the tool early, and with which exit code.
#pragma once

#include <stdexcept>

namespace takt::tool {

/// The user's mistake: a sentence that names the argument, what it got, what it may be. Exit code
/// 2, and nothing has been written.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Something that ran and failed: exit code 1.
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace takt::tool
