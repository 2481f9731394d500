// Recorded results: what the programs of takt wrote into a folder.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <takt/device.hpp>

#include "shape.hpp"

namespace takt::tool {

/// Where a record comes from.
struct Origin {
  std::string file;  ///< from the folder in which the documents are
  std::string device, commit, date;
  bool complete = true;
};

struct Times {
  double median = 0, least = 0, most = 0;  ///< seconds of a call
  /// (most - least) / median.
  double spread() const { return (most - least) / median; }
};

struct RecordedPeer {
  std::string name;
  std::string algorithm = {};  ///< which of its ways it ran; empty where it has one
  std::string refusal = {};    ///< why it did not run; empty where it did
  bool agrees = false;         ///< whether it computed the same
  Times times = {};
};

struct RecordedCase {
  bench::Shape shape;
  std::string refusal = {};  ///< takt's; there are no times then
  Times times = {};
  double gflop_per_s = 0, bytes = 0;    ///< bytes of a call
  std::optional<double> error_share{};  ///< of the tolerance, the worst; none: unchecked
  bool inside = true;                   ///< every error within its tolerance
  std::vector<RecordedPeer> peers = {};

  /// Whether a peer of that name tried it.
  bool asked(const std::string& peer) const;
  /// A peer that ran, of that name; null where there is none.
  const RecordedPeer* ran(const std::string& peer) const;
  /// takt's time in times of a peer's; none where one of them did not run or was wrong.
  std::optional<double> ratio(const std::string& peer) const;
};

struct BenchRecord {
  Origin origin;
  DeviceKind kind = DeviceKind::cpu;
  std::string versions = {};  ///< "takt 0.1.0, oneDNN 2.6.3, GCC 12.2.0"
  std::string busy = {};      ///< "load 1.35 on 2 cores", where that shows in times; else empty
  std::vector<std::string> peers = {};
  std::vector<RecordedCase> cases = {};
};

struct Verdict {
  std::string name, verdict;  ///< "passed", "failed", "skipped"
};

/// What was tested on a GPU.
struct GpuRun {
  Origin origin;
  std::vector<Verdict> tests = {}, memcheck = {}, racecheck = {};
};

struct Records {
  std::vector<BenchRecord> bench;
  std::vector<GpuRun> gpu;
  std::size_t files = 0;
  std::vector<std::string> emulated;  ///< files that do not count
};

/// Reads *.json of a folder and of the GPU runs in it (folders with run.json). Throws UsageError,
/// naming file and member, for what is no record of a clean commit.
Records read_records(const std::string& folder, const std::string& root);

}  // namespace takt::tool
