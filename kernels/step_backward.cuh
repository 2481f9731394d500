// The gates of one time step backward, fused: from the gradients of the new states to those of the
// gates and of the old states.
//
// When     as kernels/step.cuh; steps are run from the last to the first.
// Tensors  dwx, drh [B,G*H] storage, of this step, 0 for rows that do not run it; dh [B,H] and
//          dinner [C,B,H] accumulators, carried from step to step; dRh [B,H] accumulators: R^T drh
//          of the step after this one. The rest as in the structs below.
// Work, On chip, Requires  as kernels/step.cuh.
// Order    one sum of at most three terms for each state: later steps, then the upstream.
#pragma once

#include <takt/kernels/step.cuh>

namespace takt {

template <class Real>
struct StepBackward {
  using Acc = Accumulator<Real>;
  StepPlace place{};
  OverTime<const Real> dy{};        ///< null: 0
  OverTime<const Acc> dc_all{};     ///< null: 0
  const Real* dhT = nullptr;        ///< [B,H]; null: 0
  const Acc* dcT = nullptr;         ///< [C,B,H]; null: 0
  OverTime<const Real> y{};         ///< as forward wrote it: the h of each step
  const Real* h0 = nullptr;         ///< [B,H]; null: the start value
  const Acc* inner_old = nullptr;   ///< [C,B,H] before the step
  const Acc* inner_next = nullptr;  ///< [C,B,H] after it
  const Real* saved = nullptr;      ///< [S,B,H] of the step
  const Acc* dRh = nullptr;         ///< [B,H]; null at the last step
  Acc* dh = nullptr;                ///< [B,H]; read and written
  Acc* dinner = nullptr;            ///< [C,B,H]; read and written
  Real* dwx = nullptr;              ///< [B,G*H]
  Real* drh = nullptr;              ///< [B,G*H]; null where the cell's is dwx
};

namespace detail {

/// Whether gradients of later steps reach a row's states after this one.
TAKT_DEVICE bool later_steps_reach(const StepPlace& place, std::int64_t b) {
  StepPlace after = place;
  ++after.step;
  return after.step < place.T && after.runs(b) && !after.starts_anew(after.time(b), b);
}
/// Whether this is the last step that a row runs.
TAKT_DEVICE bool is_last(const StepPlace& place, std::int64_t b) {
  StepPlace after = place;
  ++after.step;
  return after.step == place.T || !after.runs(b);
}

template <class Element, int units>
TAKT_DEVICE void add(Accumulator<Element> (&sums)[units], const Element* from) {
  const auto values = Units<Element, units>::load(from);
  for (int u = 0; u < units; ++u) sums[u] += widened(values.value[u]);
}

template <class Real, int gates, int units>
TAKT_DEVICE void store_gates(Real* to, const Real (&values)[gates][units], std::int64_t H,
                             std::int64_t b, std::int64_t j) {
  for (int gate = 0; gate < gates; ++gate) {
    Units<Real, units> row;
    for (int u = 0; u < units; ++u) row.value[u] = values[gate][u];
    row.store(to + b * gates * H + gate * H + j);
  }
}

}  // namespace detail

template <class Cell, class Real, int units>
__global__ void __launch_bounds__(policy::Step::threads)
    step_backward_kernel(const StepBackward<Real> p) {
  using Acc = Accumulator<Real>;
  using Traits = CellTraits<Cell>;
  constexpr int G = Traits::gates, C = Traits::inner_states, S = Traits::saved;
  const std::int64_t H = p.place.H, B = p.place.B, BH = B * H;
  const std::int64_t j =
      (static_cast<std::int64_t>(blockIdx.x) * policy::Step::threads + threadIdx.x) * units;
  if (j >= H) return;

  for (std::int64_t b = blockIdx.y; b < B; b += gridDim.y) {
    const std::int64_t at = b * H + j;
    Real dwx[G][units], drh[G][units];
    if (!p.place.runs(b)) {
      for (int gate = 0; gate < G; ++gate)
        for (int u = 0; u < units; ++u) dwx[gate][u] = rounded<Real>(Acc(0));
      detail::store_gates(p.dwx, dwx, H, b, j);
      if (p.drh != nullptr) detail::store_gates(p.drh, dwx, H, b, j);
      continue;
    }
    const std::int64_t t = p.place.time(b);
    const bool anew = p.place.starts_anew(t, b), last = detail::is_last(p.place, b);
    const bool later = detail::later_steps_reach(p.place, b);

    // Load: gradients of the states after the step, ...
    Acc dstate[C + 1][units] = {};
    if (later) detail::add<Acc, units>(dstate[0], p.dh + at);
    if (later && p.dRh != nullptr) detail::add<Acc, units>(dstate[0], p.dRh + at);
    if (last && p.dhT != nullptr) detail::add<Real, units>(dstate[0], p.dhT + at);
    if (p.dy.data != nullptr) detail::add<Real, units>(dstate[0], p.dy.at(t, b) + j);
    for (int state = 0; state < C; ++state) {
      if (later) detail::add<Acc, units>(dstate[state + 1], p.dinner + state * BH + at);
      if (last && p.dcT != nullptr)
        detail::add<Acc, units>(dstate[state + 1], p.dcT + state * BH + at);
      if (p.dc_all.data != nullptr)
        detail::add<Acc, units>(dstate[state + 1],
                                p.dc_all.at(t, b) + state * p.dc_all.plane_stride + j);
    }
    // ... and the states before and after it.
    const bool first = p.place.step == 0;
    const Real* const before = first ? (p.h0 == nullptr ? nullptr : p.h0 + at)
                                     : p.y.at(p.place.reverse ? t + 1 : t - 1, b) + j;
    const auto h_old = anew || before == nullptr ? Units<Real, units>::all(rounded<Real>(Acc(0)))
                                                 : Units<Real, units>::load(before);
    const auto h_next = Units<Real, units>::load(p.y.at(t, b) + j);
    using Inner = detail::InnerUnits<Cell, Acc, units>;
    const auto inner_old = Inner::load(anew ? nullptr : p.inner_old + at, BH);
    const auto inner_next = Inner::load(p.inner_next + at, BH);
    Units<Real, units> saved[S > 0 ? S : 1];
    for (int n = 0; n < S; ++n) saved[n] = Units<Real, units>::load(p.saved + n * BH + at);

    // Cell, unit by unit.
    for (int u = 0; u < units; ++u) {
      Backward<Cell, Scalar<Acc>> unit;
      unit.old[0] = Scalar<Acc>(widened(h_old.value[u]));
      unit.next[0] = Scalar<Acc>(widened(h_next.value[u]));
      for (int state = 0; state < C; ++state) {
        unit.old[state + 1] = Scalar<Acc>(inner_old.state[state].value[u]);
        unit.next[state + 1] = Scalar<Acc>(inner_next.state[state].value[u]);
      }
      for (int n = 0; n < S; ++n) unit.saved[n] = Scalar<Acc>(widened(saved[n].value[u]));
      for (int state = 0; state <= C; ++state) unit.dstate[state] = Scalar<Acc>(dstate[state][u]);
      cell_backward<Cell>(unit);
      for (int state = 0; state <= C; ++state) dstate[state][u] = unit.dstate[state].value;
      for (int gate = 0; gate < G; ++gate) {
        dwx[gate][u] = rounded<Real>(unit.dwx[gate].value);
        if constexpr (!Traits::shared_gradient) drh[gate][u] = rounded<Real>(unit.drh[gate].value);
      }
    }

    // Store.
    detail::store_gates(p.dwx, dwx, H, b, j);
    if constexpr (!Traits::shared_gradient) detail::store_gates(p.drh, drh, H, b, j);
    for (int state = 0; state <= C; ++state) {
      Units<Acc, units> row;
      for (int u = 0; u < units; ++u) row.value[u] = dstate[state][u];
      row.store(state == 0 ? p.dh + at : p.dinner + (state - 1) * BH + at);
    }
  }
}

}  // namespace takt
