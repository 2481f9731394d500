// The names of all cells, for tests that run over each of them.
#pragma once

#include <string>
#include <vector>

#include <takt/cells.hpp>

namespace takt::test {

inline std::vector<std::string> cell_names() {
  std::vector<std::string> names;
  for (const CellInfo& cell : known_cells()) names.emplace_back(cell.name);
  return names;
}

}  // namespace takt::test
