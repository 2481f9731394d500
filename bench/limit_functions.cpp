// How many functions of a cell wait for each other.
#include "limit_functions.hpp"

#include <algorithm>

#include <takt/cell.hpp>
#include <takt/cells.hpp>

namespace takt::bench {

/// A value that knows only how many functions stand between it and R h. It has all that a cell may
/// use, and so is not in the unnamed namespace, where compilers tell of what no cell uses.
struct Depth {
  int functions = -1;  ///< -1: does not wait for R h

  Depth() = default;
  explicit Depth(double) {}  // a constant
  static Depth of(int functions) {
    Depth depth;
    depth.functions = functions;
    return depth;
  }

  Depth after_function() const { return functions < 0 ? *this : of(functions + 1); }
  Depth with(Depth other) const { return of(std::max(functions, other.functions)); }

  friend Depth operator-(Depth a) { return a; }
  friend Depth operator+(Depth a, Depth b) { return a.with(b); }
  friend Depth operator-(Depth a, Depth b) { return a.with(b); }
  friend Depth operator*(Depth a, Depth b) { return a.with(b); }
  friend Depth operator/(Depth a, Depth b) { return a.with(b); }
  friend Depth max(Depth a, Depth b) { return a.with(b); }
  friend Depth min(Depth a, Depth b) { return a.with(b); }
  friend Depth where_positive(Depth x, Depth a) { return x.with(a); }
  friend Depth abs(Depth x) { return x; }
  friend Depth step(Depth x) { return x; }
  friend Depth exp(Depth x) { return x.after_function(); }
  friend Depth log(Depth x) { return x.after_function(); }
  friend Depth sqrt(Depth x) { return x.after_function(); }
  friend Depth tanh(Depth x) { return x.after_function(); }
  friend Depth sigmoid(Depth x) { return x.after_function(); }
  friend Depth log_sigmoid(Depth x) { return x.after_function(); }
};

namespace {

template <class Cell>
int depth_of() {
  Forward<Cell, Depth> unit;
  for (Depth& product : unit.rh) product = Depth::of(0);
  cell_forward(unit);
  return std::max(0, unit.state[0].functions);
}

template <class... Cells>
int depth_in(CellList<Cells...>, std::string_view name) {
  int depth = 0;
  ((CellTraits<Cells>::name == name ? void(depth = depth_of<Cells>()) : void()), ...);
  return depth;
}

}  // namespace

int function_depth(std::string_view cell) {
  return depth_in(AllCells{}, find_cell(cell).name);
}

}  // namespace takt::bench
