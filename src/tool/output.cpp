// Where the tool writes.
#include "tool/output.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <CLI/CLI.hpp>

#include "tool/failure.hpp"
#include "tool/file.hpp"

namespace takt::tool {
namespace {

void print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    throw Failure(std::string("could not write to stdout: ") + std::strerror(errno));
}

}  // namespace

void hold_standard_streams() {
  // Opened the wrong way round, so that using one still fails.
  for (const int stream : {0, 1, 2})
    if (fcntl(stream, F_GETFD) < 0 && errno == EBADF)
      (void)!open("/dev/null", stream == 0 ? O_WRONLY : O_RDONLY);
}

std::string json_text(const Json& document) {
  return document.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

void write_json(const std::string& path, const Json& document) {
  const std::string text = json_text(document);
  if (path == "-")
    print(text);
  else
    write_file(path, text);
}

void JsonOption::add(CLI::App& app, const std::string& what) {
  // The default is that of --json without a FILE, which the parser would print as that of no
  // --json.
  app.add_option("--json", path_, what + " as JSON to FILE; to stdout where FILE is - or left out")
      ->expected(0, 1)
      ->default_str("-")
      ->option_text("[FILE]");
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
