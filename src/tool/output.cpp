// Where the tool writes.
#include "tool/output.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include <CLI/CLI.hpp>

#include "tool/failure.hpp"

namespace takt::tool {
namespace {

namespace fs = std::filesystem;

void print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    throw Failure(std::string("could not write to stdout: ") + std::strerror(errno));
}

/// The file itself where `path` is a link to it.
fs::path resolved(const std::string& path) {
  std::error_code error;
  const fs::path whole = fs::weakly_canonical(path, error);
  return error ? fs::path(path) : whole;
}

bool is_special(const fs::path& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

/// A new file beside `path`.
fs::path temporary_name(const fs::path& path) {
  fs::path name = path;
  name += "." + std::to_string(getpid()) + ".tmp";
  return name;
}

/// errno, 0 for success.
int write_all(int file, const std::string& text) {
  for (std::size_t written = 0; written < text.size();) {
    const ssize_t count = write(file, text.data() + written, text.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    written += static_cast<std::size_t>(count);
  }
  return 0;
}

/// errno, 0 for success.
int write_to(const fs::path& path, int flags, mode_t mode, const std::string& text) {
  const int file = open(path.c_str(), O_WRONLY | O_CLOEXEC | flags, mode);
  if (file < 0) return errno;
  const int error = write_all(file, text);
  return close(file) != 0 && error == 0 ? errno : error;
}

/// errno, 0 for success.
int replace(const fs::path& path, const std::string& text) {
  struct stat status {};
  const mode_t mode = stat(path.c_str(), &status) == 0 ? status.st_mode & 0777 : 0666;
  const fs::path temporary = temporary_name(path);
  int error = write_to(temporary, O_CREAT | O_EXCL, mode, text);
  if (error == EEXIST) return error;
  if (error == 0 && rename(temporary.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) unlink(temporary.c_str());
  return error;
}

/// Why the file could not be written; empty where it could.
std::string obstacle(const fs::path& path) {
  std::error_code ignored;
  if (path.empty()) return "it must name a file";
  if (fs::is_directory(path, ignored)) return "that is a folder; it must name a file";
  if (fs::exists(path, ignored) && access(path.c_str(), W_OK) != 0) return std::strerror(errno);
  if (is_special(path)) return "";
  const fs::path temporary = temporary_name(path);
  const int error = write_to(temporary, O_CREAT | O_EXCL, 0666, "");
  if (error != 0) return std::strerror(error);
  unlink(temporary.c_str());
  return "";
}

}  // namespace

void hold_standard_streams() {
  // Opened the wrong way round, so that using one still fails.
  for (const int stream : {0, 1, 2})
    if (fcntl(stream, F_GETFD) < 0 && errno == EBADF)
      (void)!open("/dev/null", stream == 0 ? O_WRONLY : O_RDONLY);
}

void check_writable(const std::string& option, const std::string& path) {
  if (const std::string reason = obstacle(resolved(path)); !reason.empty())
    throw UsageError(option + " is '" + path + "', which cannot be written: " + reason);
}

void write_file(const std::string& path, const std::string& text) {
  const fs::path whole = resolved(path);
  const int error = is_special(whole) ? write_to(whole, 0, 0, text) : replace(whole, text);
  if (error != 0) throw Failure("could not write '" + path + "': " + std::strerror(error));
}

void write_json(const std::string& path, const Json& document) {
  const std::string text = document.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
  if (path == "-")
    print(text);
  else
    write_file(path, text);
}

void JsonOption::add(CLI::App& app, const std::string& what) {
  app.add_option("--json", path_, what + " as JSON to FILE, or to stdout (-, or no FILE)")
      ->type_name("[FILE]")
      ->expected(0, 1)
      ->default_str("-");
}

void JsonOption::check() const {
  if (asked() && !to_stdout()) check_writable("--json", path_);
}

void JsonOption::write(const Json& document) const {
  if (asked()) write_json(path_, document);
}

void Lines::operator()(const std::string& line) const {
  if (!silent_) print(line + "\n");
}

}  // namespace takt::tool
