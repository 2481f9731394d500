// The gates of one time step, fused: from W x and R h to the new states.
//
// When     every dense cell of one product, every type; the products are made by others before.
// Tensors  Wx, Rh [B,G*H] accumulators, of this step; bW, bR [G*H] storage;
//          h_old, h_new, y [B,H] storage; inner states [C,B,H] accumulators;
//          saved [S,B,H] storage. Rows of y, c_all and their gradients may have strides.
// Work     grid (units across, rows), block Step::threads; one thread has `units` neighbouring
//          units of one row after another.
// On chip  registers only.
// Requires units divides H; where units is not 1, tensors are aligned to 16 bytes and strides are
//          multiples of units.
// Order    no sums over units, rows or steps: nothing to order.
#pragma once

#include <cstdint>

#include <takt/cell.hpp>
#include <takt/kernels/policy/step.hpp>
#include <takt/kernels/tile/units.cuh>

namespace takt {

/// Where an element (t, b) of a tensor over time begins.
template <class Element>
struct OverTime {
  Element* data = nullptr;
  std::int64_t plane_stride = 0;  ///< of c_all: from one inner state to the next
  std::int64_t time_stride = 0;
  std::int64_t row_stride = 0;

  TAKT_DEVICE Element* at(std::int64_t t, std::int64_t b) const {
    return data + t * time_stride + b * row_stride;
  }
};

/// Which step of which rows.
struct StepPlace {
  std::int64_t step = 0;  ///< 0 is the first that is run
  std::int64_t T = 0, B = 0, H = 0;
  bool reverse = false;
  const std::int32_t* lengths = nullptr;  ///< [B]; null: all T
  OverTime<const std::uint8_t> resets{};

  /// Of a row: whether it runs in this step, and at which t. A row that does not run has padding
  /// at t = step.
  TAKT_DEVICE bool runs(std::int64_t b) const { return lengths == nullptr || step < lengths[b]; }
  TAKT_DEVICE std::int64_t time(std::int64_t b) const {
    if (!reverse) return step;
    const std::int64_t length = lengths == nullptr ? T : lengths[b];
    return step < length ? length - 1 - step : step;
  }
  TAKT_DEVICE bool starts_anew(std::int64_t t, std::int64_t b) const {
    return resets.data != nullptr && *resets.at(t, b) != 0;
  }
};

template <class Real>
struct StepForward {
  using Acc = Accumulator<Real>;
  StepPlace place{};
  const Acc* Wx = nullptr;         ///< [B,G*H]
  const Acc* Rh = nullptr;         ///< [B,G*H]; null: h is the start value, 0
  const Real* bW = nullptr;        ///< [G*H] or null
  const Real* bR = nullptr;        ///< [G*H] or null
  const Real* h_old = nullptr;     ///< [B,H]; null: the start value
  const Acc* inner_old = nullptr;  ///< [C,B,H]; null: the start values
  Real* h_new = nullptr;           ///< [B,H]; may be h_old
  Acc* inner_new = nullptr;        ///< [C,B,H]; may be inner_old
  OverTime<Real> y{};              ///< null: not wanted
  OverTime<Acc> c_all{};           ///< null: not wanted
  Real* saved = nullptr;           ///< [S,B,H]; null in inference
  Acc fill = 0;                    ///< of y and c_all in padding
};

namespace detail {

/// wx or rh of one gate of a thread's units: product and bias.
template <class Real, int units>
TAKT_DEVICE void add_products(Accumulator<Real> (&sums)[units], const Accumulator<Real>* product,
                              const Real* bias, std::int64_t row, std::int64_t at) {
  using Acc = Accumulator<Real>;
  const auto products = product == nullptr ? Units<Acc, units>::all(Acc(0))
                                           : Units<Acc, units>::load(product + row + at);
  const auto biases = bias == nullptr ? Units<Real, units>::all(rounded<Real>(Acc(0)))
                                      : Units<Real, units>::load(bias + at);
  for (int u = 0; u < units; ++u) sums[u] = products.value[u] + widened(biases.value[u]);
}

/// Inner states of a thread's units, [C,B,H]: planes apart; the start values where `from` is null.
template <class Cell, class Acc, int units>
struct InnerUnits {
  static constexpr int count = CellTraits<Cell>::inner_states;
  Units<Acc, units> state[count > 0 ? count : 1];

  TAKT_DEVICE static InnerUnits load(const Acc* from, std::int64_t plane) {
    InnerUnits inner;
    [&]<int... n>(std::integer_sequence<int, n...>) {
      ((inner.state[n] =
            from == nullptr ? Units<Acc, units>::all(Acc(CellTraits<Cell>::template start<n + 1>()))
                            : Units<Acc, units>::load(from + n * plane)),
       ...);
    }
    (std::make_integer_sequence<int, count>());
    return inner;
  }
};

}  // namespace detail

template <class Cell, class Real, int units>
__global__ void __launch_bounds__(policy::Step::threads)
    step_forward_kernel(const StepForward<Real> p) {
  using Acc = Accumulator<Real>;
  using Traits = CellTraits<Cell>;
  constexpr int G = Traits::gates, C = Traits::inner_states, S = Traits::saved;
  const std::int64_t H = p.place.H, B = p.place.B, BH = B * H;
  const std::int64_t j =
      (static_cast<std::int64_t>(blockIdx.x) * policy::Step::threads + threadIdx.x) * units;
  if (j >= H) return;

  for (std::int64_t b = blockIdx.y; b < B; b += gridDim.y) {
    const std::int64_t t = p.place.time(b), at = b * H + j;
    const bool runs = p.place.runs(b), anew = runs && p.place.starts_anew(t, b);

    // Load: states first, since a row past its length only hands them on.
    auto h = p.h_old == nullptr || anew ? Units<Real, units>::all(rounded<Real>(Acc(0)))
                                        : Units<Real, units>::load(p.h_old + at);
    auto inner = detail::InnerUnits<Cell, Acc, units>::load(
        p.inner_old == nullptr || anew ? nullptr : p.inner_old + at, BH);

    if (!runs) {
      if (p.h_new != nullptr) h.store(p.h_new + at);
      for (int state = 0; state < C; ++state)
        if (p.inner_new != nullptr) inner.state[state].store(p.inner_new + state * BH + at);
      if (p.y.data != nullptr)
        Units<Real, units>::all(rounded<Real>(p.fill)).store(p.y.at(t, b) + j);
      for (int state = 0; state < C; ++state)
        if (p.c_all.data != nullptr)
          Units<Acc, units>::all(p.fill).store(p.c_all.at(t, b) + state * p.c_all.plane_stride + j);
      continue;
    }
    Acc wx[G][units], rh[G][units];
    for (int gate = 0; gate < G; ++gate) {
      detail::add_products<Real, units>(wx[gate], p.Wx, p.bW, b * G * H, gate * H + j);
      detail::add_products<Real, units>(rh[gate], anew ? nullptr : p.Rh, p.bR, b * G * H,
                                        gate * H + j);
    }

    // Cell, unit by unit.
    Units<Real, units> saved[S > 0 ? S : 1];
    for (int u = 0; u < units; ++u) {
      Forward<Cell, Scalar<Acc>> unit;
      for (int gate = 0; gate < G; ++gate) {
        unit.wx[gate] = Scalar<Acc>(wx[gate][u]);
        unit.rh[gate] = Scalar<Acc>(rh[gate][u]);
      }
      unit.state[0] = Scalar<Acc>(widened(h.value[u]));
      for (int state = 0; state < C; ++state)
        unit.state[state + 1] = Scalar<Acc>(inner.state[state].value[u]);
      cell_forward<Cell>(unit);
      h.value[u] = rounded<Real>(unit.state[0].value);
      for (int state = 0; state < C; ++state)
        inner.state[state].value[u] = unit.state[state + 1].value;
      for (int n = 0; n < S; ++n) saved[n].value[u] = rounded<Real>(unit.saved[n].value);
    }

    // Store.
    if (p.h_new != nullptr) h.store(p.h_new + at);
    if (p.y.data != nullptr) h.store(p.y.at(t, b) + j);
    for (int state = 0; state < C; ++state) {
      if (p.inner_new != nullptr) inner.state[state].store(p.inner_new + state * BH + at);
      if (p.c_all.data != nullptr)
        inner.state[state].store(p.c_all.at(t, b) + state * p.c_all.plane_stride + j);
    }
    if (p.saved != nullptr)
      for (int n = 0; n < S; ++n) saved[n].store(p.saved + n * BH + at);
  }
}

}  // namespace takt
