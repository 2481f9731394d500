// takt report: pictures and the texts that link them, where gnuplot fails or is not there, and the
// files of devices that are named alike.
#ifdef TAKT_TOOL

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "report_tree.hpp"

namespace {

namespace fs = std::filesystem;

using nlohmann::json;
using takt::test::done;
using takt::test::failed;
using takt::test::fixture;
using takt::test::Folder;
using takt::test::has_gnuplot;
using takt::test::holds;
using takt::test::RecordedTree;
using takt::test::slowed;
using takt::test::ToolResult;
using takt::test::Tree;

/// A picture of an earlier report, which no record gives.
constexpr const char* old_picture = "docs/plots/older.svg";

/// What links no picture is written, what links one is not, and nothing is removed.
void expect_no_pictures(const Tree& tree, const std::string& path, const std::string& said) {
  const std::string linking = tree.folder.read("docs/measurements.md");
  const ToolResult result = tree.report({}, {{"PATH", path}});
  EXPECT_EQ(result.exit_code, failed) << result.out;
  EXPECT_EQ(result.err, "takt: " + said + "; not written: pictures, docs/measurements.md\n");
  EXPECT_TRUE(holds(tree.folder.read("README.md"), "| 0.25 (T10 B1 I64 H64)"));
  EXPECT_TRUE(holds(tree.folder.read("docs/hardware.md"), "2 of 3"));
  EXPECT_EQ(tree.folder.read("docs/measurements.md"), linking);
  EXPECT_TRUE(fs::exists(tree.folder / old_picture));
  const auto files = tree.files();
  EXPECT_EQ(std::count_if(files.begin(), files.end(),
                          [](const auto& file) { return file.first.ends_with(".svg"); }),
            1);
}

struct TreeWithAnOldPicture : RecordedTree {
  TreeWithAnOldPicture() {
    fs::create_directories(folder / "docs/plots");
    folder.write(old_picture, "<svg/>\n<!-- takt report: 0000000000000000 -->\n");
  }
};

TEST(ToolReportPlots, AreNotLinkedWithoutGnuplot) {
  const TreeWithAnOldPicture tree;
  expect_no_pictures(tree, "/nonexistent",
                     "gnuplot was not found (Debian: apt-get install gnuplot-nox)");
}

TEST(ToolReportPlots, AreNotLinkedWhereGnuplotFails) {
  const TreeWithAnOldPicture tree;
  const Folder programs;
  programs.write("gnuplot", "#!/bin/sh\nexit 5\n");
  fs::permissions(programs / "gnuplot", fs::perms::owner_all);
  expect_no_pictures(tree, programs.path(),
                     "gnuplot failed on docs/plots/ratio-onednn-f32-t10-cpu-made-up-2-threads.svg: "
                     "exit status 5");
}

TEST(ToolReportPlots, NeedNoGnuplotWhereTheyAreThere) {
  const RecordedTree tree;
  ASSERT_EQ(tree.report().exit_code, done);
  tree.folder.write("README.md", takt::test::block("cpu-ratios"));
  const ToolResult result = tree.report({}, {{"PATH", "/nonexistent"}});
  EXPECT_EQ(result.exit_code, done) << result.err;
  EXPECT_TRUE(holds(result.out, "wrote README.md\n"));
}

TEST(ToolReportPlots, HaveFilesOfTheirOwn) {
  if (!has_gnuplot()) GTEST_SKIP() << "no gnuplot";
  const Tree tree;
  const std::vector<std::string> devices = {"cpu (X Y; 2 threads)", "cpu (X+Y, 2 threads)",
                                            "cpu x y 2 threads 2", "\u00b5\u00b5", "\u00e9"};
  for (std::size_t n = 0; n < devices.size(); ++n) {
    json record = fixture("cpu-old.json");
    record["device"]["description"] = devices[n];
    tree.folder.write("bench/results/" + std::to_string(n) + ".json", record.dump());
  }
  ASSERT_EQ(tree.report().exit_code, done);
  const std::map<std::string, std::string> titles = {{"cpu-x-y-2-threads", devices[0]},
                                                     {"cpu-x-y-2-threads-2", devices[2]},
                                                     {"cpu-x-y-2-threads-3", devices[1]}};
  for (const auto& [name, device] : titles)
    EXPECT_TRUE(holds(tree.folder.read("docs/plots/ratio-onednn-f32-t10-" + name + ".svg"),
                      ">" + device + ";"))
        << name;
  EXPECT_TRUE(fs::exists(tree.folder / "docs/plots/ratio-onednn-f32-t10.svg"));
  EXPECT_TRUE(fs::exists(tree.folder / "docs/plots/ratio-onednn-f32-t10-2.svg"));
  const ToolResult check = tree.report({"--check"});
  EXPECT_EQ(check.exit_code, done) << check.out;
}

TEST(ToolReportPlots, DrawNoGrowthThroughWhatIsWrong) {
  if (!has_gnuplot()) GTEST_SKIP() << "no gnuplot";
  const Tree tree;
  json record = fixture("growth.json");
  json wrong = slowed(record["points"][2], 100);
  wrong["T"] = 4096;
  wrong["check"]["inside_tolerance"] = false;
  record["points"].push_back(wrong);
  tree.folder.write("bench/results/a.json", record.dump());
  ASSERT_EQ(tree.report().exit_code, done);
  const std::string name = "docs/plots/growth-lstm-f32-inference-cpu-made-up-2-threads.svg";
  const std::string svg = tree.folder.read(name);
  EXPECT_TRUE(holds(svg, "time ~ T^1.000; 1.50 us a step")) << svg;
  for (json& point : record["points"]) point["check"]["inside_tolerance"] = false;
  tree.folder.write("bench/results/a.json", record.dump());
  ASSERT_EQ(tree.report().exit_code, done);
  EXPECT_FALSE(fs::exists(tree.folder / name));
}

}  // namespace

#endif
