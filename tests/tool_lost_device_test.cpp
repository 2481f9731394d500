// takt bench on the emulated device while a peer fails in mid-run, and while the device is lost.
#ifdef TAKT_EMULATED_CUDNN

#include <gtest/gtest.h>

#include <string>

#include <nlohmann/json.hpp>

#include "tool_run.hpp"

namespace {

using nlohmann::json;
using takt::test::Folder;
using takt::test::run_tool;
using takt::test::ToolResult;
using takt::test::ToolRun;

constexpr int failed = 3;

/// A forward of cuDNN's in the timing of a point: preparing it takes 25 of them, timing 60 or more.
constexpr const char* while_timed = "40";
constexpr const char* while_prepared = "3";

const std::string first = "lstm f32 9 1 3 5 inference\n", second = "gru f32 4 2 3 5 inference\n",
                  third = "rnn_tanh f32 5 2 3 5 inference\n";

/// With words for the emulated cuDNN: tests/simt/cudnn/objects.hpp.
ToolResult bench(const Folder& folder, const std::string& list, const std::string& words,
                 const std::string& json_path = "scaling.json") {
  folder.write("list", list);
  return run_tool(
      ToolRun{.arguments = {"bench", "--no-plot", "--seconds", "0.001", "--device", "cuda",
                            "--shapes", "list", "--against", "cudnn", "--json", json_path},
              .folder = folder.path(),
              .environment = {{"TAKT_CUDNN", TAKT_EMULATED_CUDNN}, {"TAKT_EMULATED_CUDNN", words}},
              .program = TAKT_EMULATED_TOOL});
}

void expect_measured(const json& point) {
  ASSERT_FALSE(point.contains("refusal")) << point["refusal"];
  EXPECT_GE(point["samples_s"].size(), 30u);
  EXPECT_TRUE(point["check"]["inside_tolerance"].get<bool>());
}

TEST(ToolPeerFailure, InMidRunIsARefusedRow) {
  for (const auto& [word, said] : {std::pair("fail_at:", "CUDNN_STATUS_EXECUTION_FAILED"),
                                   std::pair("throw_at:", "what no status says")})
    for (const std::string when : {while_prepared, while_timed}) {
      const Folder folder;
      const ToolResult result = bench(folder, second + third, word + when);
      ASSERT_EQ(result.exit_code, 0) << word << when << result.err;
      const json report = json::parse(folder.read("scaling.json"));
      EXPECT_TRUE(report["complete"].get<bool>());
      EXPECT_TRUE(report["ended"].is_null());
      ASSERT_EQ(report["points"].size(), 2u);
      for (const json& point : report["points"]) expect_measured(point);
      const json &failing = report["points"][0]["peers"][0],
                 &after = report["points"][1]["peers"][0];
      // An algorithm that fails once while they are tried is not taken; the others are.
      const bool is_refused = when == while_timed || word == std::string("throw_at:");
      ASSERT_EQ(failing.contains("refusal"), is_refused) << word << when << failing;
      if (is_refused) {
        EXPECT_NE(failing["refusal"].get<std::string>().find(said), std::string::npos) << failing;
        EXPECT_FALSE(failing.contains("ratio"));
        EXPECT_NE(result.out.find(said), std::string::npos) << result.out;
      }
      EXPECT_GE(after["samples_s"].size(), 30u) << after;
    }
}

/// The device is lost at the second of three points; cuDNN does not run the first.
void expect_the_first_point(const json& report) {
  EXPECT_FALSE(report["complete"].get<bool>());
  const std::string ended = report["ended"];
  EXPECT_TRUE(ended.starts_with("gru f32 B=2 I=3 H=5 inference T=4: takt: ")) << ended;
  EXPECT_NE(ended.find("cudaErrorIllegalAddress"), std::string::npos) << ended;
  ASSERT_EQ(report["points"].size(), 1u);
  expect_measured(report["points"][0]);
  EXPECT_EQ(report["points"][0]["cell"], "lstm");
  EXPECT_TRUE(report["points"][0]["peers"][0].contains("refusal"));
}

TEST(ToolLostDevice, KeepsWhatWasMeasuredBefore) {
  for (const std::string when : {while_prepared, while_timed}) {
    const Folder folder;
    const ToolResult result = bench(folder, first + second + third, "most_steps:8 lose_at:" + when);
    EXPECT_EQ(result.exit_code, failed) << when << result.out;
    EXPECT_EQ(result.signal, 0);
    const json report = json::parse(folder.read("scaling.json"));
    expect_the_first_point(report);
    EXPECT_EQ(result.err, "takt: measuring ended at " + report["ended"].get<std::string>() +
                              "; what was measured before is in scaling.json\n");
  }
}

TEST(ToolLostDevice, LeavesJsonOnStdoutWhole) {
  const Folder folder;
  const ToolResult result = bench(folder, first + second + third,
                                  std::string("most_steps:8 lose_at:") + while_timed, "-");
  EXPECT_EQ(result.exit_code, failed);
  expect_the_first_point(json::parse(result.out));
  EXPECT_EQ(result.err.find("what was measured before"), std::string::npos) << result.err;
}

TEST(ToolLostDevice, AtTheFirstPointLeavesNone) {
  const Folder folder;
  const ToolResult result = bench(folder, second, std::string("lose_at:") + while_timed);
  EXPECT_EQ(result.exit_code, failed);
  const json report = json::parse(folder.read("scaling.json"));
  EXPECT_FALSE(report["complete"].get<bool>());
  EXPECT_FALSE(report["ended"].is_null());
  EXPECT_EQ(report["points"].size(), 0u);
}

}  // namespace

#endif
