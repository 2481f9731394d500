// The instruction-set levels of the CPU path: which were built, which this machine can run.
#pragma once

#include <span>
#include <string_view>

#include "cpu/tasks.hpp"

namespace takt::cpu {

struct NamedLevel {
  std::string_view name;
  const Level* level = nullptr;
  bool runs_here = false;
};

/// All that were built, the plainest first.
std::span<const NamedLevel> levels() noexcept;

/// The level of this name, or the best that runs here for "". Null where there is none such.
const NamedLevel* find_level(std::string_view name) noexcept;

}  // namespace takt::cpu
