// Which pictures recorded results give.
#include "tool/report_plots.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "plot.hpp"
#include "plot_ratio.hpp"
#include "plot_steps.hpp"
#include "tool/bench_report.hpp"
#include "tool/markdown.hpp"
#include "tool/report_cases.hpp"

namespace takt::tool {
namespace {

using bench::Shape;

/// "cpu-amd-epyc-2-threads" of "cpu (AMD EPYC, 2 threads)".
std::string file_word(const std::string& text) {
  std::string word;
  for (const char c : text)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    else if (!word.empty() && word.back() != '-')
      word += '-';
  word.erase(word.find_last_not_of('-') + 1);
  return word;
}

/// Two devices may have one name here: `with_distinct_names` tells them apart.
std::string file_name(const std::string& kind, const std::string& what, const std::string& device) {
  return "docs/plots/" + file_word(kind + "-" + what + "-" + device) + ".svg";
}

/// "a.svg" again becomes "a-2.svg", in the order of the pictures.
std::vector<ReportPlot> with_distinct_names(std::vector<ReportPlot> plots) {
  constexpr std::string_view ending = ".svg";
  std::set<std::string> taken, seen;
  for (const ReportPlot& plot : plots) taken.insert(plot.name);
  for (ReportPlot& plot : plots) {
    if (seen.insert(plot.name).second) continue;
    const std::string stem = plot.name.substr(0, plot.name.size() - ending.size());
    int n = 2;
    while (!taken.insert(stem + "-" + std::to_string(n) + std::string(ending)).second) ++n;
    plot.name = stem + "-" + std::to_string(n) + std::string(ending);
  }
  return plots;
}

/// Device, commits and dates of what is drawn.
std::string subtitle_of(const std::vector<ChosenCase>& cases) {
  std::set<std::string> origins;
  for (const BenchRecord* record : records_of(cases))
    origins.insert(record->origin.date.substr(0, 10) + ", commit " + record->origin.commit +
                   (record->origin.complete ? "" : ", cut short"));
  std::string text = cases.front().device();
  for (const std::string& origin : origins) text += "; " + origin;
  return text;
}

std::string spelled(const Shape& shape) {
  return shape.cell + ", " + description_of(shape.timed);
}

std::size_t modes_of(const std::vector<ChosenCase>& cases) {
  std::set<bench::Timed> modes;
  for (const ChosenCase& each : cases) modes.insert(each.shape().timed);
  return modes.size();
}

auto panel_of(const ChosenCase& each) {
  return std::tuple(each.shape().cell, each.shape().timed);
}

/// Tiles have the geometric mean of what differs in I alone.
bench::RatioPanel ratio_panel(const std::vector<ChosenCase>& cases, const std::string& peer) {
  std::map<std::pair<std::int64_t, std::int64_t>, std::vector<double>> logarithms;
  for (const ChosenCase& each : cases)
    if (const auto ratio = each.recorded->ratio(peer))
      logarithms[{each.shape().H, each.shape().B}].push_back(std::log(*ratio));
  bench::RatioPanel panel{.title = spelled(cases.front().shape())};
  for (const auto& [place, values] : logarithms) {
    double sum = 0;
    for (const double value : values) sum += value;
    panel.tiles.push_back(
        {place.first, place.second, std::exp(sum / static_cast<double>(values.size()))});
  }
  return panel;
}

/// Of what differs in I alone the first; nothing that is wrong.
bench::StepPanel step_panel(const std::vector<ChosenCase>& cases, const std::string& peer) {
  bench::StepPanel panel{.title = spelled(cases.front().shape())};
  std::map<std::pair<std::int64_t, std::int64_t>, const ChosenCase*> first;
  for (const ChosenCase& each : cases)
    if (each.recorded->refusal.empty() && each.recorded->inside)
      first.emplace(std::pair(each.shape().H, each.shape().B), &each);
  for (const auto& [place, each] : first) {
    const auto [H, B] = place;
    const auto T = static_cast<double>(each->shape().T);
    panel.own.push_back({H, B, each->recorded->times.median / T});
    const RecordedPeer* other = each->recorded->ran(peer);
    if (other != nullptr && other->agrees) panel.peer.push_back({H, B, other->times.median / T});
  }
  return panel;
}

/// Of one device, precision and length: a mean over lengths would hide that one step, or a short
/// sequence, is another use than a long one.
void add_peer_plots(std::vector<ReportPlot>& plots, const std::vector<ChosenCase>& cases,
                    const std::string& peer) {
  const std::string type(precision_name(cases.front().shape())),
      T = std::to_string(cases.front().shape().T);
  const std::string device = cases.front().device(),
                    against = "takt against " + peer + ", " + type + ", T = " + T,
                    what = peer + "-" + type + "-t" + T;
  bench::RatioMap map{.title = "Ratio of times: " + against,
                      .subtitle = subtitle_of(cases),
                      .peer = peer,
                      .columns = modes_of(cases)};
  bench::StepPlot steps{.title = "Time per step: " + against,
                        .subtitle = map.subtitle,
                        .peer = peer,
                        .columns = map.columns};
  for (const std::vector<ChosenCase>& group : grouped(cases, panel_of)) {
    map.panels.push_back(ratio_panel(group, peer));
    steps.panels.push_back(step_panel(group, peer));
  }
  std::erase_if(map.panels, [](const bench::RatioPanel& panel) { return panel.tiles.empty(); });
  std::erase_if(steps.panels, [](const bench::StepPanel& panel) { return panel.own.empty(); });
  if (map.panels.empty()) return;
  plots.push_back({file_name("ratio", what, device), map.title, ratio_script(map)});
  plots.push_back({file_name("steps", what, device), steps.title, steps_script(steps)});
}

/// A series has B, I, H and extras, and at least three lengths.
bench::PlotSeries growth_of(const std::vector<ChosenCase>& cases) {
  const Shape& shape = cases.front().shape();
  const std::string extras = extras_of(shape);
  bench::PlotSeries series{
      .label = "B = " + std::to_string(shape.B) + ", I = " + std::to_string(shape.I) +
               ", H = " + std::to_string(shape.H) + (extras.empty() ? "" : ", " + extras)};
  std::vector<bench::Sample> samples;
  for (const ChosenCase& each : cases) {
    const RecordedCase& recorded = *each.recorded;
    const auto T = static_cast<double>(each.shape().T);
    samples.push_back({T, recorded.times.median});
    series.points.push_back({.T = T,
                             .seconds = recorded.times.median,
                             .least = recorded.times.least,
                             .most = recorded.times.most,
                             .bytes = recorded.bytes});
  }
  series.fit = bench::fit(samples);
  if (series.fit)
    series.label += format(" (time ~ T^%.3f; ", series.fit->exponent) +
                    with_time_unit(series.fit->per_step) + " a step)";
  return series;
}

/// Of one device, cell, mode and precision; nothing that is wrong.
void add_growth_plot(std::vector<ReportPlot>& plots, std::vector<ChosenCase> cases) {
  std::erase_if(cases, [](const ChosenCase& each) {
    return !each.recorded->refusal.empty() || !each.recorded->inside;
  });
  if (cases.empty()) return;
  const auto series_key = [](const ChosenCase& each) {
    return std::tuple(extras_of(each.shape()), each.shape().H, each.shape().B, each.shape().I);
  };
  std::stable_sort(cases.begin(), cases.end(), [&](const ChosenCase& a, const ChosenCase& b) {
    return series_key(a) < series_key(b);
  });
  const Shape& shape = cases.front().shape();
  const std::string type(precision_name(shape));
  bench::Plot plot;
  plot.title = "Growth with sequence length: " + shape.cell + " " + type + ", " +
               description_of(shape.timed);
  std::vector<ChosenCase> drawn;
  for (const std::vector<ChosenCase>& group : grouped(cases, series_key)) {
    bench::PlotSeries series = growth_of(group);
    if (!series.fit) continue;
    plot.series.push_back(std::move(series));
    drawn.insert(drawn.end(), group.begin(), group.end());
  }
  if (drawn.empty()) return;
  plot.subtitle = subtitle_of(drawn);
  const std::string what = shape.cell + "-" + type + "-" + std::string(to_string(shape.timed));
  plots.push_back(
      {file_name("growth", what, drawn.front().device()), plot.title, plot_script(plot)});
}

}  // namespace

std::vector<ReportPlot> report_plots(const Records& records) {
  std::vector<ReportPlot> plots;
  for (const auto& [kind, peer] :
       {std::pair(DeviceKind::cpu, "oneDNN"), std::pair(DeviceKind::cuda, "cuDNN")}) {
    std::map<std::tuple<std::string, std::string, std::int64_t>, std::vector<ChosenCase>> alike;
    for (const ChosenCase& each : choose(records, kind, peer))
      if (const Shape& shape = each.shape(); extras_of(shape).empty())
        alike[{each.device(), std::string(precision_name(shape)), shape.T}].push_back(each);
    for (const auto& [key, cases] : alike) add_peer_plots(plots, cases, peer);
    const auto growth_key = [](const ChosenCase& each) {
      return std::tuple(each.device(), each.shape().cell, each.shape().timed,
                        precision_name(each.shape()));
    };
    for (const auto& cases : grouped(choose(records, kind, ""), growth_key))
      add_growth_plot(plots, cases);
  }
  return with_distinct_names(std::move(plots));
}

std::string plot_list(const std::vector<ReportPlot>& plots) {
  if (plots.empty()) return "Nothing to draw yet.\n";
  std::string text;
  for (const ReportPlot& plot : plots)
    text += (text.empty() ? "" : "\n") + std::string("![") + markdown_text(plot.title) + "](" +
            plot.name.substr(std::string("docs/").size()) + ")\n";
  return text;
}

}  // namespace takt::tool
