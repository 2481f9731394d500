// Refuses a wrong problem by name: unknown cell, sizes, null pointers, lengths.
#include "reference/check.hpp"

#include <string>

#include <takt/error.hpp>

namespace takt::reference {
namespace {

[[noreturn]] void refuse(const std::string& argument, const std::string& got,
                         const std::string& allowed) {
  throw ArgumentError("reference", argument,
                      "'" + argument + "' is " + got + "; it must " + allowed);
}

void check_size(const char* name, std::int64_t size, std::int64_t least) {
  if (size < least) refuse(name, std::to_string(size), "be at least " + std::to_string(least));
}

void check_pointer(const char* name, const double* data, const char* formula, std::int64_t size) {
  if (data == nullptr && size > 0) {
    refuse(name, "null",
           std::string("point to ") + formula + " = " + std::to_string(size) + " values");
  }
}

const Cell& known_cell(const std::string& name) {
  std::string known;
  for (const Cell& cell : cell_list()) {
    if (cell.name == name) return cell;
    known += (known.empty() ? "" : ", ") + std::string(cell.name);
  }
  refuse("cell", "'" + name + "'", "be one of " + known);
}

}  // namespace

const Cell& checked_cell(const Problem& problem) {
  const Cell& cell = known_cell(problem.cell);
  check_size("T", problem.T, 0);
  check_size("B", problem.B, 0);
  check_size("I", problem.I, 1);
  check_size("H", problem.H, 1);
  check_pointer("x", problem.x, "T * B * I", problem.T * problem.B * problem.I);
  if (problem.W == nullptr && problem.I != cell.gates * problem.H)
    refuse("W", "null and I " + std::to_string(problem.I),
           "point to G * H * I = " + std::to_string(cell.gates * problem.H * problem.I) +
               " values, or I be G * H = " + std::to_string(cell.gates * problem.H));
  check_pointer("R", problem.R, "G * H * H", cell.gates * problem.H * problem.H);
  for (std::int64_t b = 0; problem.lengths != nullptr && b < problem.B; ++b) {
    if (problem.lengths[b] < 0 || problem.lengths[b] > problem.T) {
      refuse("lengths[" + std::to_string(b) + "]", std::to_string(problem.lengths[b]),
             "be between 0 and T = " + std::to_string(problem.T));
    }
  }
  return cell;
}

}  // namespace takt::reference
