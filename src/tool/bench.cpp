// takt bench: how time grows with the number of steps, and the memory of a call.
#include "tool/bench_report.hpp"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include <CLI/CLI.hpp>

#include "tool/bench_measurement.hpp"
#include "tool/bench_memory.hpp"
#include "tool/bench_options.hpp"
#include "tool/commands.hpp"
#include "tool/failure.hpp"
#include "tool/file.hpp"
#include "tool/last_words.hpp"
#include "tool/machine_limits.hpp"

namespace takt::tool {
namespace {

using bench::Shape;
using Peers = Measurement::Peers;

/// The algorithm of a shape. Throws for one that the device or its memory cannot serve.
std::string check_shape(const Shape& shape, const Device& device) {
  const Plan plan = bench::make_plan(shape, device);
  const std::string obstacle =
      own_obstacle(shape, bench::footprint(shape, plan), device.kind(), room_on(device));
  if (!obstacle.empty()) throw Failure(obstacle);
  return std::string(plan.algorithm());
}

/// All shapes, not measured yet. Before anything runs, what cannot be served is refused: one asked
/// for by options throws, one of a list gets its reason.
std::vector<BenchPoint> points_of(const BenchOptions& options, const Device& device) {
  std::vector<BenchPoint> points;
  for (const Shape& shape : options.shapes()) {
    BenchPoint& point = points.emplace_back(BenchPoint{.shape = shape, .algorithm = "-"});
    try {
      point.algorithm = check_shape(shape, device);
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

/// Records what was measured so far in the place of an older record, beside which no plot is left;
/// where JSON has stdout, only if the run is interrupted.
class Keeper {
 public:
  explicit Keeper(const BenchOptions& options) : options_(options) {
    if (options.json().to_stdout()) for_stdout_.emplace();
  }

  void operator()(const Json& record) {
    if (for_stdout_) return for_stdout_->set(json_text(record));
    if (options_.replaces_plot()) removed_plot_ = remove_file(options_.svg_path()) || removed_plot_;
    write_json(options_.json_path(), record);
  }
  /// The whole record follows.
  void end() { for_stdout_.reset(); }
  bool removed_plot() const { return removed_plot_; }

 private:
  const BenchOptions& options_;
  std::optional<LastWords> for_stdout_;
  bool removed_plot_ = false;
};

int run(const BenchOptions& options) {
  options.check_outputs();
  const Device device = options.device().device();
  const Peers peers = options.peers(device);
  const Lines print(options.json().to_stdout());
  BenchContext record{
      .device = device, .peers = peers, .load = machine_load(), .seconds = options.seconds()};
  std::vector<BenchPoint> points_to_measure = points_of(options, device);
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
  keep.end();
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
