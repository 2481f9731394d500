// Where the tool writes: lines and JSON.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace CLI {
class App;
}

namespace takt::tool {

using Json = nlohmann::ordered_json;

/// Closed standard streams are opened so that no file of ours can become one of them.
void hold_standard_streams();

/// As documents are written.
std::string json_text(const Json& document);

/// To a file as `write_file` does, or to stdout where `path` is "-".
void write_json(const std::string& path, const Json& document);

/// The option --json and where it sends things.
class JsonOption {
 public:
  void add(CLI::App& app, const std::string& what);

  /// Throws UsageError where the file could not be written.
  void check() const;
  bool asked() const { return !path_.empty(); }
  bool to_stdout() const { return path_ == "-"; }
  const std::string& path() const { return path_; }
  /// Writes the document where it was asked for.
  void write(const Json& document) const;

 private:
  std::string path_;
};

/// Lines for a person on stdout; silent where JSON has stdout.
class Lines {
 public:
  explicit Lines(bool silent) : silent_(silent) {}
  /// Throws Failure where stdout takes no more.
  void operator()(const std::string& line) const;

 private:
  bool silent_;
};

}  // namespace takt::tool
