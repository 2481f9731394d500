// What the README says of cells is what the list says. (Its program is compiled and run by
// readme/check.sh.)
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <takt/cells.hpp>

namespace takt {
namespace {

TEST(Readme, HasEveryCellWithItsGatesAndStates) {
  std::ifstream file(std::string(TAKT_SOURCE_DIR) + "/README.md");
  std::stringstream text;
  text << file.rdbuf();
  for (const CellInfo& cell : known_cells()) {
    const std::string name(cell.name);
    const std::string row = "| `" + name + "` | " + std::string(cell.gate_names) + " | " +
                            std::string(cell.state_names) + " | [" + name +
                            ".hpp](include/takt/cells/" + name + ".hpp)";
    EXPECT_NE(text.str().find(row), std::string::npos) << row;
  }
}

}  // namespace
}  // namespace takt
