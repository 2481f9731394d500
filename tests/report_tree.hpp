// A tree of documents and made-up records for takt report.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tool_run.hpp"

namespace takt::test {

/// The tool's exit codes.
inline constexpr int done = 0, outside = 1, misused = 2;

/// Records that nobody measured.
inline const std::filesystem::path fixtures =
    std::filesystem::path(TAKT_TEST_DATA_DIR) / "report" / "results";

inline std::string block(const std::string& name, const std::string& text = "") {
  return "<!-- takt report: " + name + " -->\n" + text + "<!-- end of takt report -->\n";
}

/// A tree with documents; records are put into it.
struct Tree {
  Folder folder;

  Tree() {
    std::filesystem::create_directories(folder / "docs");
    std::filesystem::create_directories(folder / "bench/results");
    folder.write("README.md", "Before.\n" + block("cpu-ratios", "old\n") + "Between.\n" +
                                  block("gpu-ratios") + "After.\n");
    folder.write("docs/measurements.md",
                 block("cpu-shapes") + block("gpu-shapes") + block("plots"));
  }
  ToolResult report(std::vector<std::string> more = {},
                    const std::map<std::string, std::string>& environment = {}) const {
    more.insert(more.begin(), "report");
    return run_tool(
        ToolRun{.arguments = more, .folder = folder.path(), .environment = environment});
  }
  /// Every file below it, with its contents.
  std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
      const std::string name = entry.path().lexically_relative(folder.path());
      all[name] = entry.is_regular_file() ? folder.read(name) : "";
    }
    return all;
  }
};

/// With all records of tests/report.
struct RecordedTree : Tree {
  RecordedTree() {
    std::filesystem::copy(fixtures, folder / "bench/results",
                          std::filesystem::copy_options::recursive);
  }
};

inline nlohmann::json fixture(const std::string& name) {
  std::ifstream file(fixtures / name);
  return nlohmann::json::parse(file);
}

inline bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

inline bool has_gnuplot() {
  return std::system("gnuplot --version >/dev/null 2>&1") == 0;
}

}  // namespace takt::test
