// All steps of chunks in one launch, backward, from the last to the first: R^T stays in registers
// and shared memory, the gates' gradients drh go from step to step through an exchange, the
// gradients of the states of a thread's units never leave its registers.
//
// When     as kernels/persistent.cuh, in training.
// Tensors  as kernels/step_backward.cuh, but of the whole chunk: dwx, drh [steps,B,G*H] storage, of
//          which rows that do not run a step are not written; inner, saved from the chunk's first
//          step on; dh, dRh, dinner of the step after the chunk, then of its first step.
// Work, On chip, Requires  as kernels/persistent.cuh, with PersistentShape::backward.
// Order    of sums over gates as in kernels/tile/persistent_block.cuh; of a state's terms as in
//          kernels/step_backward.cuh.
#pragma once

#include <cstdint>

#include <takt/cell.hpp>
#include <takt/kernels/step_backward.cuh>
#include <takt/kernels/tile/persistent_block.cuh>

namespace takt {

template <class Real>
struct PersistentBackward : PersistentChunk {
  using Acc = Accumulator<Real>;
  OverTime<const Real> dy{};     ///< null: 0
  OverTime<const Acc> dc_all{};  ///< null: 0
  const Real* dhT = nullptr;     ///< [B,H]; null: 0
  const Acc* dcT = nullptr;      ///< [C,B,H]; null: 0
  OverTime<const Real> y{};      ///< as forward wrote it: the h of each step
  const Real* h0 = nullptr;      ///< [B,H]
  const Acc* inner = nullptr;    ///< [end - begin + 1,C,B,H] before step `begin` and after each
  const Real* saved = nullptr;   ///< [end - begin,S,B,H]
  Acc* dh = nullptr;             ///< [B,H]; read and written
  Acc* dRh = nullptr;            ///< [B,H] R^T drh; read and written
  Acc* dinner = nullptr;         ///< [C,B,H]; read and written
  Real* dwx = nullptr;           ///< [end - begin,B,G*H]
  Real* drh = nullptr;           ///< the same; null where the cell's is dwx
};

namespace detail {

/// A thread's unit of a row, and the gradients of its states.
template <class Cell, class Real>
struct PersistentGradient : CellPlace {
  using Acc = Accumulator<Real>;
  static constexpr int C = CellTraits<Cell>::inner_states, S = CellTraits<Cell>::saved;
  static constexpr int G = CellTraits<Cell>::gates;

  bool later = false;  ///< gradients of later steps reach the states after the step to come
  Acc dstate[C + 1] = {};
  Real dwx[G] = {}, drh[G] = {};

  // As it lies in memory, of the step to come.
  int reset = 0;  ///< not 0: the row starts anew before it
  Real h_old{}, h_next{}, dy{}, saved[at_least_one(S)] = {};
  Acc inner_old[at_least_one(C)] = {}, inner_next[at_least_one(C)] = {};
  Acc dc[at_least_one(C)] = {};
};

template <class Cell, class Product, bool split, class Exchange>
struct PersistentBackwardBlock : PersistentBlock<Product, 1, split, Exchange> {
  using Traits = CellTraits<Cell>;
  static constexpr int G = Traits::gates, C = Traits::inner_states, S = Traits::saved;
  using Base = PersistentBlock<Product, 1, split, Exchange>;
  using Base::at, Base::cells, Base::end, Base::exchange, Base::patience, Base::rows;
  using typename Base::Acc, typename Base::Policy, typename Base::Real;

  const PersistentBackward<Real>& p;
  const std::int64_t H, BH;
  PersistentGradient<Cell, Real> cell[cells];

  TAKT_DEVICE PersistentBackwardBlock(const PersistentLaunch<PersistentBackward<Real>>& launch,
                                      unsigned char* shared)
      : Base(launch, shared),
        p(launch.chunks[blockIdx.y]),
        H(p.place.H),
        BH(p.place.B * p.place.H) {
    // Row 0 is nobody's: each step hands on its own, also the last one.
    this->connect(shared, end - p.begin + 1, static_cast<int>(p.place.T) - p.end);
  }

  /// What pads a row is 0 at all times, and so is the part of a row that has not begun.
  TAKT_DEVICE void clear_rows(unsigned char* shared) const {
    auto* const words = reinterpret_cast<uint4*>(this->rows_shared(shared));
    for (int n = static_cast<int>(threadIdx.x); n < this->shape.rows_bytes() / 16;
         n += static_cast<int>(blockDim.x))
      words[n] = make_uint4(0, 0, 0, 0);
  }

  TAKT_DEVICE void load_cells() {
    TAKT_UNROLL_ALL
    for (int n = 0; n < cells; ++n) {
      static_cast<CellPlace&>(cell[n]) = this->place_of(n);
      if (p.end >= cell[n].length) continue;  // it has run no later step
      auto& of = cell[n];
      of.later = p.place.resets.data == nullptr ||
                 *p.place.resets.at(of.time(p.end, p.place.reverse), of.b) == 0;
      const std::int64_t from = of.b * H + of.j;
      of.dstate[0] = p.dh[from];
      this->sums[n][0] = p.dRh[from];
      for (int state = 0; state < C; ++state) of.dstate[state + 1] = p.dinner[state * BH + from];
    }
  }

  /// What step s needs and no other thread makes: nothing waits for it yet. The states before the
  /// last step that was run are those after this one.
  TAKT_DEVICE void fetch(int s) {
    TAKT_UNROLL_ALL
    for (int n = 0; n < cells; ++n) {
      auto& of = cell[n];
      if (s >= of.length) continue;
      const int t = of.time(s, p.place.reverse);
      const std::int64_t from = of.b * H + of.j;
      const Acc* const inner = p.inner + (s - p.begin) * C * BH + from;
      const bool first = s + 1 == (of.length < p.end ? of.length : p.end);
      if (p.place.resets.data != nullptr) of.reset = *p.place.resets.at(t, of.b);
      of.h_next = first ? p.y.at(t, of.b)[of.j] : of.h_old;
      of.h_old = s == 0 ? p.h0[from] : p.y.at(p.place.reverse ? t + 1 : t - 1, of.b)[of.j];
      if (p.dy.data != nullptr) of.dy = p.dy.at(t, of.b)[of.j];
      for (int state = 0; state < C; ++state) {
        of.inner_next[state] = first ? inner[(C + state) * BH] : of.inner_old[state];
        of.inner_old[state] = inner[state * BH];
        if (p.dc_all.data != nullptr)
          of.dc[state] = p.dc_all.at(t, of.b)[state * p.dc_all.plane_stride + of.j];
      }
      for (int value = 0; value < S; ++value)
        of.saved[value] = p.saved[((s - p.begin) * S + value) * BH + from];
    }
  }

  /// The cells' maths; rows that do not run yet have none.
  TAKT_DEVICE void run_cells(int s) {
    TAKT_UNROLL_ALL
    for (int n = 0; n < cells; ++n) {
      auto& of = cell[n];
      if (s >= of.length) continue;
      const bool anew = of.reset != 0;
      Backward<Cell, Scalar<Acc>> unit;
      unit.old[0] = Scalar<Acc>(anew ? Acc(0) : widened(of.h_old));
      unit.next[0] = Scalar<Acc>(widened(of.h_next));
      [&]<int... state>(std::integer_sequence<int, state...>) {
        ((unit.old[state + 1] =
              Scalar<Acc>(anew ? Acc(Traits::template start<state + 1>()) : of.inner_old[state])),
         ...);
      }
      (std::make_integer_sequence<int, C>());
      for (int state = 0; state < C; ++state)
        unit.next[state + 1] = Scalar<Acc>(of.inner_next[state]);
      for (int value = 0; value < S; ++value)
        unit.saved[value] = Scalar<Acc>(widened(of.saved[value]));
      add_upstream(unit, s, n);
      cell_backward<Cell>(unit);
      for (int state = 0; state <= C; ++state) of.dstate[state] = unit.dstate[state].value;
      for (int gate = 0; gate < G; ++gate) {
        of.dwx[gate] = rounded<Real>(unit.dwx[gate].value);
        if constexpr (Traits::shared_gradient)
          of.drh[gate] = of.dwx[gate];
        else
          of.drh[gate] = rounded<Real>(unit.drh[gate].value);
      }
      of.later = !anew;
    }
  }

  /// Gradients of the states after the step, from later steps and from outside.
  TAKT_DEVICE void add_upstream(Backward<Cell, Scalar<Acc>>& unit, int s, int n) const {
    const auto& of = cell[n];
    const bool last = s + 1 == of.length;
    const std::int64_t from = of.b * H + of.j;
    Acc dh = of.later ? of.dstate[0] + this->sums[n][0] : Acc(0);
    if (last && p.dhT != nullptr) dh += widened(p.dhT[from]);
    if (p.dy.data != nullptr) dh += widened(of.dy);
    unit.dstate[0] = Scalar<Acc>(dh);
    for (int state = 0; state < C; ++state) {
      Acc dc = of.later ? of.dstate[state + 1] : Acc(0);
      if (last && p.dcT != nullptr) dc += p.dcT[state * BH + from];
      if (p.dc_all.data != nullptr) dc += of.dc[state];
      unit.dstate[state + 1] = Scalar<Acc>(dc);
    }
  }

  /// False where the block's steps are over before their time.
  TAKT_DEVICE bool hand_on(int s) {
    TAKT_UNROLL_ALL
    for (int n = 0; n < cells; ++n) {
      if (s >= cell[n].length) continue;
      Real* const to = reinterpret_cast<Real*>(exchange.next(cell[n].row)) +
                       (at.tile * G * Policy::unit_tile + cell[n].j % Policy::unit_tile);
      TAKT_UNROLL_ALL
      for (int gate = 0; gate < G; ++gate)
        to[gate * Policy::unit_tile] = Product::operand(cell[n].drh[gate]);
    }
    return exchange.publish(patience);
  }

  /// What nobody waits for.
  TAKT_DEVICE void store_step(int s) {
    const std::int64_t of_step = this->index_of(s) * p.place.B * G * H;
    TAKT_UNROLL_ALL
    for (int n = 0; n < cells; ++n) {
      if (s >= cell[n].length) continue;
      const std::int64_t to = of_step + cell[n].b * G * H + cell[n].j;
      TAKT_UNROLL_ALL
      for (int gate = 0; gate < G; ++gate) {
        p.dwx[to + gate * H] = cell[n].dwx[gate];
        if constexpr (!Traits::shared_gradient) p.drh[to + gate * H] = cell[n].drh[gate];
      }
    }
  }

  TAKT_DEVICE void store_gradients() const {
    TAKT_UNROLL_ALL
    for (int n = 0; n < cells; ++n) {
      if (p.begin >= cell[n].length) continue;
      const std::int64_t to = cell[n].b * H + cell[n].j;
      p.dh[to] = cell[n].dstate[0];
      p.dRh[to] = this->sums[n][0];
      for (int state = 0; state < C; ++state) p.dinner[state * BH + to] = cell[n].dstate[state + 1];
    }
    if (patience.gave_up) atomicExch(&p.status->gave_up, 1ULL);
  }
};

}  // namespace detail

/// `Exchange` as persistent_forward_kernel's.
template <class Cell, class Product, bool split, class Exchange>
__global__ void
__launch_bounds__(policy::Persistent::most_warps * 32, 1) persistent_backward_kernel(
    const __grid_constant__ PersistentLaunch<PersistentBackward<typename Product::Real>> launch) {
  TAKT_DYNAMIC_SHARED(unsigned char, shared);
  static_assert(sizeof launch <= most_parameter_bytes);
  detail::PersistentBackwardBlock<Cell, Product, split, Exchange> block(launch, shared);
  block.clear_rows(shared);
  block.load_R();
  block.load_cells();
  if (block.p.begin < block.end) block.fetch(block.end - 1);
  block.exchange.begin(block.patience, block.at.first_block, block.at.blocks, false);

  for (int s = block.end; s-- > block.p.begin;) {
    block.run_cells(s);
    const bool goes_on = block.hand_on(s);
    block.store_step(s);
    if (!goes_on) break;
    if (s > block.p.begin) block.fetch(s - 1);
    block.exchange.wait(block.patience);
    block.product();
  }
  block.store_gradients();
  block.exchange.end(block.patience);
}

}  // namespace takt
