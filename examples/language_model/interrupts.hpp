// Ctrl-C and its like: kept for a loop to see, so that it can save what it has.
#pragma once

#include <array>
#include <csignal>

namespace language_model {

/// While it lives, the first SIGINT, SIGTERM or SIGHUP is kept; the next of its kind ends the
/// program at once. What is ignored already, as in the background of a shell, stays ignored. One at
/// a time.
class Interrupts {
 public:
  Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;
  ~Interrupts();

  /// The one that came, or 0.
  int signal() const noexcept;

 private:
  static constexpr std::array kept_signals{SIGINT, SIGTERM, SIGHUP};
  std::array<struct sigaction, kept_signals.size()> before_{};  // what was there
};

}  // namespace language_model
