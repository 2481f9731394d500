// The takt command says no: with a CPU path that errs in one element, results are outside.
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

const std::vector<std::string> validate = {"validate", "--cell", "rnn_tanh", "--summary"};
const std::vector<std::string> bench = {"bench", "--cell",    "lstm", "--hidden", "5", "--seq",
                                        "4,300", "--seconds", "0.01", "--batch",  "2", "--no-plot"};

class ToolOutside : public testing::Test {
 protected:
  /// With `error` added to one element of every y in f32.
  ToolResult run(std::vector<std::string> arguments, const std::vector<std::string>& more,
                 const std::string& error) const {
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_tool(ToolRun{.arguments = arguments,
                            .folder = folder_.path(),
                            .environment = {{"TAKT_SPOIL", error}},
                            .program = TAKT_SPOILED_TOOL});
  }

  Folder folder_;
};

TEST_F(ToolOutside, IsWhatValidateSays) {
  for (const std::string error : {"0.5", "nan"}) {
    const ToolResult result = run(validate, {"--type", "f32", "--json", "cases.json"}, error);
    EXPECT_EQ(result.exit_code, 1) << error << result.err;
    EXPECT_NE(result.out.find("OUTSIDE"), std::string::npos) << result.out;
    EXPECT_EQ(result.out.find(", 0 outside"), std::string::npos) << result.out;
    EXPECT_EQ(result.out.find("-nan"), std::string::npos) << result.out;
    const json report = json::parse(folder_.read("cases.json"));
    EXPECT_GT(report["totals"]["outside"].get<int>(), report["totals"]["cases"].get<int>() / 2);
  }
}

TEST_F(ToolOutside, IsWhatBenchSays) {
  for (const std::string error : {"0.5", "nan"})
    for (const std::string mode : {"inference", "training"}) {
      const ToolResult result = run(bench, {"--mode", mode}, error);
      EXPECT_EQ(result.exit_code, 1) << error << mode << result.err;
      EXPECT_NE(result.out.find("OUTSIDE: "), std::string::npos) << result.out;
      EXPECT_EQ(result.out.find("-nan"), std::string::npos) << result.out;
      EXPECT_EQ(result.err,
                "takt: a result lies outside its tolerance; see the rows marked OUTSIDE\n");
      const json report = json::parse(folder_.read("scaling.json"));
      for (const json& point : report["points"])
        EXPECT_FALSE(point["check"]["inside_tolerance"].get<bool>()) << point;
    }
}

// That it is another program is not what does it.
TEST_F(ToolOutside, IsNothingThatIsNotSpoiled) {
  EXPECT_EQ(run(validate, {"--type", "f64"}, "0.5").exit_code, 0);
  EXPECT_EQ(run(validate, {"--type", "f32"}, "0").exit_code, 0);
  EXPECT_EQ(run(bench, {}, "0").exit_code, 0);
}

}  // namespace

#endif
