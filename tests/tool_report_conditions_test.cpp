// takt report says under what conditions was measured, and mixes no single steps with sequences.
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
using takt::test::RecordedTree;
using takt::test::slowed;
using takt::test::squeezed;
using takt::test::Tree;

/// With a case of one step, in which takt takes twice the peer's time.
struct TreeWithAStep : Tree {
  TreeWithAStep() {
    json record = fixture("cpu-old.json");
    json step = slowed(record["points"][0], 4);
    step["T"] = 1;
    record["points"].push_back(step);
    folder.write("bench/results/a.json", record.dump());
  }
};

TEST(ToolReportSteps, HaveARowOfTheirOwn) {
  const TreeWithAStep tree;
  ASSERT_EQ(tree.report().exit_code, done);
  const std::string text = squeezed(tree.folder.read("README.md"));
  for (const std::string row :
       {"| lstm | inference | f32 | 2 | 0.50 | 0.50 (T10 B1 I64 H64) |",
        "| lstm | inference, T = 1 | f32 | 1 | 2.00 | 2.00 (T1 B1 I64 H64) | 2.00 (",
        "| gru | training | f32 | 1 | 3.00 |", "| **all** | | | 3 | 0.91 |",
        "| **all**, T = 1 | | | 1 | 2.00 |"})
    EXPECT_TRUE(holds(text, row)) << row << "\n" << text;
}

TEST(ToolReportSteps, HavePicturesOfTheirOwn) {
  if (!has_gnuplot()) GTEST_SKIP() << "no gnuplot";
  const TreeWithAStep tree;
  ASSERT_EQ(tree.report().exit_code, done);
  const auto drawn = [&](const std::string& name) {
    return tree.folder.read("docs/plots/" + name + "-cpu-made-up-2-threads.svg");
  };
  const std::string steps = drawn("ratio-onednn-f32-t1"), sequences = drawn("ratio-onednn-f32-t10");
  EXPECT_TRUE(holds(steps, "takt against oneDNN, f32, T = 1<")) << steps;
  EXPECT_TRUE(holds(steps, ">2.00<") && !holds(steps, ">0.50<")) << steps;
  EXPECT_TRUE(holds(sequences, "takt against oneDNN, f32, T = 10<")) << sequences;
  EXPECT_TRUE(holds(sequences, ">0.50<") && !holds(sequences, ">2.00<")) << sequences;
  EXPECT_TRUE(holds(drawn("steps-onednn-f32-t1"), "f32, T = 1<"));
  EXPECT_TRUE(holds(drawn("steps-onednn-f32-t10"), "f32, T = 10<"));
}

TEST(ToolReportConditions, StandBesideTheTables) {
  const RecordedTree tree;
  ASSERT_EQ(tree.report().exit_code, done);
  for (const std::string file : {"README.md", "docs/measurements.md"})
    for (const std::string sentence :
         {"Weights of inference are packed once, before the clock starts",
          "spared clearing them, and writes dh0 and dc0", "Caches are warm",
          "L2 is overwritten before each call", "The two-kernel loop runs inference only."})
      EXPECT_TRUE(holds(tree.folder.read(file), sentence)) << file << ": " << sentence;
}

TEST(ToolReportConditions, TellThatAMachineWasBusy) {
  const Tree tree;
  const auto line_with = [&](double load, const json& cores) {
    json record = fixture("cpu-old.json");
    record["load_before"] = load;
    record["load_cores"] = cores;
    record["device"]["threads"] = 2;
    tree.folder.write("bench/results/a.json", record.dump());
    EXPECT_EQ(tree.report().exit_code, done);
    return tree.folder.read("README.md");
  };
  const std::string busy = "; 2026-01-01; **busy before the start**: load 1.25 on 2 cores.\n";
  EXPECT_TRUE(holds(line_with(1.25, 2), busy));
  EXPECT_TRUE(holds(line_with(1.25, nullptr), busy)) << "one core for each thread";
  EXPECT_FALSE(holds(line_with(1.25, 4), "busy"));
  EXPECT_FALSE(holds(line_with(1, 2), "busy"));
}

}  // namespace

#endif
