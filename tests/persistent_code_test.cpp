// The planner's register formulas against docs/persistent-code.md, which has what the compiler made
// of each persistent kernel.
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <takt/cells.hpp>
#include <takt/kernels/policy/persistent.hpp>

namespace takt {
namespace {

using policy::Persistent;

struct CompiledKernel {
  std::string cell, type, form;
  bool backward = false;
  int registers = 0;
};

std::vector<std::string> columns_of(const std::string& line) {
  std::vector<std::string> columns;
  std::istringstream text(line);
  for (std::string column; std::getline(text, column, '|');) {
    const std::size_t first = column.find_first_not_of(' '), last = column.find_last_not_of(' ');
    columns.push_back(first == std::string::npos ? "" : column.substr(first, last - first + 1));
  }
  return columns;
}

std::vector<CompiledKernel> compiled_kernels() {
  std::ifstream page(TAKT_SOURCE_DIR "/docs/persistent-code.md");
  std::vector<CompiledKernel> kernels;
  bool backward = false;
  for (std::string line; std::getline(page, line);) {
    if (line == "## Backward") backward = true;
    const std::vector<std::string> columns = columns_of(line);
    if (columns.size() < 5 || columns[1] == "cell" || columns[1].starts_with("-")) continue;
    kernels.push_back({columns[1], columns[2], columns[3], backward, std::stoi(columns[4])});
  }
  return kernels;
}

/// A thread's registers hold the k blocks of R that the planner counts on, 8 each and matrix tile,
/// and a multiprocessor has room for a block of as many warps as the planner gives it.
TEST(PersistentCode, HasTheRegistersThatThePlannerCountsOn) {
  constexpr int registers_of_multiprocessor = 65'536, allocated_together = 8;
  const std::vector<CompiledKernel> kernels = compiled_kernels();
  EXPECT_EQ(kernels.size(), 2 * 3 * 4 * known_cells().size());
  for (const CompiledKernel& kernel : kernels) {
    const int tiles = kernel.backward ? 1 : find_cell(kernel.cell).gates;
    const int R =
        8 * tiles * Persistent::register_blocks(tiles, kernel.type == "f32", kernel.form == "grid");
    const std::string name = kernel.cell + " " + kernel.type + " " + kernel.form;
    EXPECT_GT(kernel.registers, R) << name;
    const int allocated =
        (kernel.registers + allocated_together - 1) / allocated_together * allocated_together;
    EXPECT_LE(32 * Persistent::most_warps * allocated, registers_of_multiprocessor) << name;
  }
}

}  // namespace
}  // namespace takt
