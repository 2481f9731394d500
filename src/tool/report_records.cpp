// Recorded results.
#include "tool/report_records.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <limits>
#include <set>

#include "measure.hpp"
#include "tool/build.hpp"
#include "tool/failure.hpp"
#include "tool/record_field.hpp"
#include "tool/record_parts.hpp"
#include "tool/text.hpp"

namespace takt::tool {
namespace {

namespace fs = std::filesystem;

/// "ce36898", "v1.2-3-gce36898".
bool names_commit(const std::string& text) {
  constexpr std::string_view behind_tag = "-g";
  const std::size_t tag = text.rfind(behind_tag);
  const std::string digits = tag == std::string::npos ? text : text.substr(tag + behind_tag.size());
  return digits.size() >= 7 && digits.size() <= 40 &&
         digits.find_first_not_of("0123456789abcdef") == std::string::npos;
}

/// That of a clean tree.
std::string clean_commit(const Field& record) {
  const Field commit = record["commit"];
  const std::string text = commit.text();
  if (text.ends_with("-dirty")) commit.refuse("a clean commit");
  if (!names_commit(text)) commit.refuse("a commit by 7 to 40 hexadecimal digits");
  if (const Field dirty = record["dirty"]; dirty.there() && dirty.flag())
    dirty.refuse("false: what is recorded comes from a clean commit");
  return text;
}

/// Whether there is such a day and such a time of a day.
bool is_a_time(const std::string& text) {
  namespace chrono = std::chrono;
  const auto part = [&](std::size_t at, std::size_t digits) {
    return std::stoi(text.substr(at, digits));
  };
  const chrono::year_month_day day{chrono::year(part(0, 4)),
                                   chrono::month(static_cast<unsigned>(part(5, 2))),
                                   chrono::day(static_cast<unsigned>(part(8, 2)))};
  return day.ok() && part(11, 2) < 24 && part(14, 2) < 60 && part(17, 2) < 60;
}

/// "2026-01-31T12:00:00Z", so that the order of texts is that of time.
std::string date_of(const Field& record) {
  constexpr std::string_view form = "0000-00-00T00:00:00Z";
  const Field date = record["date"];
  const std::string text = date.text();
  const bool fits = text.size() == form.size() &&
                    std::equal(text.begin(), text.end(), form.begin(), [](char c, char like) {
                      return like == '0' ? c >= '0' && c <= '9' : c == like;
                    });
  if (!fits || !is_a_time(text)) date.refuse("a time like 2026-01-31T12:00:00Z");
  return text;
}

Origin origin_of(const Field& record) {
  return {.file = record.file(),
          .device = device_text(record["device"]),
          .commit = clean_commit(record),
          .date = date_of(record),
          .complete = record["complete"].flag()};
}

Times times_of(const Field& measured) {
  constexpr std::size_t least_samples = bench::least_repetitions;
  constexpr double rounding = 1e-9;  // where another program wrote the numbers with fewer digits
  const double median = measured["median_s"].above_zero();
  const Field samples = measured["samples_s"];
  bench::Timing timing;
  for (const Field& sample : samples.items()) timing.samples.push_back(sample.above_zero());
  if (timing.samples.size() < least_samples)
    samples.refuse("a list of at least " + std::to_string(least_samples) + " times");
  if (!(std::abs(median - timing.median()) <= rounding * median))
    measured["median_s"].refuse("the median of 'samples_s'");
  return {.median = median, .least = timing.least(), .most = timing.most()};
}

RecordedPeer peer_of(const Field& recorded) {
  RecordedPeer peer{.name = recorded["name"].text()};
  if (recorded["refusal"].there()) {
    peer.refusal = recorded["refusal"].text();
    return peer;
  }
  if (recorded["algorithm"].there()) peer.algorithm = recorded["algorithm"].text();
  peer.times = times_of(recorded);
  peer.agrees = recorded["ratio"].there();
  return peer;
}

/// A number that is not finite is null in JSON.
double error_of(const Field& error) {
  return error.there() ? error.number() : std::numeric_limits<double>::quiet_NaN();
}

void read_check(const Field& check, RecordedCase& recorded) {
  if (!check.there()) return;
  recorded.inside = check["inside_tolerance"].flag();
  for (const Field& tensor : check["tensors"].items()) {
    const double share = error_of(tensor["error"]) / tensor["tolerance"].above_zero();
    if (!recorded.error_share || std::isnan(share) || share > *recorded.error_share)
      recorded.error_share = share;
    if (std::isnan(share)) break;
  }
}

RecordedCase case_of(const Field& point) {
  RecordedCase recorded{.shape = shape_of(point)};
  if (point["refusal"].there()) {
    recorded.refusal = point["refusal"].text();
    return recorded;
  }
  recorded.times = times_of(point);
  recorded.gflop_per_s = bench::operations(recorded.shape) / recorded.times.median / 1e9;
  recorded.bytes = point["bytes"]["of_call"].above_zero();
  read_check(point["check"], recorded);
  for (const Field& peer : point["peers"].items()) recorded.peers.push_back(peer_of(peer));
  return recorded;
}

/// What the machine did beside, where that was much. Older records do not tell its cores: a cpu
/// device has a thread on each, if nothing else was asked for.
std::string busy_of(const Field& record) {
  const Field load = record["load_before"], cores = record["load_cores"],
              threads = record["device"]["threads"];
  if (!load.there() || (!cores.there() && !threads.there())) return "";
  const std::int64_t count = (cores.there() ? cores : threads).size();
  const Load found{load.number(), static_cast<int>(std::min<std::int64_t>(count, 1 << 20))};
  return found.heavy() ? format("load %.2f on %d cores", found.average, found.cores) : "";
}

BenchRecord bench_record(const Field& record) {
  BenchRecord read{.origin = origin_of(record), .busy = busy_of(record)};
  const std::string kind = record["device"]["kind"].text();
  if (kind != "cpu" && kind != "cuda") record["device"]["kind"].refuse("one of: cpu, cuda");
  read.kind = kind == "cpu" ? DeviceKind::cpu : DeviceKind::cuda;
  read.versions = "takt " + record["version"].text();
  for (const Field& peer : record["against"].items()) {
    read.peers.push_back(peer["name"].text());
    read.versions += ", " + read.peers.back() + " " + peer["version"].text();
  }
  read.versions += ", " + record["compiler"].text();
  for (const Field& point : record["points"].items()) read.cases.push_back(case_of(point));
  return read;
}

std::vector<Verdict> verdicts_of(const Field& list, const std::vector<std::string>& words) {
  std::vector<Verdict> all;
  for (const Field& each : list.items()) {
    all.push_back({each["name"].text(), each["verdict"].text()});
    if (std::find(words.begin(), words.end(), all.back().verdict) == words.end())
      each["verdict"].refuse("one of: " + joined(words));
  }
  return all;
}

GpuRun gpu_run(const Field& record) {
  const std::vector<std::string> words = {"passed", "failed", "skipped"};
  const std::vector<std::string> stage_words = {"passed", "failed", "skipped", "cut"};
  GpuRun run{.origin = origin_of(record)};
  verdicts_of(record["stages"], stage_words);
  run.tests = verdicts_of(record["tests"], words);
  const Field sanitizer = record["sanitizer"];
  if (!sanitizer.there()) return run;
  if (sanitizer["memcheck"].there()) run.memcheck = verdicts_of(sanitizer["memcheck"], words);
  if (sanitizer["racecheck"].there()) run.racecheck = verdicts_of(sanitizer["racecheck"], words);
  return run;
}

void read_record(const fs::path& path, const fs::path& root, Records& records) {
  const std::string name = path.lexically_proximate(root).generic_string();
  const Json json = read_record_file(path, name);
  const Field record(name, json);
  const std::string kind = kind_of(record);
  ++records.files;
  if (is_emulated(record))
    records.emulated.push_back(name);
  else if (kind == "bench")
    records.bench.push_back(bench_record(record));
  else if (kind == "gpu run")
    records.gpu.push_back(gpu_run(record));
  else
    origin_of(record);
}

}  // namespace

bool RecordedCase::asked(const std::string& peer) const {
  return std::any_of(peers.begin(), peers.end(),
                     [&](const RecordedPeer& each) { return each.name == peer; });
}

const RecordedPeer* RecordedCase::ran(const std::string& peer) const {
  const auto found = std::find_if(peers.begin(), peers.end(), [&](const RecordedPeer& each) {
    return each.name == peer && each.refusal.empty();
  });
  return found == peers.end() ? nullptr : &*found;
}

std::optional<double> RecordedCase::ratio(const std::string& peer) const {
  const RecordedPeer* other = ran(peer);
  if (other == nullptr || !other->agrees || !inside || !refusal.empty()) return std::nullopt;
  return times.median / other->times.median;
}

Records read_records(const std::string& folder, const std::string& root) {
  Records records;
  const fs::path top = fs::absolute(root).lexically_normal();
  const fs::path results = fs::absolute(folder).lexically_normal();
  const auto name_of = [&](const fs::path& path) {
    return path.lexically_proximate(top).generic_string();
  };
  for (const fs::path& file : record_files(results, name_of(results)))
    read_record(file, top, records);
  std::set<fs::path> runs;
  for (const auto& entry : fs::directory_iterator(results))
    if (entry.is_directory()) runs.insert(entry.path());
  for (const fs::path& run : runs) {
    if (!fs::exists(run / "run.json"))
      throw UsageError(name_of(run) +
                       ": 'run.json' is missing; a folder of results must hold a run on a GPU");
    for (const fs::path& file : record_files(run, name_of(run))) read_record(file, top, records);
  }
  return records;
}

}  // namespace takt::tool
