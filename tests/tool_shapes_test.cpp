// takt bench gets to its first row with each list of bench/shapes, and where nothing is shared.
#ifdef TAKT_TOOL

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "tool_run.hpp"

namespace {

namespace fs = std::filesystem;

using takt::test::Folder;
using takt::test::run_tool;
using takt::test::RunningTool;
using takt::test::ToolResult;
using takt::test::ToolRun;

struct Tool {
  std::string program, device;
};

/// The command on the CPU, and with the emulated device where it was built.
std::vector<Tool> tools() {
  std::vector<Tool> all = {{"", "cpu"}};
#ifdef TAKT_EMULATED_TOOL
  all.push_back({TAKT_EMULATED_TOOL, "cuda"});
#endif
  return all;
}

std::vector<std::string> bench(const Tool& tool, const std::string& list) {
  return {"bench", "--no-plot", "--seconds", "0.001", "--device", tool.device, "--shapes", list};
}

TEST(ToolBenchShapes, MayHaveNothingInCommon) {
  for (const Tool& tool : tools()) {
    const Folder folder;
    folder.write("list",
                 "lstm f32 2 1 3 5 inference\n"
                 "gru bf16 2 2 4 6 training layers=2\n");
    const ToolResult result = run_tool(ToolRun{
        .arguments = bench(tool, "list"), .folder = folder.path(), .program = tool.program});
    EXPECT_EQ(result.exit_code, 0) << tool.device << result.err;
    EXPECT_NE(result.out.find("\nproblem    that of each row; inference is forward, training is "
                              "forward and backward, with the input product\n"),
              std::string::npos)
        << result.out;
    EXPECT_NE(result.out.find("refused"), std::string::npos) << result.out;
  }
}

/// Runs until the table's header, behind which only rows come, and ends it there; short lists may
/// be done before.
void expect_a_table(const Tool& tool, const std::string& list) {
  const Folder folder;
  RunningTool running(
      ToolRun{.arguments = bench(tool, list), .folder = folder.path(), .program = tool.program});
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  const auto has_header = [&] { return running.out().find("us/step") != std::string::npos; };
  while (!has_header() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  running.send(SIGKILL);
  const ToolResult result = running.wait();
  const bool ended = result.signal == SIGKILL || result.exit_code == 0;
  EXPECT_TRUE(ended && result.out.find("us/step") != std::string::npos)
      << list << " on " << tool.device << " ended with " << result.exit_code << ": " << result.err;
}

TEST(ToolBenchShapes, ReachTheirTablesInEachListOfOurs) {
  const fs::path folder = fs::path(TAKT_SOURCE_DIR) / "bench/shapes";
  int lists = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    ++lists;
    for (const Tool& tool : tools()) expect_a_table(tool, entry.path());
  }
  EXPECT_GE(lists, 13);
}

}  // namespace

#endif
