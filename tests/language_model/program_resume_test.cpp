// Runs of the program that are stopped, killed, resumed, started anew.
#include <signal.h>

#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include "language_model/checkpoint.hpp"
#include "language_model/record.hpp"
#include "language_model/safetensors.hpp"
#include "program_runs.hpp"

namespace language_model::test {
namespace {

class LanguageModelResume : public LanguageModelProgram {
 protected:
  Words resume() const { return {"train", path("text"), "--out", path("out"), "--resume"}; }
};

TEST_F(LanguageModelResume, AStoppedAndResumedRunLeavesTheFilesOfAWholeOne) {
  const Words options{"--sample", "0", "--steps", "6000", "--every", "50"};
  ASSERT_EQ(train(options).exit_code, 0);
  const std::string best = folder_.read("out/best.safetensors");
  const std::string last = folder_.read("out/last.safetensors");
  const Words resume{"train", path("text"), "--out", path("out"), "--resume", "--every",
                     "50",    "--sample",   "0",     "--threads", "1"};
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    std::filesystem::remove_all(path("out"));
    RunningTool running(training(options));
    await(running, "\n     50  ");
    running.send(signal);
    const ToolResult stopped = running.wait();
    EXPECT_EQ(stopped.signal, signal) << stopped.err;  // so that a shell knows
    ASSERT_TRUE(has(stopped.out, "go on with --resume")) << stopped.out;
    ASSERT_NE(folder_.read("out/last.safetensors"), last);

    ASSERT_EQ(run_tool(resume).exit_code, 0);
    EXPECT_TRUE(folder_.read("out/best.safetensors") == best);
    EXPECT_TRUE(folder_.read("out/last.safetensors") == last);
    const Record record = read_record(path("out") + "/run.json");
    EXPECT_EQ(record.curve.size(), 120u);
    EXPECT_LT(record.timed_steps, 6000);
  }
}

TEST_F(LanguageModelResume, ARunKilledOutrightGoesOnFromWhatItSavedLast) {
  const Words options{"--sample", "0", "--steps", "6000", "--every", "50"};
  ASSERT_EQ(train(options).exit_code, 0);
  const std::string best = folder_.read("out/best.safetensors");
  const std::string last = folder_.read("out/last.safetensors");
  std::filesystem::remove_all(path("out"));
  RunningTool running(training(options));
  await(running, "\n     50  ");
  running.send(SIGKILL);
  EXPECT_EQ(running.wait().signal, SIGKILL);
  const Words resume{"train", path("text"), "--out", path("out"), "--resume", "--every",
                     "50",    "--sample",   "0",     "--threads", "1"};
  ASSERT_EQ(run_tool(resume).exit_code, 0);
  EXPECT_TRUE(folder_.read("out/best.safetensors") == best);
  EXPECT_TRUE(folder_.read("out/last.safetensors") == last);
}

TEST_F(LanguageModelResume, AnInterruptEndsTheSampleToo) {
  RunningTool running(training({"--sample", "1000000000"}));
  await(running, "\nsample\n");
  running.send(SIGINT);
  const ToolResult result = running.wait();
  EXPECT_EQ(result.signal, SIGINT) << result.err;
  EXPECT_FALSE(has(result.out, "--resume")) << "the run was at its end";
}

TEST_F(LanguageModelResume, AnInterruptThatIsIgnoredStaysIgnored) {
  ToolRun run = training({"--steps", "3000", "--every", "50"});
  std::string line = "trap '' INT; exec " TAKT_TOOL;
  for (const std::string& word : run.arguments) line += " " + word;
  RunningTool running(ToolRun{.arguments = {"-c", line}, .program = "/bin/sh"});
  await(running, "\n     50  ");
  running.send(SIGINT);
  const ToolResult result = running.wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_TRUE(has(result.out, "\n   3000  ")) << result.out;
}

TEST_F(LanguageModelResume, ARunAtItsEndKeepsItsRecordWhenItIsResumed) {
  ASSERT_EQ(train().exit_code, 0);
  const auto before = folder_.read("out/run.json");
  const ToolResult again = run_tool(Words{"train", path("text"), "--out", path("out"), "--resume"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_TRUE(has(again.out, "\nsample\n")) << again.out;
  EXPECT_EQ(folder_.read("out/run.json"), before);
}

TEST_F(LanguageModelResume, ABestModelThatIsDamagedOrNoneOfTheRunIsRefusedAndLeftAlone) {
  ASSERT_EQ(train({"--seed", "2"}).exit_code, 0);
  const std::string strange = folder_.read("out/best.safetensors");
  ASSERT_EQ(train({"--overwrite"}).exit_code, 0);
  const std::string best = folder_.read("out/best.safetensors");
  const std::pair<std::string, std::string> wrong[] = {
      {strange, " is one of another run: its 'run_mark' is "},
      {best.substr(0, best.size() - 1), " is no safetensors file, or a damaged one: "},
      {"A text, no model.", " is no safetensors file, or a damaged one: "},
      {folder_.read("out/last.safetensors"), "'takt language model in training'"}};
  for (const auto& [contents, why] : wrong) {
    folder_.write("out/best.safetensors", contents);
    const ToolResult result = run_tool(resume());
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_TRUE(has(result.err, "the model '" + path("out") + "/best.safetensors'")) << result.err;
    EXPECT_TRUE(has(result.err, why)) << result.err;
    EXPECT_TRUE(has(result.err, "; move it away, and --resume goes on without it\n")) << result.err;
    EXPECT_TRUE(folder_.read("out/best.safetensors") == contents) << why;
  }
  std::filesystem::remove(path("out") + "/best.safetensors");
  const ToolResult result = run_tool(resume());
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_TRUE(has(result.out, "best.safetensors is not there any more")) << result.out;
  const language_model::Run run = load_run(path("out") + "/last.safetensors");
  EXPECT_EQ(load_judgement(path("out") + "/best.safetensors", run).step, 20);
}

/// As a crash between the best model and the rest leaves it: its step is still to come.
TEST_F(LanguageModelResume, ABestModelOfAStepStillToComeIsKeptWhileItIsBetter) {
  const std::string best = path("out") + "/best.safetensors";
  const std::string last = path("out") + "/last.safetensors";
  const auto leave_with = [&](const std::string& bits) {
    ASSERT_EQ(train({"--overwrite"}).exit_code, 0);
    TensorFile file = read_safetensors("the model", best);
    file.metadata["step"] = "30";
    file.metadata["held_out"] = bits;
    write_safetensors(best, file);
    const auto on = operations();
    language_model::Run run = load_run(last);
    Trainer trainer(run.sizes, run.options, text_of(rhyme), *on);
    for (int n = 0; n < 10; ++n) trainer.step();
    run.curve.resize(1);
    save_run(last, run, trainer.state(), *on);
  };
  leave_with("0.5");
  const std::string better = folder_.read("out/best.safetensors");
  EXPECT_EQ(run_tool(resume()).exit_code, 0);
  EXPECT_TRUE(folder_.read("out/best.safetensors") == better);
  leave_with("100");
  EXPECT_EQ(run_tool(resume()).exit_code, 0);
  EXPECT_LT(load_judgement(best, load_run(last)).held_out, 9);
}

TEST_F(LanguageModelResume, ARunStoppedBeforeItsFirstJudgementSaysWhoseBestModelIsThere) {
  ASSERT_EQ(train().exit_code, 0);
  const std::string best = folder_.read("out/best.safetensors");
  RunningTool running(
      training({"--overwrite", "--seed", "2", "--steps", "1000000", "--every", "1000000"}));
  await(running, "time left");
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  running.send(SIGINT);
  const ToolResult stopped = running.wait();
  EXPECT_TRUE(has(stopped.out, "; move best.safetensors away, another run's, and go on with"))
      << stopped.out << stopped.err;
  EXPECT_TRUE(folder_.read("out/best.safetensors") == best);
  EXPECT_TRUE(has(run_tool(resume()).err, " is one of another run: "));
}

TEST_F(LanguageModelResume, ResumeGoesOnWithTheRunAndTakesNoOtherOptions) {
  ASSERT_EQ(train().exit_code, 0);
  const Words resume{"train", path("text"), "--out", path("out"), "--resume"};
  const ToolResult again = run_tool(resume);
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_TRUE(has(again.out, "model      gru E=4 H=8 L=1\n")) << again.out;
  const ToolResult other = train({"--resume"});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_TRUE(has(other.err, "--resume excludes --")) << other.err;
  const std::string three = rhyme + rhyme + rhyme, other_text = "x" + three.substr(1);
  folder_.write("text", other_text);  // of the same size
  const auto mark = [](const std::string& of) { return std::to_string(fingerprint(text_of(of))); };
  expect_refused(run_tool(resume),
                 "the run '" + path("out") +
                     "/last.safetensors' is one on another text, of 189 bytes and mark " +
                     mark(three) + "; '" + path("text") + "' has 189 bytes and mark " +
                     mark(other_text));
  folder_.write("out/last.safetensors", "nothing");
  EXPECT_TRUE(has(run_tool(resume).err, "is no safetensors file, or a damaged one"));
  expect_refused(
      run_tool(Words{"train", path("text"), "--out", path("none"), "--resume"}),
      "--out is '" + path("none") + "', which holds no last.safetensors, so no run to resume");
  EXPECT_FALSE(std::filesystem::exists(path("none")));
}

TEST_F(LanguageModelResume, AModelWithoutItsRunIsNotOfferedToBeResumed) {
  ASSERT_EQ(train().exit_code, 0);
  const std::string best = folder_.read("out/best.safetensors");
  std::filesystem::remove(path("out") + "/last.safetensors");
  const std::string out = "--out is '" + path("out") + "', which holds ";
  expect_refused(train(), out +
                              "a model, best.safetensors, and no run to resume; give --overwrite "
                              "or another folder");
  expect_refused(run_tool(resume()), out + "no last.safetensors, so no run to resume");
  EXPECT_TRUE(folder_.read("out/best.safetensors") == best);
  EXPECT_EQ(train({"--overwrite"}).exit_code, 0);
}

TEST_F(LanguageModelResume, ARunIsNotOverwrittenUnlessAsked) {
  ASSERT_EQ(train().exit_code, 0);
  const auto before = folder_.read("out/last.safetensors");
  expect_refused(train({"--seed", "2"}),
                 "--out is '" + path("out") +
                     "', which holds a run; give --resume, --overwrite or another folder");
  EXPECT_EQ(folder_.read("out/last.safetensors"), before);
  EXPECT_EQ(train({"--seed", "2", "--overwrite"}).exit_code, 0);
  EXPECT_NE(folder_.read("out/last.safetensors"), before);
}

}  // namespace
}  // namespace language_model::test
