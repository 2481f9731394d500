// Runs of the program as a shell makes them, on a short text.
#pragma once

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "small_models.hpp"
#include "tool_run.hpp"

namespace language_model::test {

using takt::test::Folder;
using takt::test::run_tool;
using takt::test::RunningTool;
using takt::test::ToolResult;
using takt::test::ToolRun;

using Words = std::vector<std::string>;

/// A folder with a short text, and runs of the program in it.
class LanguageModelProgram : public testing::Test {
 protected:
  LanguageModelProgram() { folder_.write("text", rhyme + rhyme + rhyme); }

  std::string path(const std::string& name) const { return folder_ / name; }

  /// A short run on the text, with these options instead or beside.
  ToolRun training(const Words& options) const {
    Words words{"train", path("text")};
    const std::pair<std::string, std::string> usual[] = {
        {"--out", path("out")}, {"--embedding", "4"}, {"--hidden", "8"}, {"--window", "8"},
        {"--streams", "2"},     {"--steps", "20"},    {"--every", "10"}, {"--threads", "1"}};
    for (const auto& [name, value] : usual)
      if (std::ranges::find(options, name) == options.end())
        words.insert(words.end(), {name, value});
    words.insert(words.end(), options.begin(), options.end());
    return {.arguments = words};
  }
  ToolResult train(const Words& more = {}) const { return run_tool(training(more)); }

  std::ptrdiff_t files_in(const std::string& name) const {
    return std::distance(std::filesystem::directory_iterator(path(name)), {});
  }

  ToolResult shell(const std::string& line) const {
    return run_tool(ToolRun{.arguments = {"-c", line}, .program = "/bin/sh"});
  }

  const Folder folder_;
};

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Waits until the program has printed something; fails where it does not within a minute.
inline void await(const RunningTool& running, const std::string& words) {
  const auto start = std::chrono::steady_clock::now();
  while (!has(running.out(), words)) {
    if (std::chrono::steady_clock::now() - start > std::chrono::minutes(1))
      throw std::runtime_error("no '" + words + "' in: " + running.out());
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

inline void expect_refused(const ToolResult& result, const std::string& sentence, int code = 2) {
  EXPECT_EQ(result.exit_code, code) << result.err;
  EXPECT_EQ(result.err, "language_model: " + sentence + "\n");
}

}  // namespace language_model::test
