// Recorded results that limits are computed from and compared with.
#include "tool/limit_records.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include "tool/failure.hpp"
#include "tool/machine_limits.hpp"
#include "tool/record_parts.hpp"

namespace takt::tool {
namespace {

namespace fs = std::filesystem;

RecordName name_of(const Field& record) {
  const Field commit = record["commit"];
  std::string known = commit.is_text() ? commit.text() : "unknown";
  if (record["dirty"].flag_or(false) && !known.ends_with("-dirty")) known += "-dirty";
  return {record.file(), known, record["date"].text()};
}

int count_of(const Field& field) {
  return static_cast<int>(std::min<std::int64_t>(field.size(), 1 << 20));
}

bench::MicroResult micro_result(const Field& result) {
  bench::MicroResult read{.name = result["name"].text(), .unit = result["unit"].text()};
  for (const auto& [name, value] : result["parameters"].members())
    read.parameters[name] = value.is_text() ? value.text() : value.json().dump();
  read.median = result["median"].number();
  return read;
}

MicroRecord micro_record(const Field& record) {
  const Field device = record["device"];
  MicroRecord read{.name = name_of(record),
                   .device = device["name"].text(),
                   .gpu = {.multiprocessors = count_of(device["sms"]),
                           .compute_capability = device["compute_capability"].text()},
                   .complete = record["complete"].flag_or(false)};
  for (const Field& result : record["results"].items())
    if (!result["failed"].there()) read.results.push_back(micro_result(result));
  return read;
}

RecordedTime time_of(const Field& point) {
  RecordedTime time{shape_of(point), point["algorithm"].text(), point["median_s"].above_zero()};
  const Field least = point["least_s"];
  time.least_seconds = least.there() ? least.above_zero() : time.seconds;
  return time;
}

BenchRun bench_run(const Field& record) {
  const Field device = record["device"];
  BenchRun run{.name = name_of(record), .device = device["name"].text()};
  if (device["kind"].text() == "cpu") {
    run.threads = count_of(device["threads"]);
    run.instruction_set = device["instruction_set"].text();
  }
  if (const Field machine = record["machine_limits"]; machine.there())
    run.machine = limits_from(machine);
  for (const Field& point : record["points"].items())
    if (!point["refusal"].there()) run.times.push_back(time_of(point));
  return run;
}

/// Of a folder and of the folders in it, in the order of their names.
std::set<fs::path> files_of(const fs::path& folder, std::vector<std::string>& complaints) {
  std::set<fs::path> files;
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) return files;
  std::vector<fs::path> folders = {folder};
  for (const auto& entry : fs::directory_iterator(folder, ignored))
    if (entry.is_directory(ignored)) folders.push_back(entry.path());
  for (const fs::path& each : folders) try {
      files.merge(record_files(each, each.generic_string()));
    } catch (const UsageError& why) {
      complaints.emplace_back(why.what());
    }
  return files;
}

void read_record(const std::string& file, LimitRecords& records) try {
  const Json json = read_record_file(file, file);
  const Field record(file, json);
  const std::string kind = kind_of(record);
  if (kind == "gpu run" || is_emulated(record)) return;
  if (kind == "microbench") records.micro.push_back(micro_record(record));
  if (kind == "bench") records.bench.push_back(bench_run(record));
} catch (const UsageError& why) {
  records.complaints.emplace_back(why.what());
}

}  // namespace

std::string RecordName::text() const {
  return file + ", commit " + commit + ", " + date;
}

Json RecordName::json() const {
  return {{"file", file}, {"commit", commit}, {"date", date}};
}

LimitRecords read_limit_records(const std::string& folder) {
  LimitRecords records;
  for (const fs::path& file : files_of(folder, records.complaints))
    read_record(file.generic_string(), records);
  const auto by_date = [](const auto& a, const auto& b) { return a.name.date < b.name.date; };
  std::stable_sort(records.micro.begin(), records.micro.end(), by_date);
  std::stable_sort(records.bench.begin(), records.bench.end(), by_date);
  return records;
}

MicroRecord read_constants(const std::string& file) try {
  const Json json = read_record_file(file, file);
  const Field record(file, json);
  if (kind_of(record) != "microbench") record["record"].refuse("\"microbench\"");
  if (is_emulated(record)) record["device"].refuse("a GPU; an emulated one measures nothing");
  return micro_record(record);
} catch (const UsageError& why) {
  throw UsageError(std::string("--constants must be a record of takt_microbench: ") + why.what());
}

}  // namespace takt::tool
