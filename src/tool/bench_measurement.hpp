// The points of a benchmark, measured one after the other, beside peers.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <takt/device.hpp>

#include "peer.hpp"
#include "roofline.hpp"
#include "tool/bench_report.hpp"
#include "tool/output.hpp"

namespace takt::tool {

/// Measures one after the other; `keep` hears of each, and of why the device stopped.
class Measurement {
 public:
  using Machine = std::optional<bench::MachineLimits>;
  using Peers = std::vector<const bench::PeerLibrary*>;
  using Keep = std::function<void(const std::vector<BenchPoint>& done, const std::string& ended)>;

  /// What is given must outlive it. `seconds` for each point and contestant.
  Measurement(std::vector<BenchPoint> points, const Device& device, const Machine& machine,
              const Peers& peers, double seconds);

  void run(const BenchTable& table, const Lines& print, const Keep& keep);

  /// Those to be measured, in their order.
  const std::vector<BenchPoint>& all() const { return points_; }
  const std::vector<BenchPoint>& done() const { return done_; }
  /// Why the device could not go on; empty where it did.
  const std::string& ended() const { return ended_; }

 private:
  void measure(BenchPoint& point);

  std::vector<BenchPoint> points_, done_;
  const Device& device_;
  const Machine& machine_;
  const Peers& peers_;
  double seconds_;
  std::string ended_;
};

}  // namespace takt::tool
