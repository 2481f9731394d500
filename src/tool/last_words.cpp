// What stdout still gets where a signal ends the program.
#include "tool/last_words.hpp"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <utility>

namespace takt::tool {
namespace {

constexpr int signals[] = {SIGINT, SIGTERM};

// Whoever takes a text away looks at `ending` after that, the handler at the text after it set
// `ending`: one of both sees the other.
std::atomic<const std::string*> newest = nullptr;
std::atomic<bool> ending = false;

static_assert(std::atomic<const std::string*>::is_always_lock_free);
static_assert(std::atomic<bool>::is_always_lock_free);

void wait_for_the_end() {
  while (true) pause();
}

void write_all(const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t wrote = write(STDOUT_FILENO, text.data() + done, text.size() - done);
    if (wrote < 0 && errno != EINTR) return;
    if (wrote > 0) done += static_cast<std::size_t>(wrote);
  }
}

/// Only what a handler may do. Another signal meanwhile changes nothing.
void say_and_end(int signal) {
  if (ending.exchange(true)) return;
  if (const std::string* text = newest.load()) write_all(*text);
  std::signal(signal, SIG_DFL);
  sigset_t this_one;
  sigemptyset(&this_one);
  sigaddset(&this_one, signal);
  pthread_sigmask(SIG_UNBLOCK, &this_one, nullptr);
  (void)std::raise(signal);
}

}  // namespace

LastWords::LastWords() {
  for (const int signal : signals) {
    struct sigaction old {};
    if (sigaction(signal, nullptr, &old) == 0 && old.sa_handler == SIG_IGN) continue;
    struct sigaction action {};
    action.sa_handler = say_and_end;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    (void)sigaction(signal, &action, nullptr);
  }
}

LastWords::~LastWords() {
  newest = nullptr;
  if (ending) wait_for_the_end();
  for (const int signal : signals) {
    struct sigaction now {};
    if (sigaction(signal, nullptr, &now) == 0 && now.sa_handler == say_and_end)
      std::signal(signal, SIG_DFL);
  }
  if (ending) wait_for_the_end();
}

void LastWords::set(std::string text) {
  auto next = std::make_unique<const std::string>(std::move(text));
  newest = next.get();
  if (ending) wait_for_the_end();
  text_ = std::move(next);
}

}  // namespace takt::tool
