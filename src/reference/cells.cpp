// The reference's own list of cells: a new cell is its file in cells/ and its entry here.
#include <takt/reference.hpp>

#include "reference/cell.hpp"
#include "reference/cells/gru.hpp"
#include "reference/cells/lstm.hpp"
#include "reference/cells/rnn.hpp"

namespace takt::reference {

const std::vector<Cell>& cell_list() {
  static const std::vector<Cell> list = {rnn_tanh(), rnn_relu(), lstm(), gru()};
  return list;
}

const std::vector<CellSizes>& cells() {
  static const std::vector<CellSizes> sizes = [] {
    std::vector<CellSizes> all;
    for (const Cell& cell : cell_list()) {
      all.push_back({cell.name, cell.gates, static_cast<int>(cell.inner_states())});
    }
    return all;
  }();
  return sizes;
}

}  // namespace takt::reference
