// The points of a benchmark, measured one after the other, beside peers.
#include "tool/bench_measurement.hpp"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <memory>
#include <new>
#include <utility>

#include <takt/error.hpp>

#include "device_clock.hpp"
#include "tool/bench_memory.hpp"
#include "tool/progress.hpp"

namespace takt::tool {
namespace {

using bench::Shape;

const std::string own_name = "takt";
const std::string memory_is_short = "memory is short";

/// What is left to do, from what the points before took.
class Estimate {
 public:
  Estimate(const std::vector<BenchPoint>& points, double seconds, std::size_t contestants)
      : points_(points), seconds_(seconds), contestants_(static_cast<double>(contestants)) {}

  /// One call of `shape` took this long.
  void learn(const Shape& shape, double call_seconds) {
    per_operation_ = call_seconds / bench::operations(shape);
  }
  /// Empty before anything was learnt.
  std::string rest(std::size_t from) const {
    if (per_operation_ == 0) return "";
    double rest = 0;
    for (std::size_t n = from; n < points_.size(); ++n) {
      if (!points_[n].refusal.empty()) continue;
      // Beside the samples: filling x, and runs up to three places to check it.
      const double call = per_operation_ * bench::operations(points_[n].shape);
      rest += contestants_ * (3 * call + std::max(1.3 * seconds_, bench::least_repetitions * call));
    }
    return "; " + about(rest) + " left";
  }

 private:
  const std::vector<BenchPoint>& points_;
  double seconds_, contestants_;
  double per_operation_ = 0;
};

/// Why a peer does not run, from what it threw; that of a device, of which all is lost, is thrown
/// on.
std::string refusal_of(const std::exception_ptr& why) try {
  std::rethrow_exception(why);
} catch (const DeviceError&) {
  throw;
} catch (const std::bad_alloc&) {
  return memory_is_short;
} catch (const std::exception& error) {
  return error.what();
}

/// Peers get what they take, as far as takt and the peers before leave memory.
void check_for_peer(const bench::PeerLibrary& library, const BenchPoint& point,
                    const Device& device) {
  const Shape& shape = point.shape;
  const std::string name(library.name);
  const bool takes_input = shape.input == InputMode::product || library.takes_Wx;
  if (!takes_input || shape.lengths != bench::Lengths::full)
    throw bench::PeerRefusal(name + " is measured on full rows" +
                             (library.takes_Wx ? " only" : " with their input product only"));
  Room left = room_on(device);
  for (const PeerPoint& other : point.peers)  // in the place of this one, takt
    if (other.refusal.empty()) left.device = std::max(0.0, left.device - point.bytes.all());
  const std::string obstacle = peer_obstacle(name, shape, point.bytes, device.kind(), left);
  if (!obstacle.empty()) throw bench::PeerRefusal(obstacle);
}

/// A peer's first run; none where it refuses the problem.
std::unique_ptr<bench::Peer> prepare(const bench::PeerLibrary& library,
                                     const bench::Problem& problem, const BenchPoint& point,
                                     PeerPoint& peer_point) try {
  const auto agrees = [&](bench::Peer& peer) {
    peer_point.errors = bench::compare(peer, problem, measured_error);
    return point.agrees(peer_point);
  };
  check_for_peer(library, point, problem.plan().device());
  std::unique_ptr<bench::Peer> peer = library.prepare(problem, agrees);
  peer->enqueue();
  problem.wait();
  peer_point.errors = bench::compare(*peer, problem, measured_error);
  peer_point.algorithm = peer->algorithm();
  peer_point.ways = peer->ways();
  peer_point.memory = peer->memory();
  return peer;
} catch (const std::exception&) {
  peer_point.errors.clear();
  peer_point.refusal = refusal_of(std::current_exception());
  return nullptr;
}

/// The peers among them that fail on their way are refused, and the others timed again; the last to
/// fail is takt, or the device.
std::vector<bench::Timing> time_all(std::vector<bench::Contestant>& contestants,
                                    bench::Problem& problem, std::vector<PeerPoint>& peers,
                                    double seconds) {
  const auto clock = bench::make_device_clock(problem.stream());
  while (true) try {
      return bench::measure(contestants, seconds, bench::least_repetitions, clock.get());
    } catch (const bench::ContestantFailure& failure) {
      const auto failed = contestants.begin() + static_cast<std::ptrdiff_t>(failure.contestant);
      if (failed->name == own_name) std::rethrow_exception(failure.why);
      const auto peer = std::find_if(peers.begin(), peers.end(), [&](const PeerPoint& each) {
        return each.refusal.empty() && each.name == failed->name;
      });
      peer->errors.clear();
      peer->refusal = refusal_of(failure.why);
      contestants.erase(failed);
      problem.run();  // throws where the device is lost
    }
}

void measure_point(BenchPoint& point, const Device& device, const Measurement::Machine& machine,
                   const Measurement::Peers& libraries, double seconds) {
  const Plan plan = bench::make_plan(point.shape, device);
  point.bytes = bench::footprint(point.shape, plan);
  if (machine) point.limit = bench::cpu_limit(point.shape, point.bytes, *machine);
  bench::Problem problem(point.shape, plan);
  point.check = bench::check(problem, measured_error);
  std::vector<bench::Contestant> contestants = {{own_name, [&] { problem.enqueue(); }}};
  std::vector<std::unique_ptr<bench::Peer>> peers;
  for (const bench::PeerLibrary* library : libraries) {
    point.peers.push_back({.name = std::string(library->name)});
    auto peer = prepare(*library, problem, point, point.peers.back());
    if (peer == nullptr) continue;
    contestants.push_back({point.peers.back().name, [&run = *peer] { run.enqueue(); }});
    peers.push_back(std::move(peer));
  }
  const std::vector<bench::Timing> timings = time_all(contestants, problem, point.peers, seconds);
  point.timing = timings.front();
  auto timing = timings.begin() + 1;
  for (PeerPoint& peer : point.peers)
    if (peer.refusal.empty()) peer.timing = *timing++;
}

}  // namespace

Measurement::Measurement(std::vector<BenchPoint> points, const Device& device,
                         const Machine& machine, const Peers& peers, double seconds)
    : points_(std::move(points)),
      device_(device),
      machine_(machine),
      peers_(peers),
      seconds_(seconds) {}

void Measurement::run(const BenchTable& table, const Lines& print, const Keep& keep) {
  Estimate estimate(points_, seconds_, 1 + peers_.size());
  Progress progress;
  for (std::size_t n = 0; n < points_.size() && ended_.empty(); ++n) {
    BenchPoint& point = points_[n];
    progress.show(format("point %zu of %zu: ", n + 1, points_.size()) +
                  bench::series_name(point.shape) + " T=" + std::to_string(point.shape.T) +
                  estimate.rest(n));
    if (point.refusal.empty()) measure(point);
    progress.clear();
    if (!ended_.empty()) break;
    if (point.refusal.empty()) estimate.learn(point.shape, point.seconds());
    done_.push_back(point);
    print(table.row(point));
    keep(done_, "");
  }
  if (!ended_.empty()) keep(done_, ended_);
}

void Measurement::measure(BenchPoint& point) try {
  measure_point(point, device_, machine_, peers_, seconds_);
} catch (const std::bad_alloc&) {
  point = {.shape = point.shape, .algorithm = point.algorithm, .refusal = memory_is_short};
} catch (const DeviceError& error) {
  ended_ =
      bench::series_name(point.shape) + " T=" + std::to_string(point.shape.T) + ": " + error.what();
}

}  // namespace takt::tool
