// What validation prints and writes.
#include "tool/validate_report.hpp"

#include <algorithm>
#include <cmath>

#include "tool/build.hpp"
#include "tool/device_options.hpp"

namespace takt::tool {
namespace {

using validate::Case;
using validate::Outcome;
using validate::Verdict;

/// Worse verdicts first; among equals the larger share of the tolerance, NaN the largest.
bool worse(const Outcome& a, const Outcome& b) {
  const auto rank = [](const Outcome& outcome) {
    if (!outcome.noticed.empty()) return 4;
    switch (outcome.verdict) {
      case Verdict::outside: return 3;
      case Verdict::loose: return 2;
      case Verdict::inside: return 1;
      case Verdict::refused: break;
    }
    return 0;
  };
  if (rank(a) != rank(b)) return rank(a) > rank(b);
  const double share_a = a.worst().share(), share_b = b.worst().share();
  return std::isnan(share_b) ? false : std::isnan(share_a) || share_a > share_b;
}

}  // namespace

void Counts::add(const Outcome& outcome) {
  ++cases;
  if (reason.empty()) reason = outcome.reason;
  switch (outcome.verdict) {
    case Verdict::inside: ++inside; break;
    case Verdict::outside: ++outside; break;
    case Verdict::loose: ++loose; break;
    case Verdict::refused: ++refused; break;
  }
}

Counts& Counts::operator+=(const Counts& other) {
  cases += other.cases;
  inside += other.inside;
  outside += other.outside;
  loose += other.loose;
  refused += other.refused;
  loose_tolerances += other.loose_tolerances;
  if (reason.empty()) reason = other.reason;
  return *this;
}

std::string counts_line(const Counts& counts, bool reasons_shown) {
  std::string line = std::to_string(counts.cases) + " cases, " + std::to_string(counts.inside) +
                     " inside tolerance, " + std::to_string(counts.outside) + " outside, " +
                     std::to_string(counts.refused) + " not possible here";
  if (counts.refused > 0 && !reasons_shown) line += " (why: takt validate --why)";
  if (counts.loose_tolerances > 0)
    line += ", " + std::to_string(counts.loose_tolerances) + " LOOSE tolerances";
  if (counts.loose > 0)
    line += ", " + std::to_string(counts.loose) + " LOOSE (the tolerance is too wide to say much)";
  return line;
}

Json counts_json(const Counts& counts) {
  return {{"cases", counts.cases},
          {"inside", counts.inside},
          {"outside", counts.outside},
          {"loose", counts.loose},
          {"loose_tolerances", counts.loose_tolerances},
          {"refused", counts.refused}};
}

Json report_head(const std::vector<Device>& devices) {
  Json json = provenance("takt validate");
  json["devices"] = Json::array();
  for (const Device& device : devices) json["devices"].push_back(device_json(device));
  json["cases"] = Json::array();
  json["loose_tolerances"] = Json::array();
  return json;
}

Json case_json(const Outcome& outcome, const Device& device) {
  const Case& checked = outcome.checked;
  Json json{{"device", device.describe()},
            {"cell", checked.cell},
            {"type", to_string(checked.precision())},
            {"T", checked.shape.T},
            {"B", checked.shape.B},
            {"I", checked.shape.I},
            {"H", checked.shape.H},
            {"semantics", checked.semantics.name},
            {"algorithm", outcome.algorithm},
            {"tensors", Json::array()}};
  for (const validate::TensorError& tensor : outcome.tensors)
    json["tensors"].push_back({{"tensor", tensor.tensor},
                               {"error", tensor.error()},
                               {"tolerance", tensor.tolerance},
                               {"share", tensor.share()}});
  json["verdict"] = outcome.verdict == Verdict::outside ? "outside" : to_string(outcome.verdict);
  if (!outcome.noticed.empty()) json["noticed"] = outcome.noticed;
  if (!outcome.reason.empty()) json["reason"] = outcome.reason;
  return json;
}

Report::Report(const Device& device, const std::vector<Case>& cases, Grouping grouping,
               const Lines& print)
    : grouping_(grouping), print_(print), table_(make_table(cases)) {
  print_(device_line(device));
  print_(table_.header());
}

std::vector<std::string> Report::key_of(const Case& checked) const {
  if (grouping_ == Grouping::cell) return {checked.cell};
  return {checked.cell, to_string(checked.precision()), std::string(checked.semantics.name)};
}

Table Report::make_table(const std::vector<Case>& cases) const {
  std::vector<Table::Column> columns = {{"cell", 0, true}};
  if (grouping_ == Grouping::semantics) {
    columns.push_back({"type", 0, true});
    columns.push_back({"semantics", 0, true});
  }
  std::size_t widest_shape = 0;
  for (const Case& checked : cases) {
    const std::vector<std::string> key = key_of(checked);
    for (std::size_t n = 0; n < key.size(); ++n)
      columns[n].width = std::max(columns[n].width, key[n].size());
    widest_shape = std::max(widest_shape, to_string(checked.shape).size());
  }
  const std::size_t where = widest_shape + std::string_view("inference c_all of bf16, ").size();
  for (const Table::Column& column : {Table::Column{"cases"},
                                      {"algorithm", 0, true},
                                      {"worst error", 8},
                                      {"tolerance", 8},
                                      {"share", 6},
                                      {"where", where, true},
                                      {"verdict", 0, true}})
    columns.push_back(column);
  return Table(columns);
}

bool Report::completes_group(const Outcome& outcome) const {
  return !group_.key.empty() && group_.key != key_of(outcome.checked);
}

void Report::add(const Outcome& outcome) {
  if (completes_group(outcome)) {
    print_group();
    group_ = {};
  }
  group_.key = key_of(outcome.checked);
  group_.counts.add(outcome);
  counts_.add(outcome);
  if (outcome.verdict == Verdict::refused) ++reasons_[outcome.reason];
  if (group_.algorithm.find(outcome.algorithm) == std::string::npos)
    group_.algorithm += (group_.algorithm.empty() ? "" : ", ") + outcome.algorithm;
  if (!group_.worst || worse(outcome, *group_.worst)) group_.worst = outcome;
}

void Report::finish() {
  if (!group_.key.empty()) print_group();
}

void Report::print_group() const {
  const Outcome& worst = *group_.worst;
  if (worst.verdict == Verdict::refused) return;  // counted, and --why says why
  std::vector<std::string> cells = group_.key;
  cells.push_back(std::to_string(group_.counts.cases - group_.counts.refused));
  const validate::TensorError tensor = worst.worst();
  cells.push_back(group_.algorithm);
  cells.push_back(error_text(tensor.error()));
  cells.push_back(error_text(tensor.tolerance));
  cells.push_back(percent(tensor.share()));
  cells.push_back(
      std::string(tensor.tensor) +
      (grouping_ == Grouping::cell ? " of " + to_string(worst.checked.precision()) : "") + ", " +
      to_string(worst.checked.shape));
  std::string verdict(to_string(worst.verdict));
  if (worst.verdict == Verdict::loose) verdict = "LOOSE";
  if (!worst.noticed.empty()) verdict += ": the device noticed " + worst.noticed;
  if (group_.counts.refused > 0)
    verdict += ", " + std::to_string(group_.counts.refused) + " not possible here";
  cells.push_back(verdict);
  print_(table_.row(cells));
}

void Report::print_reasons() const {
  for (const auto& [reason, cases] : reasons_)
    print_("not possible here, " + std::to_string(cases) + " cases: " + reason);
}

}  // namespace takt::tool
