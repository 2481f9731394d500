// LSTM with a forget gate (Hochreiter & Schmidhuber 1997; Gers, Schmidhuber & Cummins 2000).
//
//   i = s(Wi x + bWi + Ri h + bRi)      f = s(Wf x + bWf + Rf h + bRf)
//   g = tanh(Wg x + bWg + Rg h + bRg)   o = s(Wo x + bWo + Ro h + bRo)
//   c' = f . c + i . g                  h' = o . tanh(c')
//
// Backward, from dh and dc (of h' and c'), with d~ the gradient of a gate before its activation:
//   do~ = dh . tanh(c') . o (1 - o)     dc += dh . o . (1 - tanh(c')^2)
//   di~ = dc . g . i (1 - i)            df~ = dc . c . f (1 - f)
//   dg~ = dc . i . (1 - g^2)            dc of the old c = dc . f
#pragma once

#include <takt/cell.hpp>

namespace takt::cells {

struct Lstm {
  static constexpr auto name = "lstm";
  static constexpr int gates = 4, states = 2, saved = 4;
  static constexpr auto gate_names = "i f g o", state_names = "h c";
  static constexpr bool shared_gradient = true;

  template <class Real>
  TAKT_CELL static void update(Forward<Lstm, Real>& unit) {
    const auto& [wi, wf, wg, wo] = unit.wx;
    const auto& [ri, rf, rg, ro] = unit.rh;
    auto& [i, f, g, o] = unit.saved;
    auto& [h, c] = unit.state;
    i = sigmoid(wi + ri);
    f = sigmoid(wf + rf);
    g = tanh(wg + rg);
    o = sigmoid(wo + ro);
    c = f * c + i * g;
  }

  template <class Real>
  TAKT_CELL static void output(Forward<Lstm, Real>& unit) {
    const auto& [i, f, g, o] = unit.saved;
    auto& [h, c] = unit.state;
    h = o * tanh(c);
  }

  template <class Real>
  TAKT_CELL static void backward_output(Backward<Lstm, Real>& unit) {
    const auto& [i, f, g, o] = unit.saved;
    const auto& [h_next, c_next] = unit.next;
    auto& [di, df, dg, do_] = unit.dwx;
    auto& [dh, dc] = unit.dstate;
    const Real tanh_c = tanh(c_next);
    do_ = dh * tanh_c * o * (Real(1) - o);
    dc = dc + dh * o * (Real(1) - tanh_c * tanh_c);
    dh = Real(0);
  }

  template <class Real>
  TAKT_CELL static void backward_update(Backward<Lstm, Real>& unit) {
    const auto& [i, f, g, o] = unit.saved;
    const auto& [h_old, c_old] = unit.old;
    auto& [di, df, dg, do_] = unit.dwx;
    auto& [dh, dc] = unit.dstate;
    di = dc * g * i * (Real(1) - i);
    df = dc * c_old * f * (Real(1) - f);
    dg = dc * i * (Real(1) - g * g);
    dc = dc * f;
  }
};

}  // namespace takt::cells
