// takt report --check: what was changed by hand, or is older than the records, is named.
#ifdef TAKT_TOOL

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "limit_fixture.hpp"
#include "report_tree.hpp"

namespace {

namespace fs = std::filesystem;

using nlohmann::json;
using takt::test::done;
using takt::test::fixture;
using takt::test::has_gnuplot;
using takt::test::holds;
using takt::test::outside;
using takt::test::RecordedTree;
using takt::test::ToolResult;
using takt::test::Tree;

std::string replaced(std::string text, const std::string& old, const std::string& with) {
  const std::size_t at = text.find(old);
  EXPECT_NE(at, std::string::npos) << old;
  return at == std::string::npos ? text : text.replace(at, old.size(), with);
}

TEST(ToolReport, ChecksWhatItWrote) {
  const RecordedTree tree;
  ASSERT_EQ(tree.report().exit_code, done);
  const auto before = tree.files();
  const ToolResult check = tree.report({"--check"});
  EXPECT_EQ(check.exit_code, done) << check.out;
  const ToolResult again = tree.report();
  EXPECT_EQ(again.exit_code, done);
  EXPECT_FALSE(holds(again.out, "wrote")) << again.out;
  EXPECT_EQ(tree.files(), before);
}

struct Edit {
  std::string file, old, with, said;
};

TEST(ToolReport, CheckFailsWhereADigitWasChangedByHand) {
  const RecordedTree tree;
  ASSERT_EQ(tree.report().exit_code, done);
  for (const Edit& edit :
       {Edit{"README.md", "|           0.50 |", "|           0.49 |",
             "README.md:15 in block 'cpu-ratios': the file has '| lstm "},
        Edit{"docs/measurements.md", " 14.000 (persist", " 15.000 (persist",
             " in block 'gpu-shapes': the file has '| lstm "},
        Edit{"docs/hardware.md", "2 of 3", "3 of 3", "docs/hardware.md:28: the file has '| "}}) {
    const std::string original = tree.folder.read(edit.file);
    tree.folder.write(edit.file, replaced(original, edit.old, edit.with));
    const auto before = tree.files();
    const ToolResult result = tree.report({"--check"});
    EXPECT_EQ(result.exit_code, outside) << edit.file;
    EXPECT_TRUE(holds(result.out, edit.said)) << result.out;
    EXPECT_TRUE(holds(result.out, ", the records give '| ")) << result.out;
    EXPECT_EQ(tree.files(), before);
    tree.folder.write(edit.file, original);
  }
}

TEST(ToolReport, CheckFailsWhereARecordIsNewer) {
  const Tree tree;
  tree.folder.write("bench/results/a.json", fixture("growth.json").dump());
  ASSERT_EQ(tree.report().exit_code, done);
  json record = fixture("growth.json");
  record["points"].erase(2);
  tree.folder.write("bench/results/a.json", record.dump());
  const ToolResult result = tree.report({"--check"});
  EXPECT_EQ(result.exit_code, outside);
  EXPECT_TRUE(holds(result.out, "docs/measurements.md:")) << result.out;
}

TEST(ToolReport, ChecksPicturesByTheirRecordsAndThemselves) {
  if (!has_gnuplot()) GTEST_SKIP() << "no gnuplot";
  const RecordedTree tree;
  ASSERT_EQ(tree.report().exit_code, done);
  const std::string name = "docs/plots/ratio-onednn-f32-t10-cpu-made-up-2-threads.svg";
  const std::string original = tree.folder.read(name);
  const auto expect_check = [&](const std::string& said) {
    const ToolResult result = tree.report({"--check"});
    EXPECT_EQ(result.exit_code, outside) << said;
    EXPECT_TRUE(holds(result.out, said)) << result.out;
  };
  tree.folder.write(name, replaced(original, ">0.25<", ">0.24<"));
  expect_check(name + ": is not what the records give");
  EXPECT_TRUE(holds(tree.report().out, "wrote " + name));
  EXPECT_EQ(tree.folder.read(name), original);
  fs::remove(tree.folder / name);
  expect_check(name + ": is missing");
  ASSERT_EQ(tree.report().exit_code, done);
  tree.folder.write("docs/plots/older.svg", original);
  tree.folder.write("docs/plots/other.svg", "<svg/>");
  expect_check("docs/plots/older.svg: no record gives this picture");
  EXPECT_TRUE(holds(tree.report().out, "removed docs/plots/older.svg"));
  EXPECT_TRUE(fs::exists(tree.folder / "docs/plots/other.svg")) << "that is somebody else's";
  EXPECT_EQ(tree.report({"--check"}).exit_code, done);
}

TEST(ToolReport, WritesThePlannersConstantsIntoTheSource) {
  const std::string name = "src/cuda/measured_models.inc";
  const Tree tree;
  tree.folder.write("bench/results/a.json", takt::test::planner_fixture().dump());
  ASSERT_EQ(tree.report().exit_code, done);
  EXPECT_FALSE(fs::exists(tree.folder / name)) << "that tree is not takt's source";
  fs::create_directories(tree.folder / "src/cuda");
  tree.folder.write(name, "old\n");
  EXPECT_TRUE(holds(tree.report({"--check"}).out, name + ":1: the file has 'old'"));
  EXPECT_TRUE(holds(tree.report().out, "wrote " + name));
  EXPECT_TRUE(
      holds(tree.folder.read(name), "\n .record = \"bench/results/a.json, commit f1f1f1f, "))
      << tree.folder.read(name);
  EXPECT_EQ(tree.report({"--check"}).exit_code, done);
}

TEST(ToolReport, GivesTheSameAsJson) {
  const RecordedTree tree;
  const ToolResult written = tree.report({"--json"});
  ASSERT_EQ(written.exit_code, done) << written.err;
  const json first = json::parse(written.out);
  EXPECT_EQ(first["command"], "takt report");
  EXPECT_EQ(first["records"], 9);
  EXPECT_EQ(first["emulated"].size(), 2u);
  EXPECT_FALSE(first["written"].empty());
  int with_ratio = 0;
  for (const json& each : first["ratios"]) with_ratio += each["ratio"].is_number() ? 1 : 0;
  EXPECT_EQ(with_ratio, 4 + 1) << first["ratios"];
  EXPECT_EQ(first["ratios"][0]["ratio"], 0.25);
  EXPECT_EQ(first["ratios"][0]["H"], 64);
  EXPECT_EQ(first["ratios"][0]["record"], "bench/results/cpu-new.json");

  tree.folder.write("README.md", replaced(tree.folder.read("README.md"), "0.50 |", "0.49 |"));
  const ToolResult check = tree.report({"--check", "--json", "check.json"});
  EXPECT_EQ(check.exit_code, outside);
  const json second = json::parse(tree.folder.read("check.json"));
  ASSERT_EQ(second["differences"].size(), 1u);
  EXPECT_TRUE(holds(check.out, second["differences"][0].get<std::string>() + "\n"));
  EXPECT_EQ(tree.report({"--json", "missing/x.json"}).exit_code, takt::test::misused);
}

}  // namespace

#endif
