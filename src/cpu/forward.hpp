// The forward recurrence of one thread's share: for each step, block of units and few rows, the
// recurrent product and then the cell.
#pragma once

#include <takt/cell.hpp>

#include "cpu/given_product.hpp"
#include "cpu/product.hpp"
#include "cpu/tasks.hpp"

namespace takt::cpu::TAKT_CPU_LEVEL {

/// Vectors of units in a block: enough for four running sums a row, which keep both multipliers
/// busy when there is one row.
template <class Cell>
inline constexpr int forward_block = CellTraits<Cell>::gates >= 3 ? 1 : 4 / CellTraits<Cell>::gates;

/// The rows of one step that a product and its cells work on together.
template <class Real>
struct StepRows {
  std::int64_t p = 0;  // position of the first one
  int count = 0;
  std::int64_t b[most_rows];
  bool fresh[most_rows];  // starts anew at this step
  const Real* operand[most_rows];
};

template <class Cell, class Real>
struct ForwardPass {
  using Traits = CellTraits<Cell>;
  using V = Vec<Real>;
  static constexpr int G = Traits::gates, C = Traits::inner_states, S_saved = Traits::saved;
  static constexpr int block = forward_block<Cell>;

  /// Rows that a product takes at once: by a packed R, and by R where it lies.
  static constexpr int packed_rows = rows_at_once<G, block>;
  static constexpr int given_rows = packed_rows < most_given_rows ? packed_rows : most_given_rows;

  static_assert(Traits::params == 0 && Traits::products == 1 &&
                    Traits::recurrence == Recurrence::dense,
                "this loop has no parameters of units, one product by R, and that of a full R");
  static_assert(packed_rows >= 1, "the registers do not hold a row of this many gates");

  const ForwardTask<Real>& task;
  const Walk<Real>& walk;

  /// One vector of units of one row: loads, cell, stores. `sums` holds the row's panel.
  TAKT_INLINE void unit(const StepRows<Real>& rows, int m, std::int64_t s, std::int64_t t,
                        const Real* wx_row, std::int64_t j, int unit_vectors, const Real* sums,
                        int v) const {
    const std::int64_t Hp = walk.Hp, BHp = walk.B * Hp, p = rows.p + m, b = rows.b[m];
    const int count = walk.H - j < V::size ? static_cast<int>(walk.H - j) : V::size;
    Forward<Cell, V> u;
    for (int g = 0; g < G; ++g) {
      u.wx[g] = V::load(wx_row + g * walk.H + j, count) + V::load(task.bias + g * Hp + j);
      u.rh[g] =
          V::load(sums + (g * unit_vectors + v) * V::size) + V::load(task.bias + (G + g) * Hp + j);
    }
    u.state[0] = V::load((rows.fresh[m] ? walk.start : task.h + (s & 1) * BHp + p * Hp) + j);
    for (int c = 0; c < C; ++c)
      u.state[1 + c] =
          V::load((rows.fresh[m] ? walk.start + (1 + c) * Hp : task.inner + c * BHp + p * Hp) + j);

    cell_forward<Cell>(u);

    u.state[0].store(task.h + ((s + 1) & 1) * BHp + p * Hp + j);
    if (task.y.data != nullptr) u.state[0].store(task.y.row(t, b) + j, count);
    for (int c = 0; c < C; ++c) {
      u.state[1 + c].store(task.inner + c * BHp + p * Hp + j);
      if (task.c_all.data != nullptr)
        u.state[1 + c].store(task.c_all.row(t, b) + c * task.c_all.state_stride + j, count);
    }
    if (task.saved != nullptr) {
      Real* saved = task.saved + (t * walk.B + p) * (S_saved + C) * Hp + j;
      for (int n = 0; n < S_saved; ++n) u.saved[n].store(saved + n * Hp);
      for (int c = 0; c < C; ++c) u.state[1 + c].store(saved + (S_saved + c) * Hp);
    }
  }

  /// The same sums in the same order for at most given_rows, by R where it lies.
  void product_by_given_R(std::int64_t first, int vectors, const StepRows<Real>& rows,
                          Real* sums) const {
    for (int g = 0; g < G; ++g)
      for (int v = 0; v < vectors; ++v) {
        const std::int64_t j = (first + v) * V::size, left = walk.H - j;
        lanes_product<Real>(rows.count, task.R + (g * walk.H + j) * walk.H, walk.H,
                            static_cast<int>(left < V::size ? left : V::size), rows.operand,
                            sums + (g * vectors + v) * V::size, G * vectors * V::size);
      }
  }

  void step(std::int64_t s, const Real* wx, std::int64_t active, const Share& share) const {
    const std::int64_t t = walk.time(s), H = walk.H, Hp = walk.Hp;
    const std::int64_t unit_vectors = Hp / V::size;
    const std::int64_t row_end = share.row_end < active ? share.row_end : active;
    alignas(64) Real sums[static_cast<std::int64_t>(most_rows) * G * block * V::size];
    for (std::int64_t n = share.block_begin; n < share.block_end; ++n) {
      const std::int64_t first = n * block;
      const int now = static_cast<int>(unit_vectors - first < block ? unit_vectors - first : block);
      const Real* panel = task.R + first * V::size * H * G;
      StepRows<Real> rows;
      for (rows.p = share.row_begin; rows.p < row_end; rows.p += rows.count) {
        rows.count = rows_of_group(row_end - rows.p, task.R_is_packed ? packed_rows : given_rows);
        for (int m = 0; m < rows.count; ++m) {
          rows.b[m] = walk.row_of[rows.p + m];
          rows.fresh[m] = walk.is_reset(t, rows.b[m]);
          rows.operand[m] =
              rows.fresh[m] ? walk.start : task.h + ((s & 1) * walk.B + rows.p + m) * Hp;
        }
        if (task.R_is_packed)
          block_product<Real, G, block>(now, rows.count, panel, H, rows.operand, 1, sums);
        else
          product_by_given_R(first, now, rows, sums);
        for (int m = 0; m < rows.count; ++m)
          for (int v = 0; v < now; ++v)
            unit(rows, m, s, t, wx + (rows.p + m) * G * H, (first + v) * V::size, now,
                 sums + m * G * now * V::size, v);
      }
    }
  }
};

template <class Cell, class Real>
void forward(const ForwardTask<Real>& task, const Share& share) {
  const Walk<Real>& walk = task.walk;
  const ForwardPass<Cell, Real> pass{task, walk};
  const Real* wx = task.Wx;
  std::int64_t active = walk.B;
  for (std::int64_t s = walk.step_begin; s < walk.step_end; ++s) {
    active = walk.active(walk.time(s), active);
    pass.step(s, wx, active, share);
    wx += active * CellTraits<Cell>::gates * walk.H;
    if (share.barrier != nullptr) meet(*share.barrier);
  }
}

}  // namespace takt::cpu::TAKT_CPU_LEVEL
