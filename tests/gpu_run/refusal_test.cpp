// ./run.sh gpu: what it refuses, before anything is written.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>

#include "gpu_run/gpu_run.hpp"

namespace takt::test {
namespace {

namespace fs = std::filesystem;

/// Runs it, sees it refused with this sentence at the start of stderr and nothing written.
void expect_refusal(const ToolRun& run, const Folder& folder, int code,
                    const std::string& sentence) {
  const std::map<std::string, std::string> before = folder.contents();
  const ToolResult result = run_tool(run);
  EXPECT_EQ(result.exit_code, code) << result.out << result.err;
  EXPECT_TRUE(result.err.starts_with("gpu: " + sentence + "\n")) << sentence << "\n" << result.err;
  EXPECT_EQ(count_of("usage: ./run.sh gpu", result.err), code == misused ? 1u : 0u);
  EXPECT_EQ(folder.contents(), before);
}

TEST(GpuRunRefuses, WrongOptions) {
  const Folder folder;
  const Programs programs;
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{"--seconds", "0"}, "--seconds is '0'; it must be a whole number between 1 and 86400"},
      {{"--seconds", "86401"},
       "--seconds is '86401'; it must be a whole number between 1 and 86400"},
      {{"--seconds", "1.5"}, "--seconds is '1.5'; it must be a whole number between 1 and 86400"},
      {{"--seconds", "010"}, "--seconds is '010'; it must be a whole number between 1 and 86400"},
      {{"--seconds"}, "--seconds needs a value"},
      {{"--out", ""}, "--out needs a value"},
      {{"--fast"}, "'--fast' is no option of ./run.sh gpu"},
      {{"more"}, "'more' is no option of ./run.sh gpu"},
      {{"--prepare", "there", "--dry-run"}, "--prepare and --dry-run do not go together"}};
  for (const auto& [options, sentence] : cases)
    expect_refusal(gpu_run(programs, folder, options), folder, misused, sentence);
}

TEST(GpuRunRefuses, AFolderThatItCannotFill) {
  const Folder folder;
  const Programs programs;
  const ToolRun run = gpu_run(programs, folder);
  const std::string out = folder / "run";
  folder.write("run", "a file");
  expect_refusal(run, folder, misused,
                 "--out is '" + out + "', which is no folder that can be written to");
  fs::remove(out);
  fs::create_directory(out);
  std::ofstream(folder / "run/run.json") << "older";
  expect_refusal(run, folder, misused,
                 "--out is '" + out + "', which is not empty; it must be empty or not exist");
  EXPECT_EQ(folder.read("run/run.json"), "older");
  fs::remove_all(out);
  folder.write("file", "");
  expect_refusal(gpu_run(programs, folder, {"--out", "file/run"}), folder, misused,
                 "--out is '" + (folder / "file/run").string() + "'; '" +
                     (folder / "file").string() + "' is no folder that can be written to");
  expect_refusal(gpu_run(programs, folder, {"--prepare", "file"}), folder, misused,
                 "--prepare is '" + (folder / "file").string() +
                     "', which is no folder that can be written to");
}

TEST(GpuRunRefuses, AFolderOfSomebodyElse) {
  const Folder folder;
  const Programs programs;
  for (const fs::path& path : {folder.path(), programs.path()})
    fs::permissions(path, fs::perms::owner_all | fs::perms::others_read | fs::perms::others_exec);
  ToolRun run = gpu_run(programs, folder);
  run.as_nobody = true;
  if (getuid() != 0) GTEST_SKIP() << "only root can be nobody";
  if (run_tool(ToolRun{.arguments = {"--help"}, .as_nobody = true}).exit_code != 0)
    GTEST_SKIP() << "nobody may not read this source tree";
  expect_refusal(run, folder, misused,
                 "--out is '" + (folder / "run").string() + "'; '" + folder.path().string() +
                     "' is no folder that can be written to");
}

TEST(GpuRunRefuses, ProgramsThatAreNotThere) {
  const Folder folder;
  for (const std::string program : {"takt", "takt_tests", "takt_conformance"}) {
    const Programs programs;
    fs::remove(programs / program);
    expect_refusal(
        gpu_run(programs, folder), folder, misused,
        "--prebuilt is '" + programs.path().string() + "', which has no program " + program);
  }
  const Programs programs;
  expect_refusal(gpu_run(programs, folder, {"--prebuilt", "nowhere"}), folder, misused,
                 "--prebuilt is '" + (folder / "nowhere").string() + "', which is no folder");
}

TEST(GpuRunRefuses, AMachineWithoutAGpuInOneSentence) {
  const Folder folder;
  const Programs programs;
  programs.script("takt",
                  "echo 'takt: Device::cuda: no CUDA-capable device is detected' >&2; exit 3");
  expect_refusal(gpu_run(programs, folder), folder, failed,
                 "there is no GPU that takt can use: takt: Device::cuda: no CUDA-capable device is "
                 "detected");
  // To build for one, nvidia-smi must know it.
  programs.script("nvidia-smi", "exit 9");
  ToolRun run{.arguments = {"gpu", "--out", "run"}, .folder = folder.path()};
  run.environment = {{"PATH", programs.path().string() + ":" + std::getenv("PATH")},
                     {"CUDA_VISIBLE_DEVICES", "7"}};
  expect_refusal(
      run, folder, failed,
      "there is no GPU on this machine that nvidia-smi knows (CUDA_VISIBLE_DEVICES is 7)");
}

TEST(GpuRunRefuses, ADryRunOnARealDevice) {
  const Folder folder;
  const Programs programs;
  programs.script("takt_emulated_tool",
                  "'" TAKT_EMULATED_PROGRAMS "/takt_emulated_tool' \"$@\" | sed 's/ (emulated)//'");
  for (const std::string program : {"takt_simt_tests", "takt_emulated_conformance"})
    programs.script(program, "exit 0");
  expect_refusal(gpu_run(programs, folder, {"--dry-run"}), folder, failed,
                 "takt_emulated_tool does not run on an emulated device");
}

/// Programs with which a build is only written down, into `built`.
ToolRun written_build(const Programs& programs, const Folder& folder,
                      const std::vector<std::string>& more = {}) {
  programs.script("cmake", "echo \"$*\" >>'" + (folder / "built").string() + "'; exit 1");
  programs.script("dpkg-query", "echo 'install ok installed'");
  programs.script("nvidia-smi",
                  "[[ $1 == -i ]] && case $2 in 0) echo 8.0 ;; 3) echo 9.0 ;; *) exit 6 ;; esac");
  ToolRun run{.arguments = {"gpu", "--out", "run"}, .folder = folder.path()};
  run.arguments.insert(run.arguments.end(), more.begin(), more.end());
  run.environment["PATH"] = programs.path().string() + ":" + std::getenv("PATH");
  return run;
}

TEST(GpuRunBuilds, ForTheFirstGpuThatIsVisible) {
  const std::pair<std::map<std::string, std::string>, std::string> cases[] = {
      {{{"CUDA_VISIBLE_DEVICES", "0"}}, "80"},
      {{{"CUDA_VISIBLE_DEVICES", "3,0"}}, "90a"},
      {{{"CUDA_VISIBLE_DEVICES", "0"}, {"TAKT_CUDA_ARCHITECTURES", "80;90a"}}, "80;90a"}};
  for (const auto& [environment, architecture] : cases) {
    const Folder folder;
    const Programs programs;
    ToolRun run = written_build(programs, folder);
    run.environment.insert(environment.begin(), environment.end());
    const ToolResult result = run_tool(run);
    EXPECT_EQ(result.exit_code, failed) << result.out << result.err;
    EXPECT_NE(result.err.find("gpu: building failed\n"), std::string::npos) << result.err;
    EXPECT_TRUE(folder.read("built").starts_with("--preset gpu ")) << folder.read("built");
    EXPECT_NE(folder.read("built").find("-DTAKT_CUDA_ARCHITECTURES=" + architecture + "\n"),
              std::string::npos)
        << folder.read("built");
    EXPECT_FALSE(fs::exists(folder / "run"));
  }
}

TEST(GpuRunBuilds, APackageWithoutAGpu) {
  const Folder folder;
  const Programs programs;
  ToolRun run = written_build(programs, folder, {"--prepare", "package"});
  programs.script("nvidia-smi", "exit 9");
  EXPECT_EQ(run_tool(run).exit_code, failed);
  EXPECT_NE(folder.read("built").find("-DTAKT_CUDA_ARCHITECTURES=90a\n"), std::string::npos)
      << folder.read("built");
}

TEST(GpuRunLists, AreThere) {
  const std::string script = [] {
    std::ifstream file(TAKT_SOURCE_DIR "/bench/gpu/main.sh");
    return std::string(std::istreambuf_iterator<char>(file), {});
  }();
  std::smatch match;
  ASSERT_TRUE(
      std::regex_search(script, match, std::regex(R"(\nshape_lists=\(([a-z0-9\s-]+)\)\n)")));
  std::istringstream names(match[1]);
  std::size_t count = 0;
  for (std::string name; names >> name; ++count)
    EXPECT_TRUE(fs::exists(TAKT_SOURCE_DIR "/bench/shapes/" + name + ".txt")) << name;
  EXPECT_GT(count, 0u);
}

/// All of a test's files that read the tree or run the tool: their suites are left out where
/// programs come from elsewhere.
TEST(GpuRunLists, NameTheSuitesThatNeedTheTree) {
  const std::regex reads(R"re(TAKT_(SOURCE|TEST_DATA|BINARY)_DIR|"tool_run\.hpp")re"),
      suite(R"(\n(?:TEST|TEST_P|TEST_F|TYPED_TEST)\((\w+), )"),
      left_out(
          "(Tool.*|FrozenConstants|GoldenGradients|IncludeRule|KernelFamilies|Limit.*|"
          "MachineLimits|MeasuredModels|Microbench|PersistentCode|PersistentShapes|PlannerPage|"
          "Prediction|Readme|Roofline)");
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(TAKT_SOURCE_DIR "/tests")) {
    if (!entry.path().string().ends_with("_test.cpp")) continue;
    std::ifstream file(entry.path());
    const std::string text(std::istreambuf_iterator<char>(file), {});
    if (!std::regex_search(text, reads)) continue;
    ++files;
    for (std::sregex_iterator each(text.begin(), text.end(), suite), end; each != end; ++each)
      EXPECT_TRUE(std::regex_match((*each)[1].str(), left_out))
          << (*each)[1] << " of " << entry.path() << ": see other_filter of bench/gpu/main.sh";
  }
  EXPECT_GT(files, 5u);
}

TEST(GpuRunHelp, NamesEveryOption) {
  const ToolResult result = run_tool({"gpu", "--help"});
  EXPECT_EQ(result.exit_code, 0);
  for (const char* const option : {"--out", "--seconds", "--prebuilt", "--prepare", "--dry-run"})
    EXPECT_NE(result.out.find(option), std::string::npos) << option;
}

}  // namespace
}  // namespace takt::test
