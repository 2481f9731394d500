// Elman RNN with a rectifier (Le, Jaitly & Hinton 2015):  h' = max(W x + bW + R h + bR, 0).
#pragma once

#include <takt/cell.hpp>

namespace takt::cells {

struct RnnRelu {
  static constexpr auto name = "rnn_relu";
  static constexpr int gates = 1, states = 1;
  static constexpr auto gate_names = "h", state_names = "h";
  static constexpr bool shared_gradient = true;

  template <class Real>
  TAKT_CELL static void forward(Forward<RnnRelu, Real>& unit) {
    auto& [h] = unit.state;
    h = max(unit.wx[0] + unit.rh[0], Real(0));
  }

  template <class Real>
  TAKT_CELL static void backward(Backward<RnnRelu, Real>& unit) {
    const auto& [h_next] = unit.next;
    auto& [dh] = unit.dstate;
    unit.dwx[0] = where_positive(h_next, dh);
    dh = Real(0);
  }
};

}  // namespace takt::cells
