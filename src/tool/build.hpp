// What this program was made from, for reports that outlive it.
#pragma once

#include <string>
#include <vector>

#include "tool/output.hpp"

namespace takt::tool {

/// "f737222", or "f737222-dirty" with changes, of the source tree when this program was linked;
/// empty where it was no git repository.
extern const char* const commit;

std::string compiler();

/// Instruction-set levels of the CPU path that were built, whether or not they run here.
std::vector<std::string> built_levels();

/// What else the machine is doing.
struct Load {
  double average = 0;  ///< runnable processes over the last minute
  int cores = 0;

  /// So much that it must show in what is timed.
  bool heavy() const { return average > 0.5 * cores; }
};
Load machine_load();

/// The members with which every JSON document begins.
Json provenance(const std::string& command);

}  // namespace takt::tool
