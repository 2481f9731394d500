// The reference's two passes: each batch row alone, step by step, every sum a plain loop.
#include <takt/reference.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "reference/cell.hpp"
#include "reference/check.hpp"

namespace takt::reference {
namespace {

using Values = std::vector<double>;

Values zeros(std::int64_t size) {
  return Values(static_cast<std::size_t>(size));
}

/// The dimensions of a problem, and where its rows start.
struct Layout {
  std::int64_t T, B, I, H;
  std::int64_t GH;  ///< all gates
  std::int64_t C;   ///< inner states

  Layout(const Problem& p, const Cell& cell)
      : T(p.T), B(p.B), I(p.I), H(p.H), GH(cell.gates * p.H), C(cell.inner_states()) {}

  std::int64_t x(std::int64_t t, std::int64_t b) const { return (t * B + b) * I; }
  std::int64_t y(std::int64_t t, std::int64_t b) const { return (t * B + b) * H; }
  std::int64_t h(std::int64_t b) const { return b * H; }
  std::int64_t c(std::int64_t state, std::int64_t b) const { return (state * B + b) * H; }
  std::int64_t c_all(std::int64_t state, std::int64_t t, std::int64_t b) const {
    return ((state * T + t) * B + b) * H;
  }
};

std::int64_t length_of(const Problem& p, std::int64_t b) {
  return p.lengths == nullptr ? p.T : p.lengths[b];
}

void set_to_start(const Cell& cell, Step& step) {
  std::fill(step.h_new.begin(), step.h_new.end(), cell.h_start);
  for (std::int64_t state = 0; state < cell.inner_states(); ++state) {
    for (std::int64_t j = 0; j < step.H; ++j) {
      step.c_new[step.at(state, j)] = cell.c_start[static_cast<std::size_t>(state)];
    }
  }
}

/// A step whose new states are the row's initial ones.
Step initial_step(const Problem& p, const Cell& cell, const Layout& at, std::int64_t b) {
  Step step;
  step.H = at.H;
  step.wx = step.rh = zeros(at.GH);
  step.h = step.h_new = zeros(at.H);
  step.c = step.c_new = zeros(at.C * at.H);
  set_to_start(cell, step);
  for (std::int64_t j = 0; j < at.H; ++j) {
    if (p.h0 != nullptr) step.h_new[step.at(0, j)] = p.h0[at.h(b) + j];
    for (std::int64_t state = 0; p.c0 != nullptr && state < at.C; ++state) {
      step.c_new[step.at(state, j)] = p.c0[at.c(state, b) + j];
    }
  }
  return step;
}

/// out = matrix [rows,columns] v + bias; a null bias is zero.
void product(const double* matrix, const double* v, const double* bias, std::int64_t columns,
             Values& out) {
  for (std::size_t row = 0; row < out.size(); ++row) {
    double sum = 0;
    for (std::int64_t k = 0; k < columns; ++k) {
      sum += matrix[static_cast<std::int64_t>(row) * columns + k] * v[k];
    }
    out[row] = bias == nullptr ? sum : sum + bias[row];
  }
}

/// W x + bW of one row's x.
void input(const Problem& p, const Layout& at, const double* x, Values& wx) {
  if (p.W != nullptr) return product(p.W, x, p.bW, at.I, wx);
  for (std::int64_t k = 0; k < at.GH; ++k)
    wx[static_cast<std::size_t>(k)] = p.bW == nullptr ? x[k] : x[k] + p.bW[k];
}

/// Runs row b over its valid steps, in processing order; visit(step) sees each one when it is done.
/// Returns the last step, whose new states are the row's final ones.
template <class Visit>
Step walk(const Problem& p, const Cell& cell, const Layout& at, std::int64_t b, Visit visit) {
  Step step = initial_step(p, cell, at, b);
  const std::int64_t length = length_of(p, b);
  for (std::int64_t n = 0; n < length; ++n) {
    step.t = p.reverse ? length - 1 - n : n;
    step.reset = p.resets != nullptr && p.resets[step.t * at.B + b] != 0;
    if (step.reset) set_to_start(cell, step);
    step.h = step.h_new;
    step.c = step.c_new;
    input(p, at, p.x + at.x(step.t, b), step.wx);
    product(p.R, step.h.data(), p.bR, at.H, step.rh);
    cell.forward(step);
    visit(step);
  }
  return step;
}

void write(const double* from, std::int64_t count, Values& to, std::int64_t offset) {
  std::copy(from, from + count, to.begin() + offset);
}

/// to += from [count] at an offset; null is zero.
void add(const double* from, std::int64_t offset, std::int64_t count, double* to) {
  for (std::int64_t j = 0; from != nullptr && j < count; ++j) to[j] += from[offset + j];
}

/// matrix [rows,columns] += d [rows] outer v [columns].
void add_outer(const Values& d, const double* v, std::int64_t columns, Values& matrix) {
  for (std::size_t row = 0; row < d.size(); ++row) {
    for (std::int64_t k = 0; k < columns; ++k) {
      matrix[row * static_cast<std::size_t>(columns) + static_cast<std::size_t>(k)] +=
          d[row] * v[k];
    }
  }
}

/// to [columns] += matrix [rows,columns]^T d [rows].
void add_transposed(const double* matrix, const Values& d, std::int64_t columns, double* to) {
  for (std::int64_t k = 0; k < columns; ++k) {
    double sum = 0;
    for (std::size_t row = 0; row < d.size(); ++row) {
      sum += matrix[static_cast<std::int64_t>(row) * columns + k] * d[row];
    }
    to[k] += sum;
  }
}

/// From the gradients by a step's new states to those by its old ones, which are left in dh_new and
/// dc_new for the step before.
void step_back(const Problem& p, const Cell& cell, const Layout& at, std::int64_t b,
               const Step& step, StepGradients& row, Gradients& out) {
  cell.backward(step, row);
  double* const dx = out.dx.data() + at.x(step.t, b);
  if (p.W == nullptr) {
    add(row.dwx.data(), 0, at.GH, dx);
  } else {
    add_outer(row.dwx, p.x + at.x(step.t, b), at.I, out.dW);
    add_transposed(p.W, row.dwx, at.I, dx);
  }
  add_outer(row.drh, step.h.data(), at.H, out.dR);
  add(row.dwx.data(), 0, at.GH, out.dbW.data());
  add(row.drh.data(), 0, at.GH, out.dbR.data());
  add_transposed(p.R, row.drh, at.H, row.dh.data());
  if (step.reset) {
    row.dh_new = zeros(at.H);
    row.dc_new = zeros(at.C * at.H);
  } else {
    row.dh_new = row.dh;
    row.dc_new = row.dc;
  }
}

void backward_row(const Problem& p, const Upstream& upstream, const Cell& cell, const Layout& at,
                  std::int64_t b, Gradients& out) {
  std::vector<Step> steps;
  walk(p, cell, at, b, [&](const Step& step) { steps.push_back(step); });

  StepGradients row{.dh_new = zeros(at.H),
                    .dc_new = zeros(at.C * at.H),
                    .dwx = zeros(at.GH),
                    .drh = zeros(at.GH),
                    .dh = zeros(at.H),
                    .dc = zeros(at.C * at.H)};
  add(upstream.dhT, at.h(b), at.H, row.dh_new.data());
  for (std::int64_t state = 0; state < at.C; ++state) {
    add(upstream.dcT, at.c(state, b), at.H, row.dc_new.data() + state * at.H);
  }
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    add(upstream.dy, at.y(step->t, b), at.H, row.dh_new.data());
    for (std::int64_t state = 0; state < at.C; ++state) {
      add(upstream.dc_all, at.c_all(state, step->t, b), at.H, row.dc_new.data() + state * at.H);
    }
    step_back(p, cell, at, b, *step, row, out);
  }
  write(row.dh_new.data(), at.H, out.dh0, at.h(b));
  for (std::int64_t state = 0; state < at.C; ++state) {
    write(row.dc_new.data() + state * at.H, at.H, out.dc0, at.c(state, b));
  }
}

}  // namespace

Result forward(const Problem& problem) {
  const Cell& cell = checked_cell(problem);
  const Layout at(problem, cell);
  Result out;
  out.y.assign(static_cast<std::size_t>(at.T * at.B * at.H), problem.fill);
  out.c_all.assign(static_cast<std::size_t>(at.C * at.T * at.B * at.H), problem.fill);
  out.hT = zeros(at.B * at.H);
  out.cT = zeros(at.C * at.B * at.H);
  for (std::int64_t b = 0; b < at.B; ++b) {
    const Step last = walk(problem, cell, at, b, [&](const Step& step) {
      write(step.h_new.data(), at.H, out.y, at.y(step.t, b));
      for (std::int64_t state = 0; state < at.C; ++state) {
        write(step.c_new.data() + state * at.H, at.H, out.c_all, at.c_all(state, step.t, b));
      }
    });
    write(last.h_new.data(), at.H, out.hT, at.h(b));
    for (std::int64_t state = 0; state < at.C; ++state) {
      write(last.c_new.data() + state * at.H, at.H, out.cT, at.c(state, b));
    }
  }
  return out;
}

Gradients backward(const Problem& problem, const Upstream& upstream) {
  const Cell& cell = checked_cell(problem);
  const Layout at(problem, cell);
  Gradients out{.dx = zeros(at.T * at.B * at.I),
                .dh0 = zeros(at.B * at.H),
                .dc0 = zeros(at.C * at.B * at.H),
                .dW = zeros(problem.W == nullptr ? 0 : at.GH * at.I),
                .dR = zeros(at.GH * at.H),
                .dbW = zeros(at.GH),
                .dbR = zeros(at.GH)};
  for (std::int64_t b = 0; b < at.B; ++b) backward_row(problem, upstream, cell, at, b, out);
  return out;
}

}  // namespace takt::reference
