// Tables of recorded benchmarks.
#include "tool/report_tables.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "tool/markdown.hpp"
#include "tool/text.hpp"

namespace takt::tool {
namespace {

using bench::Shape;

const char* const not_measured = "Not measured.\n";

/// Why cases are not in the means.
struct LeftOut {
  int takt_refused = 0, peer_refused = 0, differ = 0, outside = 0;

  void count(const RecordedCase& each, const std::string& peer) {
    if (!each.refusal.empty())
      ++takt_refused;
    else if (!each.inside)
      ++outside;
    else if (each.ran(peer) == nullptr)
      ++peer_refused;
    else
      ++differ;
  }
  /// A sentence; empty where nothing was left out.
  std::string text(const std::string& peer) const {
    std::vector<std::string> parts;
    const auto add = [&](int cases, const std::string& why) {
      if (cases > 0) parts.push_back(std::to_string(cases) + " " + why);
    };
    add(takt_refused, "refused by takt");
    add(peer_refused, "refused by " + peer);
    add(outside, "outside takt's tolerance");
    add(differ, "with different answers of both");
    return parts.empty() ? "" : "Cases left out of the means: " + joined(parts) + ".\n\n";
  }
};

/// The line under a table on one of its records.
std::string origin_line(const BenchRecord& record) {
  const Origin& origin = record.origin;
  return markdown_code(origin.file) + ": " +
         markdown_text(origin.device + "; " + record.versions + "; commit " + origin.commit) +
         "; " + origin.date.substr(0, 10) + (origin.complete ? "" : "; **cut short**") +
         (record.busy.empty() ? "" : "; **busy before the start**: " + record.busy) + ".\n";
}

std::string origin_lines(const std::vector<ChosenCase>& cases) {
  std::string text;
  for (const BenchRecord* record : records_of(cases))
    text += (text.empty() ? "" : "\n") + origin_line(*record);
  return text;
}

/// Whether a table needs a column for what a shape has beside its sizes.
bool has_extras(const std::vector<ChosenCase>& cases) {
  return std::any_of(cases.begin(), cases.end(),
                     [](const ChosenCase& each) { return !extras_of(each.shape()).empty(); });
}

/// The first columns of both tables.
std::vector<std::string> titles_of_names(bool with_extras) {
  std::vector<std::string> titles = {"<cell", "<mode", "<type"};
  if (with_extras) titles.emplace_back("<extras");
  return titles;
}

std::vector<std::string> names_of(const Shape& shape, bool with_extras) {
  std::vector<std::string> names = {shape.cell, std::string(to_string(shape.timed)),
                                    std::string(precision_name(shape))};
  if (with_extras) names.push_back(extras_of(shape));
  return names;
}

std::string ratio_text(const ChosenCase& each, double ratio) {
  return format("%.2f (", ratio) + sizes_text(each.shape()) + ")";
}

/// Of cases with a ratio each; none of them, no row.
void add_ratio_row(MarkdownTable& table, std::vector<std::string> cells,
                   const std::vector<ChosenCase>& cases, const std::string& peer) {
  double logarithms = 0;
  std::map<double, const ChosenCase*> by_ratio;
  std::size_t count = 0;
  for (const ChosenCase& each : cases) {
    const auto ratio = each.recorded->ratio(peer);
    if (!ratio) continue;
    ++count;
    logarithms += std::log(*ratio);
    by_ratio.emplace(*ratio, &each);
  }
  if (count == 0) return;
  cells.push_back(std::to_string(count));
  cells.push_back(format("%.2f", std::exp(logarithms / static_cast<double>(count))));
  cells.push_back(ratio_text(*by_ratio.begin()->second, by_ratio.begin()->first));
  cells.push_back(ratio_text(*by_ratio.rbegin()->second, by_ratio.rbegin()->first));
  table.add(cells);
}

/// A row of sequences, and one of single steps, which are another use: what a call costs once is
/// all in one step. `name` of these is the place of the cell that says so.
void add_ratio_rows(MarkdownTable& table, std::vector<std::string> cells, std::size_t name,
                    const std::vector<ChosenCase>& cases, const std::string& peer) {
  std::vector<ChosenCase> sequences = cases, steps = cases;
  std::erase_if(sequences, [](const ChosenCase& each) { return each.shape().T == 1; });
  std::erase_if(steps, [](const ChosenCase& each) { return each.shape().T != 1; });
  add_ratio_row(table, cells, sequences, peer);
  cells[name] += ", T = 1";
  add_ratio_row(table, cells, steps, peer);
}

std::string ratio_table_of_device(const std::vector<ChosenCase>& cases, const std::string& peer) {
  const bool with_extras = has_extras(cases);
  std::vector<std::string> titles = titles_of_names(with_extras);
  std::vector<std::string> all(titles.size());
  all.front() = "**all**";
  titles.insert(titles.end(), {"cases", "geometric mean", "best", "worst"});
  MarkdownTable table(titles);
  const auto names = [&](const ChosenCase& each) { return names_of(each.shape(), with_extras); };
  constexpr std::size_t of_mode = 1, of_all = 0;
  for (const std::vector<ChosenCase>& group : grouped(cases, names))
    add_ratio_rows(table, names(group.front()), of_mode, group, peer);
  add_ratio_rows(table, all, of_all, cases, peer);
  LeftOut left_out;
  for (const ChosenCase& each : cases)
    if (!each.recorded->ratio(peer)) left_out.count(*each.recorded, peer);
  return table.text() + "\n" + left_out.text(peer) + origin_lines(cases);
}

/// "61 %" of 0.61; from ten times on "45 x".
std::string spread_text(const Times& times) {
  const double spread = times.spread();
  return spread < 9.995 ? percent(spread) : format("%.0f x", spread);
}

std::string step_text(const Times& times, const Shape& shape) {
  return format("%.3f", 1e6 * times.median / static_cast<double>(shape.T));
}

/// " (persist static)".
std::string way_text(const RecordedPeer& peer) {
  return peer.algorithm.empty() ? "" : " (" + markdown_text(peer.algorithm) + ")";
}

std::vector<std::string> shape_row(const ChosenCase& each, const std::vector<std::string>& peers,
                                   bool with_extras) {
  const RecordedCase& recorded = *each.recorded;
  const Shape& shape = recorded.shape;
  std::vector<std::string> cells = names_of(shape, with_extras);
  for (const std::int64_t size : {shape.T, shape.B, shape.I, shape.H})
    cells.push_back(std::to_string(size));
  const bool ran = recorded.refusal.empty();
  cells.push_back(ran ? step_text(recorded.times, shape) : "refused");
  cells.push_back(ran ? spread_text(recorded.times) : "-");
  for (const std::string& name : peers) {
    const RecordedPeer* peer = recorded.ran(name);
    cells.push_back(peer != nullptr        ? step_text(peer->times, shape) + way_text(*peer)
                    : recorded.asked(name) ? "refused"
                                           : "-");
    cells.push_back(peer ? spread_text(peer->times) : "-");
    const auto ratio = recorded.ratio(name);
    cells.push_back(ratio ? format("%.2f", *ratio) : peer && !peer->agrees ? "differs" : "-");
  }
  cells.push_back(ran ? format("%.2f", recorded.gflop_per_s) : "-");
  cells.push_back(!ran ? "-"
                  : recorded.error_share
                      ? percent(*recorded.error_share) + (recorded.inside ? "" : " **OUTSIDE**")
                      : "unchecked");
  return cells;
}

std::string shape_table_of_device(const std::vector<ChosenCase>& cases) {
  const bool with_extras = has_extras(cases);
  std::vector<std::string> peers, titles = titles_of_names(with_extras);
  titles.insert(titles.end(), {"T", "B", "I", "H", "us/step", "spread"});
  for (const BenchRecord* record : records_of(cases))
    for (const std::string& peer : record->peers)
      if (std::find(peers.begin(), peers.end(), peer) == peers.end()) peers.push_back(peer);
  for (const std::string& peer : peers)
    titles.insert(titles.end(), {markdown_text(peer) + " us/step", "spread", "ratio"});
  titles.insert(titles.end(), {"GFLOP/s", "error of tolerance"});
  MarkdownTable table(titles);
  for (const ChosenCase& each : cases) table.add(shape_row(each, peers, with_extras));
  return table.text() + "\n" + origin_lines(cases);
}

/// What else to know of times beside each other.
std::string conditions(DeviceKind kind) {
  return kind == DeviceKind::cpu
             ? "Weights of inference are packed once, before the clock starts, by both; in "
               "training takt packs\nthem in each call, oneDNN had them packed before. oneDNN's "
               "time "
               "of training adds gradients of\nweights to those of the call before, so that it is "
               "spared clearing them, and writes dh0 and dc0,\nwhich takt's does not. Caches are "
               "warm from the call before.\n\n"
             : "L2 is overwritten before each call. cuDNN's time of training includes clearing the "
               "gradients of\nweights, which it can only add to. The two-kernel loop runs "
               "inference "
               "only.\n\n";
}

std::string by_device(const std::vector<ChosenCase>& cases,
                      const std::function<std::string(const std::vector<ChosenCase>&)>& table) {
  std::string text;
  for (const auto& group : grouped(cases, [](const ChosenCase& each) { return each.device(); }))
    text += (text.empty() ? "" : "\n") + std::string("**") + markdown_text(group.front().device()) +
            "**\n\n" + table(group);
  return text.empty() ? not_measured : text;
}

}  // namespace

std::string sizes_text(const Shape& shape) {
  const std::string extras = extras_of(shape);
  return "T" + std::to_string(shape.T) + " B" + std::to_string(shape.B) + " I" +
         std::to_string(shape.I) + " H" + std::to_string(shape.H) +
         (extras.empty() ? "" : " " + extras);
}

std::string ratio_table(const Records& records, DeviceKind kind, const std::string& peer) {
  const std::string table = by_device(
      choose(records, kind, peer),
      [&](const std::vector<ChosenCase>& cases) { return ratio_table_of_device(cases, peer); });
  return table == not_measured ? table
                               : "Time of takt in times of " + peer +
                                     "'s; below 1 takt is faster.\n\n" + conditions(kind) + table;
}

std::string shape_table(const Records& records, DeviceKind kind) {
  const std::string table = by_device(choose_beside_each(records, kind), shape_table_of_device);
  return table == not_measured
             ? table
             : "Medians; spread: (most - least) / median of the repetitions; ratio: takt's time in "
               "times of the other's.\n\n" +
                   conditions(kind) + table;
}

}  // namespace takt::tool
