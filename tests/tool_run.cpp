// Runs the takt command.
#include "tool_run.hpp"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace takt::test {
namespace {

namespace fs = std::filesystem;

std::string contents_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

#ifdef TAKT_TOOL
void redirect(int stream, const std::string& path, int flags) {
  const int file = open(path.c_str(), flags, 0600);
  if (file < 0 || dup2(file, stream) < 0) _exit(126);
  if (file != stream) close(file);
}

[[noreturn]] void become_tool(const ToolRun& run, const Folder& streams) {
  redirect(0, "/dev/null", O_RDONLY);
  redirect(1, run.out_path.empty() ? (streams / "out").string() : run.out_path,
           O_WRONLY | O_CREAT | (run.append_out ? O_APPEND : 0));
  redirect(2, streams / "err", O_WRONLY | O_CREAT);
  if (run.close_out) close(1);
  if (chdir(run.folder.c_str()) != 0) _exit(126);
  if (run.file_size_limit >= 0) {
    const auto most = static_cast<rlim_t>(run.file_size_limit);
    const rlimit limit{most, most};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(126);
  }
  constexpr uid_t nobody = 65534;
  if (run.as_nobody && getuid() == 0 && (setgid(nobody) != 0 || setuid(nobody) != 0)) _exit(126);
  for (const auto& [name, value] : run.environment) setenv(name.c_str(), value.c_str(), 1);
  const std::string program = run.program.empty() ? TAKT_TOOL : run.program;
  std::vector<std::string> words = {program};
  words.insert(words.end(), run.arguments.begin(), run.arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  execv(program.c_str(), pointers.data());
  _exit(126);
}
#else
[[noreturn]] void become_tool(const ToolRun&, const Folder&) {
  _exit(126);
}
#endif

}  // namespace

Folder::Folder() {
  std::string form = (fs::temp_directory_path() / "takt_tool_XXXXXX").string();
  if (mkdtemp(form.data()) == nullptr) throw std::runtime_error("no folder " + form);
  path_ = form;
}

Folder::~Folder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void Folder::write(const std::string& name, const std::string& text) const {
  std::ofstream(path_ / name, std::ios::binary) << text;
}

std::string Folder::read(const std::string& name) const {
  return contents_of(path_ / name);
}

std::map<std::string, std::string> Folder::contents() const {
  std::map<std::string, std::string> contents;
  for (const auto& entry : fs::directory_iterator(path_))
    contents[entry.path().filename()] =
        entry.is_regular_file() ? contents_of(entry.path()) : "(no file)";
  return contents;
}

RunningTool::RunningTool(const ToolRun& run) : process_(fork()) {
  if (process_ < 0) throw std::runtime_error("no process");
  if (process_ == 0) become_tool(run, streams_);
}

RunningTool::~RunningTool() {
  if (process_ < 0) return;
  send(SIGKILL);
  wait();
}

std::string RunningTool::out() const {
  return streams_.read("out");
}

void RunningTool::send(int signal) const {
  kill(process_, signal);
}

ToolResult RunningTool::wait() {
  int status = 0;
  while (waitpid(process_, &status, 0) < 0)
    if (errno != EINTR) throw std::runtime_error("the process is gone");
  process_ = -1;
  return {.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
          .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
          .out = streams_.read("out"),
          .err = streams_.read("err")};
}

ToolResult run_tool(const ToolRun& run) {
  return RunningTool(run).wait();
}

}  // namespace takt::test
