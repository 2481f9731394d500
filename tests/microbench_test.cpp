// takt_microbench as it is built for a GPU, on a machine that shows it none. What it does on one,
// the emulated device's tests see (simt/micro_program_test.cpp).
#if defined(TAKT_TOOL) && defined(TAKT_MICROBENCH_PROGRAM)

#include <gtest/gtest.h>

#include <string>

#include "tool_run.hpp"

namespace {

using takt::test::Folder;
using takt::test::run_tool;
using takt::test::ToolResult;
using takt::test::ToolRun;

ToolResult run_without_a_gpu(const std::vector<std::string>& arguments, const Folder& folder) {
  return run_tool(ToolRun{.arguments = arguments,
                          .folder = folder.path(),
                          .environment = {{"CUDA_VISIBLE_DEVICES", ""}},
                          .program = TAKT_MICROBENCH_PROGRAM});
}

TEST(Microbench, SaysInOneSentenceThatThereIsNoGpu) {
  const Folder folder;
  const ToolResult result = run_without_a_gpu({"--out", "record.json"}, folder);
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err.rfind("takt_microbench: there is no CUDA device: ", 0), 0u) << result.err;
  EXPECT_EQ(result.err.find('\n'), result.err.size() - 1);
  EXPECT_TRUE(folder.contents().empty());
}

TEST(Microbench, ListsWithoutAGpu) {
  const Folder folder;
  const ToolResult result = run_without_a_gpu({"--list"}, folder);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.out.find("\ncluster_exchange "), std::string::npos) << result.out;
}

}  // namespace

#endif
