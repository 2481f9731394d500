// takt bench: its plot, and what it does not take from its surroundings.
#ifdef TAKT_TOOL

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>
#include <takt/cells.hpp>

#include "tool_run.hpp"

namespace {

namespace fs = std::filesystem;

using nlohmann::json;
using takt::test::Folder;
using takt::test::run_tool;
using takt::test::ToolResult;
using takt::test::ToolRun;

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::vector<std::string> tiny_bench(const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {"bench",   "--hidden", "5",         "--seq", "4,8",
                                        "--batch", "1",        "--seconds", "0.001"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

/// A bench in a folder of its own, with a program of ours where gnuplot is looked for.
class ToolPlot : public testing::Test {
 protected:
  void put_gnuplot(const std::string& script) {
    programs_.write("gnuplot", "#!/bin/sh\n" + script + "\n");
    fs::permissions(programs_ / "gnuplot", fs::perms::owner_all);
  }
  ToolResult run(const std::vector<std::string>& more) const {
    return run_tool(ToolRun{.arguments = tiny_bench(more),
                            .folder = folder_.path(),
                            .environment = {{"PATH", programs_.path()}}});
  }
  bool there(const std::string& name) const { return folder_.contents().contains(name); }

  Folder folder_, programs_;
};

TEST_F(ToolPlot, NamesHowGnuplotEnded) {
  put_gnuplot("exit 5");
  EXPECT_TRUE(holds(run({}).out, "no plot: gnuplot failed: exit status 5\n"));
  put_gnuplot("kill -9 $$");
  EXPECT_TRUE(holds(run({}).out, "no plot: gnuplot failed: signal 9\n"));
  put_gnuplot("exit 0");
  EXPECT_TRUE(holds(run({}).out, "no plot: gnuplot failed: it drew nothing\n"));
  put_gnuplot("echo no such terminal >&2; exit 1");
  EXPECT_TRUE(holds(run({}).out, "no plot: gnuplot failed: no such terminal\n"));
  EXPECT_FALSE(there("scaling.svg"));
}

TEST_F(ToolPlot, TakesNoSettingsOfTheUser) {
  put_gnuplot("[ \"$1\" = -d ] && echo picture");
  EXPECT_TRUE(holds(run({}).out, "wrote scaling.svg"));
  EXPECT_EQ(folder_.read("scaling.svg"), "picture\n");
}

TEST_F(ToolPlot, LeavesNoOldOneBesideNewFigures) {
  for (const std::string how : {"fails", "is missing", "is not asked for", "has one length"}) {
    folder_.write("scaling.svg", "old");
    put_gnuplot(how == "fails" ? "exit 1" : "echo picture");
    if (how == "is missing") fs::remove(programs_ / "gnuplot");
    std::vector<std::string> more;
    if (how == "is not asked for") more = {"--no-plot"};
    if (how == "has one length") more = {"--seq", "4"};
    std::vector<std::string> arguments = tiny_bench(more);
    if (how == "has one length") arguments.erase(arguments.begin() + 3, arguments.begin() + 5);
    const ToolResult result = run_tool(ToolRun{.arguments = arguments,
                                               .folder = folder_.path(),
                                               .environment = {{"PATH", programs_.path()}}});
    EXPECT_EQ(result.exit_code, 0) << how << result.err;
    EXPECT_FALSE(there("scaling.svg")) << how;
    EXPECT_TRUE(there("scaling.json")) << how;
    EXPECT_TRUE(holds(result.out, "; removed the old scaling.svg\n")) << how << result.out;
  }
  // Figures that lie elsewhere say nothing of it.
  folder_.write("scaling.svg", "old");
  EXPECT_EQ(run({"--no-plot", "--json", "other.json"}).exit_code, 0);
  EXPECT_EQ(folder_.read("scaling.svg"), "old");
}

TEST_F(ToolPlot, IsDrawnOnlyWhereAskedForWhenJsonHasStdout) {
  put_gnuplot("echo picture");
  const ToolResult plain = run({"--json"});
  EXPECT_TRUE(json::accept(plain.out)) << plain.out;
  EXPECT_EQ(plain.err, "");
  EXPECT_TRUE(folder_.contents().empty());

  const ToolResult drawn = run({"--json", "-", "--out", "."});
  EXPECT_TRUE(json::accept(drawn.out)) << drawn.out;
  EXPECT_EQ(drawn.err, "takt: wrote ./scaling.svg\n");
  EXPECT_EQ(folder_.read("scaling.svg"), "picture\n");

  put_gnuplot("exit 7");
  const ToolResult failed = run({"--json", "-", "--out", "."});
  EXPECT_TRUE(json::accept(failed.out)) << failed.out;
  EXPECT_EQ(failed.err,
            "takt: no plot: gnuplot failed: exit status 7; removed the old ./scaling.svg\n");
}

TEST(ToolBench, TakesNoSettingsOfGoogleBenchmark) {
  const Folder folder;
  const ToolResult result = run_tool(ToolRun{.arguments = tiny_bench({"--no-plot"}),
                                             .folder = folder.path(),
                                             .environment = {{"BENCHMARK_LIST_TESTS", "1"},
                                                             {"BENCHMARK_FILTER", "none"},
                                                             {"BENCHMARK_OUT", "theirs.json"}}});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const json report = json::parse(folder.read("scaling.json"));
  ASSERT_EQ(report["points"].size(), 2u);
  for (const json& point : report["points"]) EXPECT_GE(point["samples_s"].size(), 3u) << point;
  EXPECT_EQ(folder.contents().size(), 1u);
}

TEST(ToolBench, TakesListsThatBeginWithAByteOrderMark) {
  const std::string cell(takt::known_cells().front().name);
  for (const std::string first : {"# a list\n", ""}) {
    const Folder folder;
    folder.write("list", "\xef\xbb\xbf" + first + cell + " f32 2 1 1 1 inference\n");
    const ToolResult result = run_tool(
        ToolRun{.arguments = {"bench", "--shapes", "list", "--seconds", "0.001", "--no-plot"},
                .folder = folder.path()});
    EXPECT_EQ(result.exit_code, 0) << result.err;
  }
}

TEST(ToolBench, SaysAtWhichStepsItCompared) {
  const Folder folder;
  const ToolResult result =
      run_tool(ToolRun{.arguments = {"bench", "--hidden", "5", "--batch", "1", "--seq", "64,1000",
                                     "--seconds", "0.001", "--no-plot"},
                       .folder = folder.path()});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_TRUE(holds(result.out, "y in windows of up to 64 steps at the beginning,\n"));
  EXPECT_TRUE(holds(result.out,
                    "at a drawn place between and at the end, which start from the "
                    "device's own states; not elsewhere\n"));
  const json report = json::parse(folder.read("scaling.json"));
  const json &whole = report["points"][0]["check"]["tensors"],
             &parts = report["points"][1]["check"]["tensors"];
  ASSERT_EQ(whole.size(), 1u);
  EXPECT_EQ(whole[0]["steps"], 64);
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0]["first_step"], 0);
  EXPECT_GE(parts[1]["first_step"], 64);
  EXPECT_LE(parts[1]["first_step"], 1000 - 128);
  EXPECT_EQ(parts[2]["first_step"], 1000 - 64);
  for (const json& part : parts) EXPECT_EQ(part["steps"], 64);

  const ToolResult all =
      run_tool(ToolRun{.arguments = tiny_bench({"--no-plot"}), .folder = folder.path()});
  EXPECT_TRUE(holds(all.out, "worst tensor: y at every step\n")) << all.out;
  EXPECT_TRUE(holds(all.out, "memory     of a call, computed: ")) << all.out;
}

TEST(ToolHelp, SaysWhatCannotBeMisread) {
  const std::string help = run_tool({"info", "--help"}).out;
  EXPECT_TRUE(holds(help, "--json [FILE]  ")) << help;
  EXPECT_FALSE(holds(help, "=-")) << help;
  EXPECT_TRUE(holds(help, "1 a result outside its tolerance")) << help;
  EXPECT_TRUE(holds(help, "3 could not be done")) << help;
}

}  // namespace

#endif
