// docs/hardware.md: which kernel has run on a GPU, when, and what came of it.
#pragma once

#include <string>

#include "tool/report_records.hpp"

namespace takt::tool {

/// The whole document.
std::string hardware_page(const Records& records);

}  // namespace takt::tool
