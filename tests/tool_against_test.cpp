// takt bench --against: other libraries' runs of the same problems beside takt's.
#ifdef TAKT_TOOL

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
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

constexpr int misused = 2;

ToolResult bench(const std::vector<std::string>& more, const Folder& folder) {
  std::vector<std::string> arguments = {"bench", "--no-plot", "--seconds", "0.001"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_tool(ToolRun{.arguments = arguments, .folder = folder.path()});
}

TEST(ToolAgainst, NamesThatItKnows) {
  const Folder folder;
  const ToolResult unknown = bench({"--against", "onednn,cudann"}, folder);
  EXPECT_EQ(unknown.exit_code, misused);
  EXPECT_NE(unknown.err.find("--against is 'onednn,cudann'; 'cudann' must be one of: onednn"),
            std::string::npos)
      << unknown.err;
  EXPECT_EQ(bench({"--against", "onednn,"}, folder).exit_code, misused);
  EXPECT_TRUE(folder.contents().empty());
}

#ifdef TAKT_WITHOUT_CUDA

TEST(ToolAgainst, SaysThatItWasBuiltWithoutCuda) {
  const Folder folder;
  for (const std::string word : {"cudnn", "two-kernel-loop"}) {
    const ToolResult result = bench({"--against", word, "--device", "cpu"}, folder);
    EXPECT_EQ(result.exit_code, misused);
    EXPECT_EQ(result.err, "takt: --against names '" + word + "'; built without CUDA\n");
  }
}

#endif

#ifndef TAKT_HAVE_DNNL

TEST(ToolAgainst, SaysThatALibraryIsNotThere) {
  const Folder folder;
  const ToolResult result = bench({"--against", "onednn"}, folder);
  EXPECT_EQ(result.exit_code, misused);
  EXPECT_NE(result.err.find("--against names 'onednn'; built without oneDNN"), std::string::npos)
      << result.err;
}

#else

const std::string cases =
    "lstm     f32 6 2 3 5 inference\n"
    "gru      f32 6 2 3 5 training-forward\n"
    "gru      f32 6 2 3 5 training\n"
    "rnn_tanh f32 6 2 3 5 training\n"
    "rnn_relu f32 6 2 3 5 inference\n"
    "lstm     f64 6 2 3 5 inference\n";

TEST(ToolAgainst, ComparesTimesOfWhatAgrees) {
  const Folder folder;
  folder.write("list", cases);
  const ToolResult result =
      bench({"--device", "cpu", "--against", "onednn,onednn", "--shapes", "list"}, folder);
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  const json report = json::parse(folder.read("scaling.json"));
  ASSERT_EQ(report["against"].size(), 1u);
  EXPECT_EQ(report["against"][0]["name"], "oneDNN");
  ASSERT_EQ(report["points"].size(), 6u);
  double logarithms = 0;
  for (std::size_t n = 0; n < 5; ++n) {
    const json& point = report["points"][n];
    ASSERT_EQ(point["peers"].size(), 1u);
    const json& peer = point["peers"][0];
    EXPECT_EQ(peer["name"], "oneDNN");
    EXPECT_GE(point["samples_s"].size(), 30u);
    EXPECT_GE(peer["samples_s"].size(), 30u);
    EXPECT_EQ(peer["ratio"], point["median_s"].get<double>() / peer["median_s"].get<double>());
    logarithms += std::log(peer["ratio"].get<double>());
    const bool has_backward = point["mode"] == "training";
    std::vector<std::string> expected = {"y", "hT"}, compared;
    if (point["cell"] == "lstm") expected.push_back("cT");
    if (has_backward) expected.insert(expected.end(), {"dx", "dW", "dR", "dbW", "dbR"});
    double most = 0;
    for (const json& difference : peer["differences"]) {
      compared.push_back(difference["tensor"]);
      EXPECT_LE(difference["error"].get<double>(), difference["tolerance"].get<double>())
          << point["cell"] << " " << compared.back();
      most = std::max(most, difference["error"].get<double>());
    }
    EXPECT_EQ(compared, expected) << point["cell"];
    // Two libraries that round every sum alike would be one.
    EXPECT_GT(most, 0) << point["cell"] << point["mode"];
  }
  const json& refused = report["points"][5]["peers"][0];
  EXPECT_EQ(refused["refusal"], "oneDNN is measured in f32 only, not in f64");
  EXPECT_FALSE(refused.contains("ratio"));
  EXPECT_NE(result.out.find("refused"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("oneDNN is measured in f32 only, not in f64\n"), std::string::npos);
  char mean[64];
  std::snprintf(mean, sizeof mean, "oneDNN: geometric mean %.3f over 5 cases",
                std::exp(logarithms / 5));
  EXPECT_NE(result.out.find(mean), std::string::npos) << mean << "\n" << result.out;
}

TEST(ToolAgainst, StartsFromTheSameStates) {
  const Folder folder;
  std::string list;
  for (const char* cell : {"rnn_tanh", "rnn_relu", "lstm", "gru"})
    list += std::string(cell) + " f32 1 2 3 5 training\n";
  folder.write("list", list);
  const ToolResult result =
      bench({"--device", "cpu", "--against", "onednn", "--shapes", "list"}, folder);
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  const json report = json::parse(folder.read("scaling.json"));
  ASSERT_EQ(report["points"].size(), 4u);
  for (const json& point : report["points"])
    EXPECT_TRUE(point["peers"][0]["ratio"].is_number()) << point;
}

TEST(ToolAgainst, RunsFullRowsWithTheirInputProductOnly) {
  const Folder folder;
  folder.write("list", "lstm f32 6 4 3 5 inference lengths=uniform\n");
  const std::string sentence = "oneDNN is measured on full rows with their input product only";
  const auto refusal = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"--device", "cpu", "--against", "onednn"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const ToolResult result = bench(arguments, folder);
    EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
    return json::parse(folder.read("scaling.json"))["points"][0]["peers"][0]["refusal"];
  };
  EXPECT_EQ(refusal({"--shapes", "list"}), sentence);
  EXPECT_EQ(refusal({"--seq", "4", "--hidden", "5", "--batch", "1", "--no-input-product"}),
            sentence);
}

#endif

}  // namespace

#endif
