// Limits beside recorded times. The records in tests/limit are made up.
#if defined(TAKT_BENCH) && defined(TAKT_TOOL)

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "facts.hpp"
#include "gpu_facts.hpp"
#include "plan.hpp"
#include "tool/failure.hpp"
#include "tool/machine_limits.hpp"
#include "tool/prediction.hpp"
#include "tool_run.hpp"

namespace {

namespace fs = std::filesystem;

using takt::DataType;
using takt::DeviceFacts;
using takt::DeviceKind;
using takt::bench::Shape;
using takt::test::Folder;
using takt::tool::compare_with_records;
using takt::tool::Comparison;
using takt::tool::frozen_constants;
using takt::tool::Json;
using takt::tool::LimitRecords;
using takt::tool::lines_of;
using takt::tool::read_limit_records;
using takt::tool::Timeable;
using Lines = std::vector<std::string>;

std::string fixture(const std::string& name) {
  std::ifstream file(TAKT_TEST_DATA_DIR "/limit/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The record with some members replaced.
std::string changed(const std::string& name, const Json& members) {
  Json json = Json::parse(fixture(name));
  json.update(members);
  return json.dump();
}

DeviceFacts gpu() {
  return {.kind = DeviceKind::cuda, .name = "Fixture GPU"};
}

DeviceFacts cpu() {
  return {.name = "Fixture CPU", .threads = 2, .instruction_set = "x86-64-v3"};
}

Timeable on_gpu() {
  return {{.cell = "lstm", .type = DataType::bf16, .T = 10, .B = 20, .I = 100, .H = 200}, "step"};
}

/// That of the roofline's test, which gives 7.8 seconds.
Timeable on_cpu() {
  return {{.cell = "lstm", .T = 10, .B = 2, .I = 3, .H = 4},
          "cpu",
          {.x = 240, .y = 320, .final_states = 64, .weights = 576}};
}

Lines lines(const Timeable& timeable, const DeviceFacts& device, const LimitRecords& records) {
  const auto comparison =
      compare_with_records(timeable, device, records, frozen_constants(records, device));
  return comparison ? lines_of({*comparison}) : Lines{};
}

TEST(Prediction, StandsBesideTheMeasuredTimeOfAGpu) {
  const Folder folder;
  fs::create_directory(folder / "run");
  folder.write("run/microbench.json", fixture("microbench.json"));
  folder.write("gpu.json", fixture("gpu.json"));
  const LimitRecords records = read_limit_records(folder.path());
  EXPECT_EQ(records.complaints, Lines{});
  const std::string path = folder.path().generic_string();
  const Lines expected = {
      "limit      step, inference: predicted 4.32 us/step (limit model, constants of " + path +
          "/run/microbench.json, commit f1f1f1f, 2001-01-02T00:00:00Z), measured 4 us/step (" +
          path + "/gpu.json, commit b2b2b2b, 2001-02-01T00:00:00Z)",
      "           step in a graph: 2.32 us/step",
      "           one cluster of 2: not measured: max_active_clusters of 2 blocks, "
      "cluster_exchange of 2 blocks",
      "           one cluster of 4: 0.468 us/step",
      "           one cluster of 8: not measured: max_active_clusters of 8 blocks, "
      "cluster_exchange of 8 blocks",
      "           one cluster of 16: not measured: max_active_clusters of 16 blocks, "
      "cluster_exchange of 16 blocks",
      "           full grid: 1.18 us/step"};
  EXPECT_EQ(lines(on_gpu(), gpu(), records), expected);
}

TEST(Prediction, OfAPersistentKernelIsThatOfItsGroups) {
  const Folder folder;
  folder.write("microbench.json", fixture("microbench.json"));
  const LimitRecords records = read_limit_records(folder.path());
  const auto first = [&](const std::string& algorithm, const std::string& limit) {
    Timeable timeable = on_gpu();
    timeable.algorithm = timeable.shape.algorithm = algorithm;
    timeable.limit = limit;
    return lines(timeable, gpu(), records).at(0);
  };
  EXPECT_TRUE(first("cluster", "one cluster of 4")
                  .starts_with("limit      one cluster of 4, inference: predicted 0.468 us/step"));
  EXPECT_TRUE(first("grid", "full grid")
                  .starts_with("limit      full grid, inference: predicted 1.18 us/step"));
  const std::string block = first("block", "block");
  EXPECT_TRUE(
      block.starts_with("limit      block, inference: predicted nothing: the limit model "
                        "does not have it (limit model, constants of "))
      << block;
  EXPECT_TRUE(block.ends_with("), measured in no record")) << block;
}

TEST(Prediction, NamesTheLimitOfAPlan) {
  const auto name = [](const std::string& algorithm) {
    const takt::RnnSpec spec{
        .input_size = 256, .hidden_size = 120, .type = DataType::bf16, .algorithm = algorithm};
    return takt::tool::limit_name(
        decide(spec, {100, 8}, takt::Mode::inference, takt::gpu_facts::h200()).candidates);
  };
  EXPECT_EQ(name(""), "step");
  EXPECT_EQ(name("block"), "block");
  EXPECT_EQ(name("cluster"), "one cluster of 8");
  EXPECT_EQ(name("grid"), "full grid");
}

TEST(Prediction, IsNotMeasuredWithoutConstants) {
  const Folder folder;
  folder.write("gpu.json", fixture("gpu.json"));
  const Lines found = lines(on_gpu(), gpu(), read_limit_records(folder.path()));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(
      found[0].starts_with("limit      step, inference: predicted not measured: constants "
                           "of this device, measured 4 us/step ("))
      << found[0];
}

TEST(Prediction, StandsBesideTheMeasuredTimeOfACpu) {
  const Folder folder;
  folder.write("cpu.json", fixture("cpu.json"));
  const LimitRecords records = read_limit_records(folder.path());
  const std::string from =
      folder.path().generic_string() + "/cpu.json, commit b2b2b2b, 2001-02-01T00:00:00Z)";
  EXPECT_EQ(lines(on_cpu(), cpu(), records),
            Lines{"limit      cpu, inference: predicted 7.8e+05 us/step (limit model, bound by "
                  "weights, constants of " +
                  from + ", measured 1.6e+06 us/step (" + from});
  Timeable other = on_cpu();
  other.shape.T = 11;  // was not measured; its limit is known all the same
  const Lines found = lines(other, cpu(), records);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(found[0].ends_with(from + ", measured in no record")) << found[0];
}

TEST(Prediction, IsNoneWhereAMeasuredTimeIsLess) {
  const Folder folder;
  const auto found_with = [&](double median, double least) {
    Json json = Json::parse(fixture("cpu.json"));
    json["points"][0]["median_s"] = median;
    json["points"][0]["least_s"] = least;
    folder.write("cpu.json", json.dump());
    const Lines found = lines(on_cpu(), cpu(), read_limit_records(folder.path()));
    return found.empty() ? "" : found[0];
  };
  const std::string refuted = "predicted a limit that the measured time refutes (";
  EXPECT_NE(found_with(16, 7.7).find(refuted), std::string::npos) << found_with(16, 7.7);
  EXPECT_EQ(found_with(16, 7.9).find(refuted), std::string::npos) << found_with(16, 7.9);
}

TEST(MachineLimits, AreRefutedByAShorterTime) {
  using takt::tool::json_of;
  using takt::tool::share_text;
  const takt::bench::CpuLimit limit{.products = 1, .weights = 2};
  EXPECT_EQ(share_text(limit, 4, 3), "50 %");
  EXPECT_EQ(share_text(limit, 4, 1.9), "refuted");
  EXPECT_EQ(share_text(std::nullopt, 4, 3), "-");
  EXPECT_EQ(json_of(limit, 3), (Json{{"seconds", 2.}, {"bound_by", "weights"}}));
  EXPECT_TRUE(json_of(limit, 1.9).is_null());
  EXPECT_TRUE(json_of(std::optional<takt::bench::CpuLimit>(), 3).is_null());
}

TEST(Prediction, SaysNothingOfOtherDevices) {
  const Folder folder;
  for (const std::string name : {"cpu.json", "gpu.json", "microbench.json"})
    folder.write(name, fixture(name));
  const LimitRecords records = read_limit_records(folder.path());
  EXPECT_EQ(lines(on_cpu(), cpu(), records).size(), 1u);
  DeviceFacts device = cpu();
  device.threads = 3;
  EXPECT_EQ(lines(on_cpu(), device, records), Lines{});
  device = cpu(), device.instruction_set = "x86-64-v4";
  EXPECT_EQ(lines(on_cpu(), device, records), Lines{});
  // As a record has it that was made before names told the model.
  for (const std::string name : {"Other CPU", "Fixture CPU (family 1, model 2, stepping 3)"}) {
    device = cpu(), device.name = name;
    EXPECT_EQ(lines(on_cpu(), device, records), Lines{});
  }
  device = gpu(), device.name = "Other GPU";
  EXPECT_EQ(lines(on_gpu(), device, records), Lines{});
  EXPECT_EQ(lines(on_gpu(), gpu(), read_limit_records((folder / "none").string())), Lines{});
}

TEST(Prediction, ComplainsOfAFolderInPlaceOfARecord) {
  const Folder folder;
  fs::create_directory(folder / "a.json");
  folder.write("cpu.json", fixture("cpu.json"));
  const LimitRecords records = read_limit_records(folder.path());
  EXPECT_EQ(records.complaints,
            Lines{folder.path().generic_string() + "/a.json: the record must be a file"});
  EXPECT_EQ(records.bench.size(), 1u);
}

TEST(Prediction, TakesTheOldestCompleteConstantsAndTheNewestTime) {
  const Folder folder;
  const auto date = [](int day) { return "2001-01-0" + std::to_string(day) + "T00:00:00Z"; };
  folder.write("a.json", changed("microbench.json", {{"date", date(5)}}));
  folder.write("b.json", changed("microbench.json", {{"date", date(3)}}));
  folder.write("c.json", changed("microbench.json", {{"date", date(1)}, {"complete", false}}));
  folder.write("d.json", changed("microbench.json", {{"date", date(2)}, {"emulated", true}}));
  folder.write("e.json", changed("gpu.json", {{"date", date(7)}}));
  folder.write("f.json", changed("gpu.json", {{"date", date(8)}, {"dirty", true}}));
  folder.write("g.json", changed("gpu.json", {{"date", date(6)}}));
  const Lines found = lines(on_gpu(), gpu(), read_limit_records(folder.path()));
  ASSERT_FALSE(found.empty());
  EXPECT_NE(found[0].find("/b.json, commit f1f1f1f, " + date(3)), std::string::npos) << found[0];
  EXPECT_TRUE(found[0].ends_with("/f.json, commit b2b2b2b-dirty, " + date(8) + ")")) << found[0];
}

TEST(Prediction, NamesARecordThatCannotBeRead) {
  const Folder folder;
  folder.write("gpu.json", fixture("gpu.json"));
  folder.write("cut.json", fixture("cpu.json").substr(0, 100));
  folder.write("wrong.json", changed("cpu.json", {{"points", 3}}));
  folder.write("zero.json",
               changed("cpu.json", {{"machine_limits", {{"threads", 2}, {"l2_bytes", 1}}}}));
  folder.write("nameless.json", changed("microbench.json", {{"device", Json::object()}}));
  folder.write("run.json", R"({"record": "gpu run"})");  // not for this
  const LimitRecords records = read_limit_records(folder.path());
  const std::string path = folder.path().generic_string() + "/";
  EXPECT_EQ(
      records.complaints,
      (Lines{path + "cut.json: the record is not JSON",
             path + "nameless.json: 'device.name' is missing; it must be a text",
             path + "wrong.json: 'points' is 3; it must be a list",
             path + "zero.json: 'machine_limits.peak_gflop_per_s' is missing; it must be a number "
                    "above 0"}));
  EXPECT_EQ(records.bench.size(), 1u);
}

TEST(Prediction, RefusesConstantsThatAreNone) {
  const Folder folder;
  folder.write("cpu.json", fixture("cpu.json"));
  folder.write("emulated.json", changed("microbench.json", {{"emulated", true}}));
  folder.write("good.json", fixture("microbench.json"));
  EXPECT_EQ(takt::tool::read_constants((folder / "good.json").string()).device, "Fixture GPU");
  const auto refusal = [&](const std::string& name) -> std::string {
    try {
      takt::tool::read_constants((folder / name).string());
    } catch (const takt::tool::UsageError& error) {
      return error.what();
    }
    return "";
  };
  const std::string path =
      "--constants must be a record of takt_microbench: " + folder.path().string() + "/";
  EXPECT_EQ(refusal("none.json"), path + "none.json: the record cannot be read");
  EXPECT_EQ(refusal("cpu.json"),
            path + "cpu.json: 'record' is \"bench\"; it must be \"microbench\"");
  const std::string emulated = refusal("emulated.json");
  EXPECT_EQ(emulated.rfind(path + "emulated.json: 'device' is {", 0), 0u) << emulated;
  EXPECT_TRUE(emulated.ends_with("it must be a GPU; an emulated one measures nothing")) << emulated;
}

TEST(Prediction, IsOfWhatBenchTimes) {
  using takt::bench::Timed;
  const takt::Device device = takt::Device::cpu({.threads = 1, .instruction_set = ""});
  takt::RnnSpec spec{.cell = "gru", .input_size = 3, .hidden_size = 4};
  const auto timed = [&](takt::Mode mode, takt::Dims dims = {5, 2}) {
    std::vector<Timed> all;
    for (const Timeable& each : takt::tool::timeable_of(takt::Plan(spec, dims, mode, device)))
      all.push_back(each.shape.timed);
    return all;
  };
  EXPECT_EQ(timed(takt::Mode::inference), std::vector{Timed::inference});
  EXPECT_EQ(timed(takt::Mode::training), (std::vector{Timed::training_forward, Timed::training}));
  EXPECT_TRUE(timed(takt::Mode::inference, {0, 2}).empty());
  EXPECT_TRUE(timed(takt::Mode::inference, {5, 0}).empty());
  spec.direction = takt::Direction::reverse;
  EXPECT_TRUE(timed(takt::Mode::inference).empty());
}

TEST(ToolExplain, PrintsTheLimitBesideARecordedTime) {
  const Folder folder;
  fs::create_directories(folder / "bench/results");
  const std::vector<std::string> sizes = {"--device", "cpu", "--hidden", "5",
                                          "--seq",    "16",  "--batch",  "2"};
  std::vector<std::string> bench = {"bench", "--seconds", "0.001", "--json",
                                    "bench/results/a.json"};
  bench.insert(bench.end(), sizes.begin(), sizes.end());
  ASSERT_EQ(takt::test::run_tool({.arguments = bench, .folder = folder.path()}).exit_code, 0);
  folder.write("bench/results/broken.json", "{");
  const Json report = Json::parse(folder.read("bench/results/a.json"));
  std::vector<std::string> explain = {"explain"};
  explain.insert(explain.end(), sizes.begin(), sizes.end());
  const auto text = takt::test::run_tool({.arguments = explain, .folder = folder.path()});
  EXPECT_EQ(text.exit_code, 0);
  EXPECT_NE(text.out.find("\nlimit      cpu, inference: predicted "), std::string::npos)
      << text.out;
  EXPECT_EQ(text.err, "takt: bench/results/broken.json: the record is not JSON\n");
  explain.insert(explain.end(), {"--results", "bench/results", "--json"});
  const auto told = takt::test::run_tool({.arguments = explain, .folder = folder.path()});
  const Json limits = Json::parse(told.out)["limits"];
  ASSERT_EQ(limits.size(), 1u);
  const Json& point = report["points"][0];
  EXPECT_DOUBLE_EQ(limits[0]["measured"]["us_per_step"].get<double>(),
                   point["us_per_step"].get<double>());
  EXPECT_EQ(limits[0]["measured"]["file"], "bench/results/a.json");
  // Through JSON and back the limit is the same.
  EXPECT_NEAR(limits[0]["predicted"][0]["us_per_step"].get<double>() /
                  (1e6 * point["limit"]["seconds"].get<double>() / 16),
              1, 1e-9);
  EXPECT_EQ(limits[0]["predicted"][0]["note"],
            "bound by " + point["limit"]["bound_by"].get<std::string>());
}

}  // namespace

#endif
