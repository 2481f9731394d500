// Elman RNN with tanh (Elman 1990):  h' = tanh(W x + bW + R h + bR).
#pragma once

#include <takt/cell.hpp>

namespace takt::cells {

struct RnnTanh {
  static constexpr auto name = "rnn_tanh";
  static constexpr int gates = 1, states = 1;
  static constexpr auto gate_names = "h", state_names = "h";
  static constexpr bool shared_gradient = true;

  template <class Real>
  TAKT_CELL static void forward(Forward<RnnTanh, Real>& unit) {
    auto& [h] = unit.state;
    h = tanh(unit.wx[0] + unit.rh[0]);
  }

  template <class Real>
  TAKT_CELL static void backward(Backward<RnnTanh, Real>& unit) {
    const auto& [h_next] = unit.next;
    auto& [dh] = unit.dstate;
    unit.dwx[0] = dh * (Real(1) - h_next * h_next);
    dh = Real(0);
  }
};

}  // namespace takt::cells
