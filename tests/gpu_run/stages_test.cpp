// ./run.sh gpu: its stages, what becomes of them and of the record where one fails, hangs or is
// ended.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <regex>
#include <thread>
#include <utility>

#include "gpu_run/gpu_run.hpp"

namespace takt::test {
namespace {

using Verdicts = std::map<std::string, std::string>;

/// What the sample tests come to where all is well; the tests of the host are not asked for here.
const Verdicts good_sample = {{"Sample/Devices.Passes/gru_cuda", "passed"},
                              {"Sample/Devices.MayFail/gru_cuda", "passed"},
                              {"Sample/Devices.MayCrash/gru_cuda", "passed"},
                              {"Sample/Devices.MayHang/gru_cuda", "passed"},
                              {"Sample/Devices.IsSkipped/gru_cuda", "skipped"},
                              {"Cells/CudaContract.NothingIsLeft/gru", "passed"},
                              {"OnTheHost.Passes", "passed"}};

/// Of the record's tests those that are not wrappers of PTX.
Verdicts sample_verdicts(const json& record) {
  Verdicts verdicts = test::verdicts(record["tests"]);
  std::erase_if(verdicts, [](const auto& each) { return each.first.starts_with("Conformance."); });
  return verdicts;
}

TEST(GpuRun, TakesEveryStageOnTheEmulatedDevice) {
  const Folder folder;
  const ToolResult result = run_tool(ToolRun{
      .arguments = {"gpu", "--dry-run", "--prebuilt", TAKT_EMULATED_PROGRAMS, "--out", "run"},
      .folder = folder.path()});
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  const json record = record_of(folder);
  EXPECT_EQ(record["record"], "gpu run");
  EXPECT_EQ(record["emulated"], true);
  EXPECT_EQ(record["complete"], true);
  EXPECT_EQ(record["device"]["name"], "NVIDIA H200 (emulated)");
  EXPECT_EQ(record["device"]["compute_capability"], "9.0");
  EXPECT_TRUE(record["dirty"].is_boolean());
  EXPECT_EQ(record["commit"].get<std::string>().find("dirty"), std::string::npos);
  Verdicts stages = verdicts(record["stages"]);
  for (const char* built_or_not : {"microbench", "language-model"}) {
    EXPECT_TRUE(stages[built_or_not] == "passed" || stages[built_or_not] == "skipped");
    stages.erase(built_or_not);
  }
  EXPECT_EQ(stages, (Verdicts{{"conformance", "passed"},
                              {"gpu-tests", "passed"},
                              {"memcheck", "skipped"},
                              {"racecheck", "skipped"},
                              {"bench-dry-run", "passed"},
                              {"other-tests", "passed"}}));
  for (const json& stage : record["stages"]) EXPECT_GE(stage["seconds"].get<double>(), 0);
  EXPECT_EQ(record["sanitizer"], json::parse(R"({"memcheck": [], "racecheck": []})"));

  Verdicts tests = verdicts(record["tests"]);
  EXPECT_EQ(tests["Conformance.mma_m16n8k16 of bf16"], "passed");
  EXPECT_EQ(tests["Cells/CudaContract.HostThreadsShareAPlan/lstm"], "passed");
  EXPECT_EQ(tests["Devices/DeviceBits.AgainIsTheSame/gru_bf16_emulated_fifo"], "passed");
  EXPECT_EQ(tests["RuntimeStreams.EventsTakeTime"], "passed");
  EXPECT_EQ(json::parse(folder.read("run/bench-dry-run.json"))["points"].size(), 3u);
}

TEST(GpuRun, EndsWithALineAStage) {
  const Folder folder;
  const QuickPrograms programs;
  const ToolResult result = run_tool(gpu_run(programs, folder));
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  const std::string summary = result.out.substr(result.out.find("\nwrote "));
  const json record = record_of(folder);
  std::size_t at = 0;
  for (const json& stage : record["stages"]) {
    const std::size_t next = summary.find("\n" + stage["verdict"].get<std::string>(), at);
    ASSERT_NE(next, std::string::npos) << stage << summary;
    EXPECT_NE(summary.find(stage["name"], next), std::string::npos);
    at = next + 1;
  }
  EXPECT_EQ(count_of("\n", summary), record["stages"].size() + 3);
  EXPECT_TRUE(summary.ends_with("\nnot to be recorded: the device is emulated\n")) << summary;
  EXPECT_EQ(sample_verdicts(record), good_sample);
}

TEST(GpuRun, RunsAllItsTestsWhereThisOneIsAPartOfItself) {
  const Folder folder;
  const QuickPrograms programs;
  ToolRun run = gpu_run(programs, folder);
  run.environment = {
      {"GTEST_TOTAL_SHARDS", "2"}, {"GTEST_SHARD_INDEX", "1"}, {"GTEST_FILTER", "-*"}};
  EXPECT_EQ(run_tool(run).exit_code, 0);
  EXPECT_EQ(sample_verdicts(record_of(folder)), good_sample);
}

TEST(GpuRun, SaysHowToRecordItOrWhyNot) {
  const Folder folder;
  const QuickPrograms programs;
  const std::pair<std::string, std::string> said[] = {
      {"1a2b3c4",
       "to record: cp -r " + (folder / "run").string() + " bench/results/NAME, then takt report"},
      {"1a2b3c4-dirty",
       "not to be recorded: the programs were built from 1a2b3c4-dirty, which is no clean commit"},
      {"", "not to be recorded: it is unknown from which commit the programs were built"}};
  for (const auto& [commit, advice] : said) {
    programs.script("takt", "[[ $1 == explain ]] || exit 3\n" TAKT_EMULATED_PROGRAMS
                            "/takt_emulated_tool \"$@\" |\n"
                            "  sed -e 's/ (emulated)//' -e 's/\"commit\": .*,/\"commit\": \"" +
                                commit + "\",/'");
    std::filesystem::remove_all(folder / "run");
    const ToolResult result = run_tool(gpu_run(programs, folder));
    EXPECT_TRUE(result.out.ends_with("\n" + advice + "\n")) << result.out << result.err;
  }
}

TEST(GpuRun, GivesTestsBehindOneThatFailedADeviceInOrder) {
  const Folder folder;
  const QuickPrograms programs;
  ToolRun run = gpu_run(programs, folder);
  run.environment["TAKT_SAMPLE"] = "fails";
  const ToolResult result = run_tool(run);
  EXPECT_EQ(result.exit_code, failed) << result.out << result.err;
  const json record = record_of(folder);
  EXPECT_EQ(record["complete"], true);
  EXPECT_EQ(stage(record, "gpu-tests")["verdict"], "failed");
  EXPECT_NE(stage(record, "gpu-tests")["detail"].get<std::string>().find(
                "4 passed, 1 failed, 1 skipped; first of those that failed: "
                "Sample/Devices.MayFail/gru_cuda"),
            std::string::npos);
  Verdicts expected = good_sample;
  expected["Sample/Devices.MayFail/gru_cuda"] = "failed";
  EXPECT_EQ(sample_verdicts(record), expected);
  EXPECT_EQ(stage(record, "other-tests")["verdict"], "passed");
}

TEST(GpuRun, GoesOnBehindATestThatCrashes) {
  const Folder folder;
  const QuickPrograms programs;
  ToolRun run = gpu_run(programs, folder);
  run.environment["TAKT_SAMPLE"] = "crashes";
  EXPECT_EQ(run_tool(run).exit_code, failed);
  Verdicts expected = good_sample;
  expected["Sample/Devices.MayCrash/gru_cuda"] = "failed";
  EXPECT_EQ(sample_verdicts(record_of(folder)), expected);
}

TEST(GpuRun, CutsAStageThatHangsAndGoesOn) {
  const Folder folder;
  const QuickPrograms programs;
  ToolRun run = gpu_run(programs, folder, {"--seconds", "12"});
  run.environment["TAKT_SAMPLE"] = "hangs";
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(run_tool(run).exit_code, failed);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(60));
  const json record = record_of(folder);
  EXPECT_EQ(record["complete"], true);
  EXPECT_EQ(stage(record, "gpu-tests")["verdict"], "cut");
  EXPECT_NE(stage(record, "gpu-tests")["detail"].get<std::string>().find(
                "it was in Sample/Devices.MayHang/gru_cuda"),
            std::string::npos);
  EXPECT_EQ(sample_verdicts(record)["Sample/Devices.MayCrash/gru_cuda"], "passed");
  EXPECT_FALSE(sample_verdicts(record).contains("Sample/Devices.MayHang/gru_cuda"));
  EXPECT_EQ(stage(record, "other-tests")["verdict"], "passed");
}

TEST(GpuRun, FailsWhereMeasuringDoes) {
  const Folder folder;
  const QuickPrograms programs;
  programs.script_takt("*gpu.txt*) exit 1 ;;");
  EXPECT_EQ(run_tool(gpu_run(programs, folder)).exit_code, failed);
  const json record = record_of(folder);
  EXPECT_EQ(record["complete"], true);
  EXPECT_EQ(stage(record, "bench-gpu")["verdict"], "failed");
  EXPECT_NE(stage(record, "bench-gpu")["detail"].get<std::string>().find(
                "takt bench ended with status 1; without bench-gpu.json"),
            std::string::npos);
}

TEST(GpuRun, MeasuresAsFarAsThereIsTime) {
  const Folder folder;
  const QuickPrograms programs;
  programs.script_takt("*gpu.txt*) sleep 100 ;;");
  EXPECT_EQ(run_tool(gpu_run(programs, folder, {"--seconds", "15"})).exit_code, 0);
  EXPECT_EQ(stage(record_of(folder), "bench-gpu")["verdict"], "cut");
  EXPECT_EQ(stage(record_of(folder), "bench-grid")["verdict"], "passed");
}

TEST(GpuRun, KeepsWhatItHasSeenWhenItIsEnded) {
  const Folder folder;
  const QuickPrograms programs;
  ToolRun run = gpu_run(programs, folder);
  run.environment["TAKT_SAMPLE"] = "hangs";
  for (const auto& [signal, code] : {std::pair{SIGINT, 130}, {SIGTERM, 143}}) {
    std::filesystem::remove_all(folder / "run");
    RunningTool running(run);
    std::smatch process;
    std::string log;
    for (int n = 0; n < 600 && process.empty(); ++n) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      log = folder.read("run/log/gpu-tests");
      std::regex_search(log, process, std::regex("hangs as process ([0-9]+)\n"));
    }
    ASSERT_FALSE(process.empty()) << running.out();
    const auto sent = std::chrono::steady_clock::now();
    running.send(signal);
    const ToolResult result = running.wait();
    EXPECT_LT(std::chrono::steady_clock::now() - sent, std::chrono::seconds(30));
    EXPECT_EQ(result.exit_code, code) << result.out << result.err;
    EXPECT_NE(kill(std::stoi(process[1]), 0), 0) << "it goes on";
    const json record = record_of(folder);
    EXPECT_EQ(record["complete"], false);
    EXPECT_EQ(verdicts(record["stages"]),
              (Verdicts{{"conformance", "passed"}, {"gpu-tests", "cut"}}));
    EXPECT_EQ(sample_verdicts(record)["Sample/Devices.MayCrash/gru_cuda"], "passed");
    EXPECT_EQ(verdicts(record["tests"])["Conformance.to_tf32"], "passed");
    EXPECT_NE(result.out.find("\ncut      gpu-tests "), std::string::npos) << result.out;
  }
}

TEST(GpuRun, KeepsFinishedStagesWhenItIsKilled) {
  const Folder folder;
  const QuickPrograms programs;
  // It ends when nobody reads what it says.
  programs.script("takt_tests", "echo $$ >'" + (folder / "process").string() + "'; sleep 20");
  RunningTool running(gpu_run(programs, folder));
  for (int n = 0; n < 600 && folder.read("process").empty(); ++n)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  ASSERT_FALSE(folder.read("process").empty());
  running.send(SIGKILL);
  running.wait();
  const json record = record_of(folder);
  EXPECT_EQ(record["complete"], false);
  EXPECT_EQ(verdicts(record["stages"]), (Verdicts{{"conformance", "passed"}}));
  kill(std::stoi(folder.read("process")), SIGKILL);
}

TEST(GpuRun, FailsWhereAWrapperDoes) {
  const Folder folder;
  const QuickPrograms programs;
  programs.script("takt_conformance",
                  "echo 'to_tf32: ok'; echo 'flag bits, i32: 3 of \"4\"'; exit 1");
  EXPECT_EQ(run_tool(gpu_run(programs, folder)).exit_code, failed);
  const json record = record_of(folder);
  EXPECT_EQ(stage(record, "conformance")["verdict"], "failed");
  EXPECT_EQ(verdicts(record["tests"])["Conformance.to_tf32"], "passed");
  EXPECT_EQ(verdicts(record["tests"])["Conformance.flag bits, i32"], "failed");
}

TEST(GpuRun, TakesNoProgramAtItsWordThatEndsBadly) {
  const Folder folder;
  const QuickPrograms programs;
  programs.script("takt_conformance", "echo 'to_tf32: ok'; exit 3");
  programs.script("takt_tests",
                  "case \"$*\" in *list*) printf 'CudaContract.\\n  A\\n' ;; *) exit 0 ;; esac");
  EXPECT_EQ(run_tool(gpu_run(programs, folder)).exit_code, failed);
  const json record = record_of(folder);
  EXPECT_EQ(stage(record, "conformance")["verdict"], "failed");
  EXPECT_NE(stage(record, "conformance")["detail"].get<std::string>().find(
                "takt_conformance ended with status 3"),
            std::string::npos);
  EXPECT_EQ(stage(record, "gpu-tests")["verdict"], "failed");
  EXPECT_NE(stage(record, "gpu-tests")["detail"].get<std::string>().find("1 tests not run"),
            std::string::npos);
}

TEST(GpuRun, FailsWhereThereAreNoTests) {
  const Folder folder;
  const QuickPrograms programs;
  programs.script("takt_tests", "exit 0");
  EXPECT_EQ(run_tool(gpu_run(programs, folder)).exit_code, failed);
  EXPECT_EQ(stage(record_of(folder), "gpu-tests")["detail"],
            "takt_tests lists no test for "
            "*_cuda:*_cuda_block:*_cuda_cluster:*_cuda_grid:*/CudaContract.*");
}

TEST(GpuRun, WatchesEachTestOfAShortListBySanitizers) {
  const Folder folder;
  const QuickPrograms programs;
  // --tool NAME --error-exitcode N PROGRAM ARGUMENTS...
  programs.script("compute-sanitizer", R"(code=$4
if [[ $2 == racecheck && "$*" == *IsLeft* ]]; then exit "$code"; fi
exec "${@:5}")");
  ToolRun run = gpu_run(programs, folder);
  run.environment["PATH"] = programs.path().string() + ":" + std::getenv("PATH");
  EXPECT_EQ(run_tool(run).exit_code, failed);
  const json record = record_of(folder);
  EXPECT_EQ(stage(record, "memcheck")["verdict"], "passed");
  EXPECT_EQ(stage(record, "racecheck")["verdict"], "failed");
  EXPECT_EQ(
      verdicts(record["sanitizer"]["memcheck"]),
      (Verdicts{{"Cells/CudaContract.NothingIsLeft/gru", "passed"}, {"Conformance", "passed"}}));
  EXPECT_EQ(
      verdicts(record["sanitizer"]["racecheck"]),
      (Verdicts{{"Cells/CudaContract.NothingIsLeft/gru", "failed"}, {"Conformance", "passed"}}));
}

TEST(GpuRun, MeasuresWithoutWhomItDoesNotFindAndSaysSo) {
  const Folder folder;
  const QuickPrograms programs;
  programs.script_takt(
      "*'--against cudnn '*) echo 'takt: no \"\\libcudnn\"' >&2; exit 2 ;;\n"
      "*) echo \"$*\" >>'" +
      (folder / "calls").string() + "' ;;");
  EXPECT_EQ(run_tool(gpu_run(programs, folder)).exit_code, 0);
  const json gpu = stage(record_of(folder), "bench-gpu");
  EXPECT_EQ(gpu["verdict"], "passed");
  EXPECT_EQ(gpu["detail"], "bench-gpu.json; without cudnn: no \"\\libcudnn\"");
  const std::string calls = folder.read("calls");
  EXPECT_NE(calls.find("/bench/shapes/gpu.txt --against two-kernel-loop "), std::string::npos)
      << calls;
  EXPECT_EQ(count_of("--against cudnn", calls), 0u);
}

/// What the shell does with all that takt is called with.
std::string writes_calls(const Folder& folder) {
  return "*) echo \"$*\" >>'" + (folder / "calls").string() + "' ;;&\n";
}

TEST(GpuRun, AsksAPeerAgainThatHasNotRefused) {
  const Folder folder;
  const QuickPrograms programs;
  const std::string asked = (folder / "asked").string();
  programs.script_takt(writes_calls(folder) + "*'--against cudnn --hidden 1 '*) [[ -e " + asked +
                       " ]] || { touch " + asked + "; echo 'takt: lost' >&2; exit 3; } ;;");
  EXPECT_EQ(run_tool(gpu_run(programs, folder)).exit_code, 0);
  const json record = record_of(folder);
  EXPECT_EQ(stage(record, "bench-gpu")["detail"], "bench-gpu.json; without cudnn: lost");
  EXPECT_EQ(stage(record, "bench-grid")["detail"], "bench-grid.json");
  const std::string calls = folder.read("calls");
  EXPECT_EQ(count_of("gpu.txt --against two-kernel-loop ", calls), 1u) << calls;
  EXPECT_EQ(count_of("grid.txt --against cudnn,two-kernel-loop ", calls), 1u) << calls;
  EXPECT_EQ(count_of("--against cudnn --hidden 1 ", calls), 2u) << calls;
  EXPECT_EQ(count_of("--against two-kernel-loop --hidden 1 ", calls), 1u) << calls;
}

TEST(GpuRun, MeasuresInTheTimeThatAPeerLeavesWhichHangs) {
  const Folder folder;
  const QuickPrograms programs;
  programs.script_takt(writes_calls(folder) + "*'--against cudnn --hidden 1 '*) sleep 100 ;;");
  EXPECT_EQ(run_tool(gpu_run(programs, folder, {"--seconds", "24"})).exit_code, 0);
  const json gpu = stage(record_of(folder), "bench-gpu");
  EXPECT_EQ(gpu["verdict"], "passed");
  EXPECT_EQ(gpu["detail"], "bench-gpu.json; without cudnn: it did not answer in time");
  const std::string calls = folder.read("calls");
  EXPECT_EQ(count_of("gpu.txt --against two-kernel-loop ", calls), 1u) << calls;
  EXPECT_GE(count_of("--against cudnn --hidden 1 ", calls), 2u) << calls;
}

TEST(GpuRun, RunsTheLanguageModelsTestsWhereTheyAre) {
  const Folder folder;
  const QuickPrograms programs;
  EXPECT_EQ(run_tool(gpu_run(programs, folder)).exit_code, 0);
  EXPECT_EQ(stage(record_of(folder), "language-model")["verdict"], "skipped");
  std::filesystem::remove_all(folder / "run");
  std::filesystem::create_symlink(TAKT_SAMPLE_TESTS, programs / "language_model_tests");
  EXPECT_EQ(run_tool(gpu_run(programs, folder)).exit_code, 0);
  EXPECT_EQ(stage(record_of(folder), "language-model")["detail"], "4 passed, 0 failed, 1 skipped");
  std::filesystem::remove_all(folder / "run");
  programs.script("language_model_tests", "exit 0");
  EXPECT_EQ(run_tool(gpu_run(programs, folder)).exit_code, failed);
  EXPECT_EQ(stage(record_of(folder), "language-model")["detail"],
            "language_model_tests lists no test for *_cuda");
}

TEST(GpuRun, RunsMicroBenchmarksWhereTheyAre) {
  const Folder folder;
  const QuickPrograms programs;
  programs.script("takt_microbench", R"([[ $1 == --out && $3 == --seconds ]] && echo {} >"$2")");
  EXPECT_EQ(run_tool(gpu_run(programs, folder)).exit_code, 0);
  EXPECT_EQ(stage(record_of(folder), "microbench")["verdict"], "passed");
  std::filesystem::remove_all(folder / "run");
  programs.script("takt_microbench", "exit 0");
  EXPECT_EQ(run_tool(gpu_run(programs, folder)).exit_code, failed);
  EXPECT_EQ(stage(record_of(folder), "microbench")["detail"],
            "takt_microbench wrote no microbench.json");
  std::filesystem::remove_all(folder / "run");
  programs.script("takt_microbench", R"(printf '{\n "complete": false\n}\n' >"$2")");
  EXPECT_EQ(run_tool(gpu_run(programs, folder)).exit_code, 0);
  EXPECT_EQ(stage(record_of(folder), "microbench")["verdict"], "cut");
  std::filesystem::remove_all(folder / "run");
  std::filesystem::remove(programs / "takt_microbench");
  EXPECT_EQ(run_tool(gpu_run(programs, folder)).exit_code, 0);
  EXPECT_EQ(stage(record_of(folder), "microbench")["verdict"], "skipped");
}

}  // namespace
}  // namespace takt::test
