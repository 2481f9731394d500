// The table of a benchmark.
#include <algorithm>

#include "device_clock.hpp"
#include "tool/bench_report.hpp"
#include "tool/build.hpp"
#include "tool/device_options.hpp"
#include "tool/machine_limits.hpp"

namespace takt::tool {
namespace {

using bench::Shape;

/// " I=64"; words speak for themselves.
std::string named(const Member& member) {
  if (member.text.empty()) return "";
  if (member.name == "algorithm") return " by " + member.text;
  return member.name.size() == 1 ? " " + member.name + "=" + member.text : " " + member.text;
}

std::string spelled_range(std::int64_t least, std::int64_t most) {
  const std::string end = std::to_string(most);
  return least == most ? end : std::to_string(least) + " to " + end;
}

/// "y, steps 64 to 127".
std::string place_of(const bench::TensorError& tensor) {
  return tensor.tensor + ", steps " + std::to_string(tensor.steps.first) + " to " +
         std::to_string(tensor.steps.first + tensor.steps.count - 1);
}

/// "checked 3 of 256 rows, not dW dR".
std::string unchecked_text(const BenchPoint& point) {
  const std::vector<std::string>& unchecked = point.check.unchecked;
  return "checked " + std::to_string(point.check.rows) + " of " + std::to_string(point.shape.B) +
         " rows" + (unchecked.empty() ? "" : ", not " + joined(unchecked, " "));
}

/// Beside tensors and weights: " with 12.0 MiB scratch and saved, takt 4.00 MiB".
std::string memory_text(const BenchPoint& point, const PeerPoint& peer) {
  if (!peer.memory) return "";
  const std::int64_t bytes = peer.memory->scratch_bytes + peer.memory->saved_bytes;
  return " with " + with_byte_unit(static_cast<double>(bytes)) + " scratch and saved, takt " +
         with_byte_unit(point.bytes.scratch + point.bytes.saved);
}

}  // namespace

std::string description_of(bench::Timed timed) {
  switch (timed) {
    case bench::Timed::inference: return "forward";
    case bench::Timed::training_forward: return "forward of training";
    case bench::Timed::training: break;
  }
  return "forward and backward";
}

std::vector<Member> members_of(const BenchPoint& point) {
  const Shape& shape = point.shape;
  return {{"cell", shape.cell},           {"type", std::string(precision_name(shape))},
          {"B", std::to_string(shape.B)}, {"I", std::to_string(shape.I)},
          {"H", std::to_string(shape.H)}, {"mode", std::string(to_string(shape.timed))},
          {"extras", extras_of(shape)},   {"algorithm", point.algorithm}};
}

BenchTable::BenchTable(const std::vector<BenchPoint>& points,
                       const std::vector<const bench::PeerLibrary*>& peers)
    : peers_(peers),
      members_(members_of(points.front())),
      varies_(members_.size(), false),
      table_({}) {
  for (const BenchPoint& point : points) {
    const std::vector<Member> members = members_of(point);
    for (std::size_t m = 0; m < members.size(); ++m)
      if (members[m].text != members_[m].text) varies_[m] = true;
    timed_.insert(point.shape.timed);
    (point.shape.input == InputMode::product ? with_input_product_ : without_input_product_) = true;
    if (!point.refusal.empty()) continue;
    const std::int64_t width = bench::window_width(point.shape);
    least_width_ = least_width_ == 0 ? width : std::min(least_width_, width);
    most_width_ = std::max(most_width_, width);
    everywhere_ = everywhere_ && point.shape.T <= width;
    some_rows_ = some_rows_ || bench::checked_row_count(point.shape) < point.shape.B;
  }
  table_ = Table(columns());
  for (const BenchPoint& point : points) {
    std::vector<std::string> cells = what_varies(point);
    cells.push_back(std::to_string(point.shape.T));
    cells.resize(columns().size());
    table_.widen(cells);
  }
}

std::vector<std::string> BenchTable::what_varies(const BenchPoint& point) const {
  std::vector<std::string> cells;
  const std::vector<Member> members = members_of(point);
  for (std::size_t m = 0; m < members.size(); ++m)
    if (varies_[m]) cells.push_back(members[m].text);
  return cells;
}

std::vector<Table::Column> BenchTable::columns() const {
  std::vector<Table::Column> columns;
  for (std::size_t m = 0; m < members_.size(); ++m)
    if (varies_[m]) columns.push_back({members_[m].name, 0, members_[m].name.size() > 1});
  for (const Table::Column& column : {Table::Column{"T", 6},
                                      {"time", 7},
                                      {"least", 7},
                                      {"most", 7},
                                      {"us/step", 7},
                                      {"of limit", 0}})
    columns.push_back(column);
  for (const bench::PeerLibrary* peer : peers_) {
    columns.push_back({std::string(peer->name), 7});
    columns.push_back({"ratio", 5});
  }
  for (const Table::Column& column : {Table::Column{"tokens/s", 8},
                                      {"GFLOP/s", 7},
                                      {"GB/s", 7},
                                      {"memory", 8},
                                      {"error", 8},
                                      {"of tolerance", 0},
                                      {"", 0, true}})
    columns.push_back(column);
  return columns;
}

std::vector<std::string> BenchTable::error_lines() const {
  const std::string error = "error      against the f64 reference before timing, worst tensor: ";
  std::vector<std::string> lines;
  if (everywhere_) {
    lines.push_back(error + "y at every step" + (has_backward() ? ", gradients" : ""));
  } else {
    lines.push_back(error + "y in windows of up to " + spelled_range(least_width_, most_width_) +
                    " steps at the beginning,");
    lines.push_back(
        "           at a drawn place between and at the end, which start from the device's own "
        "states; not elsewhere" +
        std::string(has_backward() ? "; gradients of a run over the first" : ""));
  }
  if (some_rows_)
    lines.push_back(
        "           where a step is too many products, of drawn rows of the batch, as its row "
        "says" +
        std::string(has_backward() ? "; its gradients of weights, sums over all rows, not at all"
                                   : ""));
  return lines;
}

/// What is timed: ": forward"; where it differs, what each word for it means.
std::string BenchTable::timed_text() const {
  if (timed_.size() == 1) return ": " + description_of(*timed_.begin());
  std::string text;
  for (const bench::Timed timed : timed_)
    text += (text.empty() ? "; " : ", ") + std::string(to_string(timed)) + " is " +
            description_of(timed);
  return text;
}

/// "lstm f32 I=64 inference: forward, with the input product".
std::string BenchTable::problem_text() const {
  std::string shared;
  for (std::size_t m = 0; m < members_.size(); ++m)
    if (!varies_[m]) shared += named(members_[m]);
  return (shared.empty() ? "that of each row" : shared.substr(1)) + timed_text() +
         (!without_input_product_ ? ", with the input product"
          : !with_input_product_  ? ", without the input product"
                                  : "; precomputed: without the input product");
}

std::vector<std::string> BenchTable::head(const BenchContext& record) const {
  std::vector<std::string> lines = {device_line(record.device)};
  if (record.device.kind() != DeviceKind::cpu) lines.push_back(versions_line(record.device));
  lines.push_back(
      "load       " +
      format("%.2f on %d cores before the start", record.load.average, record.load.cores) +
      (record.load.heavy() ? ": busy, so times are too long and scatter" : ""));
  lines.push_back("problem    " + problem_text());
  lines.push_back(
      "time       median, least and most of " + std::to_string(bench::least_repetitions) +
      " repetitions, " + format("%g", record.seconds) + " s a point or more, " +
      std::string(bench::clock_name(record.device.kind())) + ", " + bench::benchmark_version());
  if (record.device.kind() == DeviceKind::cpu && timed_.contains(bench::Timed::inference))
    lines.emplace_back("weights    of inference packed before the start, of training in each call");
  if (record.machine) {
    lines.push_back("limit      measured before the start: " + text_of(*record.machine) + ";");
    lines.emplace_back("           of limit: the least time these allow, of the median time");
  }
  for (const bench::PeerLibrary* peer : peers_)
    lines.push_back("against    " + std::string(peer->name) + " " + peer->version() +
                    ", in turns: its us/step; ratio: takt's time in times of it");
  for (const std::string& line : error_lines()) lines.push_back(line);
  lines.push_back(
      std::string("memory     of a call, computed: x, y, h0, c0, hT, cT, scratch, saved") +
      (has_backward() ? "; in training dx and dy too" : ""));
  lines.emplace_back(
      "GB/s       of these and the weights, once, and of R once more in each step of each pass");
  lines.emplace_back();
  lines.push_back(table_.header());
  return lines;
}

std::string BenchTable::row(const BenchPoint& point) const {
  std::vector<std::string> cells = what_varies(point);
  if (!point.refusal.empty()) {
    cells.push_back(std::to_string(point.shape.T));
    cells.emplace_back("refused");
    cells.resize(columns().size() - 1, "-");
    cells.push_back(point.refusal);
    return table_.row(cells);
  }
  const double T = static_cast<double>(point.shape.T), seconds = point.seconds();
  cells.push_back(std::to_string(point.shape.T));
  for (const double time : {seconds, point.timing.least(), point.timing.most()})
    cells.push_back(with_time_unit(time));
  cells.push_back(format("%.3f", 1e6 * seconds / T));
  cells.push_back(share_text(point.limit, seconds, point.timing.least()));
  std::string remarks = point.inside_tolerance() ? "" : "OUTSIDE: " + place_of(*point.worst());
  if (point.check.done && point.check.rows < point.shape.B)
    remarks += (remarks.empty() ? "" : "; ") + unchecked_text(point);
  for (const PeerPoint& peer : point.peers) {
    const auto ratio = point.ratio(peer);
    const bool ran = peer.refusal.empty();
    cells.push_back(ran ? format("%.3f", 1e6 * peer.timing.median() / T) : "refused");
    cells.push_back(ratio ? format("%.2f", *ratio) : "-");
    const std::string remark = !ran     ? peer.refusal
                               : !ratio ? peer.label() + " computed something else"
                                        : peer.label() + memory_text(point, peer);
    if (!ratio || !peer.algorithm.empty()) remarks += (remarks.empty() ? "" : "; ") + remark;
  }
  cells.push_back(with_prefix(bench::tokens(point.shape) / seconds));
  cells.push_back(format("%.2f", bench::operations(point.shape) / seconds / 1e9));
  cells.push_back(format("%.3g", bench::traffic(point.shape, point.bytes) / seconds / 1e9));
  cells.push_back(with_byte_unit(point.bytes.of_call()));
  const auto tensor = point.worst();
  cells.push_back(tensor ? error_text(tensor->error) : "-");
  cells.push_back(tensor ? percent(point.share(*tensor)) : "unchecked");
  cells.push_back(remarks);
  return table_.row(cells);
}

}  // namespace takt::tool
