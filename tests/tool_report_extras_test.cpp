// takt report: problems with extras are cases of their own, in tables and in pictures.
#ifdef TAKT_TOOL

#include <gtest/gtest.h>

#include <string>

#include "report_tree.hpp"

namespace {

using nlohmann::json;
using takt::test::done;
using takt::test::fixture;
using takt::test::has_gnuplot;
using takt::test::holds;
using takt::test::run_tool;
using takt::test::slowed;
using takt::test::squeezed;
using takt::test::ToolResult;
using takt::test::ToolRun;
using takt::test::Tree;

/// A real record, but for the commit: that of a tree in which something was changed is refused.
TEST(ToolReportExtras, StandBesideTheSizesOfARecordOfTaktBench) {
  const Tree tree;
  tree.folder.write("shapes.txt",
                    "lstm f32 4 2 3 8 inference\n"
                    "lstm f32 4 2 3 8 inference lengths=zipf\n"
                    "lstm f32 4 2 3 8 inference heads=4\n"
                    "lstm f32 4 2 3 8 inference algorithm=cpu\n"
                    "lstm f32 4 2 3 8 inference algorithm=cluster\n"
                    "lstm f32 4 2 32 8 inference precomputed\n"
                    "mingru f32 4 2 3 8 inference may-be-absent\n");
  const std::string name = "bench/results/a.json";
  const ToolResult bench =
      run_tool(ToolRun{.arguments = {"bench", "--shapes", "shapes.txt", "--seconds", "0.001",
                                     "--no-plot", "--json", name},
                       .folder = tree.folder.path()});
  ASSERT_EQ(bench.exit_code, done) << bench.err;
  json record = json::parse(tree.folder.read(name));
  record["commit"] = "aaaaaaa";
  tree.folder.write(name, record.dump());
  const ToolResult report = tree.report();
  ASSERT_EQ(report.exit_code, done) << report.err;
  const std::string text = squeezed(tree.folder.read("docs/measurements.md"));
  for (const std::string row :
       {"| cell | mode | type | extras | T | B | I | H | us/step | spread | GFLOP/s |",
        "| lstm | inference | f32 | | 4 | 2 | 3 | 8 | ",
        "| lstm | inference | f32 | heads=4 | 4 | 2 | 3 | 8 | refused | - | - | - |",
        "| lstm | inference | f32 | algorithm=cpu | 4 | 2 | 3 | 8 | ",
        "| lstm | inference | f32 | algorithm=cluster | 4 | 2 | 3 | 8 | refused | - | - | - |",
        "| lstm | inference | f32 | lengths=zipf | 4 | 2 | 3 | 8 | ",
        "| mingru | inference | f32 | may-be-absent | 4 | 2 | 3 | 8 | refused | - | - | - |",
        "| lstm | inference | f32 | precomputed | 4 | 2 | 32 | 8 | "})
    EXPECT_TRUE(holds(text, row)) << row << "\n" << text;
  const std::size_t plain = text.find("| f32 | | 4 |");
  EXPECT_FALSE(holds(text.substr(plain, text.find('\n', plain) - plain), "refused")) << text;
}

/// Faster by half than without.
json with_extras(const json& point, const std::string& extras) {
  json other = slowed(point, 0.5);
  other["extras"] = extras;
  return other;
}

TEST(ToolReportExtras, HaveRatiosAndPicturesOfTheirOwn) {
  const Tree tree;
  json record = fixture("cpu-old.json");
  record["points"].push_back(with_extras(record["points"][0], "lengths=zipf"));
  tree.folder.write("bench/results/a.json", record.dump());
  ASSERT_EQ(tree.report().exit_code, done);
  const std::string text = squeezed(tree.folder.read("README.md"));
  for (const std::string row :
       {"| cell | mode | type | extras | cases | ",
        "| lstm | inference | f32 | | 2 | 0.50 | 0.50 (T10 B1 I64 H64) |",
        "| lstm | inference | f32 | lengths=zipf | 1 | 0.25 | 0.25 (T10 B1 I64 H64 lengths=zipf) |",
        "| **all** | | | | 4 | 0.66 | 0.25 (T10 B1 I64 H64 lengths=zipf) | 3.00 ("})
    EXPECT_TRUE(holds(text, row)) << row << "\n" << text;
  if (!has_gnuplot()) GTEST_SKIP() << "no gnuplot";
  const std::string ratio =
      tree.folder.read("docs/plots/ratio-onednn-f32-t10-cpu-made-up-2-threads.svg");
  EXPECT_TRUE(holds(ratio, ">0.50<")) << ratio;
  for (const std::string number : {">0.25<", ">0.35<"}) EXPECT_FALSE(holds(ratio, number)) << ratio;
}

TEST(ToolReportExtras, GrowInASeriesOfTheirOwn) {
  if (!has_gnuplot()) GTEST_SKIP() << "no gnuplot";
  const Tree tree;
  json record = fixture("growth.json");
  for (std::size_t n = 0; n < 3; ++n)
    record["points"].push_back(with_extras(record["points"][n], "lengths=uniform"));
  tree.folder.write("bench/results/a.json", record.dump());
  ASSERT_EQ(tree.report().exit_code, done);
  const std::string svg =
      tree.folder.read("docs/plots/growth-lstm-f32-inference-cpu-made-up-2-threads.svg");
  EXPECT_TRUE(holds(svg, ">B = 1, I = 32, H = 32 (time ~ T^1.000; 1.50 us a step)<")) << svg;
  EXPECT_TRUE(
      holds(svg, ">B = 1, I = 32, H = 32, lengths=uniform (time ~ T^1.000; 0.75 us a step)<"))
      << svg;
}

}  // namespace

#endif
