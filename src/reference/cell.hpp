// What the reference knows of a cell: its sizes, its start values, and one batch row's step forward
// and backward, written from the equations.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace takt::reference {

/// One batch row at one step. Gate and state blocks have H elements each.
struct Step {
  std::int64_t t = 0;
  std::int64_t H = 0;
  bool reset = false;        ///< the old states are start values
  std::vector<double> wx;    ///< [G*H] W x + bW
  std::vector<double> rh;    ///< [G*H] R h + bR
  std::vector<double> h, c;  ///< [H], [C*H] the states that the step sees
  std::vector<double> h_new, c_new;

  std::size_t at(std::int64_t block, std::int64_t j) const {
    return static_cast<std::size_t>(block * H + j);
  }
  /// W x + bW + R h + bR of unit j of a gate.
  double sum(std::int64_t gate, std::int64_t j) const { return wx[at(gate, j)] + rh[at(gate, j)]; }
};

struct StepGradients {
  std::vector<double> dh_new, dc_new;  ///< given: by the new states
  std::vector<double> dwx, drh;        ///< written: [G*H]
  std::vector<double> dh, dc;          ///< written: by the old states; dh without R^T drh
};

struct Cell {
  std::string_view name;
  int gates = 0;
  double h_start = 0;
  std::vector<double> c_start;  ///< one value for each inner state
  void (*forward)(Step&);       ///< writes h_new and c_new
  void (*backward)(const Step&, StepGradients&);

  std::int64_t inner_states() const { return static_cast<std::int64_t>(c_start.size()); }
};

inline double sigmoid(double v) {
  return 1 / (1 + std::exp(-v));
}

/// The one list of the reference's cells.
const std::vector<Cell>& cell_list();

}  // namespace takt::reference
