// takt bench --against on the emulated device: cuDNN and the two-kernel loop.
#ifdef TAKT_EMULATED_TOOL

#include <gtest/gtest.h>

#include <map>
#include <set>
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

using Environment = std::map<std::string, std::string>;

ToolResult bench(const Folder& folder, const std::string& against, const std::string& list,
                 const Environment& environment, const std::string& device = "cuda") {
  folder.write("list", list);
  return run_tool(ToolRun{.arguments = {"bench", "--no-plot", "--seconds", "0.001", "--device",
                                        device, "--shapes", "list", "--against", against},
                          .folder = folder.path(),
                          .environment = environment,
                          .program = TAKT_EMULATED_TOOL});
}

/// The points of a run that ends well.
json points(const std::string& against, const std::string& list,
            const Environment& environment = {}) {
  const Folder folder;
  const ToolResult result = bench(folder, against, list, environment);
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  const json report = json::parse(folder.read("scaling.json"));
  EXPECT_EQ(report["clock"], "CUDA events, L2 overwritten before each call");
  EXPECT_EQ(report["against"].size(), 1u);
  return report["points"];
}

/// A peer's times and its results, which agree.
void expect_measured(const json& point, const json& peer) {
  const std::string name = point["cell"].get<std::string>() + " " +
                           point["type"].get<std::string>() + " " +
                           point["mode"].get<std::string>();
  ASSERT_FALSE(peer.contains("refusal")) << name << ": " << peer["refusal"];
  EXPECT_GE(peer["samples_s"].size(), 30u) << name;
  EXPECT_GT(peer["median_s"], 0) << name;
  EXPECT_EQ(peer["ratio"], point["median_s"].get<double>() / peer["median_s"].get<double>());
  std::vector<std::string> expected = {"y", "hT"}, compared;
  if (point["cell"] == "lstm") expected.push_back("cT");
  if (point["mode"] == "training")
    expected.insert(expected.end(), {"dx", "dW", "dR", "dbW", "dbR"});
  for (const json& difference : peer["differences"]) {
    compared.push_back(difference["tensor"]);
    EXPECT_LE(difference["error"].get<double>(), difference["tolerance"].get<double>())
        << name << " " << compared.back();
  }
  EXPECT_EQ(compared, expected) << name;
}

/// Which of a peer's tensors lie outside of their tolerances.
std::set<std::string> outside(const json& peer) {
  std::set<std::string> found;
  for (const json& difference : peer["differences"])
    if (!difference["error"].is_number() || difference["error"] > difference["tolerance"])
      found.insert(difference["tensor"]);
  return found;
}

TEST(ToolTwoKernelLoop, AgreesInEachCellAndType) {
  std::string list;
  for (const char* cell : {"rnn_tanh", "rnn_relu", "lstm", "gru"})
    for (const char* type : {"f32", "tf32", "f16", "bf16"})
      list += std::string(cell) + " " + type + " 4 3 5 6 inference\n";
  const json all = points("two-kernel-loop", list);
  ASSERT_EQ(all.size(), 16u);
  for (const json& point : all) {
    EXPECT_EQ(point["peers"][0]["name"], "two-kernel loop");
    expect_measured(point, point["peers"][0]);
  }
}

TEST(ToolTwoKernelLoop, TakesWhatIsMultipliedAlready) {
  std::string list;
  for (const char* cell_and_gates : {"rnn_tanh 1", "rnn_relu 1", "lstm 4", "gru 3"})
    for (const char* type : {"f32", "tf32", "f16", "bf16"}) {
      const std::string text = cell_and_gates, cell = text.substr(0, text.find(' '));
      const int gates = text.back() - '0';
      list +=
          cell + " " + type + " 4 3 " + std::to_string(6 * gates) + " 6 inference precomputed\n";
    }
  const json all = points("two-kernel-loop", list);
  ASSERT_EQ(all.size(), 16u);
  for (const json& point : all) expect_measured(point, point["peers"][0]);
  EXPECT_EQ(
      points("two-kernel-loop",
             "gru f32 4 3 18 6 inference precomputed lengths=uniform\n")[0]["peers"][0]["refusal"],
      "two-kernel loop is measured on full rows only");
}

TEST(ToolTwoKernelLoop, StartsFromTheSameStates) {
  for (const char* cell : {"rnn_tanh", "rnn_relu", "lstm", "gru"}) {
    const json all = points("two-kernel-loop", std::string(cell) + " f32 1 3 5 6 inference\n");
    expect_measured(all[0], all[0]["peers"][0]);
  }
}

TEST(ToolTwoKernelLoop, RefusesWhatItDoesNotRun) {
  const json all = points("two-kernel-loop",
                          "lstm f64 2 1 3 5 inference\n"
                          "lstm f32 2 1 3 5 training\n"
                          "gru  f32 2 1 3 5 training-forward\n");
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0]["peers"][0]["refusal"], "the two-kernel loop has no f64");
  EXPECT_EQ(all[1]["peers"][0]["refusal"], "the two-kernel loop runs inference only, not training");
  EXPECT_EQ(all[2]["peers"][0]["refusal"],
            "the two-kernel loop runs inference only, not training-forward");
}

TEST(ToolTwoKernelLoop, RunsOnAGpuOnly) {
  const Folder folder;
  const ToolResult result =
      bench(folder, "two-kernel-loop", "lstm f32 2 1 3 5 inference\n", {}, "cpu");
  EXPECT_EQ(result.exit_code, misused);
  EXPECT_NE(result.err.find("two-kernel loop runs on a cuda device; this one is cpu"),
            std::string::npos)
      << result.err;
}

#ifndef TAKT_EMULATED_CUDNN

TEST(ToolCudnn, SaysThatItsHeadersWereNotThere) {
  const Folder folder;
  const ToolResult result = bench(folder, "cudnn", "lstm f32 2 1 3 5 inference\n", {});
  EXPECT_EQ(result.exit_code, misused);
  EXPECT_NE(result.err.find("built without cuDNN: the headers of cuDNN 9 were not found"),
            std::string::npos)
      << result.err;
}

#else

/// `words` steer the emulated cuDNN: see tests/simt/cudnn/objects.hpp.
Environment with_cudnn(const std::string& words = "") {
  return {{"TAKT_CUDNN", TAKT_EMULATED_CUDNN}, {"TAKT_EMULATED_CUDNN", words}};
}

TEST(ToolCudnn, AgreesInEachCellTypeAndMode) {
  std::string list;
  for (const char* cell : {"rnn_tanh", "rnn_relu", "lstm", "gru"})
    for (const char* type : {"f32", "tf32", "f16", "bf16", "f64"})
      for (const char* mode : {"inference", "training-forward", "training"})
        list += std::string(cell) + " " + type + " 4 3 5 6 " + mode + "\n";
  const json all = points("cudnn", list, with_cudnn());
  ASSERT_EQ(all.size(), 60u);
  for (const json& point : all) {
    EXPECT_EQ(point["peers"][0]["name"], "cuDNN");
    EXPECT_TRUE(point["peers"][0].contains("algorithm"));
    expect_measured(point, point["peers"][0]);
  }
}

/// The algorithm that is chosen under these words.
std::string chosen(const std::string& words, const std::string& type = "f32") {
  const json all = points("cudnn", "lstm " + type + " 4 3 5 6 training\n", with_cudnn(words));
  expect_measured(all[0], all[0]["peers"][0]);
  return all[0]["peers"][0]["algorithm"];
}

TEST(ToolCudnn, TakesTheFastestAlgorithm) {
  EXPECT_EQ(chosen("fast:0"), "standard");
  EXPECT_EQ(chosen("fast:1"), "persist static");
  EXPECT_EQ(chosen("fast:2"), "persist dynamic");
  EXPECT_EQ(chosen("fast:3"), "persist static small H");
}

TEST(ToolCudnn, TakesNoneThatItRefusesOrThatErrs) {
  EXPECT_NE(chosen("fast:1 refuse:1"), "persist static");
  EXPECT_NE(chosen("fast:1 wrong:1"), "persist static");
  EXPECT_EQ(chosen("fast:1 wrong:1 refuse:2 refuse:3"), "standard");
  EXPECT_EQ(chosen("refuse:0", "f64"), "persist dynamic");  // cuDNN has no other for f64
}

TEST(ToolCudnn, TriesEachAlgorithmWithNoOtherInMemory) {
  EXPECT_EQ(chosen("fast:1 large:1"), "persist static");
  EXPECT_EQ(chosen("fast:3 large:0 large:1 large:2 large:3"), "persist static small H");
}

TEST(ToolCudnn, RecordsWhatEachAlgorithmCameTo) {
  const json peer = points("cudnn", "lstm f32 4 3 5 6 training\n",
                           with_cudnn("fast:1 huge:0 wrong:2 refuse:3"))[0]["peers"][0];
  EXPECT_EQ(peer["algorithm"], "persist static");
  const json& ways = peer["ways"];
  ASSERT_EQ(ways.size(), 4u);
  EXPECT_EQ(ways[0], (json{{"name", "standard"}, {"refusal", "out of memory"}}));
  EXPECT_EQ(ways[1]["name"], "persist static");
  EXPECT_TRUE(ways[1]["agrees"].get<bool>());
  EXPECT_GT(ways[1]["least_s"], 0);
  EXPECT_EQ(ways[2]["name"], "persist dynamic");
  EXPECT_FALSE(ways[2]["agrees"].get<bool>());
  EXPECT_GT(ways[2]["least_s"], ways[1]["least_s"]);
  EXPECT_EQ(ways[3], (json{{"name", "persist static small H"},
                           {"refusal", "cudnnRNNForward: CUDNN_STATUS_NOT_SUPPORTED"}}));
}

TEST(ToolCudnn, SetsGradientsOfWeightsInEachCall) {
  EXPECT_EQ(chosen("fast:0 zeroed:1"), "standard");
}

/// What lies outside where every algorithm goes wrong in this way.
std::set<std::string> outside_where_all_are(const std::string& word, const std::string& shape) {
  std::string words;
  for (const char* algorithm : {":0 ", ":1 ", ":2 ", ":3 "}) words += word + algorithm;
  const json peer = points("cudnn", shape + "\n", with_cudnn(words))[0]["peers"][0];
  EXPECT_TRUE(peer["ratio"].is_null()) << word << " " << shape;
  return outside(peer);
}

TEST(ToolCudnn, StartsFromTheSameStates) {
  std::string list;
  for (const char* cell : {"rnn_tanh", "rnn_relu", "lstm", "gru"})
    for (const char* mode : {"inference", "training"})
      list += std::string(cell) + " f32 1 3 5 6 " + mode + "\n";
  for (const json& point : points("cudnn", list, with_cudnn()))
    expect_measured(point, point["peers"][0]);
  for (const char* cell : {"rnn_tanh", "rnn_relu", "lstm", "gru"})
    EXPECT_TRUE(outside_where_all_are("stateless", std::string(cell) + " f32 1 3 5 6 inference")
                    .contains("y"))
        << cell;
  EXPECT_NE(chosen("fast:1 stateless:1"), "persist static");
}

TEST(ToolCudnn, IsHeldAgainstAllThatTaktComputes) {
  using Names = std::set<std::string>;
  for (const char* cell : {"lstm", "gru"})
    EXPECT_EQ(outside_where_all_are("undone", std::string(cell) + " f32 4 3 5 6 training"),
              (Names{"dW", "dR", "dbW", "dbR"}))
        << cell;
  EXPECT_EQ(outside_where_all_are("unfinished", "lstm f32 4 3 5 6 inference"), (Names{"hT", "cT"}));
  EXPECT_EQ(outside_where_all_are("unfinished", "gru f16 4 3 5 6 inference"), (Names{"hT"}));
  EXPECT_NE(chosen("fast:1 undone:1"), "persist static");
}

TEST(ToolCudnn, SaysThatAllItsAnswersAreOthers) {
  const Folder folder;
  const ToolResult result = bench(folder, "cudnn", "lstm f32 4 3 5 6 training\n",
                                  with_cudnn("fast:2 wrong:0 wrong:1 wrong:2 wrong:3"));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.out.find("cuDNN persist dynamic computed something else"), std::string::npos)
      << result.out;
  const json peer = json::parse(folder.read("scaling.json"))["points"][0]["peers"][0];
  EXPECT_TRUE(peer["ratio"].is_null());
}

TEST(ToolCudnn, NamesTheAlgorithmInItsRow) {
  const Folder folder;
  const ToolResult result =
      bench(folder, "cudnn", "gru f16 4 3 5 6 inference\n", with_cudnn("fast:3"));
  EXPECT_NE(result.out.find("cuDNN persist static small H with "), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("against    cuDNN 9."), std::string::npos) << result.out;
}

TEST(ToolCudnn, TellsItsMemoryBesideTakts) {
  const Folder folder;
  const ToolResult result =
      bench(folder, "cudnn", "lstm f32 4 3 5 6 training\n", with_cudnn("fast:1"));
  const json bytes = json::parse(folder.read("scaling.json"))["points"][0]["peers"][0]["bytes"];
  EXPECT_GT(bytes["scratch"], 0);
  EXPECT_EQ(bytes["saved"], 8 * 481);  // doubles in the emulated one's reserve space
  EXPECT_NE(result.out.find("cuDNN persist static with "), std::string::npos) << result.out;
  EXPECT_NE(result.out.find(" scratch and saved, takt "), std::string::npos) << result.out;
}

TEST(ToolCudnn, SaysWhyItRefusesAShape) {
  const json all = points("cudnn",
                          "lstm f32 9 3 5 6 inference\n"
                          "lstm f32 8 3 5 6 inference\n",
                          with_cudnn("most_steps:8"));
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0]["peers"][0]["refusal"],
            "cuDNN refused T=9 B=3: cudnnSetRNNDataDescriptor: CUDNN_STATUS_NOT_SUPPORTED");
  expect_measured(all[1], all[1]["peers"][0]);
  const json several =
      points("cudnn", "lstm f64 4 3 5 6 inference\n", with_cudnn("refuse:0 refuse:2"));
  EXPECT_EQ(several[0]["peers"][0]["refusal"],
            "cuDNN refused T=4 B=3: standard: cudnnRNNForward: CUDNN_STATUS_NOT_SUPPORTED; persist "
            "static: cudnnSetRNNDescriptor_v8: CUDNN_STATUS_NOT_SUPPORTED; persist dynamic: "
            "cudnnRNNForward: CUDNN_STATUS_NOT_SUPPORTED; persist static small H: "
            "cudnnSetRNNDescriptor_v8: CUDNN_STATUS_NOT_SUPPORTED");
}

/// Of a shape that is refused under these words.
std::string refusal(const std::string& words) {
  return points("cudnn", "lstm f32 4 3 5 6 inference\n",
                with_cudnn(words))[0]["peers"][0]["refusal"];
}

TEST(ToolCudnn, SaysWhatElseKeepsItFromRunning) {
  EXPECT_NE(chosen("fast:1 huge:1"), "persist static");
  EXPECT_EQ(refusal("huge:0 huge:1 huge:2 huge:3"), "cuDNN refused T=4 B=3: out of memory");
  EXPECT_EQ(refusal("no_start:1"),
            "cuDNN does not start: cudnnCreate: CUDNN_STATUS_NOT_INITIALIZED");
  EXPECT_EQ(refusal("odd_weights:1"),
            "cuDNN refused T=4 B=3: cudnnGetRNNWeightParams: not the sizes of a lstm");
}

const std::string one_shape = "lstm f32 2 1 3 5 inference\n";

/// What is said where TAKT_CUDNN is this.
std::string said_of(const std::string& library, const std::string& words = "") {
  const Folder folder;
  const ToolResult result =
      bench(folder, "cudnn", one_shape, {{"TAKT_CUDNN", library}, {"TAKT_EMULATED_CUDNN", words}});
  EXPECT_EQ(result.exit_code, misused) << library;
  EXPECT_EQ(folder.contents().size(), 1u) << library;  // the list
  return result.err;
}

TEST(ToolCudnn, SaysWhyItIsNotThere) {
  EXPECT_EQ(said_of("/nonexistent"),
            "takt: --against names 'cudnn'; TAKT_CUDNN is '/nonexistent'; it must be the file of "
            "cuDNN's library (/nonexistent: cannot open shared object file: No such file or "
            "directory)\n");
  const Folder folder;
  folder.write("text", "no library\n");
  EXPECT_NE(said_of(folder / "text").find("it must be the file of cuDNN's library ("),
            std::string::npos);
  EXPECT_NE(said_of("libm.so.6").find("(what was loaded has no cudnnGetVersion)"),
            std::string::npos);
  EXPECT_NE(said_of(TAKT_EMULATED_CUDNN, "version:80907")
                .find("(what was loaded is version 80907; takt was built for version 9)"),
            std::string::npos);
}

TEST(ToolCudnn, RunsOnAGpuOnly) {
  const Folder folder;
  const ToolResult result = bench(folder, "cudnn", one_shape, with_cudnn(), "cpu");
  EXPECT_EQ(result.exit_code, misused);
  EXPECT_NE(result.err.find("cuDNN runs on a cuda device; this one is cpu"), std::string::npos)
      << result.err;
}

// NVIDIA's own; a cpu device is refused only after it was loaded.
TEST(ToolCudnn, FindsEachFunctionInARealOne) {
  const Folder folder;
  const ToolResult result = bench(folder, "cudnn", one_shape, {{"TAKT_CUDNN", ""}}, "cpu");
  if (result.err.find("cuDNN was not found (libcudnn.so.9: ") != std::string::npos)
    GTEST_SKIP() << result.err;
  EXPECT_NE(result.err.find("cuDNN runs on a cuda device"), std::string::npos) << result.err;
}

#endif

}  // namespace

#endif
