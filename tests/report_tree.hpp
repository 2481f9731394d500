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
inline constexpr int done = 0, outside = 1, misused = 2, failed = 3;

/// Records that nobody measured.
inline const std::filesystem::path fixtures =
    std::filesystem::path(TAKT_TEST_DATA_DIR) / "report" / "results";

inline std::string block(const std::string& name, const std::string& text = "") {
  return "<!-- takt report: " + name + " -->\n" + text + "<!-- end of takt report -->\n";
}

inline bool has_gnuplot() {
  return std::system("gnuplot --version >/dev/null 2>&1") == 0;
}

/// A tree with documents; records are put into it.
struct Tree {
  Folder folder, programs;

  Tree() {
    std::filesystem::create_directories(folder / "docs");
    std::filesystem::create_directories(folder / "bench/results");
    folder.write("README.md", "Before.\n" + block("cpu-ratios", "old\n") + "Between.\n" +
                                  block("gpu-ratios") + "After.\n");
    folder.write("docs/measurements.md",
                 block("cpu-shapes") + block("gpu-shapes") + block("plots"));
    // Found where there is no other: it draws nothing, so that the rest can be tested.
    programs.write("gnuplot", "#!/bin/sh\ncat >/dev/null\necho '<svg/>'\n");
    std::filesystem::permissions(programs / "gnuplot", std::filesystem::perms::owner_all);
  }
  ToolResult report(std::vector<std::string> more = {},
                    std::map<std::string, std::string> environment = {}) const {
    more.insert(more.begin(), "report");
    if (const char* path = std::getenv("PATH"); path != nullptr)
      environment.emplace("PATH", std::string(path) + ":" + programs.path().string());
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

/// Without the spaces that align columns.
inline std::string squeezed(const std::string& text) {
  std::string result;
  for (const char c : text)
    if (c != ' ' || (!result.empty() && result.back() != ' ')) result += c;
  return result;
}

/// A point of a record that took so many times as long.
inline nlohmann::json slowed(nlohmann::json point, double times) {
  point["median_s"] = point["median_s"].get<double>() * times;
  for (nlohmann::json& sample : point["samples_s"]) sample = sample.get<double>() * times;
  return point;
}

}  // namespace takt::test
