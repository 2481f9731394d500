// The progress line.
#include "tool/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "tool/text.hpp"

namespace takt::tool {

Progress::Progress() : terminal_(isatty(STDERR_FILENO) == 1) {}

void Progress::show(const std::string& text) {
  if (!terminal_) return;
  std::fprintf(stderr, "\r\033[K%s", text.c_str());
  std::fflush(stderr);
  shown_ = true;
}

void Progress::clear() {
  if (!shown_) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  shown_ = false;
}

std::string about(double seconds) {
  const int whole = static_cast<int>(std::clamp(seconds + 0.5, 1.0, 1e9));
  if (whole < 60) return format("about %d s", whole);
  return format("about %d min %d s", whole / 60, whole % 60);
}

}  // namespace takt::tool
