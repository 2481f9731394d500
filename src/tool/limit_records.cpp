// Recorded results that limits are computed from and compared with.
#include "tool/limit_records.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>

#include "tool/failure.hpp"
#include "tool/machine_limits.hpp"
#include "words.hpp"

namespace takt::tool {
namespace {

namespace fs = std::filesystem;

/// Why a file is no record, as the end of a sentence.
struct Unreadable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Null where there is none.
const Json& member(const Json& json, const char* name) {
  static const Json none;
  if (!json.is_object()) return none;
  const auto found = json.find(name);
  return found == json.end() ? none : *found;
}

std::string text(const Json& json, const char* name) {
  const Json& value = member(json, name);
  if (!value.is_string()) throw Unreadable(std::string("its '") + name + "' must be a text");
  return value.get<std::string>();
}

double number(const Json& json, const char* name) {
  const Json& value = member(json, name);
  if (!value.is_number() || !(value.get<double>() > 0))
    throw Unreadable(std::string("its '") + name + "' must be a number above 0");
  return value.get<double>();
}

std::int64_t size(const Json& json, const char* name) {
  const double value = number(json, name);
  if (value > 1e15 || value != std::floor(value))
    throw Unreadable(std::string("its '") + name + "' must be a whole number");
  return static_cast<std::int64_t>(value);
}

const Json& list(const Json& json, const char* name) {
  const Json& value = member(json, name);
  if (!value.is_array()) throw Unreadable(std::string("its '") + name + "' must be a list");
  return value;
}

bool is_true(const Json& json, const char* name) {
  const Json& value = member(json, name);
  return value.is_boolean() && value.get<bool>();
}

Json parsed(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Unreadable("it cannot be opened");
  Json json = Json::parse(file, nullptr, false);
  if (json.is_discarded()) throw Unreadable("it is not JSON");
  return json;
}

RecordName name_of(const std::string& file, const Json& record) {
  const Json& commit = member(record, "commit");
  std::string known = commit.is_string() ? commit.get<std::string>() : "unknown";
  if (is_true(record, "dirty") && !known.ends_with("-dirty")) known += "-dirty";
  return {file, known, text(record, "date")};
}

bool is_micro(const Json& record) {
  return member(record, "record") == "microbench";
}

/// Those of before records had a kind are known by their command.
bool is_bench(const Json& record) {
  return member(record, "record") == "bench" ||
         (member(record, "record").is_null() && member(record, "command") == "takt bench");
}

bool is_emulated(const Json& record) {
  const Json& name = member(member(record, "device"), "name");
  return is_true(record, "emulated") ||
         (name.is_string() && name.get<std::string>().find("emulated") != std::string::npos);
}

bench::MicroResult micro_result(const Json& json) {
  bench::MicroResult result{.name = text(json, "name"), .unit = text(json, "unit")};
  const Json& parameters = member(json, "parameters");
  if (!parameters.is_object()) throw Unreadable("its 'parameters' must be an object");
  for (const auto& [name, value] : parameters.items())
    result.parameters[name] = value.is_string() ? value.get<std::string>() : value.dump();
  const Json& median = member(json, "median");
  if (!median.is_number()) throw Unreadable("its 'median' must be a number");
  result.median = median.get<double>();
  return result;
}

MicroRecord micro_record(const std::string& file, const Json& json) {
  const Json& device = member(json, "device");
  MicroRecord record{.name = name_of(file, json),
                     .device = text(device, "name"),
                     .multiprocessors = static_cast<int>(std::min(number(device, "sms"), 1e6)),
                     .complete = is_true(json, "complete")};
  for (const Json& result : list(json, "results"))
    if (!result.contains("failed")) record.results.push_back(micro_result(result));
  return record;
}

RecordedTime recorded_time(const Json& json) {
  RecordedTime time{.shape = {.cell = text(json, "cell")},
                    .algorithm = text(json, "algorithm"),
                    .seconds = number(json, "median_s")};
  if (!bench::set_precision(time.shape, text(json, "type")))
    throw Unreadable("its 'type' must be one of: " + bench::all_precisions());
  time.shape.T = size(json, "T"), time.shape.B = size(json, "B");
  time.shape.I = size(json, "I"), time.shape.H = size(json, "H");
  const auto timed = bench::find_word<bench::Timed>(text(json, "mode"));
  if (!timed) throw Unreadable("its 'mode' must be one of: " + bench::all_words<bench::Timed>());
  time.shape.timed = *timed;
  return time;
}

BenchRun bench_run(const std::string& file, const Json& json) {
  const Json& device = member(json, "device");
  BenchRun run{.name = name_of(file, json), .device = text(device, "name")};
  if (text(device, "kind") == "cpu") {
    run.threads = static_cast<int>(std::min(number(device, "threads"), 1e6));
    run.instruction_set = text(device, "instruction_set");
  }
  if (const Json& machine = member(json, "machine_limits"); !machine.is_null())
    run.machine = limits_from(machine);
  for (const Json& point : list(json, "points"))
    if (member(point, "refusal").is_null()) run.times.push_back(recorded_time(point));
  return run;
}

/// Names of files, in the order of their names.
std::set<std::string> files_of(const std::string& folder) {
  std::set<std::string> files;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.path().extension() == ".json") files.insert(entry.path().generic_string());
    if (entry.is_directory(ignored))
      for (const auto& inner : fs::directory_iterator(entry.path(), ignored))
        if (inner.path().extension() == ".json") files.insert(inner.path().generic_string());
  }
  return files;
}

void read_record(const std::string& file, LimitRecords& records) try {
  const Json json = parsed(file);
  if (is_emulated(json)) return;
  if (is_micro(json)) records.micro.push_back(micro_record(file, json));
  if (is_bench(json)) records.bench.push_back(bench_run(file, json));
} catch (const std::runtime_error& why) {
  records.complaints.push_back("'" + file + "' is no record that can be read: " + why.what());
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
  for (const std::string& file : files_of(folder)) read_record(file, records);
  const auto by_date = [](const auto& a, const auto& b) { return a.name.date < b.name.date; };
  std::stable_sort(records.micro.begin(), records.micro.end(), by_date);
  std::stable_sort(records.bench.begin(), records.bench.end(), by_date);
  return records;
}

MicroRecord read_constants(const std::string& file) try {
  const Json json = parsed(file);
  if (!is_micro(json)) throw Unreadable("its 'record' must be \"microbench\"");
  if (is_emulated(json)) throw Unreadable("an emulated device wrote it, which measures nothing");
  return micro_record(file, json);
} catch (const Unreadable& why) {
  throw UsageError("--constants is '" + file +
                   "'; it must be a record of takt_microbench: " + why.what());
}

}  // namespace takt::tool
