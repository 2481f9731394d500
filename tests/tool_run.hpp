// Runs the takt command as a shell would, and keeps what it said.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace takt::test {

/// A folder of its own that goes with the object.
class Folder {
 public:
  Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder();

  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }
  void write(const std::string& name, const std::string& text) const;
  std::string read(const std::string& name) const;
  /// Names of what lies in it, with the contents of files.
  std::map<std::string, std::string> contents() const;

 private:
  std::filesystem::path path_;
};

struct ToolResult {
  int exit_code = -1;  ///< -1 where a signal ended it
  int signal = 0;
  std::string out, err;
};

struct ToolRun {
  std::vector<std::string> arguments{};
  std::string folder = ".";                          ///< in which it runs
  std::string out_path{};                            ///< stdout goes there instead
  bool append_out = false;                           ///< as >> does
  bool close_out = false;                            ///< stdout is closed
  std::int64_t file_size_limit = -1;                 ///< bytes; below 0: none
  bool as_nobody = false;                            ///< where this process is root's
  std::map<std::string, std::string> environment{};  ///< added or replaced
  std::string program{};                             ///< "": the takt command
};

ToolResult run_tool(const ToolRun& run);
inline ToolResult run_tool(const std::vector<std::string>& arguments) {
  return run_tool(ToolRun{.arguments = arguments});
}

/// A run that goes on while the test does something.
class RunningTool {
 public:
  explicit RunningTool(const ToolRun& run);
  RunningTool(const RunningTool&) = delete;
  RunningTool& operator=(const RunningTool&) = delete;
  ~RunningTool();

  /// What it has printed so far.
  std::string out() const;
  void send(int signal) const;
  ToolResult wait();

 private:
  Folder streams_;
  pid_t process_ = -1;
};

}  // namespace takt::test
