// The recorded cases that tables and pictures show.
#pragma once

#include <string>
#include <vector>

#include "tool/report_records.hpp"

namespace takt::tool {

/// A case that counts, and where it comes from.
struct ChosenCase {
  const BenchRecord* record;
  const RecordedCase* recorded;

  const std::string& device() const { return record->origin.device; }
  const bench::Shape& shape() const { return recorded->shape; }
};

/// The cases of devices of a kind in the order of tables: device, cell, mode, type, extras, H, B,
/// T, I. Where several records hold a case on one device, the newest counts: of those that tried
/// `peer`, and without a peer of those that were measured beside others, where there are such.
std::vector<ChosenCase> choose(const Records& records, DeviceKind kind, const std::string& peer);

/// The same, but what is newest beside each peer: a case is there several times where its newest
/// runs beside several peers are in several records, the newest of them first. One that was
/// measured beside none is there where there is no other.
std::vector<ChosenCase> choose_beside_each(const Records& records, DeviceKind kind);

/// The records that these come from, in their order.
std::vector<const BenchRecord*> records_of(const std::vector<ChosenCase>& cases);

/// Splits cases at each change of what `key` gives.
template <class Key>
std::vector<std::vector<ChosenCase>> grouped(const std::vector<ChosenCase>& cases, const Key& key) {
  std::vector<std::vector<ChosenCase>> groups;
  for (const ChosenCase& each : cases) {
    if (groups.empty() || key(groups.back().front()) != key(each)) groups.emplace_back();
    groups.back().push_back(each);
  }
  return groups;
}

}  // namespace takt::tool
