// Reading and replacing files.
#include "file.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>

#include "failure.hpp"

namespace language_model {
namespace {

namespace fs = std::filesystem;

/// errno, 0 for success.
int write_all(int file, const std::string& contents) {
  for (std::size_t written = 0; written < contents.size();) {
    const ssize_t count = write(file, contents.data() + written, contents.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    written += static_cast<std::size_t>(count);
  }
  return 0;
}

constexpr std::string_view temporary_end = ".tmp";

fs::path temporary_beside(fs::path path) {
  return path += "." + std::to_string(getpid()) + std::string(temporary_end);
}

/// The process that a file of this name, as above, is a temporary one of `path` of; 0 for none.
pid_t process_of(std::string_view name, const std::string& path) {
  if (!name.starts_with(path + ".") || !name.ends_with(temporary_end)) return 0;
  name.remove_prefix(path.size() + 1);
  name.remove_suffix(std::min(name.size(), temporary_end.size()));
  pid_t process = 0;
  const auto result = std::from_chars(name.data(), name.data() + name.size(), process);
  return result.ec == std::errc() && result.ptr == name.data() + name.size() ? process : 0;
}

/// Where a path leads, whether anything is there or not.
fs::path followed(fs::path path) {
  constexpr int most_links = 40;  // as Linux has it
  std::error_code error;
  for (int n = 0; n < most_links && fs::is_symlink(fs::symlink_status(path, error)); ++n)
    path = path.parent_path() / fs::read_symlink(path, error);
  return path;
}

/// A new file, or what a crash has left of one, on the disk when this returns; errno, 0 for
/// success.
int write_new(const fs::path& path, const std::string& contents) {
  const int file = open(path.c_str(), O_WRONLY | O_CLOEXEC | O_CREAT | O_TRUNC | O_NOFOLLOW, 0666);
  if (file < 0) return errno;
  int error = write_all(file, contents);
  if (error == 0 && fsync(file) != 0) error = errno;
  if (close(file) != 0 && error == 0) error = errno;
  return error;
}

/// So that the new name is on the disk, too; a folder that cannot do it says so by an error that
/// changes nothing.
void sync_folder(const fs::path& path) {
  const int folder = open(path.empty() ? "." : path.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY);
  if (folder < 0) return;
  (void)fsync(folder);
  (void)close(folder);
}

/// A file's new contents, on the disk beside the old ones; gone with the object unless finished.
class Replacement {
 public:
  explicit Replacement(const FileContents& file) : path_(file.path) {
    std::error_code ignored;
    target_ = followed(path_);
    temporary_ = temporary_beside(target_);
    if (fs::is_directory(target_, ignored)) refuse(EISDIR);  // which renaming would find too late
    if (const int error = write_new(temporary_, file.contents); error != 0) {
      unlink(temporary_.c_str());
      refuse(error);
    }
  }
  Replacement(Replacement&& other) noexcept
      : path_(std::move(other.path_)),
        target_(std::move(other.target_)),
        temporary_(std::exchange(other.temporary_, {})) {}
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;
  ~Replacement() {
    if (!temporary_.empty()) unlink(temporary_.c_str());
  }

  void finish() {
    if (rename(temporary_.c_str(), target_.c_str()) != 0) refuse(errno);
    temporary_.clear();
    sync_folder(target_.parent_path());
  }

 private:
  [[noreturn]] void refuse(int error) const {
    throw Failure("could not write '" + path_ + "': " + std::strerror(error));
  }

  std::string path_;
  fs::path target_, temporary_;
};

}  // namespace

std::string read_file(const std::string& what, const std::string& path) {
  const auto refuse = [&](const std::string& why) {
    throw UsageError(what + " '" + path + "' cannot be read: " + why);
  };
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) refuse("it is a folder");
  if (fs::is_character_file(path, ignored) || fs::is_block_file(path, ignored))
    refuse("it is a device");  // which may have no end
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             &std::fclose);
  if (file == nullptr) refuse(std::strerror(errno));
  std::string contents;
  char chunk[1 << 16];
  for (std::size_t count = 0; (count = std::fread(chunk, 1, sizeof chunk, file.get())) > 0;)
    contents.append(chunk, count);
  if (std::ferror(file.get()) != 0) refuse(std::strerror(errno));
  return contents;
}

void replace_files(const std::vector<FileContents>& files) {
  std::vector<Replacement> replacements;
  replacements.reserve(files.size());
  for (const FileContents& file : files) replacements.emplace_back(file);
  for (Replacement& replacement : replacements) replacement.finish();
}

void replace_file(const std::string& path, const std::string& contents) {
  replace_files({{path, contents}});
}

void remove_leftovers(const std::string& folder, const std::vector<std::string>& names) {
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored))
    for (const std::string& name : names) {
      const pid_t process = process_of(entry.path().filename().string(), name);
      if (process > 0 && kill(process, 0) != 0 && errno == ESRCH) fs::remove(entry, ignored);
    }
}

void make_folder(const std::string& option, const std::string& path) {
  const auto refuse = [&](const std::string& why) {
    throw UsageError(option + " is '" + path + "', " + why);
  };
  std::error_code error;
  fs::create_directories(path, error);
  if (!error && !fs::is_directory(path)) error = std::make_error_code(std::errc::not_a_directory);
  if (error) refuse("where no folder can be made: " + error.message());
  const fs::path trial = temporary_beside(fs::path(path) / "trial");
  const int status = write_new(trial, "");
  if (status == 0) unlink(trial.c_str());
  if (status != 0) refuse(std::string("which takes no files: ") + std::strerror(status));
}

}  // namespace language_model
