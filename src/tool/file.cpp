// Files that appear whole or not at all.
#include "tool/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "tool/failure.hpp"

namespace takt::tool {
namespace {

namespace fs = std::filesystem;

/// What a name leads to.
struct Target {
  fs::path path;          // no link
  int descriptor = -1;    // where it is an open file of this process
  bool in_place = false;  // no file of a folder, so that nothing can be renamed to it
  int error = 0;          // errno, where the name leads nowhere
};

bool is_special(const fs::path& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

/// 1 of /proc/<this process>/fd/1; -1 of anything else.
int own_descriptor(const fs::path& path) {
  int number = -1;
  const std::string name = path.filename();
  const auto read = std::from_chars(name.data(), name.data() + name.size(), number);
  const bool own = path.parent_path() == "/proc/" + std::to_string(getpid()) + "/fd" &&
                   read.ec == std::errc() && read.ptr == name.data() + name.size();
  return own ? number : -1;
}

/// Follows links one by one, also to a file that is not there yet. What lies in /proc is no link
/// to follow: /proc/self/fd/1 is a stream that is being written, whatever file is behind it.
Target follow(const std::string& name) {
  constexpr int most_links = 40;
  fs::path path = name;
  for (int links = 0; links <= most_links; ++links) {
    std::error_code error;
    const fs::path folder =
        fs::canonical(path.has_parent_path() ? path.parent_path() : fs::path("."), error);
    if (error) return {.path = path, .error = error.value()};
    path = folder / path.filename();
    if (folder.string().starts_with("/proc/"))
      return {.path = path, .descriptor = own_descriptor(path), .in_place = true};
    const fs::path link = fs::read_symlink(path, error);
    if (error) return {.path = path, .in_place = is_special(path)};
    path = folder / link;
  }
  return {.path = path, .error = ELOOP};
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
int write_in_place(const fs::path& path, int flag, const std::string& text) {
  const int file = open(path.c_str(), O_WRONLY | O_CLOEXEC | flag);
  if (file < 0) return errno;
  const int error = write_all(file, text);
  return close(file) != 0 && error == 0 ? errno : error;
}

/// errno, 0 for success. The new file gets the mode of the old one.
int write_new(const fs::path& path, const struct stat* old, const std::string& text) {
  const int file =
      open(path.c_str(), O_WRONLY | O_CLOEXEC | O_CREAT | O_EXCL, old != nullptr ? 0600 : 0666);
  if (file < 0) return errno;
  int error = old != nullptr && fchmod(file, old->st_mode & 07777) != 0 ? errno : 0;
  if (error == 0) error = write_all(file, text);
  if (close(file) != 0 && error == 0) error = errno;
  if (error != 0) unlink(path.c_str());
  return error;
}

/// Writes a file beside `path` under a name that is free, which goes to `temporary`; errno, 0 for
/// success.
int write_beside(const fs::path& path, const struct stat* old, const std::string& text,
                 fs::path& temporary) {
  constexpr int most_tries = 100;
  int error = EEXIST;
  for (int n = 0; n < most_tries && error == EEXIST; ++n) {
    temporary = path;
    temporary += "." + std::to_string(getpid()) + "." + std::to_string(n) + ".tmp";
    error = write_new(temporary, old, text);
  }
  return error;
}

/// Whether a folder has refused a new file that may be written where it lies.
bool folder_refused(int error) {
  return error == EACCES || error == EPERM || error == EROFS || error == EBUSY;
}

/// errno, 0 for success.
int replace(const fs::path& path, const std::string& text) {
  struct stat status {};
  const struct stat* old = stat(path.c_str(), &status) == 0 ? &status : nullptr;
  fs::path temporary;
  int error = write_beside(path, old, text, temporary);
  if (error == 0 && rename(temporary.c_str(), path.c_str()) != 0) {
    error = errno;
    unlink(temporary.c_str());
  }
  return old != nullptr && folder_refused(error) ? write_in_place(path, O_TRUNC, text) : error;
}

bool takes_writes(int descriptor) {
  const int flags = fcntl(descriptor, F_GETFL);
  return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
}

/// Why the file could not be written; empty where it could.
std::string obstacle(const Target& target) {
  std::error_code ignored;
  if (target.error != 0) return std::strerror(target.error);
  if (target.descriptor >= 0) return takes_writes(target.descriptor) ? "" : std::strerror(EBADF);
  if (fs::is_directory(target.path, ignored)) return "that is a folder; it must name a file";
  const bool exists = fs::exists(target.path, ignored);
  if (exists && access(target.path.c_str(), W_OK) != 0) return std::strerror(errno);
  if (target.in_place) return exists ? "" : std::strerror(ENOENT);
  fs::path temporary;
  const int error = write_beside(target.path, nullptr, "", temporary);
  if (error == 0) unlink(temporary.c_str());
  return error == 0 || (exists && folder_refused(error)) ? "" : std::strerror(error);
}

int write_target(const Target& target, const std::string& text) {
  if (target.error != 0) return target.error;
  if (target.descriptor >= 0) return write_all(target.descriptor, text);
  return target.in_place ? write_in_place(target.path, O_APPEND, text) : replace(target.path, text);
}

}  // namespace

void check_writable(const std::string& option, const std::string& path) {
  if (const std::string reason = obstacle(follow(path)); !reason.empty())
    throw UsageError(option + " is '" + path + "', which cannot be written: " + reason);
}

void write_file(const std::string& path, const std::string& text) {
  if (const int error = write_target(follow(path), text))
    throw Failure("could not write '" + path + "': " + std::strerror(error));
}

bool same_file(const std::string& a, const std::string& b) {
  const Target first = follow(a), second = follow(b);
  return first.error == 0 && second.error == 0 && !first.in_place && first.path == second.path;
}

bool remove_file(const std::string& path) {
  const Target target = follow(path);
  return target.error == 0 && !target.in_place && fs::is_regular_file(target.path) &&
         unlink(target.path.c_str()) == 0;
}

}  // namespace takt::tool
