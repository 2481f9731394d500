// takt bench: how time grows with the number of steps, and the memory of a call.
#include "tool/bench_report.hpp"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>

#include <CLI/CLI.hpp>

#include "tool/bench_options.hpp"
#include "tool/commands.hpp"
#include "tool/failure.hpp"
#include "tool/file.hpp"
#include "tool/progress.hpp"

namespace takt::tool {
namespace {

using bench::Shape;
using Peers = std::vector<const bench::PeerLibrary*>;

/// The algorithm of each shape. Throws, before anything runs, for one that the device or its memory
/// cannot serve.
std::vector<std::string> check_shapes(const std::vector<Shape>& shapes, const Device& device,
                                      const Peers& peers) {
  const bool on_cpu = device.kind() == DeviceKind::cpu;
  const double available =
      on_cpu ? bench::available_bytes() : static_cast<double>(facts_of(device).memory_bytes);
  std::vector<std::string> algorithms;
  for (const Shape& shape : shapes) {
    const Plan plan = bench::make_plan(shape, device);
    // A peer keeps as much, more or less.
    const double needed =
        bench::footprint(shape, plan).all() * static_cast<double>(1 + peers.size());
    if (needed > available)
      throw Failure(bench::series_name(shape) + " with T=" + std::to_string(shape.T) + " needs " +
                    with_byte_unit(needed) + " of memory; " +
                    (on_cpu ? with_byte_unit(available) + " are available"
                            : device.describe() + " has " + with_byte_unit(available)));
    algorithms.emplace_back(plan.algorithm());
  }
  return algorithms;
}

/// What is left to do, from what the points before took.
class Estimate {
 public:
  Estimate(const std::vector<Shape>& shapes, double seconds, std::size_t contestants)
      : shapes_(shapes), seconds_(seconds), contestants_(static_cast<double>(contestants)) {}

  /// One call of `shape` took this long.
  void learn(const Shape& shape, double call_seconds) {
    per_operation_ = call_seconds / bench::operations(shape);
  }
  /// Empty before anything was learnt.
  std::string rest(std::size_t from) const {
    if (per_operation_ == 0) return "";
    double rest = 0;
    for (std::size_t n = from; n < shapes_.size(); ++n) {
      // Beside the samples: filling x, and runs up to three places to check it.
      const double call = per_operation_ * bench::operations(shapes_[n]);
      rest += contestants_ * (3 * call + std::max(1.3 * seconds_, bench::least_repetitions * call));
    }
    return "; " + about(rest) + " left";
  }

 private:
  const std::vector<Shape>& shapes_;
  double seconds_, contestants_;
  double per_operation_ = 0;
};

/// A peer's first run; none where it refuses the problem.
std::unique_ptr<bench::Peer> prepare(const bench::PeerLibrary& library,
                                     const bench::Problem& problem, PeerPoint& point) try {
  std::unique_ptr<bench::Peer> peer = library.prepare(problem);
  peer->run();
  point.errors = bench::compare(*peer, problem, measured_error);
  return peer;
} catch (const bench::PeerRefusal& refusal) {
  point.refusal = refusal.what();
  return nullptr;
}

BenchPoint measure_point(const Shape& shape, const Device& device, const Peers& libraries,
                         double seconds) {
  const Plan plan = bench::make_plan(shape, device);
  BenchPoint point{.shape = shape,
                   .algorithm = std::string(plan.algorithm()),
                   .bytes = bench::footprint(shape, plan)};
  bench::Problem problem(shape, plan);
  point.check = bench::check(problem, measured_error);
  std::vector<bench::Contestant> contestants = {{"takt", [&] { problem.run(); }}};
  std::vector<std::unique_ptr<bench::Peer>> peers;
  for (const bench::PeerLibrary* library : libraries) {
    point.peers.push_back({.name = std::string(library->name)});
    auto peer = prepare(*library, problem, point.peers.back());
    if (peer == nullptr) continue;
    contestants.push_back({point.peers.back().name, [&run = *peer] { run.run(); }});
    peers.push_back(std::move(peer));
  }
  const std::vector<bench::Timing> timings =
      bench::measure(contestants, seconds, bench::least_repetitions);
  point.timing = timings.front();
  auto timing = timings.begin() + 1;
  for (PeerPoint& peer : point.peers)
    if (peer.refusal.empty()) peer.timing = *timing++;
  return point;
}

std::vector<BenchPoint> measure_all(const std::vector<Shape>& shapes, const Device& device,
                                    const Peers& peers, double seconds, const BenchTable& table,
                                    const Lines& print) {
  std::vector<BenchPoint> points;
  Estimate estimate(shapes, seconds, 1 + peers.size());
  Progress progress;
  for (std::size_t n = 0; n < shapes.size(); ++n) {
    progress.show(format("point %zu of %zu: ", n + 1, shapes.size()) +
                  bench::series_name(shapes[n]) + " T=" + std::to_string(shapes[n].T) +
                  estimate.rest(n));
    points.push_back(measure_point(shapes[n], device, peers, seconds));
    estimate.learn(shapes[n], points.back().seconds());
    progress.clear();
    print(table.row(points.back()));
  }
  return points;
}

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
                       const std::vector<BenchSeries>& series) {
  const std::string path = options.svg_path();
  std::string svg, obstacle = "not asked for";
  if (options.plot()) svg = draw(device, series, obstacle);
  if (!svg.empty()) {
    write_file(path, svg);
    return "wrote " + path;
  }
  const bool removed = remove_file(path);
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

int run(const BenchOptions& options) {
  options.check_outputs();
  const std::vector<Shape> shapes = options.shapes();
  const Device device = options.device().device();
  const Peers peers = options.peers(device);
  const Lines print(options.json().to_stdout());
  const Load load = machine_load();
  const BenchTable table(shapes, check_shapes(shapes, device, peers), peers);
  for (const std::string& line : table.head(device, load, options.seconds())) print(line);
  const std::vector<BenchPoint> points =
      measure_all(shapes, device, peers, options.seconds(), table, print);
  const std::vector<BenchSeries> series = series_of(points);
  for (const std::string& line : peer_lines(points)) print(line);
  for (const std::string& line : fit_lines(series)) print(line);
  write_json(options.json_path(),
             bench_json(device, peers, load, options.seconds(), points, series));
  if (!options.json().to_stdout()) print("wrote " + options.json_path());
  if (options.replaces_plot()) say(options, print, leave_plot(options, device, series));
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
