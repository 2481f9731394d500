// Tables of recorded benchmarks.
#pragma once

#include <string>

#include "tool/report_cases.hpp"

namespace takt::tool {

/// A row for each cell, mode, type and extras, and one of its single steps: the geometric mean of
/// takt's time in times of a peer's.
std::string ratio_table(const Records& records, DeviceKind kind, const std::string& peer);

/// A row for each case, beside each peer the newest.
std::string shape_table(const Records& records, DeviceKind kind);

/// "T128 B1 I64 H64", with its extras.
std::string sizes_text(const bench::Shape& shape);

}  // namespace takt::tool
