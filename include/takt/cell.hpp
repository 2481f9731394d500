// The cell contract: what a recurrent cell declares and computes, and how the loops call it.
//
// A cell is the maths of one hidden unit of one batch row at one step, written once, for any value
// type `Real` with arithmetic and the functions of takt/math.hpp: Scalar<float> and Scalar<double>
// on host and device, dual numbers, vectors of units. The loops around it load, add biases,
// multiply by R, mask and store; a cell does none of that. Cell code has no `if` and no `?:` on
// values.
//
// A cell is a struct that declares
//
//   name, gates, states       its name, the number G of gates, the number of states; state 0 is h,
//                             the others are inner states (c, ...)
//   gate_names, state_names   optional: "i f g o", "h c", in storage order
//   start                     optional array: start value of each state (default 0)
//   saved                     optional: values that a unit keeps from forward to backward
//   params                    optional: parameters of each unit (peepholes, ...)
//   recurrence                optional: dense (default), heads, or none
//   products, product_of      optional: products by R in a step (default 1), and the product to
//                             which each gate belongs
//   shared_gradient           optional: the gradients by wx and rh are the same, written to dwx
//
// and defines, for one phase,
//
//   forward(Forward&)                              old states become new ones
//   backward(Backward&)                            gradients of new states become those of old ones
//
// or, where something may act between c' and h' (clipping, normalisation, zoneout), two:
//
//   update(Forward&)           output(Forward&)             inner states, then h from the new ones
//   backward_output(Backward&) backward_update(Backward&)   in this order
//
// and, with two products in a step,
//
//   operand(Forward&)           returns what product 1 multiplies, once rh holds product 0's gates
//   backward_operand(Backward&, doperand)          after backward: completes product 0's gates, and
//                                                  returns what product 1 multiplied, for dR
//
// What the values are. Forward: `state` comes in with the states before the step and leaves with
// those after it, as the cell computes them: whatever acts on them later (rounding to storage,
// projection, zoneout of h) the cell does not see. Backward: `next` holds those same values;
// `dstate` comes in with the gradients by them, summed over all uses, and leaves with the gradients
// by `old`, less what goes through R. Where something acts between the phases, the loop calls
// backward_output, applies the gradient of that something to dstate's inner states, and then
// calls backward_update. A cell sets dwx, drh and dparams; the loops sum.
#pragma once

#include <string_view>

#include <takt/math.hpp>

namespace takt {

/// How h enters the next step: through a full R, through one block of R a head, or not at all.
enum class Recurrence : unsigned char { dense, heads, none };

/// What a cell declares, with the defaults filled in.
template <class Cell>
struct CellTraits {
  static constexpr std::string_view name = Cell::name;
  static constexpr int gates = Cell::gates;
  static constexpr int states = Cell::states;
  static constexpr int inner_states = states - 1;
  static constexpr int saved = [] {
    if constexpr (requires { Cell::saved; })
      return Cell::saved;
    else
      return 0;
  }();
  static constexpr int params = [] {
    if constexpr (requires { Cell::params; })
      return Cell::params;
    else
      return 0;
  }();
  static constexpr int products = [] {
    if constexpr (requires { Cell::products; })
      return Cell::products;
    else
      return 1;
  }();
  static constexpr Recurrence recurrence = [] {
    if constexpr (requires { Cell::recurrence; })
      return Cell::recurrence;
    else
      return Recurrence::dense;
  }();
  static constexpr bool shared_gradient = [] {
    if constexpr (requires { Cell::shared_gradient; })
      return Cell::shared_gradient;
    else
      return false;
  }();
  static constexpr std::string_view gate_names = [] {
    if constexpr (requires { Cell::gate_names; })
      return std::string_view(Cell::gate_names);
    else
      return std::string_view();
  }();
  static constexpr std::string_view state_names = [] {
    if constexpr (requires { Cell::state_names; })
      return std::string_view(Cell::state_names);
    else
      return std::string_view();
  }();

  // With the index as a template argument, so that device code needs no array of the host's.
  template <int state>
  TAKT_CELL static constexpr double start() {
    if constexpr (requires { Cell::start; }) {
      constexpr double value = Cell::start[state];
      return value;
    } else {
      return 0;
    }
  }
  template <int gate>
  TAKT_CELL static constexpr int product_of() {
    if constexpr (requires { Cell::product_of; }) {
      constexpr int product = Cell::product_of[gate];
      return product;
    } else {
      return 0;
    }
  }

  static_assert(gates >= 1 && states >= 1 && saved >= 0 && params >= 0);
  static_assert(products == 1 || products == 2);
};

namespace detail {

constexpr int at_least_one(int n) {
  return n > 0 ? n : 1;
}

}  // namespace detail

/// What a cell's forward functions see of one unit. Arrays that the cell does not declare keep one
/// unused element.
template <class Cell, class Real>
struct Forward {
  Real wx[CellTraits<Cell>::gates];      ///< rows of W x + bW
  Real rh[CellTraits<Cell>::gates];      ///< rows of R h + bR
  Real state[CellTraits<Cell>::states];  ///< in: old states; out: new ones
  Real saved[detail::at_least_one(CellTraits<Cell>::saved)];
  Real params[detail::at_least_one(CellTraits<Cell>::params)];
};

/// What a cell's backward functions see of one unit.
template <class Cell, class Real>
struct Backward {
  Real old[CellTraits<Cell>::states];   ///< states before the step
  Real next[CellTraits<Cell>::states];  ///< states after it
  Real saved[detail::at_least_one(CellTraits<Cell>::saved)];
  Real params[detail::at_least_one(CellTraits<Cell>::params)];
  /// In: gradients of the new states. Out: of the old ones, less what goes through R.
  Real dstate[CellTraits<Cell>::states];
  Real dwx[CellTraits<Cell>::gates];
  Real drh[CellTraits<Cell>::gates];  ///< not written where `shared_gradient`
  Real dparams[detail::at_least_one(CellTraits<Cell>::params)];
};

/// Whether a cell has two phases, with the inner states open to others between them.
template <class Cell>
inline constexpr bool has_two_phases = requires(Forward<Cell, double>& unit) {
  Cell::update(unit);
};

/// All of one unit's forward step, for loops that put nothing between the phases.
template <class Cell, class Real>
TAKT_CELL void cell_forward(Forward<Cell, Real>& unit) {
  if constexpr (has_two_phases<Cell>) {
    Cell::update(unit);
    Cell::output(unit);
  } else {
    Cell::forward(unit);
  }
}

/// All of one unit's backward step (for two products: up to the gates of product 1).
template <class Cell, class Real>
TAKT_CELL void cell_backward(Backward<Cell, Real>& unit) {
  if constexpr (has_two_phases<Cell>) {
    Cell::backward_output(unit);
    Cell::backward_update(unit);
  } else {
    Cell::backward(unit);
  }
}

}  // namespace takt
