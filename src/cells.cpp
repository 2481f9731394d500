// The list of cells, as values.
#include <takt/cells.hpp>

#include <array>
#include <string>
#include <utility>

#include <takt/error.hpp>

#include "plan.hpp"

namespace takt {
namespace {

template <class Cell>
constexpr std::array<double, max_states> start_values() {
  using Traits = CellTraits<Cell>;
  static_assert(Traits::states <= max_states);
  return []<int... states>(std::integer_sequence<int, states...>) {
    return std::array<double, max_states>{Traits::template start<states>()...};
  }
  (std::make_integer_sequence<int, Traits::states>{});
}

template <class... Cells>
constexpr std::array<CellInfo, sizeof...(Cells)> describe(CellList<Cells...>) {
  return {CellInfo{CellTraits<Cells>::name, CellTraits<Cells>::gates, CellTraits<Cells>::states,
                   CellTraits<Cells>::saved, CellTraits<Cells>::params, CellTraits<Cells>::products,
                   CellTraits<Cells>::recurrence, CellTraits<Cells>::shared_gradient,
                   CellTraits<Cells>::gate_names, CellTraits<Cells>::state_names,
                   start_values<Cells>()}...};
}

constexpr auto all = describe(AllCells{});

}  // namespace

std::span<const CellInfo> known_cells() noexcept {
  return all;
}

const CellInfo& find_cell(const char* where, std::string_view name) {
  std::string known;
  for (const CellInfo& cell : all) {
    if (cell.name == name) return cell;
    known += (known.empty() ? "" : ", ") + std::string(cell.name);
  }
  throw ArgumentError(where, "cell",
                      "'cell' is '" + std::string(name) + "'; it must be one of: " + known);
}

const CellInfo& find_cell(std::string_view name) {
  return find_cell("find_cell", name);
}

}  // namespace takt
