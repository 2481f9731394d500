// takt report refuses what is no record, no block or no folder: a sentence, and nothing written.
#ifdef TAKT_TOOL

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "report_tree.hpp"

namespace {

namespace fs = std::filesystem;

using nlohmann::json;
using takt::test::done;
using takt::test::fixture;
using takt::test::holds;
using takt::test::misused;
using takt::test::RecordedTree;
using takt::test::run_tool;
using takt::test::ToolResult;
using takt::test::Tree;

/// Refused in one sentence with all of these, and nothing written.
void expect_refusal(const Tree& tree, const std::vector<std::string>& arguments,
                    const std::vector<std::string>& said) {
  const auto before = tree.files();
  const ToolResult result = tree.report(arguments);
  EXPECT_EQ(result.exit_code, misused) << said.front() << "\n" << result.out;
  EXPECT_EQ(result.out, "");
  EXPECT_TRUE(result.err.starts_with("takt: ")) << result.err;
  EXPECT_EQ(result.err.find('\n'), result.err.size() - 1) << result.err;
  for (const std::string& part : said) EXPECT_TRUE(holds(result.err, part)) << part << result.err;
  EXPECT_EQ(tree.files(), before);
}

TEST(ToolReportRefuses, Arguments) {
  const Tree tree;
  expect_refusal(tree, {"--root", "nowhere"}, {"--root is 'nowhere'; it must be a folder"});
  expect_refusal(tree, {"--results", "README.md"},
                 {"--results is 'README.md'; it must be a folder"});
  expect_refusal(tree, {"--root", "docs"},
                 {"--root is 'docs'; it must be a folder with README.md"});
  expect_refusal(tree, {"--check=no"}, {"--check takes no value"});
  expect_refusal(tree, {"--results"}, {"--results must have one value"});
  expect_refusal(tree, {"records"}, {"'records' is nothing that takt report takes"});
  const ToolResult help = run_tool({"report", "--help"});
  EXPECT_EQ(help.exit_code, done);
  for (const std::string option : {"--results", "--root", "--check"})
    EXPECT_TRUE(holds(help.out, option));
}

TEST(ToolReportRefuses, Blocks) {
  const Tree tree;
  const std::string end = "<!-- end of takt report -->\n";
  for (const auto& [text, said] : std::map<std::string, std::string>{
           {"a\nb\n" + takt::test::block("cpu-ratio"),
            "README.md:3: no block is named 'cpu-ratio'; it must be one of: cpu-ratios, "},
           {"a\n<!-- takt report: cpu-ratios -->\nb\n",
            "README.md:2: block 'cpu-ratios' is not closed"},
           {"<!-- takt report: cpu-ratios -->\n" + takt::test::block("gpu-ratios"),
            "README.md:1: block 'cpu-ratios' is not closed"},
           {"a\n" + end, "README.md:2: '<!-- end of takt report -->' begins no block"},
           {"<!-- takt report cpu-ratios -->\n" + end, "README.md:1: '<!-- takt report cpu-ratios"},
           {"<!-- takt report:  -->\n" + end, "README.md:1: "}}) {
    tree.folder.write("README.md", text);
    expect_refusal(tree, {}, {said});
  }
}

struct Damage {
  std::string file, said;
  std::function<void(json&)> change;
};

const std::string bench = "cpu-old.json", run = "gpu-made-up/run.json";

const std::vector<Damage> damaged_heads = {
    {bench, "'record' is missing; it must be a text", [](json& r) { r.erase("record"); }},
    {bench, "'record' is \"figures\"; it must be one of: bench, microbench, gpu run",
     [](json& r) { r["record"] = "figures"; }},
    {bench, "the record is []; it must be an object", [](json& r) { r = json::array(); }},
    {bench, "'commit' is \"aaaaaaa-dirty\"; it must be a clean commit",
     [](json& r) { r["commit"] = "aaaaaaa-dirty"; }},
    {bench, "'commit' is null; it must be a text", [](json& r) { r["commit"] = nullptr; }},
    {bench, "'commit' is \"main\"; it must be a commit by 7 to 40 hexadecimal digits",
     [](json& r) { r["commit"] = "main"; }},
    {run, "'commit' is \"abcdef\"; it must be a commit by",
     [](json& r) { r["commit"] = "abcdef"; }},
    {run, "'commit' is \"v1.0-0-g\"; it must be a commit by",
     [](json& r) { r["commit"] = "v1.0-0-g"; }},
    {bench, "'date' is \"2026-02-30T12:00:00Z\"; it must be a time like",
     [](json& r) { r["date"] = "2026-02-30T12:00:00Z"; }},
    {bench, "'date' is \"2026-02-28T24:00:00Z\"; it must be a time like",
     [](json& r) { r["date"] = "2026-02-28T24:00:00Z"; }},
    {run, "'date' is \"2026-00-10T12:00:00Z\"; it must be a time like",
     [](json& r) { r["date"] = "2026-00-10T12:00:00Z"; }},
    {bench, "'complete' is missing; it must be true or false",
     [](json& r) { r.erase("complete"); }},
    {run, "'complete' is missing; it must be true or false", [](json& r) { r.erase("complete"); }},
    {run, "'dirty' is true; it must be false", [](json& r) { r["dirty"] = true; }},
    {bench, "'date' is \"yesterday\"; it must be a time like 2026-01-31T12:00:00Z",
     [](json& r) { r["date"] = "yesterday"; }},
    {bench,
     "'device.description' is \"X\\nsystem \\\"touch f\\\"\\n#\"; it must be a text without line",
     [](json& r) { r["device"]["description"] = "X\nsystem \"touch f\"\n#"; }},
    {bench,
     "'device.description' is \"\\n<!-- end of takt report -->\\n\"; it must be a text without",
     [](json& r) { r["device"]["description"] = "\n<!-- end of takt report -->\n"; }},
    {bench, "'compiler' is \"a\\x7f\"; it must be a text without",
     [](json& r) { r["compiler"] = "a\x7f"; }},
    {bench, "'device' is missing; it must be an object", [](json& r) { r.erase("device"); }},
    {bench, "'device.kind' is \"tpu\"; it must be one of: cpu, cuda",
     [](json& r) { r["device"]["kind"] = "tpu"; }},
    {bench, "'against[0].version' is missing", [](json& r) { r["against"][0].erase("version"); }},
    {bench, "'points' is missing; it must be a list", [](json& r) { r.erase("points"); }}};

const std::vector<Damage> damaged_points = {
    {bench, "'points[1].H' is missing; it must be a whole number above 0",
     [](json& r) { r["points"][1].erase("H"); }},
    {bench, "'points[1].T' is 0; it must be a whole number above 0",
     [](json& r) { r["points"][1]["T"] = 0; }},
    {bench, "'points[0].type' is \"f31\"; it must be one of: f32, f64",
     [](json& r) { r["points"][0]["type"] = "f31"; }},
    {bench, "'points[0].mode' is \"both\"; it must be one of: inference, training",
     [](json& r) { r["points"][0]["mode"] = "both"; }},
    {bench, "'points[2].median_s' is missing; it must be a number above 0",
     [](json& r) { r["points"][2].erase("median_s"); }},
    {bench, "'points[2].median_s' is 1; it must be the median of 'samples_s'",
     [](json& r) { r["points"][2]["median_s"] = 1; }},
    {bench, "'points[2].median_s' is 8.82e-05; it must be the median of 'samples_s'",
     [](json& r) { r["points"][2]["median_s"] = r["points"][2]["samples_s"][0]; }},
    {bench, "'points[0].peers[0].median_s' is 3.9e-05; it must be the median of 'samples_s'",
     [](json& r) { r["points"][0]["peers"][0]["median_s"] = 3.9e-05; }},
    {bench, "'points[2].samples_s' is [", [](json& r) { r["points"][2]["samples_s"].erase(0); }},
    {bench, "'points[2].samples_s' is []; it must be a list of at least 30 times",
     [](json& r) { r["points"][2]["samples_s"] = json::array(); }},
    {bench, "'points[0].cell' is \"lstn\"; it must be one of: rnn_tanh, ",
     [](json& r) { r["points"][0]["cell"] = "lstn"; }},
    {bench, "'points[2].samples_s[1]' is -1; it must be a number above 0",
     [](json& r) { r["points"][2]["samples_s"][1] = -1; }},
    {bench, "'points[0].bytes.of_call' is missing",
     [](json& r) { r["points"][0]["bytes"].erase("of_call"); }},
    {bench, "'points[0].check.tensors[0].tolerance' is missing",
     [](json& r) { r["points"][0]["check"]["tensors"][0].erase("tolerance"); }},
    {bench, "'points[0].peers[0].name' is missing",
     [](json& r) { r["points"][0]["peers"][0].erase("name"); }},
    {bench, "'points[0].peers[0].median_s' is missing",
     [](json& r) { r["points"][0]["peers"][0].erase("median_s"); }},
    {bench, "'complete' is \"yes\"; it must be true or false",
     [](json& r) { r["complete"] = "yes"; }}};

const std::vector<Damage> damaged_runs = {
    {run, "'tests' is missing; it must be a list", [](json& r) { r.erase("tests"); }},
    {run, "'tests[0].verdict' is \"good\"; it must be one of: passed, failed, skipped",
     [](json& r) { r["tests"][0]["verdict"] = "good"; }},
    {run, "'stages[0].verdict' is missing", [](json& r) { r["stages"][0].erase("verdict"); }},
    {run, "'sanitizer.memcheck[0].name' is missing",
     [](json& r) { r["sanitizer"]["memcheck"][0].erase("name"); }},
    {"gpu-old/microbench.json", "'date' is missing", [](json& r) { r.erase("date"); }}};

/// Each done to the records of a tree, one after another.
void expect_refused(const std::vector<Damage>& damages) {
  for (const Damage& damage : damages) {
    const RecordedTree tree;
    json record = fixture(damage.file);
    damage.change(record);
    tree.folder.write("bench/results/" + damage.file, record.dump());
    expect_refusal(tree, {}, {"takt: bench/results/" + damage.file + ": " + damage.said});
  }
}

TEST(ToolReportRefuses, RecordsOfNobody) {
  expect_refused(damaged_heads);
}

TEST(ToolReportRefuses, DamagedPoints) {
  expect_refused(damaged_points);
}

TEST(ToolReportRefuses, DamagedRuns) {
  expect_refused(damaged_runs);
}

TEST(ToolReportRefuses, WhatIsNoRecord) {
  const Tree tree;
  tree.folder.write("bench/results/a.json", "{\"record\": \"bench\",");
  expect_refusal(tree, {}, {"bench/results/a.json: the record is not JSON"});
  fs::remove(tree.folder / "bench/results/a.json");
  fs::create_directory(tree.folder / "bench/results/run");
  expect_refusal(tree, {}, {"bench/results/run: 'run.json' is missing"});
  fs::remove(tree.folder / "bench/results/run");
  fs::create_directory(tree.folder / "bench/results/a.json");
  expect_refusal(tree, {}, {"bench/results/a.json: the record must be a file"});
  fs::remove(tree.folder / "bench/results/a.json");
  tree.folder.write("bench/results/notes.txt", "no record, and not taken for one");
  EXPECT_EQ(tree.report().exit_code, done);
}

}  // namespace

#endif
