// takt_microbench as a program, on the emulated device: what it prints, records, refuses, and what
// it keeps where it cannot go on. All of it is host code, which the race checker does not look at.
#if defined(TAKT_MICROBENCH) && !defined(SIMT_RACE_CHECKER)

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "benchmark.hpp"
#include "program.hpp"
#include "record.hpp"
#include "simt.hpp"
#include "tool/failure.hpp"
#include "watchdog.hpp"

namespace takt::micro {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string contents_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

struct Ended {
  int code;
  std::string out, err;
};

char program_name[] = "takt_microbench";

Ended run(std::vector<std::string> words, const Setup& setup) {
  std::vector<char*> arguments = {program_name};
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int code = run_program(static_cast<int>(words.size() + 1), arguments.data(), setup);
  return {code, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
}

Setup tiny() {
  return {.sizes = tiny_sizes(), .emulated = true, .hang_seconds = 600};
}

class MicroProgram : public testing::Test {
 protected:
  MicroProgram() {
    std::string form = (fs::temp_directory_path() / "takt_micro_XXXXXX").string();
    EXPECT_NE(mkdtemp(form.data()), nullptr);
    folder_ = form;
  }
  ~MicroProgram() override { fs::remove_all(folder_); }

  std::string file() const { return (folder_ / "record.json").string(); }
  json record() const { return json::parse(contents_of(file())); }
  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  fs::path folder_;
};

TEST_F(MicroProgram, PrintsAndRecordsEveryBenchmark) {
  const Ended ended = run({"--out", file()}, tiny());
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.err, "");
  const json record = this->record();
  EXPECT_EQ(record["record"], "microbench");
  EXPECT_EQ(record["emulated"], true);
  EXPECT_EQ(record["complete"], true);
  EXPECT_TRUE(record["ended"].is_null());
  EXPECT_TRUE(record["dirty"].is_boolean());
  EXPECT_EQ(record["device"]["name"], "NVIDIA H200 (emulated)");
  EXPECT_EQ(record["device"]["compute_capability"], "9.0");
  EXPECT_EQ(record["device"]["sms"], 132);
  EXPECT_TRUE(std::regex_match(record["date"].get<std::string>(),
                               std::regex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z")));
  if (record["commit"].is_string()) {
    EXPECT_EQ(record["commit"].get<std::string>().find("dirty"), std::string::npos);
  }
  std::set<std::string> found;
  std::set<std::string> keys;
  for (const json& result : record["results"]) {
    found.insert(result["name"].get<std::string>());
    EXPECT_TRUE(keys.insert(result["name"].dump() + result["parameters"].dump()).second)
        << "two results are found by " << result["name"] << result["parameters"];
    EXPECT_TRUE(result["median"].is_number());
    EXPECT_FALSE(result["samples"].empty());
    EXPECT_FALSE(result.contains("failed"));
    EXPECT_NE(ended.out.find(result["name"].get<std::string>() + " "), std::string::npos);
  }
  EXPECT_EQ(found.size(), all_benchmarks().size());
  EXPECT_EQ(files(), 1u);
}

TEST_F(MicroProgram, MarksWhatIsNoMeasurement) {
  EXPECT_NE(run({"--only", "sm_clock"}, tiny()).out.find("nothing here is a measurement"),
            std::string::npos);
}

TEST_F(MicroProgram, AWrongValueFailsItsResultAndTheRun) {
  auto setup = tiny();
  setup.spoiled = true;
  const Ended ended = run({"--out", file(), "--only", "global_read", "--only", "sm_clock"}, setup);
  EXPECT_EQ(ended.code, 1);
  EXPECT_EQ(ended.err, "takt_microbench: a benchmark failed; see the rows marked failed\n");
  EXPECT_NE(ended.out.find("3 results, 2 failed"), std::string::npos) << ended.out;
  const json results = record()["results"];
  ASSERT_EQ(results.size(), 3u);
  EXPECT_FALSE(results[0].contains("failed"));  // the clock, the first on the list
  EXPECT_EQ(results[1]["failed"].get<std::string>().rfind("what was read sums to ", 0), 0u);
  EXPECT_FALSE(results[1].contains("median"));
  EXPECT_FALSE(results[1].contains("samples"));
}

TEST_F(MicroProgram, ARunOfSomeBenchmarksIsNotComplete) {
  const Ended ended = run({"--out", file(), "--only", "mma_latency"}, tiny());
  EXPECT_EQ(ended.code, 0) << ended.err;
  const json written = record();
  EXPECT_EQ(written["complete"], false);
  EXPECT_EQ(written["ended"], "only these were asked for: mma_latency");
  ASSERT_GE(written["results"].size(), 1u);
  for (const json& result : written["results"]) EXPECT_EQ(result["name"], "mma_latency");
}

TEST_F(MicroProgram, EndsOnceItsTimeIsOver) {
  const Ended ended = run({"--out", file(), "--seconds", "0"}, tiny());
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(record()["complete"], false);
  EXPECT_EQ(record()["ended"], "the 0 s of --seconds were over in sm_clock");
  EXPECT_EQ(record()["results"].size(), 0u);
}

/// Warps that are not whole break what the exchange does by warps.
TEST_F(MicroProgram, KeepsWhatItHasWhereTheDeviceIsLost) {
  auto setup = tiny();
  setup.sizes.threads = 48;
  const Ended ended = run({"--out", file()}, setup);
  EXPECT_FALSE(simt::take_reports().empty());
  EXPECT_EQ(ended.code, 3);
  const std::string why = "cluster_exchange: the device is lost: unspecified launch failure";
  EXPECT_EQ(ended.err, "takt_microbench: " + why + "\n");
  const json record = this->record();
  EXPECT_EQ(record["complete"], false);
  EXPECT_EQ(record["ended"], why);
  const json& results = record["results"];
  ASSERT_GT(results.size(), 5u);
  EXPECT_EQ(results[0]["name"], "sm_clock");
  EXPECT_TRUE(results[results.size() - 2].contains("median"));
  EXPECT_EQ(results.back()["name"], "cluster_exchange");
  EXPECT_TRUE(results.back().contains("failed"));
}

TEST_F(MicroProgram, EndsWhereTheDeviceDoesNotAnswer) {
  auto setup = tiny();
  setup.hang_seconds = 0.001;
  setup.sizes.clock_cycles = 2'000'000'000;  // nanoseconds here
  const auto hang = [&] {
    std::string out = "--out=" + file();
    char* arguments[] = {program_name, out.data(), nullptr};
    run_program(2, arguments, setup);
  };
  EXPECT_EXIT(hang(), testing::ExitedWithCode(3),
              "takt_microbench: sm_clock did not end within 0.001 s");
  EXPECT_EQ(record()["complete"], false);
  EXPECT_EQ(record()["ended"], "sm_clock did not end within 0.001 s");
}

TEST_F(MicroProgram, RefusesWhatItCannotDo) {
  const struct {
    std::vector<std::string> words;
    std::string sentence;
  } refused[] = {
      {{"--only", "grid_exchanges"}, "--only is 'grid_exchanges'; it must be one of: sm_clock, gr"},
      {{"--only", ""}, "--only is ''; it must be one of: sm_clock, "},
      {{"--seconds", "-1"}, "--seconds is '-1'; it must be a number between 0 and 1e+06\n"},
      {{"--seconds", "soon"}, "--seconds is 'soon'; it must be a number between 0 and 1e+06\n"},
      {{"--out", folder_.string()},
       "--out is '" + folder_.string() + "', which cannot be written: that is a folder; "},
      {{"--out", file() + "/no"}, "--out is '" + file() + "/no', which cannot be written: "},
      {{"--fast"}, "'--fast' is nothing that takt_microbench takes; see takt_microbench --help\n"},
      {{"mma_rate"}, "'mma_rate' is nothing that takt_microbench takes; see "},
      {{"--out"}, "--out must have one value; see takt_microbench --help\n"},
  };
  for (const auto& [words, sentence] : refused) {
    const Ended ended = run(words, tiny());
    EXPECT_EQ(ended.code, 2) << sentence;
    EXPECT_EQ(ended.err.rfind("takt_microbench: " + sentence, 0), 0u) << ended.err;
    EXPECT_EQ(ended.out, "");
    EXPECT_EQ(files(), 0u);
  }
}

TEST_F(MicroProgram, WantsADeviceThatItIsMadeFor) {
  simt::set_device(simt::a100());
  const Ended other = run({"--out", file()}, tiny());
  EXPECT_EQ(other.code, 3);
  EXPECT_EQ(other.err,
            "takt_microbench: the device is NVIDIA A100 (emulated) of compute capability 8.0; it "
            "must be 9.0\n");
  simt::set_driver(0);
  const Ended none = run({"--out", file()}, tiny());
  EXPECT_EQ(none.code, 3);
  EXPECT_EQ(none.err.rfind("takt_microbench: there is no CUDA device: ", 0), 0u) << none.err;
  EXPECT_EQ(files(), 0u);
}

TEST_F(MicroProgram, ListsWithoutADevice) {
  simt::set_driver(0);
  const Ended ended = run({"--list"}, tiny());
  EXPECT_EQ(ended.code, 0) << ended.err;
  for (const Benchmark& benchmark : all_benchmarks())
    EXPECT_NE(ended.out.find("\n" + std::string(benchmark.name) + " "), std::string::npos)
        << benchmark.name;
  const Ended help = run({"--help"}, tiny());
  EXPECT_EQ(help.code, 0);
  for (const char* word : {"--out", "--seconds", "--only", "--list", "Exit codes: 0 "})
    EXPECT_NE(help.out.find(word), std::string::npos) << word;
}

class MicroRecord : public MicroProgram {
 protected:
  const DeviceFacts device_{.name = "one",
                            .major = 9,
                            .minor = 0,
                            .multiprocessors = 1,
                            .memory_bytes = 1,
                            .l2_bytes = 1,
                            .driver = 1,
                            .runtime = 1};
  const Result result_{"a", {{"bytes", 4}, {"kind", "b"}}, "ns", {3, 1, 2, 10}, {}};
};

TEST_F(MicroRecord, IsWholeAfterEveryResult) {
  Record record(device_, false, file());
  EXPECT_EQ(this->record()["results"].size(), 0u);
  for (std::size_t n = 1; n <= 3; ++n) {
    record.add(result_);
    const json written = this->record();
    EXPECT_EQ(written["complete"], false);
    EXPECT_EQ(written["emulated"], false);
    ASSERT_EQ(written["results"].size(), n);
    const json& last = written["results"].back();
    EXPECT_EQ(last["median"], 2.5);
    EXPECT_EQ(last["samples"], json({3, 1, 2, 10}));
    EXPECT_EQ(last["parameters"], json({{"bytes", 4}, {"kind", "b"}}));
    EXPECT_EQ(files(), 1u);
  }
  record.complete();
  EXPECT_EQ(this->record()["complete"], true);
}

TEST_F(MicroRecord, SaysWhereItCannotBeWrittenAnyMore) {
  Record record(device_, false, file());
  fs::remove_all(folder_);
  EXPECT_THROW(record.add(result_), tool::Failure);
}

TEST(MicroWatchdog, BarksOnceAndOnlyWhereItIsNotFed) {
  using namespace std::chrono_literals;
  std::atomic<int> barks = 0;
  {
    Watchdog fed(600, [&](const std::string&) { ++barks; });
    for (int n = 0; n < 10; ++n) fed.feed("a");
  }
  EXPECT_EQ(barks, 0);
  std::string begun;
  {
    Watchdog hungry(0.05, [&](const std::string& what) {
      begun = what;
      ++barks;
    });
    hungry.feed("b");
    for (int n = 0; n < 2000 && barks == 0; ++n) std::this_thread::sleep_for(5ms);
  }
  EXPECT_EQ(barks, 1);
  EXPECT_EQ(begun, "b");
}

/// Cells of the rows of the page's tables.
std::vector<std::vector<std::string>> rows_of_the_page() {
  std::ifstream page(TAKT_SOURCE_DIR "/docs/microbenchmarks.md");
  std::vector<std::vector<std::string>> rows;
  static const std::regex row{R"(^\| `([a-z0-9_]+)` \| ([^|]*) \| ([^|]*) \|.*)"};
  for (std::string line; std::getline(page, line);) {
    std::smatch match;
    if (std::regex_match(line, match, row)) rows.push_back({match[1], match[2], match[3]});
  }
  return rows;
}

TEST(MicroPage, HasTheNamesAndUnitsOfTheProgramInItsOrder) {
  std::vector<std::pair<std::string, std::string>> page, program;
  for (const auto& row : rows_of_the_page()) {
    page.emplace_back(row[0], row[1]);
    EXPECT_GT(row[2].size(), 10u) << row[0] << " measures what?";
  }
  for (const Benchmark& benchmark : all_benchmarks())
    program.emplace_back(benchmark.name, benchmark.unit);
  EXPECT_EQ(page, program);
}

}  // namespace
}  // namespace takt::micro

#endif
