// takt report: made-up records become tables, pictures and docs/hardware.md.
#ifdef TAKT_TOOL

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "report_tree.hpp"

namespace {

namespace fs = std::filesystem;

using nlohmann::json;
using takt::test::done;
using takt::test::fixture;
using takt::test::fixtures;
using takt::test::has_gnuplot;
using takt::test::holds;
using takt::test::RecordedTree;
using takt::test::squeezed;
using takt::test::ToolResult;
using takt::test::Tree;

int count(const std::string& text, const std::string& part) {
  int found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

TEST(ToolReport, WritesTheRatiosOfRecords) {
  const RecordedTree tree;
  const ToolResult result = tree.report();
  EXPECT_EQ(result.exit_code, done) << result.err;
  EXPECT_TRUE(holds(result.out, "wrote README.md\n")) << result.out;
  const std::string text = squeezed(tree.folder.read("README.md"));
  EXPECT_TRUE(text.starts_with("Before.\n<!-- takt report: cpu-ratios -->\n")) << text;
  EXPECT_TRUE(text.ends_with("\n<!-- end of takt report -->\nAfter.\n")) << text;
  EXPECT_TRUE(holds(text, "<!-- end of takt report -->\nBetween.\n")) << text;
  EXPECT_FALSE(holds(text, "old\n")) << text;
  for (const std::string row :
       {"| lstm | inference | f32 | 3 | 0.50 | 0.25 (T10 B1 I64 H64) | 1.00 (T10 B1 I128 H128) |",
        "| gru | training | f32 | 1 | 3.00 | 3.00 (T10 B1 I64 H64) | 3.00 (T10 B1 I64 H64) |",
        "| **all** | | | 4 | 0.78 | 0.25 (T10 B1 I64 H64) | 3.00 (T10 B1 I64 H64) |",
        "Cases left out of the means: 1 refused by takt, 1 refused by oneDNN, 1 outside takt's "
        "tolerance, 1 with different answers of both.",
        "`bench/results/cpu-new.json`: cpu (Made-up, 2 threads); takt 0.0.1, oneDNN 0.9, GCC "
        "0.0.0; commit bbbbbbb; 2026-02-01; **cut short**.",
        "`bench/results/cpu-old.json`: cpu (Made-up, 2 threads); takt 0.0.1, oneDNN 0.9, GCC "
        "0.0.0; commit aaaaaaa; 2026-01-01.",
        "| lstm | training-forward | bf16 | 1 | 0.50 | 0.50 (T100 B32 I1024 H1024) |"})
    EXPECT_TRUE(holds(text, row)) << row << "\n" << text;
}

TEST(ToolReport, WritesEveryCase) {
  const RecordedTree tree;
  ASSERT_EQ(tree.report().exit_code, done);
  const std::string text = squeezed(tree.folder.read("docs/measurements.md"));
  for (const std::string row :
       {"| lstm | inference | f32 | 10 | 1 | 64 | 64 | 1.000 | 6 % | 4.000 | 6 % | 0.25 | 65.54 "
        "| 10 % |",
        "| lstm | inference | f32 | 1024 | 1 | 32 | 32 | 1.500 | 6 % | - | - | - |",
        "| 128 | 128 | 5.000 | 6 % | 5.000 | 6 % | differs | 419.43 | 10 % |",
        "| 256 | 256 | 7.000 | 6 % | refused | - | - | 149.80 |",
        "| 256 | 256 | 6.000 | 6 % | 1.000 | 6 % | - | 1398.10 | 300 % **OUTSIDE** |",
        "| 512 | 512 | refused | - | - | - | - | - | - |", "| cuDNN us/step | spread | ratio |",
        "| 1024 | 1024 | 7.000 | 6 % | 14.000 (persist static) | 6 % | 0.50 |"})
    EXPECT_TRUE(holds(text, row)) << row << "\n" << text;
}

TEST(ToolReport, TakesTheNewestThatWasMeasuredBesideAnother) {
  const Tree tree;
  tree.folder.write("bench/results/a.json", fixture("cpu-new.json").dump());
  json newer = fixture("cpu-old.json");
  newer["date"] = "2027-01-01T00:00:00Z";
  tree.folder.write("bench/results/b.json", newer.dump());
  json newest = newer;
  newest["date"] = "2028-01-01T00:00:00Z";
  newest["against"] = json::array();
  for (json& point : newest["points"]) point["peers"] = json::array();
  tree.folder.write("bench/results/c.json", newest.dump());
  ASSERT_EQ(tree.report().exit_code, done);
  const std::string text = squeezed(tree.folder.read("docs/measurements.md"));
  EXPECT_TRUE(holds(text, "| 64 | 64 | 2.000 | 6 % | 4.000 | 6 % | 0.50 |")) << text;
  EXPECT_FALSE(holds(text, "c.json")) << text;
  EXPECT_TRUE(holds(squeezed(tree.folder.read("README.md")), "| 3 | 0.63 | 0.50 (")) << text;
}

TEST(ToolReport, KeepsTheNewestBesideEachPeer) {
  const Tree tree;
  tree.folder.write("bench/results/a.json", fixture("cpu-old.json").dump());
  json other = fixture("cpu-old.json");
  other["date"] = "2027-01-01T00:00:00Z";
  other["against"][0]["name"] = "another";
  for (json& point : other["points"]) point["peers"][0]["name"] = "another";
  tree.folder.write("bench/results/b.json", other.dump());
  ASSERT_EQ(tree.report().exit_code, done);
  const std::string text = squeezed(tree.folder.read("docs/measurements.md"));
  EXPECT_TRUE(holds(text, "| 64 | 64 | 2.000 | 6 % | 4.000 | 6 % | 0.50 | - | - | - |")) << text;
  EXPECT_TRUE(holds(text, "| 64 | 64 | 2.000 | 6 % | - | - | - | 4.000 | 6 % | 0.50 |")) << text;
  EXPECT_EQ(count(text, "| gru | training | f32 | 10 | 1 | 64 | 64 | 9.000 |"), 2);
}

TEST(ToolReport, KeepsDevicesApart) {
  const Tree tree;
  json other = fixture("cpu-old.json");
  tree.folder.write("bench/results/a.json", other.dump());
  other["device"]["description"] = "cpu (Another, 1 thread)";
  tree.folder.write("bench/results/b.json", other.dump());
  ASSERT_EQ(tree.report().exit_code, done);
  const std::string text = squeezed(tree.folder.read("README.md"));
  const std::size_t first = text.find("| **all** | | | 3 |");
  ASSERT_NE(first, std::string::npos) << text;
  EXPECT_NE(text.find("| **all** | | | 3 |", first + 1), std::string::npos) << text;
  EXPECT_TRUE(holds(text, "b.json`: cpu (Another, 1 thread)")) << text;
}

TEST(ToolReport, NamesTheDeviceAboveItsTable) {
  const Tree tree;
  tree.folder.write("bench/results/a.json", fixture("cpu-old.json").dump());
  ASSERT_EQ(tree.report().exit_code, done);
  for (const std::string file : {"README.md", "docs/measurements.md"})
    EXPECT_TRUE(holds(tree.folder.read(file), "\n\n**cpu (Made-up, 2 threads)**\n\n| cell "));
}

TEST(ToolReport, ShowsTextsOfRecordsAsTheyAre) {
  const Tree tree;
  json record = fixture("cpu-old.json");
  record["device"]["description"] = "a|b<c>`d`[e]";
  record["compiler"] = "<!-- end of takt report -->";
  record["against"].push_back({{"name", "p|q"}, {"version", "1"}});
  json peer = record["points"][0]["peers"][0];
  peer["name"] = "p|q";
  peer["algorithm"] = "r|s";
  record["points"][0]["peers"].push_back(peer);
  tree.folder.write("bench/results/<!-- takt report: x -->.json", record.dump());
  fs::create_directory(tree.folder / "bench/results/run");
  json run = fixture("gpu-old/run.json");
  run["device"] = "a|b<c>`d`[e]";
  for (json& test : run["tests"]) test["verdict"] = "failed";
  tree.folder.write("bench/results/run/run.json", run.dump());
  ASSERT_EQ(tree.report().exit_code, done);
  const std::string device = R"(a\|b&lt;c&gt;\`d\`\[e\])";
  for (const std::string file : {"README.md", "docs/measurements.md", "docs/hardware.md"})
    EXPECT_TRUE(holds(tree.folder.read(file), device)) << tree.folder.read(file);
  const std::string text = squeezed(tree.folder.read("docs/measurements.md"));
  EXPECT_TRUE(holds(text, R"(| p\|q us/step |)")) << text;
  EXPECT_TRUE(holds(text, R"(| 4.000 (r\|s) |)")) << text;
  EXPECT_TRUE(holds(tree.folder.read("docs/hardware.md"), "| " + device + " | eeeeeee "));
  const ToolResult check = tree.report({"--check"});
  EXPECT_EQ(check.exit_code, done) << check.out << check.err;
}

TEST(ToolReport, CountsWhatIsOutsideAndRefusedAsOutside) {
  const Tree tree;
  json record = fixture("cpu-new.json");
  json& point = record["points"][2];
  ASSERT_TRUE(point["peers"][0].contains("refusal"));
  point["check"]["inside_tolerance"] = false;
  tree.folder.write("bench/results/a.json", record.dump());
  ASSERT_EQ(tree.report().exit_code, done);
  EXPECT_TRUE(holds(tree.folder.read("README.md"),
                    "Cases left out of the means: 1 refused by takt, 2 outside takt's tolerance, 1 "
                    "with different answers of both."));
}

TEST(ToolReport, ComputesFiguresFromSamplesAndSizes) {
  const Tree tree;
  json record = fixture("cpu-old.json");
  json& point = record["points"][0];
  point["gflop_per_s"] = 1e6;
  const double median = point["median_s"];
  point["samples_s"][point["samples_s"].size() - 1] = 5 * median;
  point["peers"][0]["samples_s"][29] = 50 * point["peers"][0]["median_s"].get<double>();
  tree.folder.write("bench/results/a.json", record.dump());
  ASSERT_EQ(tree.report().exit_code, done);
  const std::string text = squeezed(tree.folder.read("docs/measurements.md"));
  EXPECT_TRUE(holds(text, "| 2.000 | 402 % | 4.000 | 49 x | 0.50 | 32.77 |")) << text;
}

TEST(ToolReport, SaysNotMeasuredWhereNothingWas) {
  const Tree tree;
  fs::remove_all(tree.folder / "bench");
  const ToolResult result = tree.report();
  EXPECT_EQ(result.exit_code, done) << result.err;
  EXPECT_TRUE(holds(tree.folder.read("README.md"), "cpu-ratios -->\n\nNot measured.\n\n<!-- end"));
  EXPECT_TRUE(holds(tree.folder.read("docs/measurements.md"), "Nothing to draw yet."));
  EXPECT_FALSE(fs::exists(tree.folder / "docs/plots"));
  EXPECT_EQ(tree.report({"--check"}).exit_code, done);
}

/// Rows of docs/hardware.md that begin so.
std::vector<std::string> rows_of(const Tree& tree, const std::string& begin) {
  std::istringstream text(squeezed(tree.folder.read("docs/hardware.md")));
  std::vector<std::string> rows;
  for (std::string line; std::getline(text, line);)
    if (line.starts_with(begin)) rows.push_back(line);
  return rows;
}

TEST(ToolReport, CountsNothingOfTheEmulatedDevice) {
  const Tree tree;
  fs::copy(fixtures / "gpu-emulated", tree.folder / "bench/results/gpu-emulated");
  const ToolResult result = tree.report();
  EXPECT_EQ(result.exit_code, done) << result.err;
  EXPECT_TRUE(holds(result.out, "bench/results/gpu-emulated/run.json: of the emulated device"));
  EXPECT_TRUE(holds(tree.folder.read("README.md"), "gpu-ratios -->\n\nNot measured.\n"));
  EXPECT_TRUE(holds(tree.folder.read("docs/measurements.md"), "Nothing to draw yet."));
  const std::vector<std::string> rows = rows_of(tree, "| `");
  EXPECT_GT(rows.size(), 40u);
  for (const std::string& row : rows) EXPECT_TRUE(holds(row, "| never run on hardware |")) << row;
}

/// A bench record of a tool that does not know the mark, but whose device has the name.
TEST(ToolReport, KnowsTheEmulatedDeviceByItsName) {
  const Tree tree;
  json record = fixture("gpu-emulated/bench-gpu.json");
  record.erase("emulated");
  tree.folder.write("bench/results/a.json", record.dump());
  EXPECT_TRUE(holds(tree.report().out, "a.json: of the emulated device"));
  EXPECT_TRUE(holds(tree.folder.read("README.md"), "gpu-ratios -->\n\nNot measured.\n"));
}

TEST(ToolReport, SaysWhatRanOnHardware) {
  const RecordedTree tree;
  ASSERT_EQ(tree.report().exit_code, done);
  const auto expect = [&](const std::string& kernel, const std::string& row) {
    const std::vector<std::string> rows = rows_of(tree, "| `" + kernel + "` |");
    ASSERT_EQ(rows.size(), 1u) << kernel;
    EXPECT_EQ(rows.front(), "| `" + kernel + "` |" + row);
  };
  const std::string gpu = " cuda:0 (Made-up GPU) | ";
  const std::string forward = "| `step_forward_kernel` | ";
  EXPECT_EQ(
      rows_of(tree, forward + "lstm | bf16 |"),
      std::vector{forward + "lstm | bf16 | 2026-03-01 |" + gpu +
                  "ddddddd | 2 of 3; **failed**: "
                  "`Devices/DeviceBits.FillIsWhatPaddingHolds/lstm_bf16_cuda` | 1 of 1 | no |"});
  EXPECT_EQ(rows_of(tree, forward + "rnn_tanh | f64 |"),
            std::vector{forward + "rnn_tanh | f64 | 2026-02-01, cut short |" + gpu +
                        "eeeeeee | 1 of 1 | no | no |"});
  // Skipped there, so that it did not run.
  EXPECT_EQ(rows_of(tree, forward + "gru | f32 |"),
            std::vector{forward + "gru | f32 | never run on hardware | | | | | |"});
  EXPECT_EQ(rows_of(tree, "| `step_backward_kernel` | lstm | bf16 |"),
            std::vector{"| `step_backward_kernel` | lstm | bf16 | 2026-03-01 |" + gpu +
                        "ddddddd | 1 of 1 | no | no |"});
  expect("ptx/mma", " - | - | 2026-03-01 |" + gpu +
                        "ddddddd | 1 of 1 | 1 of 1 | 0 of 1; **failed**: `Conformance` |");
  // The stage of the wrappers passed, but none of the cases that it lists is of this one.
  expect("ptx/flag", " - | - | never run on hardware | | | | | |");
}

TEST(ToolReport, DrawsWhatRecordsGive) {
  if (!has_gnuplot()) GTEST_SKIP() << "no gnuplot";
  const RecordedTree tree;
  ASSERT_EQ(tree.report().exit_code, done);
  const std::string device = "cpu-made-up-2-threads.svg";
  const std::string ratio = tree.folder.read("docs/plots/ratio-onednn-f32-t10-" + device),
                    steps = tree.folder.read("docs/plots/steps-onednn-f32-t10-" + device),
                    growth = tree.folder.read("docs/plots/growth-lstm-f32-inference-" + device);
  for (const std::string& svg : {ratio, steps}) {
    EXPECT_TRUE(holds(svg, "takt against oneDNN, f32, T = 10<")) << svg;
    EXPECT_TRUE(holds(svg,
                      "cpu (Made-up, 2 threads); 2026-01-01, commit aaaaaaa; 2026-02-01, commit "
                      "bbbbbbb, cut short"))
        << svg;
    EXPECT_TRUE(holds(svg, "lstm, forward<"));
    EXPECT_TRUE(holds(svg, "gru, forward and backward<"));
  }
  for (const std::string number : {">0.25<", ">0.50<", ">1.00<", ">3.00<"})
    EXPECT_TRUE(holds(ratio, number)) << number;
  EXPECT_FALSE(holds(ratio, ">6.00<")) << "a result outside its tolerance has no ratio";
  EXPECT_TRUE(holds(steps, ">B = 8<"));
  // Marks of takt, with two in the legend, and of oneDNN: not of the wrong and the different.
  EXPECT_EQ(count(steps, "'#gpPt6' transform"), 6 + 2);
  EXPECT_EQ(count(steps, "'#gpPt5' transform"), 4);
  EXPECT_TRUE(holds(growth, "Growth with sequence length: lstm f32, forward"));
  EXPECT_TRUE(holds(growth, "2026-01-15, commit ccccccc"));
  EXPECT_TRUE(
      holds(tree.folder.read("docs/measurements.md"), "](plots/ratio-onednn-f32-t10-" + device));
}

TEST(ToolReport, LeavesOutWhatIsNoNumber) {
  const Tree tree;
  json record = fixture("cpu-old.json");
  record["points"][0]["check"]["tensors"][0]["error"] = nullptr;  // how JSON has NaN
  record["points"][0]["check"]["inside_tolerance"] = false;
  tree.folder.write("bench/results/a.json", record.dump());
  ASSERT_EQ(tree.report().exit_code, done);
  EXPECT_TRUE(holds(tree.folder.read("docs/measurements.md"), "nan **OUTSIDE**"));
  EXPECT_TRUE(holds(tree.folder.read("README.md"), "1 outside takt's tolerance"));
}

}  // namespace

#endif
