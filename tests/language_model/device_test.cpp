// What is said where the program cannot run on a GPU.
#include <gtest/gtest.h>

#include "language_model/failure.hpp"
#include "small_models.hpp"
#include "tool_run.hpp"

namespace language_model::test {
namespace {

using takt::test::run_tool;
using takt::test::ToolResult;

TEST(LanguageModelDevice, WhereThereIsNoGpuItSaysSo) {
  if (takt::test::has_gpu()) GTEST_SKIP() << "there is a GPU";
  const takt::test::Folder folder;
  folder.write("text", rhyme);
  const ToolResult result = run_tool(std::vector<std::string>{
      "train", folder / "text", "--out", folder / "out", "--device", "cuda:3"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_TRUE(result.err.starts_with("language_model: takt: Device::cuda: no device 3: "))
      << result.err;
}

#ifdef TAKT_WITHOUT_CUDA
/// As where takt has CUDA, and nvcc was not there for the program.
TEST(LanguageModelDevice, WhereItIsBuiltWithoutCudaItSaysSo) {
  try {
    (void)cuda_operations(takt::Device::cpu({.threads = 1}));
    FAIL();
  } catch (const Failure& failure) {
    EXPECT_STREQ(failure.what(), "this program was built without CUDA, so it does not run on cpu");
  }
}
#endif

}  // namespace
}  // namespace language_model::test
