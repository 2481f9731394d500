// Files that the program cannot read or write: full disks, cut files, what may not be read.
#include <sys/wait.h>
#include <unistd.h>

#include <map>

#include <gtest/gtest.h>

#include "program_runs.hpp"
#include "sanitizers.hpp"

namespace language_model::test {
namespace {

class LanguageModelFiles : public LanguageModelProgram {};

TEST_F(LanguageModelFiles, FilesThatAreCutShortAreRefusedAndLeftAlone) {
  ASSERT_EQ(train().exit_code, 0);
  const std::string out = path("out");
  ASSERT_EQ(shell("echo one | " TAKT_TOOL " chat " + out + "/best.safetensors --state " + out +
                  "/talk.safetensors")
                .exit_code,
            0);
  std::map<std::string, std::string> cut;
  for (const std::string name : {"best", "last", "talk"}) {
    std::string contents = folder_.read("out/" + name + ".safetensors");
    contents.resize(contents.size() - 1);
    folder_.write("out/" + name + ".safetensors", cut[name] = contents);
  }
  const std::string damaged = " is no safetensors file, or a damaged one: ";
  const ToolResult write = run_tool(Words{"write", out + "/best.safetensors"});
  EXPECT_EQ(write.exit_code, 2);
  EXPECT_TRUE(has(write.err, "the model '" + out + "/best.safetensors'" + damaged)) << write.err;
  const ToolResult resume = run_tool(Words{"train", path("text"), "--out", out, "--resume"});
  EXPECT_EQ(resume.exit_code, 2);
  EXPECT_TRUE(has(resume.err, "the run '" + out + "/last.safetensors'" + damaged)) << resume.err;
  ASSERT_EQ(train({"--out", path("other")}).exit_code, 0);
  const ToolResult chat = run_tool(
      Words{"chat", path("other") + "/best.safetensors", "--state", out + "/talk.safetensors"});
  EXPECT_EQ(chat.exit_code, 2);
  EXPECT_TRUE(has(chat.err, "the conversation '" + out + "/talk.safetensors'" + damaged))
      << chat.err;
  for (const auto& [name, contents] : cut)
    EXPECT_TRUE(folder_.read("out/" + name + ".safetensors") == contents) << name;
}

/// The limit on a file's size stands for a disk that fills up while the second run is saved.
TEST_F(LanguageModelFiles, AFullDiskLeavesTheOldFilesAsTheyWere) {
  ASSERT_EQ(train().exit_code, 0);
  const std::string best = folder_.read("out/best.safetensors");
  const std::string last = folder_.read("out/last.safetensors");
  ToolRun run = training({"--overwrite", "--seed", "2"});
  run.file_size_limit = 10000;
  expect_refused(run_tool(run),
                 "could not write '" + path("out") + "/best.safetensors': File too large", 3);
  EXPECT_EQ(folder_.read("out/best.safetensors"), best);
  EXPECT_EQ(folder_.read("out/last.safetensors"), last);
  EXPECT_EQ(files_in("out"), 4);  // nothing half written
}

/// The model still fits, what the run needs to go on does not.
TEST_F(LanguageModelFiles, ADiskThatFillsUpBetweenTwoFilesLeavesBothAsTheyWere) {
  const Words options{"--sample", "0", "--every", "10", "--steps", "40"};
  ASSERT_EQ(train(options).exit_code, 0);
  const std::string best = folder_.read("out/best.safetensors");
  const std::string last = folder_.read("out/last.safetensors");
  ToolRun run = training({"--overwrite", "--seed", "2"});
  run.file_size_limit = static_cast<std::int64_t>(best.size() + 1000);
  expect_refused(run_tool(run),
                 "could not write '" + path("out") + "/last.safetensors': File too large", 3);
  EXPECT_TRUE(folder_.read("out/best.safetensors") == best);
  EXPECT_TRUE(folder_.read("out/last.safetensors") == last);
  EXPECT_EQ(files_in("out"), 4);
  const ToolResult again =
      run_tool(Words{"train", path("text"), "--out", path("out"), "--resume", "--sample", "0"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_TRUE(folder_.read("out/best.safetensors") == best);
  EXPECT_TRUE(folder_.read("out/last.safetensors") == last);
}

TEST_F(LanguageModelFiles, AFolderInTheWayOfOneFileLeavesTheOtherAsItWas) {
  ASSERT_EQ(train().exit_code, 0);
  const std::string best = folder_.read("out/best.safetensors");
  std::filesystem::remove(path("out") + "/last.safetensors");
  std::filesystem::create_directory(path("out") + "/last.safetensors");
  expect_refused(train({"--overwrite", "--seed", "2"}),
                 "could not write '" + path("out") + "/last.safetensors': Is a directory", 3);
  EXPECT_TRUE(folder_.read("out/best.safetensors") == best);
  EXPECT_EQ(files_in("out"), 4);
}

TEST_F(LanguageModelFiles, AFullDiskLeavesAConversationAsItWas) {
  ASSERT_EQ(train().exit_code, 0);
  const auto chat = [&](std::int64_t limit) {
    ToolRun run{.arguments = {"-c", "echo one | " TAKT_TOOL " chat " + path("out") +
                                        "/best.safetensors --state " + path("talk")},
                .program = "/bin/sh"};
    run.file_size_limit = limit;
    return run_tool(run);
  };
  ASSERT_EQ(chat(-1).exit_code, 0);
  const auto before = folder_.read("talk");
  expect_refused(chat(1000), "could not write '" + path("talk") + "': File too large", 3);
  EXPECT_TRUE(folder_.read("talk") == before);
}

TEST_F(LanguageModelFiles, AConversationThatCannotBeSavedIsRefusedBeforeItsFirstTurn) {
  ASSERT_EQ(train().exit_code, 0);
  const ToolResult result =
      run_tool(Words{"chat", path("out") + "/best.safetensors", "--state", path("none") + "/talk"});
  expect_refused(result, "could not write '" + path("none") + "/talk': No such file or directory",
                 3);
}

/// As a run leaves them that is killed while it saves.
TEST_F(LanguageModelFiles, HalfWrittenFilesOfProcessesThatAreNoMoreGoWithTheNextRun) {
  ASSERT_EQ(train().exit_code, 0);
  const pid_t child = fork();
  if (child == 0) _exit(0);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);  // it is no more
  const std::string dead = "." + std::to_string(child) + ".tmp";
  const std::string alive = "." + std::to_string(getpid()) + ".tmp";
  for (const char* name : {"best.safetensors", "last.safetensors", "curve.svg", "run.json"})
    folder_.write(std::string("out/") + name + dead, "half");
  const Words stay{"last.safetensors" + alive, "letter" + dead, "last.safetensors.x.tmp"};
  for (const std::string& name : stay) folder_.write("out/" + name, "whole");
  EXPECT_EQ(run_tool(Words{"train", path("text"), "--out", path("out"), "--resume"}).exit_code, 0);
  for (const std::string& name : stay) EXPECT_EQ(folder_.read("out/" + name), "whole") << name;
  EXPECT_EQ(files_in("out"), 4 + 3);
}

TEST_F(LanguageModelFiles, AModelThatIsALinkGoesWhereItLeads) {
  std::filesystem::create_directory(path("out"));
  std::filesystem::create_directory(path("far"));
  std::filesystem::create_symlink("../far/model", path("out") + "/best.safetensors");
  EXPECT_EQ(train().exit_code, 0);
  EXPECT_TRUE(std::filesystem::is_symlink(path("out") + "/best.safetensors"));
  EXPECT_EQ(files_in("far"), 1);
  EXPECT_EQ(train({"--overwrite"}).exit_code, 0);
  EXPECT_TRUE(std::filesystem::is_symlink(path("out") + "/best.safetensors"));
}

TEST_F(LanguageModelFiles, MemoryThatIsShortIsSaidWithTheOptionsThatNeedIt) {
#ifdef TAKT_HEAP_OF_SANITIZER
  GTEST_SKIP() << "a sanitizer's heap needs more than a limit leaves";
#else
  ToolRun run = training({"--cell", "gru", "--hidden", "16384", "--layers", "16"});
  std::string line = "ulimit -v 4000000; exec " TAKT_TOOL;
  for (const std::string& word : run.arguments) line += " " + word;
  expect_refused(shell(line),
                 "out of memory for gru E=4 H=16384 L=16, --streams 2 and --window 8; less of "
                 "--embedding, --hidden, --layers, --streams or --window needs less",
                 3);
#endif
}

TEST_F(LanguageModelFiles, AnOutputThatTakesNoMoreIsSaidAndWhatWasSavedStays) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "/dev/full is not here";
  ASSERT_EQ(train().exit_code, 0);
  const auto before = folder_.read("out/last.safetensors");
  const std::string full = "could not write to stdout: No space left on device";
  const auto into_full = [](ToolRun run) {
    run.out_path = "/dev/full";
    return run_tool(run);
  };
  expect_refused(into_full(training({"--overwrite", "--seed", "2"})), full, 3);
  EXPECT_TRUE(folder_.read("out/last.safetensors") == before);
  const Words write{"write", path("out") + "/best.safetensors"};
  expect_refused(into_full({.arguments = write}), full, 3);
}

TEST_F(LanguageModelFiles, FilesThatMayNotBeReadAreRefused) {
  std::filesystem::permissions(path("text"), std::filesystem::perms::none);
  std::filesystem::permissions(folder_.path(), std::filesystem::perms::all);
  const auto as_nobody = [](const Words& words) {
    return run_tool(ToolRun{.arguments = words, .folder = "/", .as_nobody = true});
  };
  if (as_nobody({"--help"}).exit_code != 0)
    GTEST_SKIP() << "another user may not run the program where it lies";
  expect_refused(as_nobody({"train", path("text"), "--out", path("other")}),
                 "the text '" + path("text") + "' cannot be read: Permission denied");
  expect_refused(as_nobody({"write", path("text")}),
                 "the model '" + path("text") + "' cannot be read: Permission denied");
}

TEST_F(LanguageModelFiles, AFolderThatCannotBeMadeOrTakesNoFilesIsRefused) {
  expect_refused(
      train({"--out", path("text") + "/in"}),
      "--out is '" + path("text") + "/in', where no folder can be made: Not a directory");
  const ToolResult result = train({"--out", "/proc"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_TRUE(has(result.err, "--out is '/proc', which takes no files: ")) << result.err;
}

TEST_F(LanguageModelFiles, TextsThatAreNoneAreRefused) {
  folder_.write("empty", "");
  folder_.write("one", "1");
  const auto refusal = [&](const std::string& text) {
    return run_tool(Words{"train", text, "--out", path("other")});
  };
  expect_refused(refusal(path("none")),
                 "the text '" + path("none") + "' cannot be read: No such file or directory");
  expect_refused(refusal(path("empty")),
                 "the text '" + path("empty") + "' has 0 bytes; it must have at least 4");
  expect_refused(refusal(path("one")),
                 "the text '" + path("one") + "' has 1 byte; it must have at least 4");
  expect_refused(refusal(folder_.path()),
                 "the text '" + folder_.path().string() + "' cannot be read: it is a folder");
  expect_refused(refusal("/dev/zero"), "the text '/dev/zero' cannot be read: it is a device");
  expect_refused(refusal(""), "an argument is ''; it must not be empty");
  EXPECT_FALSE(std::filesystem::exists(path("other")));
}

TEST_F(LanguageModelFiles, WriteRefusesWhatIsNoModel) {
  const auto refusal = [&] { return run_tool(Words{"write", path("model")}); };
  expect_refused(refusal(),
                 "the model '" + path("model") + "' cannot be read: No such file or directory");
  folder_.write("model", "A text, no model.");
  EXPECT_TRUE(has(refusal().err, "is no safetensors file, or a damaged one: its header would"));
  EXPECT_EQ(refusal().exit_code, 2);
}

}  // namespace
}  // namespace language_model::test
