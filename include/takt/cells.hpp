// The one list of cells. Adding a cell is one file in takt/cells/, one line here, and its proof.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include <takt/cell.hpp>
#include <takt/cells/gru.hpp>
#include <takt/cells/lstm.hpp>
#include <takt/cells/rnn_relu.hpp>
#include <takt/cells/rnn_tanh.hpp>
#include <takt/export.hpp>

namespace takt {

template <class... Cells>
struct CellList {
  static constexpr int size = sizeof...(Cells);
};

using AllCells = CellList<cells::RnnTanh, cells::RnnRelu, cells::Lstm, cells::Gru>;

inline constexpr int max_states = 8;

/// What a cell declares (see takt/cell.hpp), for code that knows it by name.
struct CellInfo {
  std::string_view name;
  int gates = 0;
  int states = 0;
  int saved = 0;
  int params = 0;
  int products = 1;
  Recurrence recurrence = Recurrence::dense;
  bool shared_gradient = false;
  std::string_view gate_names;
  std::string_view state_names;
  std::array<double, max_states> start{};  ///< of each state

  constexpr int inner_states() const noexcept { return states - 1; }
};

/// All cells, in the order of the list.
TAKT_API std::span<const CellInfo> known_cells() noexcept;

/// The cell of this name. Throws ArgumentError, listing the known ones, where there is none.
TAKT_API const CellInfo& find_cell(std::string_view name);

}  // namespace takt
