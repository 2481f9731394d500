// takt bench: how time grows with the number of steps, and the memory of a call.
#include "tool/bench_report.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <utility>

#include <CLI/CLI.hpp>

#include "device_clock.hpp"
#include "tool/bench_options.hpp"
#include "tool/commands.hpp"
#include "tool/failure.hpp"
#include "tool/file.hpp"
#include "tool/machine_limits.hpp"
#include "tool/progress.hpp"

namespace takt::tool {
namespace {

using bench::Shape;
using Peers = std::vector<const bench::PeerLibrary*>;
using Machine = std::optional<bench::MachineLimits>;

const std::string own_name = "takt";
const std::string memory_is_short = "memory is short";

/// The algorithm of a shape. Throws for one that the device or its memory cannot serve.
std::string check_shape(const Shape& shape, const Device& device, const Peers& peers) {
  const Plan plan = bench::make_plan(shape, device);
  const bench::Footprint bytes = bench::footprint(shape, plan);
  // A peer keeps as much, more or less.
  double of_device = bytes.all() * static_cast<double>(1 + peers.size()),
         of_host = bench::check_bytes(shape, bytes, !peers.empty());
  if (device.kind() == DeviceKind::cpu) of_host += std::exchange(of_device, 0);
  const std::string needs =
      bench::series_name(shape) + " with T=" + std::to_string(shape.T) + " needs ";
  if (const double there = static_cast<double>(facts_of(device).memory_bytes); of_device > there)
    throw Failure(needs + with_byte_unit(of_device) + " of memory; " + device.describe() + " has " +
                  with_byte_unit(there));
  if (const double there = bench::available_bytes(); of_host > there)
    throw Failure(needs + with_byte_unit(of_host) + " of memory; " + with_byte_unit(there) +
                  " are available");
  return std::string(plan.algorithm());
}

/// All shapes, not measured yet. Before anything runs, what cannot be served is refused: one asked
/// for by options throws, one of a list gets its reason.
std::vector<BenchPoint> points_of(const BenchOptions& options, const Device& device,
                                  const Peers& peers) {
  std::vector<BenchPoint> points;
  for (const Shape& shape : options.shapes()) {
    BenchPoint& point = points.emplace_back(BenchPoint{.shape = shape, .algorithm = "-"});
    try {
      point.algorithm = check_shape(shape, device, peers);
    } catch (const ArgumentError& error) {  // of a Plan, also for what it does not support
      if (!options.from_list()) throw;
      point.refusal = error.what();
    } catch (const Failure& failure) {
      if (!options.from_list()) throw;
      point.refusal = failure.what();
    }
  }
  return points;
}

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

/// Why a peer does not run, from what it threw; other errors are thrown on.
std::string refusal_of(const std::exception_ptr& why) try {
  std::rethrow_exception(why);
} catch (const bench::PeerRefusal& refusal) {
  return refusal.what();
} catch (const std::bad_alloc&) {
  return memory_is_short;
}

/// Peers get what all of them take.
void check_for_peers(const bench::PeerLibrary& library, const Shape& shape) {
  if (shape.input == InputMode::product && shape.lengths == bench::Lengths::full) return;
  throw bench::PeerRefusal(std::string(library.name) +
                           " is measured on full rows with their input product only");
}

/// A peer's first run; none where it refuses the problem.
std::unique_ptr<bench::Peer> prepare(const bench::PeerLibrary& library,
                                     const bench::Problem& problem, const BenchPoint& point,
                                     PeerPoint& peer_point) try {
  const auto agrees = [&](bench::Peer& peer) {
    peer_point.errors = bench::compare(peer, problem, measured_error);
    return point.agrees(peer_point);
  };
  check_for_peers(library, problem.shape());
  std::unique_ptr<bench::Peer> peer = library.prepare(problem, agrees);
  peer->enqueue();
  problem.wait();
  peer_point.errors = bench::compare(*peer, problem, measured_error);
  peer_point.algorithm = peer->algorithm();
  peer_point.ways = peer->ways();
  return peer;
} catch (const bench::PeerRefusal&) {
  peer_point.errors.clear();
  peer_point.refusal = refusal_of(std::current_exception());
  return nullptr;
} catch (const std::bad_alloc&) {
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

void measure_point(BenchPoint& point, const Device& device, const Machine& machine,
                   const Peers& libraries, double seconds) {
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

/// Measures one after the other; `keep` hears of each, and of why the device stopped.
class Measurement {
 public:
  using Keep = std::function<void(const std::vector<BenchPoint>& done, const std::string& ended)>;

  Measurement(std::vector<BenchPoint> points, const Device& device, const Machine& machine,
              const Peers& peers, double seconds)
      : points_(std::move(points)),
        device_(device),
        machine_(machine),
        peers_(peers),
        seconds_(seconds) {}

  void run(const BenchTable& table, const Lines& print, const Keep& keep) {
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

  /// Those to be measured, in their order.
  const std::vector<BenchPoint>& all() const { return points_; }
  const std::vector<BenchPoint>& done() const { return done_; }
  /// Why the device could not go on; empty where it did.
  const std::string& ended() const { return ended_; }

 private:
  void measure(BenchPoint& point) try {
    measure_point(point, device_, machine_, peers_, seconds_);
  } catch (const std::bad_alloc&) {
    point = {.shape = point.shape, .algorithm = point.algorithm, .refusal = memory_is_short};
  } catch (const DeviceError& error) {
    ended_ = bench::series_name(point.shape) + " T=" + std::to_string(point.shape.T) + ": " +
             error.what();
  }

  std::vector<BenchPoint> points_, done_;
  const Device& device_;
  const Machine& machine_;
  const Peers& peers_;
  double seconds_;
  std::string ended_;
};

/// The picture; none, with the reason in `obstacle`, where there can be none.
std::string draw(const Device& device, const std::vector<BenchSeries>& series,
                 std::string& obstacle) {
  const auto plot = bench_plot(device, series);
  if (!plot) {
    obstacle = "nothing was measured at two lengths";
    return "";
  }
  const bench::Drawing drawing = bench::draw(bench::plot_script(*plot));
  if (!drawing.gnuplot_found)
    obstacle = "gnuplot was not found (Debian: apt-get install gnuplot-nox)";
  else if (drawing.svg.empty())
    obstacle = "gnuplot failed: " + drawing.complaint;
  return drawing.svg;
}

/// Writes the plot, or takes away that of older figures; says what became of it.
std::string leave_plot(const BenchOptions& options, const Device& device,
                       const std::vector<BenchSeries>& series, bool removed_before) {
  const std::string path = options.svg_path();
  std::string svg, obstacle = "not asked for";
  if (options.plot()) svg = draw(device, series, obstacle);
  if (!svg.empty()) {
    write_file(path, svg);
    return "wrote " + path;
  }
  const bool removed = remove_file(path) || removed_before;
  if (!options.plot() && !removed) return "";
  return "no plot: " + obstacle + (removed ? "; removed the old " + path : "");
}

/// On stdout, or on stderr where JSON has stdout.
void say(const BenchOptions& options, const Lines& print, const std::string& line) {
  if (line.empty()) return;
  if (options.json().to_stdout())
    std::fprintf(stderr, "takt: %s\n", line.c_str());
  else
    print(line);
}

/// Records what was measured so far in the place of an older record, beside which no plot is left.
class Keeper {
 public:
  explicit Keeper(const BenchOptions& options) : options_(options) {}

  void operator()(const Json& record) {
    if (options_.json().to_stdout()) return;
    if (options_.replaces_plot()) removed_plot_ = remove_file(options_.svg_path()) || removed_plot_;
    write_json(options_.json_path(), record);
  }
  bool removed_plot() const { return removed_plot_; }

 private:
  const BenchOptions& options_;
  bool removed_plot_ = false;
};

int run(const BenchOptions& options) {
  options.check_outputs();
  const Device device = options.device().device();
  const Peers peers = options.peers(device);
  const Lines print(options.json().to_stdout());
  BenchContext record{
      .device = device, .peers = peers, .load = machine_load(), .seconds = options.seconds()};
  std::vector<BenchPoint> points_to_measure = points_of(options, device, peers);
  record.machine = measure_limits(device, options.seconds());
  Measurement measurement(std::move(points_to_measure), device, record.machine, peers,
                          options.seconds());
  const BenchTable table(measurement.all(), peers);
  Keeper keep(options);
  for (const std::string& line : table.head(record)) print(line);
  measurement.run(table, print, [&](const std::vector<BenchPoint>& done, const std::string& ended) {
    record.ended = ended;
    keep(bench_json(record, done));
  });
  const std::vector<BenchPoint>& points = measurement.done();
  const std::vector<BenchSeries> series = series_of(points);
  for (const std::string& line : peer_lines(points)) print(line);
  for (const std::string& line : fit_lines(series)) print(line);
  record.complete = measurement.ended().empty();
  write_json(options.json_path(), bench_json(record, points));
  if (!options.json().to_stdout()) print("wrote " + options.json_path());
  if (options.replaces_plot())
    say(options, print, leave_plot(options, device, series, keep.removed_plot()));
  if (!record.complete)
    throw Failure("measuring ended at " + measurement.ended() +
                  (options.json().to_stdout()
                       ? ""
                       : "; what was measured before is in " + options.json_path()));
  if (std::all_of(points.begin(), points.end(), std::mem_fn(&BenchPoint::inside_tolerance)))
    return done;
  std::fputs("takt: a result lies outside its tolerance; see the rows marked OUTSIDE\n", stderr);
  return outside;
}

}  // namespace

Command bench_command(CLI::App& tool) {
  CLI::App& app = *tool.add_subcommand(
      "bench",
      "How time grows with the number of steps, measured by Google Benchmark; memory, computed");
  const auto options = std::make_shared<BenchOptions>();
  options->add(app);
  return {&app, [options] { return run(*options); }};
}

}  // namespace takt::tool
