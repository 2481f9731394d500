// Cells that are not in the library, to show that the cell contract carries what is to come:
// parameters of a unit, two products in a step, start values other than zero.
#pragma once

#include <limits>
#include <takt/cell.hpp>

namespace takt::contract {

// LSTM with peepholes: i and f also see pi . c and pf . c (old c), o sees po . c' (new c).
struct PeepholeLstm {
  static constexpr auto name = "peephole_lstm";
  static constexpr int gates = 4, states = 2, saved = 4, params = 3;
  static constexpr bool shared_gradient = true;

  template <class Real>
  TAKT_CELL static void update(Forward<PeepholeLstm, Real>& unit) {
    const auto& [wi, wf, wg, wo] = unit.wx;
    const auto& [ri, rf, rg, ro] = unit.rh;
    const auto& [pi, pf, po] = unit.params;
    auto& [i, f, g, o] = unit.saved;
    auto& [h, c] = unit.state;
    i = sigmoid(wi + ri + pi * c);
    f = sigmoid(wf + rf + pf * c);
    g = tanh(wg + rg);
    c = f * c + i * g;
    o = wo + ro;  // activated by output, which sees the new c
  }

  template <class Real>
  TAKT_CELL static void output(Forward<PeepholeLstm, Real>& unit) {
    const auto& [pi, pf, po] = unit.params;
    auto& [i, f, g, o] = unit.saved;
    auto& [h, c] = unit.state;
    o = sigmoid(o + po * c);
    h = o * tanh(c);
  }

  template <class Real>
  TAKT_CELL static void backward_output(Backward<PeepholeLstm, Real>& unit) {
    const auto& [pi, pf, po] = unit.params;
    const auto& [i, f, g, o] = unit.saved;
    const auto& [h_next, c_next] = unit.next;
    auto& [dh, dc] = unit.dstate;
    const Real tanh_c = tanh(c_next);
    const Real d_o = dh * tanh_c * o * (Real(1) - o);
    dc = dc + dh * o * (Real(1) - tanh_c * tanh_c) + d_o * po;
    dh = Real(0);
    unit.dwx[3] = d_o;
    unit.dparams[2] = d_o * c_next;
  }

  template <class Real>
  TAKT_CELL static void backward_update(Backward<PeepholeLstm, Real>& unit) {
    const auto& [pi, pf, po] = unit.params;
    const auto& [i, f, g, o] = unit.saved;
    const auto& [h_old, c_old] = unit.old;
    auto& [dh, dc] = unit.dstate;
    const Real di = dc * g * i * (Real(1) - i);
    const Real df = dc * c_old * f * (Real(1) - f);
    unit.dwx[0] = di;
    unit.dwx[1] = df;
    unit.dwx[2] = dc * i * (Real(1) - g * g);
    unit.dparams[0] = di * c_old;
    unit.dparams[1] = df * c_old;
    dc = dc * f + di * pi + df * pf;
  }
};

// GRU with the reset gate before the product: n = tanh(Wn x + Rn (r . h)).
struct ResetBeforeGru {
  static constexpr auto name = "reset_before_gru";
  static constexpr int gates = 3, states = 1, saved = 3, products = 2;
  static constexpr int product_of[gates] = {0, 0, 1};
  static constexpr bool shared_gradient = true;

  template <class Real>
  TAKT_CELL static Real operand(Forward<ResetBeforeGru, Real>& unit) {
    auto& [r, z, n] = unit.saved;
    r = sigmoid(unit.wx[0] + unit.rh[0]);
    return r * unit.state[0];
  }

  template <class Real>
  TAKT_CELL static void forward(Forward<ResetBeforeGru, Real>& unit) {
    auto& [r, z, n] = unit.saved;
    auto& [h] = unit.state;
    z = sigmoid(unit.wx[1] + unit.rh[1]);
    n = tanh(unit.wx[2] + unit.rh[2]);
    h = (Real(1) - z) * n + z * h;
  }

  template <class Real>
  TAKT_CELL static void backward(Backward<ResetBeforeGru, Real>& unit) {
    const auto& [r, z, n] = unit.saved;
    const auto& [h_old] = unit.old;
    auto& [dh] = unit.dstate;
    unit.dwx[1] = dh * (h_old - n) * z * (Real(1) - z);
    unit.dwx[2] = dh * (Real(1) - z) * (Real(1) - n * n);
    dh = dh * z;
  }

  template <class Real>
  TAKT_CELL static Real backward_operand(Backward<ResetBeforeGru, Real>& unit, Real doperand) {
    const auto& [r, z, n] = unit.saved;
    const auto& [h_old] = unit.old;
    unit.dwx[0] = doperand * h_old * r * (Real(1) - r);
    unit.dstate[0] = unit.dstate[0] + doperand * r;
    return r * h_old;
  }
};

// sLSTM: exponential gates, kept in range by the running maximum m, which starts at -infinity.
struct Slstm {
  static constexpr auto name = "slstm";
  static constexpr int gates = 4, states = 4, saved = 7;
  static constexpr double start[states] = {0, 0, 0, -std::numeric_limits<double>::infinity()};
  static constexpr bool shared_gradient = true;

  template <class Real>
  TAKT_CELL static void update(Forward<Slstm, Real>& unit) {
    const auto& [wi, wf, wz, wo] = unit.wx;
    const auto& [ri, rf, rz, ro] = unit.rh;
    auto& [i, f, z, o, sum, keeps, forgets] = unit.saved;
    auto& [h, c, n, m] = unit.state;
    const Real kept = log_sigmoid(wf + rf) + m, m_next = max(wi + ri, kept);
    keeps = step(kept - (wi + ri));
    forgets = sigmoid(-(wf + rf));
    i = exp(wi + ri - m_next);
    f = exp(kept - m_next);
    z = tanh(wz + rz);
    o = sigmoid(wo + ro);
    sum = f * n + i;
    c = f * c + i * z;
    n = max(sum, Real(1));
    m = m_next;
  }

  template <class Real>
  TAKT_CELL static void output(Forward<Slstm, Real>& unit) {
    auto& [h, c, n, m] = unit.state;
    h = unit.saved[3] * c / n;
  }

  template <class Real>
  TAKT_CELL static void backward_output(Backward<Slstm, Real>& unit) {
    const Real o = unit.saved[3];
    const auto& [h_next, c_next, n_next, m_next] = unit.next;
    auto& [dh, dc, dn, dm] = unit.dstate;
    unit.dwx[3] = dh * c_next / n_next * o * (Real(1) - o);
    dc = dc + dh * o / n_next;
    dn = dn - dh * o * c_next / (n_next * n_next);
    dh = Real(0);
  }

  template <class Real>
  TAKT_CELL static void backward_update(Backward<Slstm, Real>& unit) {
    const auto& [i, f, z, o, sum, keeps, forgets] = unit.saved;
    const auto& [h_old, c_old, n_old, m_old] = unit.old;
    auto& [dh, dc, dn, dm] = unit.dstate;
    const Real dsum = dn * step(sum - Real(1));
    const Real di = (dc * z + dsum) * i;  // by the exponents of i and f
    const Real df = (dc * c_old + dsum * n_old) * f;
    const Real dm_next = dm - di - df;
    const Real dkept = df + keeps * dm_next;
    unit.dwx[0] = di + (Real(1) - keeps) * dm_next;
    unit.dwx[1] = dkept * forgets;
    unit.dwx[2] = dc * i * (Real(1) - z * z);
    dc = dc * f;
    dn = dsum * f;
    dm = dkept;
  }
};

}  // namespace takt::contract
