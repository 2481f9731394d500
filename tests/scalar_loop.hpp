// The plainest loop over a cell: one row, one unit after another, any value type. It shows how a
// loop uses the cell contract, with everything that a cell may declare.
#pragma once

#include <array>
#include <cstddef>
#include <takt/cell.hpp>
#include <utility>
#include <vector>

namespace takt::contract {

template <class Real>
using Values = std::vector<Real>;

/// What a loop reads. Wx comes as it is: input products are not the contract's matter.
template <class Real>
struct Sequence {
  std::size_t T = 0, H = 0;
  Values<Real> wx;       // [T,G,H]
  Values<Real> R;        // [G,H,H]
  Values<Real> params;   // [P,H]
  Values<Real> initial;  // [S,H]; empty: start values

  static constexpr const char* names[] = {"wx", "R", "params", "initial"};
  Values<Real>& part(int n) { return n == 0 ? wx : n == 1 ? R : n == 2 ? params : initial; }
};

template <class Real>
struct Trace {
  Values<Real> states;  // [T+1,S,H]
  Values<Real> saved;   // [T,V,H]
};

template <class Real>
struct SequenceGradients {
  Values<Real> wx, R, params, initial;

  const Values<Real>& part(int n) const {
    return n == 0 ? wx : n == 1 ? R : n == 2 ? params : initial;
  }
};

template <class Cell, class Real>
class ScalarLoop {
  using Traits = CellTraits<Cell>;
  static constexpr std::size_t G = Traits::gates, S = Traits::states, V = Traits::saved,
                               P = Traits::params;
  static constexpr auto starts = []<int... k>(std::integer_sequence<int, k...>) {
    return std::array{Traits::template start<k>()...};
  }
  (std::make_integer_sequence<int, Traits::states>{});
  static constexpr auto products = []<int... g>(std::integer_sequence<int, g...>) {
    return std::array{Traits::template product_of<g>()...};
  }
  (std::make_integer_sequence<int, Traits::gates>{});

 public:
  explicit ScalarLoop(const Sequence<Real>& in) : in_(in), T(in.T), H(in.H) {}

  Trace<Real> forward() {
    Trace<Real> trace{Values<Real>((T + 1) * S * H, Real(0)), Values<Real>(T * V * H, Real(0))};
    for (std::size_t k = 0; k < S; ++k)
      for (std::size_t j = 0; j < H; ++j)
        trace.states[k * H + j] = in_.initial.empty() ? Real(starts[k]) : in_.initial[k * H + j];
    for (std::size_t t = 0; t < T; ++t) {
      std::vector<Forward<Cell, Real>> units = load(trace, t);
      multiply(units, 0, &trace.states[t * S * H]);
      if constexpr (Traits::products == 2) {
        Values<Real> operand;
        for (auto& unit : units) operand.push_back(Cell::operand(unit));
        multiply(units, 1, operand.data());
      }
      for (std::size_t j = 0; j < H; ++j) {
        cell_forward<Cell>(units[j]);
        for (std::size_t k = 0; k < S; ++k)
          trace.states[((t + 1) * S + k) * H + j] = units[j].state[k];
        for (std::size_t n = 0; n < V; ++n) trace.saved[(t * V + n) * H + j] = units[j].saved[n];
      }
    }
    return trace;
  }

  /// `dstates` [T+1,S,H]: the loss's gradients by the states after each step (row 0 unused).
  SequenceGradients<Real> backward(const Trace<Real>& trace, const Values<Real>& dstates) {
    SequenceGradients<Real> out{zeros(T * G * H), zeros(G * H * H), zeros(P * H), zeros(S * H)};
    for (std::size_t t = T; t-- > 0;) {
      std::vector<Backward<Cell, Real>> units = load_backward(trace, dstates, t, out.initial);
      for (auto& unit : units) cell_backward<Cell>(unit);
      Values<Real> dh = zeros(H);
      if constexpr (Traits::products == 2) {
        const Values<Real> doperand = transposed(units, 1);
        Values<Real> operand;
        for (std::size_t j = 0; j < H; ++j)
          operand.push_back(Cell::backward_operand(units[j], doperand[j]));
        add_outer(units, 1, operand.data(), out.R);
      }
      dh = transposed(units, 0);
      add_outer(units, 0, &trace.states[t * S * H], out.R);
      for (std::size_t j = 0; j < H; ++j) {
        for (std::size_t g = 0; g < G; ++g) out.wx[(t * G + g) * H + j] = units[j].dwx[g];
        for (std::size_t n = 0; n < P; ++n)
          out.params[n * H + j] = out.params[n * H + j] + units[j].dparams[n];
        for (std::size_t k = 0; k < S; ++k) out.initial[k * H + j] = units[j].dstate[k];
        out.initial[j] = out.initial[j] + dh[j];
      }
    }
    return out;
  }

 private:
  static Values<Real> zeros(std::size_t size) { return Values<Real>(size, Real(0)); }
  static bool in_product(std::size_t g, int product) { return products[g] == product; }
  static Real drh(const Backward<Cell, Real>& unit, std::size_t g) {
    return Traits::shared_gradient ? unit.dwx[g] : unit.drh[g];
  }

  std::vector<Forward<Cell, Real>> load(const Trace<Real>& trace, std::size_t t) const {
    std::vector<Forward<Cell, Real>> units(H);
    for (std::size_t j = 0; j < H; ++j) {
      for (std::size_t g = 0; g < G; ++g) units[j].wx[g] = in_.wx[(t * G + g) * H + j];
      for (std::size_t n = 0; n < P; ++n) units[j].params[n] = in_.params[n * H + j];
      for (std::size_t k = 0; k < S; ++k) units[j].state[k] = trace.states[(t * S + k) * H + j];
    }
    return units;
  }

  std::vector<Backward<Cell, Real>> load_backward(const Trace<Real>& trace,
                                                  const Values<Real>& dstates, std::size_t t,
                                                  const Values<Real>& carried) const {
    std::vector<Backward<Cell, Real>> units(H);
    for (std::size_t j = 0; j < H; ++j) {
      for (std::size_t k = 0; k < S; ++k) {
        units[j].old[k] = trace.states[(t * S + k) * H + j];
        units[j].next[k] = trace.states[((t + 1) * S + k) * H + j];
        units[j].dstate[k] = dstates[((t + 1) * S + k) * H + j] + carried[k * H + j];
      }
      for (std::size_t n = 0; n < V; ++n) units[j].saved[n] = trace.saved[(t * V + n) * H + j];
      for (std::size_t n = 0; n < P; ++n) units[j].params[n] = in_.params[n * H + j];
    }
    return units;
  }

  /// rh of the gates of one product: R operand.
  void multiply(std::vector<Forward<Cell, Real>>& units, int product, const Real* operand) const {
    for (std::size_t j = 0; j < H; ++j)
      for (std::size_t g = 0; g < G; ++g) {
        if (!in_product(g, product)) continue;
        Real sum(0);
        for (std::size_t k = 0; k < H; ++k) sum = sum + in_.R[(g * H + j) * H + k] * operand[k];
        units[j].rh[g] = sum;
      }
  }

  /// R^T drh of the gates of one product.
  Values<Real> transposed(const std::vector<Backward<Cell, Real>>& units, int product) const {
    Values<Real> sums = zeros(H);
    for (std::size_t k = 0; k < H; ++k)
      for (std::size_t j = 0; j < H; ++j)
        for (std::size_t g = 0; g < G; ++g)
          if (in_product(g, product))
            sums[k] = sums[k] + in_.R[(g * H + j) * H + k] * drh(units[j], g);
    return sums;
  }

  void add_outer(const std::vector<Backward<Cell, Real>>& units, int product, const Real* operand,
                 Values<Real>& dR) const {
    for (std::size_t j = 0; j < H; ++j)
      for (std::size_t g = 0; g < G; ++g)
        for (std::size_t k = 0; in_product(g, product) && k < H; ++k)
          dR[(g * H + j) * H + k] = dR[(g * H + j) * H + k] + drh(units[j], g) * operand[k];
  }

  const Sequence<Real>& in_;
  std::size_t T, H;
};

}  // namespace takt::contract
