// The program as a shell runs it: what it prints, writes and refuses, and with which exit code.
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "language_model/record.hpp"
#include "program_runs.hpp"

namespace language_model::test {
namespace {

TEST_F(LanguageModelProgram, TrainSaysHowItGoesAndLeavesItsFiles) {
  const ToolResult result = train();
  ASSERT_EQ(result.exit_code, 0) << result.err;
  for (const char* part :
       {"text       ", "model      gru E=4 H=8 L=1\n", "Witten-Bell", "loss  bits/byte  held out",
        "\n     10  ", "\n     20  ", "takt's calls", "best       ", "sample\n"})
    EXPECT_TRUE(has(result.out, part)) << part << "\n" << result.out;
  for (const char* name : {"best.safetensors", "last.safetensors", "curve.svg", "run.json"})
    EXPECT_TRUE(std::filesystem::exists(path("out") + "/" + name)) << name;
  EXPECT_TRUE(has(folder_.read("out/curve.svg"), "</svg>"));
  const Record record = read_record(path("out") + "/run.json");
  ASSERT_EQ(record.curve.size(), 2u);
  EXPECT_EQ(record.curve[1].step, 20);
  EXPECT_GT(record.takt_share, 0);
  EXPECT_GT(record.products_share, 0);
  EXPECT_LT(record.takt_share + record.products_share, 1);
  const ToolResult table = run_tool(Words{"compare", path("out") + "/run.json"});
  EXPECT_EQ(table.out, comparison({{"run", record}}));
  EXPECT_EQ(run_tool(Words{"compare", path("text")}).exit_code, 2);
}

/// Before it draws an R that takes minutes.
TEST_F(LanguageModelProgram, TrainSaysAtOnceWhatItIsAboutToDo) {
  const RunningTool running(training({"--cell", "rnn_tanh", "--hidden", "4096"}));
  await(running, "\ndevice     cpu");
}

TEST_F(LanguageModelProgram, TheShortestTextIsLearnt) {
  folder_.write("text", "abcd");
  const ToolResult result = train();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_TRUE(has(result.out, ": 3 bytes to learn, 1 held out to judge by\n")) << result.out;
}

TEST_F(LanguageModelProgram, ALossThatIsNoNumberEndsTheRunInASentence) {
  const ToolResult result = train({"--cell", "rnn_relu", "--learning-rate", "10", "--clip",
                                   "1000000", "--steps", "2000", "--every", "2000"});
  expect_refused(
      result, "the loss at step 2000 is not a number any more; a smaller --learning-rate may help",
      3);
  EXPECT_FALSE(std::filesystem::exists(path("out") + "/best.safetensors"));
}

TEST_F(LanguageModelProgram, BinaryFilesAreTextsLikeOthers) {
  std::string all;
  for (int n = 0; n < 1000; ++n) all += static_cast<char>(n * 7 % 256);
  folder_.write("text", all);
  const ToolResult result = train();
  EXPECT_EQ(result.exit_code, 0) << result.err;
}

TEST_F(LanguageModelProgram, ValuesOutOfRangeAreRefusedByName) {
  expect_refused(train({"--hidden", "0"}),
                 "--hidden is '0'; it must be a whole number between 1 and 16384");
  expect_refused(train({"--dropout", "1"}),
                 "--dropout is '1'; it must be a number between 0 and 0.95");
  expect_refused(train({"--learning-rate", "nan"}),
                 "--learning-rate is 'nan'; it must be a number between 1e-08 and 10");
  expect_refused(train({"--decay", "inf"}),
                 "--decay is 'inf'; it must be a number between 0 and 100");
  expect_refused(run_tool(Words{"write", path("none"), "--temperature", "-inf"}),
                 "--temperature is '-inf'; it must be a number between 0 and 100");
  expect_refused(train({"--seed", "-1"}),
                 "--seed is '-1'; it must be a whole number of at most 64 bits, not negative");
  expect_refused(train({"--cell", "mamba"}),
                 "--cell is 'mamba'; it must be one of: rnn_tanh, rnn_relu, lstm, gru");
  expect_refused(train({"--device", "tpu"}),
                 "--device is 'tpu'; it must be cpu, or cuda, or cuda: and the number of a GPU");
}

/// The other end of a terminal's line.
class Terminal {
 public:
  Terminal() : end_(posix_openpt(O_RDWR | O_NOCTTY)) {
    if (end_ >= 0 && (grantpt(end_) != 0 || unlockpt(end_) != 0)) end_ = -1;
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal() {
    if (end_ >= 0) close(end_);
  }
  bool is_there() const { return end_ >= 0; }
  std::string path() const { return ptsname(end_); }
  std::string read_some() const {
    char text[4096];
    const ssize_t count = ::read(end_, text, sizeof text);
    return {text, count > 0 ? static_cast<std::size_t>(count) : 0};
  }

 private:
  int end_;
};

TEST_F(LanguageModelProgram, ATerminalIsNotSteeredByWhatIsWritten) {
  const Terminal terminal;
  if (!terminal.is_there()) GTEST_SKIP() << "no terminal can be made here";
  ASSERT_EQ(train().exit_code, 0);
  ToolRun run{.arguments = {"write", path("out") + "/best.safetensors", "--bytes", "0", "--prompt",
                            "a\x1b[2J\xc2\x9b"
                            "2J \xc3\xa4 \x7f\tz"}};
  const ToolResult piped = run_tool(run);
  EXPECT_EQ(piped.out, run.arguments.back() + "\n");
  run.out_path = terminal.path();
  RunningTool running(run);
  EXPECT_EQ(running.wait().exit_code, 0);
  const std::string shown = terminal.read_some();
  EXPECT_TRUE(
      shown.starts_with("a\\x1b[2J\xc2\\x9b"
                        "2J \xc3\xa4 \\x7f"))
      << shown;
}

TEST_F(LanguageModelProgram, WriteGoesOnFromThePromptAndDependsOnTheSeed) {
  ASSERT_EQ(train().exit_code, 0);
  const std::string model = path("out") + "/best.safetensors";
  const auto write = [&](const std::string& seed) {
    return run_tool(Words{"write", model, "--prompt", "one ", "--bytes", "30", "--temperature", "1",
                          "--seed", seed});
  };
  const ToolResult one = write("1");
  EXPECT_EQ(one.exit_code, 0) << one.err;
  EXPECT_EQ(one.out.size(), 4 + 30 + 1u);
  EXPECT_TRUE(one.out.starts_with("one "));
  EXPECT_EQ(write("1").out, one.out);
  EXPECT_NE(write("2").out, one.out);
}

TEST_F(LanguageModelProgram, AChatKeepsItsStateOverTurnsAndRuns) {
  ASSERT_EQ(train().exit_code, 0);
  const std::string chat = std::string(TAKT_TOOL) + " chat " + path("out") +
                           "/best.safetensors --temperature 1 --most 20";
  const ToolResult whole = shell("printf 'one\\ntwo\\n' | " + chat);
  EXPECT_EQ(whole.exit_code, 0) << whole.err;
  const std::string state = " --state " + path("state");
  const ToolResult first = shell("printf 'one\\n' | " + chat + state);
  const ToolResult second = shell("printf 'two\\n' | " + chat + state);
  EXPECT_EQ(first.out + second.out, whole.out);
  const ToolResult fresh = shell("printf 'two\\n' | " + chat);
  EXPECT_NE(second.out, fresh.out);
}

TEST_F(LanguageModelProgram, HelpNamesTheCommandsAndNoneIsNoSuccess) {
  const ToolResult help = run_tool(Words{"--help"});
  EXPECT_EQ(help.exit_code, 0);
  for (const char* command : {"train", "write", "chat"}) {
    EXPECT_TRUE(has(help.out, command));
    EXPECT_EQ(run_tool(Words{command, "--help"}).exit_code, 0);
  }
  EXPECT_EQ(run_tool(Words{}).exit_code, 2);
  EXPECT_EQ(run_tool(Words{"paint"}).exit_code, 2);
}

}  // namespace
}  // namespace language_model::test
