// The backward recurrence of one thread's share: for each step, from the last to the first, the
// product R^T drh of the step after it and then the cell's gradients.
#pragma once

#include <takt/cell.hpp>

#include "cpu/forward.hpp"

namespace takt::cpu::TAKT_CPU_LEVEL {

inline constexpr int backward_block = 4;

template <class Cell, class Real>
struct BackwardPass {
  using Traits = CellTraits<Cell>;
  using V = Vec<Real>;
  static constexpr int G = Traits::gates, S = Traits::states, C = Traits::inner_states;
  static constexpr int S_saved = Traits::saved;

  /// Where the gradients that enter a row at this step come from.
  enum class Source : unsigned char { after, reset_after, end };

  const BackwardTask<Real>& task;
  const Walk<Real>& walk;

  /// Gradients of the states after step s that come from later: through R and the carry, nothing
  /// across a reset, or those of the final states.
  TAKT_INLINE void arriving(Registers<V, S>& dstate, Source source, std::int64_t p, std::int64_t b,
                            std::int64_t j, int count, const Real* sums) const {
    const std::int64_t Hp = walk.Hp;
    for (int k = 0; k < S; ++k) dstate[k] = V(0);
    if (source == Source::after) {
      for (int k = 0; k < S; ++k) dstate[k] = V::load(task.carry + (k * walk.B + p) * Hp + j);
      dstate[0] += V::load(sums);
    } else if (source == Source::end) {
      if (task.dhT != nullptr) dstate[0] = V::load(task.dhT + b * walk.H + j, count);
      for (int c = 0; c < C && task.dcT != nullptr; ++c)
        dstate[1 + c] = V::load(task.dcT + (c * walk.B + b) * walk.H + j, count);
    }
  }

  /// States before the step that row p runs at time t.
  TAKT_INLINE void load_old(Registers<V, S>& old, std::int64_t s, std::int64_t t, std::int64_t p,
                            std::int64_t b, std::int64_t j, int count) const {
    const std::int64_t Hp = walk.Hp;
    const bool first = walk.reverse ? t + 1 == walk.sorted_lengths[p] : s == 0;
    if (walk.is_reset(t, b)) {
      for (int k = 0; k < S; ++k) old[k] = V::load(walk.start + k * Hp + j);
    } else if (first) {
      for (int k = 0; k < S; ++k) old[k] = V::load(task.initial + (k * walk.B + p) * Hp + j);
    } else {
      const std::int64_t before = walk.reverse ? t + 1 : t - 1;
      old[0] = V::load(task.y.row(before, b) + j, count);
      for (int c = 0; c < C; ++c) old[1 + c] = V::load(inner_after(before, p, c) + j);
    }
  }

  TAKT_INLINE const Real* saved_at(std::int64_t t, std::int64_t p) const {
    return task.saved + (t * walk.B + p) * (S_saved + C) * walk.Hp;
  }
  TAKT_INLINE const Real* inner_after(std::int64_t t, std::int64_t p, int c) const {
    return saved_at(t, p) + (S_saved + c) * walk.Hp;
  }

  /// One vector of units of a row that takes part in step s.
  TAKT_INLINE void unit(std::int64_t s, std::int64_t row, std::int64_t p, Source source,
                        std::int64_t j, const Real* sums) const {
    const std::int64_t t = walk.time(s), b = walk.row_of[p], H = walk.H, Hp = walk.Hp;
    const int count = H - j < V::size ? static_cast<int>(H - j) : V::size;
    Backward<Cell, V> u;
    arriving(u.dstate, source, p, b, j, count, sums);
    if (task.dy.data != nullptr) u.dstate[0] += V::load(task.dy.row(t, b) + j, count);
    if (task.dc_all.data != nullptr)
      for (int c = 0; c < C; ++c)
        u.dstate[1 + c] += V::load(task.dc_all.row(t, b) + c * task.dc_all.state_stride + j, count);
    load_old(u.old, s, t, p, b, j, count);
    u.next[0] = V::load(task.y.row(t, b) + j, count);
    for (int c = 0; c < C; ++c) u.next[1 + c] = V::load(inner_after(t, p, c) + j);
    for (int n = 0; n < S_saved; ++n) u.saved[n] = V::load(saved_at(t, p) + n * Hp + j);

    cell_backward<Cell>(u);

    for (int k = 0; k < S; ++k) u.dstate[k].store(task.carry + (k * walk.B + p) * Hp + j);
    for (int g = 0; g < G; ++g) {
      u.dwx[g].store(task.dwx + (row * G + g) * H + j, count);
      if constexpr (!Traits::shared_gradient)
        u.drh[g].store(task.drh + (row * G + g) * H + j, count);
    }
  }

  /// One vector of units of a row whose first step came after step s: gradients of its initial
  /// states.
  TAKT_INLINE void initial(std::int64_t p, Source source, std::int64_t j, const Real* sums) const {
    const std::int64_t b = walk.row_of[p];
    const int count = walk.H - j < V::size ? static_cast<int>(walk.H - j) : V::size;
    Registers<V, S> dstate;
    arriving(dstate, source, p, b, j, count, sums);
    if (task.dh0 != nullptr) dstate[0].store(task.dh0 + b * walk.H + j, count);
    for (int c = 0; c < C && task.dc0 != nullptr; ++c)
      dstate[1 + c].store(task.dc0 + (c * walk.B + b) * walk.H + j, count);
  }

  /// Step s, whose rows begin at `row` of the chunk; the step after it has `after` rows, with their
  /// drh at `drh_after`. s = -1 stands for the initial states.
  void step(std::int64_t s, std::int64_t row, std::int64_t active, std::int64_t after,
            const Real* drh_after, const Share& share) const {
    const std::int64_t GH = G * walk.H, unit_vectors = walk.Hp / V::size;
    const std::int64_t rows_now = active > after ? active : after;
    const std::int64_t row_end = share.row_end < rows_now ? share.row_end : rows_now;
    constexpr int at_once = rows_at_once<1, backward_block>;
    alignas(64) Real sums[static_cast<std::int64_t>(most_rows) * backward_block * V::size];
    for (std::int64_t n = share.block_begin; n < share.block_end; ++n) {
      const std::int64_t first = n * backward_block, left = unit_vectors - first;
      const int now = static_cast<int>(left < backward_block ? left : backward_block);
      const Real* panel = task.R + first * V::size * GH;
      int count = 0;
      for (std::int64_t p = share.row_begin; p < row_end; p += count) {
        count = rows_of_group(row_end - p, at_once);
        Source source[most_rows];
        const Real* operand[most_rows];
        for (int m = 0; m < count; ++m) {
          source[m] = p + m >= after                                        ? Source::end
                      : walk.is_reset(walk.time(s + 1), walk.row_of[p + m]) ? Source::reset_after
                                                                            : Source::after;
          operand[m] = source[m] == Source::after ? drh_after + (p + m) * GH : task.zeros;
        }
        if (after > 0)
          block_product<Real, 1, backward_block>(now, count, panel, GH, operand, 1, sums);
        for (int m = 0; m < count; ++m)
          for (int v = 0; v < now; ++v) {
            const std::int64_t j = (first + v) * V::size;
            const Real* sum = sums + (m * now + v) * V::size;
            if (p + m < active)
              unit(s, row + p + m, p + m, source[m], j, sum);
            else
              initial(p + m, source[m], j, sum);
          }
      }
    }
  }
};

template <class Cell, class Real>
void backward(const BackwardTask<Real>& task, const Share& share) {
  const Walk<Real>& walk = task.walk;
  const BackwardPass<Cell, Real> pass{task, walk};
  const std::int64_t GH = CellTraits<Cell>::gates * walk.H;
  const Real* drh = CellTraits<Cell>::shared_gradient ? task.dwx : task.drh;
  // The rows of a step lie behind those of all earlier ones of the chunk.
  std::int64_t row = 0, active = walk.B;
  for (std::int64_t s = walk.step_begin; s < walk.step_end; ++s)
    row += active = walk.active(walk.time(s), active);
  const std::int64_t end = walk.step_end;
  std::int64_t after = end < walk.T ? walk.active(walk.time(end), active) : 0;
  const Real* drh_after = task.drh_after;
  for (std::int64_t s = end - 1; s >= walk.step_begin; --s) {
    active = walk.active(walk.time(s), active);
    row -= active;
    pass.step(s, row, active, after, drh_after, share);
    if (share.barrier != nullptr) meet(*share.barrier);
    after = active;
    drh_after = drh + row * GH;
  }
  if (task.first_chunk && (task.dh0 != nullptr || task.dc0 != nullptr))
    pass.step(-1, 0, 0, after, drh_after, share);
}

}  // namespace takt::cpu::TAKT_CPU_LEVEL
