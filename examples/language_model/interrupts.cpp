// Signals that are kept.
#include "interrupts.hpp"

namespace language_model {
namespace {

volatile std::sig_atomic_t kept = 0;

struct sigaction keep(int signal) {
  struct sigaction before = {}, now = {};
  now.sa_handler = [](int which) { kept = which; };
  now.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
  sigemptyset(&now.sa_mask);
  sigaction(signal, nullptr, &before);
  if (before.sa_handler != SIG_IGN) sigaction(signal, &now, nullptr);
  return before;
}

}  // namespace

Interrupts::Interrupts() {
  kept = 0;
  for (std::size_t n = 0; n < kept_signals.size(); ++n) before_[n] = keep(kept_signals[n]);
}

Interrupts::~Interrupts() {
  for (std::size_t n = 0; n < kept_signals.size(); ++n)
    sigaction(kept_signals[n], &before_[n], nullptr);
}

int Interrupts::signal() const noexcept {
  return kept;
}

}  // namespace language_model
