// Fits, JSON and plot of a benchmark.
#include "tool/bench_report.hpp"

#include <algorithm>
#include <cmath>

#include <takt/version.hpp>

#include "device_clock.hpp"
#include "tool/device_options.hpp"
#include "tool/machine_limits.hpp"

namespace takt::tool {
namespace {

using bench::Shape;

/// What tells a series from the others; its batch where nothing does.
std::string label_of(const BenchSeries& series, const std::vector<BenchSeries>& all) {
  const std::vector<Member> members = members_of(series.points.front());
  std::string label;
  for (std::size_t m = 0; m < members.size(); ++m) {
    const bool varies = std::any_of(all.begin(), all.end(), [&](const BenchSeries& other) {
      return members_of(other.points.front())[m].text != members[m].text;
    });
    if (!varies && !(all.size() == 1 && members[m].name == "B")) continue;
    label += (label.empty() ? "" : " ") +
             (members[m].name.size() == 1 ? members[m].name + " = " : "") + members[m].text;
  }
  return label;
}

Json shape_json(const Shape& shape) {
  return {{"cell", shape.cell},
          {"type", precision_name(shape)},
          {"B", shape.B},
          {"I", shape.I},
          {"H", shape.H},
          {"mode", to_string(shape.timed)},
          {"extras", extras_of(shape)}};
}

Json bytes_json(const bench::Footprint& bytes) {
  const auto whole = [](double value) { return static_cast<std::int64_t>(value); };
  return {{"x", whole(bytes.x)},
          {"y", whole(bytes.y)},
          {"initial_states", whole(bytes.initial_states)},
          {"final_states", whole(bytes.final_states)},
          {"dx_and_dy", whole(bytes.dx_and_dy)},
          {"scratch", whole(bytes.scratch)},
          {"saved", whole(bytes.saved)},
          {"of_call", whole(bytes.of_call())},
          {"weights", whole(bytes.weights)},
          {"packed_weights", whole(bytes.packed_weights)},
          {"weight_gradients", whole(bytes.gradients)}};
}

Json check_json(const BenchPoint& point) {
  if (!point.check.done) return Json();
  Json json{{"inside_tolerance", point.inside_tolerance()},
            {"rows", point.check.rows},
            {"unchecked", point.check.unchecked},
            {"tensors", Json::array()}};
  for (const bench::TensorError& tensor : point.check.tensors)
    json["tensors"].push_back({{"tensor", tensor.tensor},
                               {"first_step", tensor.steps.first},
                               {"steps", tensor.steps.count},
                               {"error", tensor.error},
                               {"tolerance", point.tolerance(tensor)}});
  return json;
}

Json peer_json(const BenchPoint& point, const PeerPoint& peer) {
  Json json{{"name", peer.name}};
  if (!peer.algorithm.empty()) json["algorithm"] = peer.algorithm;
  if (!peer.refusal.empty()) {
    json["refusal"] = peer.refusal;
    return json;
  }
  json["median_s"] = peer.timing.median();
  json["samples_s"] = peer.timing.samples;
  json["iterations"] = peer.timing.iterations;
  const auto ratio = point.ratio(peer);
  json["ratio"] = ratio ? Json(*ratio) : Json();
  if (peer.memory)
    json["bytes"] = {{"scratch", peer.memory->scratch_bytes}, {"saved", peer.memory->saved_bytes}};
  for (const bench::Way& way : peer.ways)
    json["ways"].push_back(
        way.refusal.empty()
            ? Json{{"name", way.name}, {"least_s", way.seconds}, {"agrees", way.agrees}}
            : Json{{"name", way.name}, {"refusal", way.refusal}});
  json["differences"] = Json::array();
  for (const bench::TensorError& tensor : peer.errors)
    json["differences"].push_back({{"tensor", tensor.tensor},
                                   {"error", tensor.error},
                                   {"tolerance", 2 * point.tolerance(tensor)}});
  return json;
}

Json point_json(const BenchPoint& point) {
  const double T = static_cast<double>(point.shape.T), seconds = point.seconds();
  Json json = shape_json(point.shape);
  json["T"] = point.shape.T;
  if (!point.refusal.empty()) {
    json["refusal"] = point.refusal;
    return json;
  }
  json["algorithm"] = point.algorithm;
  json["median_s"] = seconds;
  json["least_s"] = point.timing.least();
  json["most_s"] = point.timing.most();
  json["samples_s"] = point.timing.samples;
  json["iterations"] = point.timing.iterations;
  json["us_per_step"] = 1e6 * seconds / T;
  json["tokens_per_s"] = bench::tokens(point.shape) / seconds;
  json["gflop_per_s"] = bench::operations(point.shape) / seconds / 1e9;
  json["gb_per_s"] = bench::traffic(point.shape, point.bytes) / seconds / 1e9;
  json["limit"] = json_of(point.limit, point.timing.least());
  json["bytes"] = bytes_json(point.bytes);
  json["check"] = check_json(point);
  json["peers"] = Json::array();
  for (const PeerPoint& peer : point.peers) json["peers"].push_back(peer_json(point, peer));
  return json;
}

Json fit_json(const BenchSeries& series) {
  const bench::Fit& fit = *series.fit;
  Json json = shape_json(series.shape());
  json["points"] = series.points.size();
  json["power_law"] = {
      {"exponent", fit.exponent}, {"factor_s", fit.factor}, {"r2", fit.exponent_r2}};
  json["linear"] = {{"fixed_s", fit.fixed},
                    {"per_step_s", fit.per_step},
                    {"r2", fit.linear_r2},
                    {"worst_relative_miss", fit.linear_worst}};
  return json;
}

}  // namespace

std::vector<BenchSeries> series_of(const std::vector<BenchPoint>& points) {
  std::vector<BenchSeries> all;
  for (const BenchPoint& point : points) {
    if (!point.refusal.empty()) continue;
    const auto same = std::find_if(all.begin(), all.end(), [&](const BenchSeries& series) {
      return bench::same_series(series.shape(), point.shape);
    });
    if (same == all.end())
      all.push_back({.points = {point}});
    else
      same->points.push_back(point);
  }
  for (BenchSeries& series : all) {
    std::stable_sort(
        series.points.begin(), series.points.end(),
        [](const BenchPoint& a, const BenchPoint& b) { return a.shape.T < b.shape.T; });
    std::vector<bench::Sample> samples;
    for (const BenchPoint& point : series.points)
      samples.push_back({static_cast<double>(point.shape.T), point.seconds()});
    series.fit = bench::fit(samples);
  }
  return all;
}

std::vector<std::string> peer_lines(const std::vector<BenchPoint>& points) {
  std::vector<std::string> lines;
  std::vector<const BenchPoint*> measured;
  for (const BenchPoint& point : points)
    if (point.refusal.empty()) measured.push_back(&point);
  if (measured.empty()) return lines;
  for (std::size_t n = 0; n < measured.front()->peers.size(); ++n) {
    std::vector<std::pair<double, const BenchPoint*>> ratios;
    for (const BenchPoint* point : measured)
      if (const auto ratio = point->ratio(point->peers[n])) ratios.push_back({*ratio, point});
    if (ratios.empty()) continue;
    double logarithms = 0;
    for (const auto& [ratio, point] : ratios) logarithms += std::log(ratio);
    const auto [least, most] = std::minmax_element(ratios.begin(), ratios.end());
    const auto text = [](const std::pair<double, const BenchPoint*>& ratio) {
      return format("%.2f (", ratio.first) + bench::series_name(ratio.second->shape) +
             " T=" + std::to_string(ratio.second->shape.T) + ")";
    };
    if (lines.empty()) lines.emplace_back();
    lines.push_back("ratio      " + measured.front()->peers[n].name +
                    format(": geometric mean %.3f over %zu %s, from ",
                           std::exp(logarithms / static_cast<double>(ratios.size())), ratios.size(),
                           ratios.size() == 1 ? "case" : "cases") +
                    text(*least) + " to " + text(*most));
  }
  return lines;
}

std::vector<std::string> fit_lines(const std::vector<BenchSeries>& all) {
  std::vector<std::string> lines;
  for (const BenchSeries& series : all) {
    if (!series.fit) continue;
    const bench::Fit& fit = *series.fit;
    if (lines.empty()) lines.emplace_back();
    lines.push_back("growth     " + label_of(series, all) +
                    format(": time ~ T^%.3f (R2 %.5f); time = ", fit.exponent, fit.exponent_r2) +
                    (fit.fixed < 0 ? "-" : "") + with_time_unit(std::abs(fit.fixed)) + " + " +
                    format("%.4g us * T (R2 %.5f, no point more than %.0f %% off)",
                           1e6 * fit.per_step, fit.linear_r2, std::ceil(100 * fit.linear_worst)));
  }
  if (!lines.empty()) lines.emplace_back();
  return lines;
}

Json bench_json(const BenchContext& record, const std::vector<BenchPoint>& points) {
  Json json{{"record", "bench"}};
  json.update(provenance("takt bench"));
  json["complete"] = record.complete;
  json["ended"] = record.ended.empty() ? Json() : Json(record.ended);
  json["device"] = device_json(record.device);
  json["load_before"] = record.load.average;
  json["load_cores"] = record.load.cores;
  json["machine_limits"] = json_of(record.machine);
  json["timer"] = bench::benchmark_version();
  json["clock"] = bench::clock_name(record.device.kind());
  json["against"] = Json::array();
  for (const bench::PeerLibrary* peer : record.peers)
    json["against"].push_back({{"name", peer->name}, {"version", peer->version()}});
  json["seconds_per_point"] = record.seconds;
  json["points"] = Json::array();
  for (const BenchPoint& point : points) json["points"].push_back(point_json(point));
  json["fits"] = Json::array();
  for (const BenchSeries& series : series_of(points))
    if (series.fit) json["fits"].push_back(fit_json(series));
  return json;
}

std::optional<bench::Plot> bench_plot(const Device& device, const std::vector<BenchSeries>& all) {
  bench::Plot plot;
  for (const BenchSeries& series : all) {
    if (series.points.front().shape.T == series.points.back().shape.T) continue;
    bench::PlotSeries drawn{.label = label_of(series, all), .fit = series.fit};
    if (series.fit)
      drawn.label += format(" (time ~ T^%.3f; ", series.fit->exponent) +
                     with_time_unit(series.fit->per_step) + " a step)";
    for (const BenchPoint& point : series.points)
      drawn.points.push_back({.T = static_cast<double>(point.shape.T),
                              .seconds = point.seconds(),
                              .least = point.timing.least(),
                              .most = point.timing.most(),
                              .bytes = point.bytes.of_call()});
    plot.series.push_back(drawn);
  }
  if (plot.series.empty()) return std::nullopt;
  const Shape& first = all.front().shape();
  const auto shared = [&](auto member) {
    return std::all_of(all.begin(), all.end(), [&](const BenchSeries& series) {
      return series.shape().*member == first.*member;
    });
  };
  plot.title = "Growth with sequence length";
  std::string problem;
  if (shared(&Shape::cell)) problem += " " + first.cell;
  if (shared(&Shape::type) && shared(&Shape::math))
    problem += " " + std::string(precision_name(first));
  if (shared(&Shape::I)) problem += ", I = " + std::to_string(first.I);
  if (shared(&Shape::H)) problem += ", H = " + std::to_string(first.H);
  if (shared(&Shape::timed)) problem += ", " + description_of(first.timed);
  if (!problem.empty()) plot.title += (problem.front() == ',' ? problem : ":" + problem);
  plot.subtitle = device.describe() + "; takt " + std::string(version()) +
                  (*commit == '\0' ? "" : std::string(" (") + commit + ")");
  return plot;
}

}  // namespace takt::tool
