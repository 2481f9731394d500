// The program with --device cuda, as a shell runs it.
#include <cmath>

#include <gtest/gtest.h>

#include "language_model/record.hpp"
#include "language_model/small_models.hpp"
#include "tool_run.hpp"

namespace language_model::test {
namespace {

using takt::test::run_tool;
using takt::test::ToolResult;
using Words = std::vector<std::string>;

class LanguageModelOnAGpu : public testing::Test {
 protected:
  LanguageModelOnAGpu() { folder_.write("text", rhyme + rhyme); }

  ToolResult train(const std::string& device, const std::string& out) const {
    return run_tool(Words{"train",       folder_ / "text",
                          "--out",       folder_ / out,
                          "--device",    device,
                          "--embedding", "4",
                          "--hidden",    "6",
                          "--window",    "4",
                          "--streams",   "2",
                          "--steps",     "12",
                          "--every",     "6",
                          "--sample",    "0"});
  }
  Record record(const std::string& out) const { return read_record(folder_ / (out + "/run.json")); }

  const takt::test::Folder folder_;
};

TEST_F(LanguageModelOnAGpu, TrainingGivesTheCurveOfTheCpu) {
  const ToolResult on_gpu = train("cuda", "gpu");
  ASSERT_EQ(on_gpu.exit_code, 0) << on_gpu.err;
  EXPECT_NE(on_gpu.out.find("device     cuda:0 ("), std::string::npos) << on_gpu.out;
  EXPECT_NE(on_gpu.out.find("\ntime       of a few training steps, run part by part: "),
            std::string::npos);
  ASSERT_EQ(train("cpu", "cpu").exit_code, 0);
  const Record found = record("gpu"), wanted = record("cpu");
  ASSERT_EQ(found.curve.size(), wanted.curve.size());
  for (std::size_t n = 0; n < found.curve.size(); ++n) {
    EXPECT_NEAR(found.curve[n].training, wanted.curve[n].training, 1e-3);
    EXPECT_NEAR(found.curve[n].held_out, wanted.curve[n].held_out, 1e-3);
  }
  EXPECT_GT(found.seconds, 0);
}

TEST_F(LanguageModelOnAGpu, ACheckpointServesBothDevices) {
  ASSERT_EQ(train("cuda:0", "gpu").exit_code, 0);
  const auto write = [&](const std::string& device) {
    return run_tool(Words{"write", folder_ / "gpu/best.safetensors", "--device", device, "--bytes",
                          "12", "--prompt", "one"});
  };
  const ToolResult on_gpu = write("cuda");
  EXPECT_EQ(on_gpu.exit_code, 0) << on_gpu.err;
  EXPECT_EQ(on_gpu.out, write("cpu").out);
}

TEST_F(LanguageModelOnAGpu, WhatCannotBeIsRefused) {
  const ToolResult none = train("cuda:1", "out");
  EXPECT_EQ(none.exit_code, 3);
  EXPECT_EQ(none.err,
            "language_model: takt: Device::cuda: no device 1: this machine has one, device 0\n");
  const ToolResult threads = run_tool(Words{"train", folder_ / "text", "--out", folder_ / "out",
                                            "--device", "cuda", "--threads", "2"});
  EXPECT_EQ(threads.exit_code, 2);
  EXPECT_EQ(threads.err,
            "language_model: --threads is '2', and --device is 'cuda'; threads are the CPU's\n");
  for (const char* device : {"cuda:", "cuda:-1", "cuda:x", "cuda1", "cuda:70000"}) {
    const ToolResult wrong = train(device, "out");
    EXPECT_EQ(wrong.exit_code, 2);
    EXPECT_EQ(wrong.err, "language_model: --device is '" + std::string(device) +
                             "'; it must be cpu, or cuda, or cuda: and the number of a GPU\n");
  }
}

}  // namespace
}  // namespace language_model::test
