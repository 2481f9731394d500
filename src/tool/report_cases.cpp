// Which recorded cases count.
#include "tool/report_cases.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include <takt/cells.hpp>

namespace takt::tool {
namespace {

using bench::Shape;

/// Cells in the order of their list; others behind it.
std::size_t rank_of(const std::string& cell) {
  std::size_t rank = 0;
  for (const CellInfo& known : known_cells()) {
    if (known.name == cell) break;
    ++rank;
  }
  return rank;
}

auto key_of(const ChosenCase& each) {
  const Shape& shape = each.shape();
  return std::tuple(each.device(), rank_of(shape.cell), shape.cell, shape.timed, shape.type,
                    shape.math, extras_of(shape), shape.H, shape.B, shape.T, shape.I);
}

/// Whether a case counts more than another one of the same key.
bool is_better(const ChosenCase& a, const ChosenCase& b) {
  const auto value = [](const ChosenCase& each) {
    return std::tuple(!each.record->peers.empty(), each.record->origin.date,
                      each.record->origin.file);
  };
  return value(a) > value(b);
}

}  // namespace

std::vector<ChosenCase> choose(const Records& records, DeviceKind kind, const std::string& peer) {
  std::map<decltype(key_of(std::declval<ChosenCase>())), ChosenCase> best;
  for (const BenchRecord& record : records.bench) {
    const auto& peers = record.peers;
    if (record.kind != kind ||
        (!peer.empty() && std::find(peers.begin(), peers.end(), peer) == peers.end()))
      continue;
    for (const RecordedCase& recorded : record.cases) {
      const ChosenCase each{&record, &recorded};
      const auto [place, is_new] = best.emplace(key_of(each), each);
      if (!is_new && is_better(each, place->second)) place->second = each;
    }
  }
  std::vector<ChosenCase> chosen;
  for (const auto& [key, each] : best) chosen.push_back(each);
  return chosen;
}

std::vector<ChosenCase> choose_beside_each(const Records& records, DeviceKind kind) {
  std::map<decltype(key_of(std::declval<ChosenCase>())), std::map<std::string, ChosenCase>> newest;
  for (const BenchRecord& record : records.bench) {
    if (record.kind != kind) continue;
    const std::vector<std::string> alone = {""};
    for (const RecordedCase& recorded : record.cases)
      for (const std::string& peer : record.peers.empty() ? alone : record.peers) {
        const ChosenCase each{&record, &recorded};
        const auto [place, is_new] = newest[key_of(each)].emplace(peer, each);
        if (!is_new && is_better(each, place->second)) place->second = each;
      }
  }
  std::vector<ChosenCase> chosen;
  for (auto& [key, by_peer] : newest) {
    if (by_peer.size() > 1) by_peer.erase("");
    std::vector<ChosenCase> rows;
    for (const auto& of_peer : by_peer)
      if (std::none_of(rows.begin(), rows.end(),
                       [&](const ChosenCase& row) { return row.record == of_peer.second.record; }))
        rows.push_back(of_peer.second);
    std::sort(rows.begin(), rows.end(), is_better);
    chosen.insert(chosen.end(), rows.begin(), rows.end());
  }
  return chosen;
}

std::vector<const BenchRecord*> records_of(const std::vector<ChosenCase>& cases) {
  std::vector<const BenchRecord*> records;
  for (const ChosenCase& each : cases)
    if (std::find(records.begin(), records.end(), each.record) == records.end())
      records.push_back(each.record);
  std::sort(records.begin(), records.end(), [](const BenchRecord* a, const BenchRecord* b) {
    return a->origin.file < b->origin.file;
  });
  return records;
}

}  // namespace takt::tool
