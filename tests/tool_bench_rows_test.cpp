// takt bench says of which rows a case was checked.
#ifdef TAKT_TOOL

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tool_run.hpp"

namespace {

using nlohmann::json;
using takt::test::Folder;
using takt::test::run_tool;
using takt::test::ToolResult;
using takt::test::ToolRun;

ToolResult bench(const Folder& folder, const std::string& batch, const std::string& mode) {
  return run_tool(ToolRun{
      .arguments = {"bench", "--no-plot", "--seconds", "0.001", "--device", "cpu", "--cell",
                    "rnn_tanh", "--hidden", "2048", "--batch", batch, "--seq", "1", "--mode", mode},
      .folder = folder.path()});
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Of 2.5e8 operations of the reference, a row here has 1.7e7, in training three times as many.
TEST(ToolBenchRows, AreNamedWhereNotAllAreChecked) {
  for (const std::string mode : {"inference", "training"}) {
    const Folder folder;
    const ToolResult result = bench(folder, "64", mode);
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const std::string rows = mode == "training" ? "4" : "14",
                      rest = mode == "training" ? ", not dW dR dbW dbR" : "";
    EXPECT_TRUE(holds(result.out, "checked " + rows + " of 64 rows" + rest)) << result.out;
    EXPECT_TRUE(holds(result.out, "of drawn rows of the batch, as its row says")) << result.out;
    EXPECT_EQ(holds(result.out, "its gradients of weights, sums over all rows, not at all"),
              mode == "training")
        << result.out;
    const json check = json::parse(folder.read("scaling.json"))["points"][0]["check"];
    EXPECT_EQ(check["rows"], std::stoi(rows));
    EXPECT_EQ(check["unchecked"].size(), mode == "training" ? 4u : 0u);
  }
}

TEST(ToolBenchRows, AreNotNamedWhereAllAre) {
  const Folder folder;
  const ToolResult result = bench(folder, "2", "training");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_FALSE(holds(result.out, "rows")) << result.out;
  EXPECT_EQ(json::parse(folder.read("scaling.json"))["points"][0]["check"]["rows"], 2);
}

#ifdef TAKT_EMULATED_TOOL

// Windows of long runs are copied from a GPU without what lies around them.
TEST(ToolBenchWindows, AreThoseOfTheirSteps) {
  const Folder folder;
  const ToolResult result = run_tool(
      ToolRun{.arguments = {"bench", "--no-plot", "--seconds", "0.001", "--device", "cuda",
                            "--hidden", "4", "--batch", "2", "--seq", "200", "--mode", "training"},
              .folder = folder.path(),
              .program = TAKT_EMULATED_TOOL});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json check = json::parse(folder.read("scaling.json"))["points"][0]["check"];
  EXPECT_TRUE(check["inside_tolerance"].get<bool>());
  EXPECT_EQ(check["tensors"].size(), 8u);
}

#endif

}  // namespace

#endif
