// GRU, reset gate after the recurrent product (the form of cuDNN and PyTorch; after Cho et al.
// 2014).
//
//   r = s(Wr x + bWr + Rr h + bRr)      z = s(Wz x + bWz + Rz h + bRz)
//   n = tanh(Wn x + bWn + r . (Rn h + bRn))
//   h' = (1 - z) . n + z . h
//
// Backward, from dh (of h'), with d~ the gradient of a gate before its activation:
//   dn~ = dh . (1 - z) . (1 - n^2)      dz~ = dh . (h - n) . z (1 - z)
//   dr~ = dn~ . (Rn h + bRn) . r (1 - r)
//   by wx: dr~ dz~ dn~                  by rh: dr~ dz~ dn~ . r          dh of the old h = dh . z
#pragma once

#include <takt/cell.hpp>

namespace takt::cells {

struct Gru {
  static constexpr auto name = "gru";
  static constexpr int gates = 3, states = 1, saved = 4;
  static constexpr auto gate_names = "r z n", state_names = "h";

  template <class Real>
  TAKT_CELL static void forward(Forward<Gru, Real>& unit) {
    const auto& [wr, wz, wn] = unit.wx;
    const auto& [rr, rz, rn] = unit.rh;
    auto& [r, z, n, rn_saved] = unit.saved;
    auto& [h] = unit.state;
    r = sigmoid(wr + rr);
    z = sigmoid(wz + rz);
    n = tanh(wn + r * rn);
    rn_saved = rn;
    h = (Real(1) - z) * n + z * h;
  }

  template <class Real>
  TAKT_CELL static void backward(Backward<Gru, Real>& unit) {
    const auto& [r, z, n, rn] = unit.saved;
    const auto& [h_old] = unit.old;
    auto& [dh] = unit.dstate;
    const Real dn = dh * (Real(1) - z) * (Real(1) - n * n);
    const Real dz = dh * (h_old - n) * z * (Real(1) - z);
    const Real dr = dn * rn * r * (Real(1) - r);
    unit.dwx[0] = unit.drh[0] = dr;
    unit.dwx[1] = unit.drh[1] = dz;
    unit.dwx[2] = dn;
    unit.drh[2] = dn * r;
    dh = dh * z;
  }
};

}  // namespace takt::cells
