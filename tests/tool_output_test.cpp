// The takt command's files: whole or not at all, where they were asked for, and nowhere else.
#ifdef TAKT_TOOL

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "tool_run.hpp"

namespace {

namespace fs = std::filesystem;

using nlohmann::json;
using takt::test::Folder;
using takt::test::run_tool;
using takt::test::RunningTool;
using takt::test::ToolResult;
using takt::test::ToolRun;
using Contents = std::map<std::string, std::string>;

constexpr int failed = 3;

bool is_info(const std::string& text) {
  const json document = json::parse(text, nullptr, false);
  return document.is_object() && document["command"] == "takt info";
}

TEST(ToolOutput, AFullDeviceIsAFailure) {
  for (const char* option : {"info", "explain"}) {
    const ToolResult result = run_tool(ToolRun{.arguments = {option}, .out_path = "/dev/full"});
    EXPECT_EQ(result.exit_code, failed);
    EXPECT_NE(result.err.find("could not write to stdout"), std::string::npos) << result.err;
    const ToolResult file = run_tool({option, "--json", "/dev/full"});
    EXPECT_EQ(file.exit_code, failed);
    EXPECT_NE(file.err.find("could not write '/dev/full'"), std::string::npos) << file.err;
  }
}

TEST(ToolOutput, AClosedStdoutNeverBecomesAFile) {
  const Folder folder;
  folder.write("info.json", "old");
  const ToolResult result = run_tool(ToolRun{
      .arguments = {"info", "--json", "info.json"}, .folder = folder.path(), .close_out = true});
  EXPECT_EQ(result.exit_code, failed);
  EXPECT_NE(result.err.find("could not write to stdout"), std::string::npos) << result.err;
  EXPECT_EQ(folder.contents(), (Contents{{"info.json", "old"}}));
}

TEST(ToolOutput, GoesOnWhereStdoutIs) {
  for (const bool append : {true, false}) {
    const Folder folder;
    folder.write("log", "old\n");
    const ToolResult result = run_tool(ToolRun{.arguments = {"info", "--json", "/dev/stdout"},
                                               .folder = folder.path(),
                                               .out_path = folder / "log",
                                               .append_out = append});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const std::string log = folder.read("log"), lines = run_tool({"info"}).out;
    const std::string before = (append ? "old\n" : "") + lines;
    EXPECT_TRUE(log.starts_with(before)) << log;
    EXPECT_TRUE(is_info(log.substr(before.size()))) << log;
    EXPECT_EQ(folder.contents().size(), 1u);
  }
}

TEST(ToolOutput, FollowsLinksThatLeadSomewhere) {
  const Folder folder, other;
  fs::create_symlink(other / "new.json", folder / "dangling.json");
  EXPECT_EQ(run_tool({"info", "--json", folder / "dangling.json"}).exit_code, 0);
  EXPECT_TRUE(fs::is_symlink(folder / "dangling.json"));
  EXPECT_TRUE(is_info(other.read("new.json")));

  fs::create_symlink("b", folder / "a");
  fs::create_symlink("a", folder / "b");
  const ToolResult loop = run_tool({"info", "--json", folder / "a"});
  EXPECT_EQ(loop.exit_code, 2);
  EXPECT_NE(loop.err.find("cannot be written: Too many levels of symbolic links"),
            std::string::npos)
      << loop.err;
  EXPECT_TRUE(fs::is_symlink(folder / "a") && fs::is_symlink(folder / "b"));
}

TEST(ToolOutput, KeepsTheModeOfAFile) {
  const Folder folder;
  folder.write("info.json", "old");
  ASSERT_EQ(chmod((folder / "info.json").c_str(), 0666), 0);
  EXPECT_EQ(run_tool({"info", "--json", folder / "info.json"}).exit_code, 0);
  EXPECT_TRUE(is_info(folder.read("info.json")));
  EXPECT_EQ(fs::status(folder / "info.json").permissions(), static_cast<fs::perms>(0666));
}

TEST(ToolOutput, WritesAFileWhoseFolderIsClosed) {
  const Folder folder;
  folder.write("info.json", "old");
  ASSERT_EQ(chmod((folder / "info.json").c_str(), 0666), 0);
  ASSERT_EQ(chmod(folder.path().c_str(), 0555), 0);
  const ToolResult result =
      run_tool(ToolRun{.arguments = {"info", "--json", folder / "info.json"}, .as_nobody = true});
  const ToolResult refused =
      run_tool(ToolRun{.arguments = {"info", "--json", folder / "new.json"}, .as_nobody = true});
  ASSERT_EQ(chmod(folder.path().c_str(), 0755), 0);
  if (result.exit_code == 126) GTEST_SKIP() << "skipped: nobody may not run the tool here";
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_TRUE(is_info(folder.read("info.json")));
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_NE(refused.err.find("cannot be written: Permission denied"), std::string::npos);
  EXPECT_EQ(folder.contents().size(), 1u);
}

// A write that ends in the middle.
TEST(ToolOutput, AFileThatMayNotGrowStaysAsItWas) {
  for (const int limit : {0, 1000}) {
    const Folder folder;
    folder.write("info.json", "old");
    const ToolResult result = run_tool(ToolRun{.arguments = {"info", "--json", "info.json"},
                                               .folder = folder.path(),
                                               .out_path = "/dev/null",
                                               .file_size_limit = limit});
    EXPECT_EQ(result.signal, 0);
    EXPECT_EQ(result.exit_code, failed);
    // With a limit of 0 not even the sentence can be kept here.
    if (limit > 0) {
      EXPECT_NE(result.err.find("could not write 'info.json': File too large"), std::string::npos)
          << result.err;
    }
    EXPECT_EQ(folder.contents(), (Contents{{"info.json", "old"}}));
  }
}

TEST(ToolOutput, DevicesAndLinksStayWhatTheyAre) {
  EXPECT_EQ(run_tool({"info", "--json", "/dev/null"}).exit_code, 0);
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  const Folder folder;
  folder.write("real.json", "old");
  fs::create_symlink("real.json", folder / "link.json");
  EXPECT_EQ(run_tool({"info", "--json", folder / "link.json"}).exit_code, 0);
  EXPECT_TRUE(fs::is_symlink(folder / "link.json"));
  EXPECT_EQ(json::parse(folder.read("real.json"))["command"], "takt info");
}

/// What a run has printed that a signal ended so long after its start.
std::string out_of_a_run_ended_by(int signal, std::chrono::milliseconds after) {
  const Folder folder;
  folder.write("list", "lstm f32 4 2 3 5 inference\nlstm f32 50000 64 64 64 training\n");
  RunningTool tool(
      ToolRun{.arguments = {"bench", "--shapes", "list", "--seconds", "0.001", "--json", "-"},
              .folder = folder.path()});
  std::this_thread::sleep_for(after);
  tool.send(signal);
  const ToolResult result = tool.wait();
  EXPECT_EQ(result.signal, signal) << result.err;
  EXPECT_EQ(folder.contents().size(), 1u);
  return result.out;
}

// The first point takes a fraction of a second where nothing else runs, the second one minutes.
TEST(ToolOutput, HasWhatWasMeasuredBeforeASignal) {
  for (const int signal : {SIGINT, SIGTERM}) {
    std::string out;
    for (auto after = std::chrono::milliseconds(1500); out.empty() && after.count() < 60000;
         after *= 2)
      out = out_of_a_run_ended_by(signal, after);
    const json report = json::parse(out, nullptr, false);
    ASSERT_FALSE(report.is_discarded()) << out;
    EXPECT_EQ(report["complete"], false);
    ASSERT_EQ(report["points"].size(), 1u);
    EXPECT_GE(report["points"][0]["samples_s"].size(), 30u);
  }
}

TEST(ToolOutput, HasNothingWhereNothingWasMeasuredBeforeASignal) {
  EXPECT_EQ(out_of_a_run_ended_by(SIGTERM, std::chrono::milliseconds(30)), "");
}

}  // namespace

#endif
