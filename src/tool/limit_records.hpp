// Recorded results that limits are computed from and compared with.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "limit_constants.hpp"
#include "roofline.hpp"
#include "tool/output.hpp"

namespace takt::tool {

/// Which record a figure comes from.
struct RecordName {
  std::string file, commit, date;

  /// "bench/results/a.json, commit 1a2b3c4, 2026-01-31T12:00:00Z".
  std::string text() const;
  Json json() const;
};

/// What takt_microbench wrote.
struct MicroRecord {
  RecordName name;
  std::string device;  ///< "NVIDIA H200"
  bench::GpuFacts gpu{};
  bool complete = false;
  std::vector<bench::MicroResult> results{};
};

/// A time that takt bench measured.
struct RecordedTime {
  bench::Shape shape;
  std::string algorithm;
  double seconds = 0, least_seconds = 0;  ///< the median, and the least
};

/// What takt bench wrote.
struct BenchRun {
  RecordName name;
  std::string device;             ///< as DeviceFacts::name, "NVIDIA H200"
  int threads = 0;                ///< of a cpu device
  std::string instruction_set{};  ///< of a cpu device
  std::optional<bench::MachineLimits> machine{};
  std::vector<RecordedTime> times{};
};

/// The records of a folder, in the order of their dates.
struct LimitRecords {
  std::vector<MicroRecord> micro{};
  std::vector<BenchRun> bench{};
  std::vector<std::string> complaints{};  ///< a sentence on each file that cannot be read
};

/// Reads *.json of the folder and of the folders in it; none where there is no such folder. What an
/// emulated device wrote does not count.
LimitRecords read_limit_records(const std::string& folder);

/// Throws UsageError, in the name of --constants, for a file that is no record of a device.
MicroRecord read_constants(const std::string& file);

}  // namespace takt::tool
