// Runs gnuplot: script in, SVG out, both through files without names.
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>

#include "plot.hpp"

extern char** environ;

namespace takt::bench {
namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

File temporary_file() {
  File file(std::tmpfile(), std::fclose);
  if (!file) throw std::runtime_error(std::string("no temporary file: ") + std::strerror(errno));
  return file;
}

std::string contents(std::FILE* file) {
  std::string text;
  std::rewind(file);
  std::array<char, 1 << 16> block{};
  for (std::size_t count; (count = std::fread(block.data(), 1, block.size(), file)) > 0;)
    text.append(block.data(), count);
  return text;
}

/// errno, 0 for a process that was started.
int start_gnuplot(const std::array<std::FILE*, 3>& streams, pid_t& process) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (int n = 0; n < 3; ++n)
    posix_spawn_file_actions_adddup2(&actions, fileno(streams[static_cast<std::size_t>(n)]), n);
  char name[] = "gnuplot", no_settings[] = "-d", script[] = "-";
  char* const arguments[] = {name, no_settings, script, nullptr};
  // A file size limit must end it, though we ignore that signal: it might not notice otherwise.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGXFSZ);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  const int error = posix_spawnp(&process, name, &actions, &attributes, arguments, environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

/// How a process ended that was no success; empty for success.
std::string describe_end(int status) {
  if (WIFSIGNALED(status)) return "signal " + std::to_string(WTERMSIG(status));
  return WEXITSTATUS(status) == 0 ? "" : "exit status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

Drawing draw(const std::string& script) {
  const File in = temporary_file(), out = temporary_file(), complaints = temporary_file();
  if (std::fwrite(script.data(), 1, script.size(), in.get()) != script.size() ||
      std::fflush(in.get()) != 0)
    throw std::runtime_error(std::string("no temporary file: ") + std::strerror(errno));
  std::rewind(in.get());
  pid_t process = 0;
  Drawing drawing;
  if (const int error = start_gnuplot({in.get(), out.get(), complaints.get()}, process)) {
    drawing.complaint = std::strerror(error);
    return drawing;
  }
  int status = 0;
  while (waitpid(process, &status, 0) < 0 && errno == EINTR) continue;
  // What posix_spawn reports where it starts the process before it looks for the program.
  drawing.gnuplot_found = !(WIFEXITED(status) && WEXITSTATUS(status) == 127);
  drawing.complaint = contents(complaints.get());
  const std::string end = describe_end(status);
  if (end.empty()) drawing.svg = contents(out.get());
  if (drawing.complaint.empty()) drawing.complaint = end.empty() ? "it drew nothing" : end;
  return drawing;
}

}  // namespace takt::bench
