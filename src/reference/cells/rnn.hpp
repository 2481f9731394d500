// The plain RNN of the reference: h' = act(W x + bW + R h + bR).
#pragma once

#include "reference/cell.hpp"

namespace takt::reference {

inline void rnn_tanh_forward(Step& step) {
  for (std::int64_t j = 0; j < step.H; ++j) step.h_new[step.at(0, j)] = std::tanh(step.sum(0, j));
}

inline void rnn_tanh_backward(const Step& step, StepGradients& gradients) {
  for (std::int64_t j = 0; j < step.H; ++j) {
    const std::size_t at = step.at(0, j);
    const double h_new = std::tanh(step.sum(0, j));
    const double d = gradients.dh_new[at] * (1 - h_new * h_new);
    gradients.dwx[at] = gradients.drh[at] = d;
    gradients.dh[at] = 0;
  }
}

inline void rnn_relu_forward(Step& step) {
  for (std::int64_t j = 0; j < step.H; ++j) {
    const double v = step.sum(0, j);
    step.h_new[step.at(0, j)] = v < 0 ? 0 : v;
  }
}

/// The derivative at 0 is 0.
inline void rnn_relu_backward(const Step& step, StepGradients& gradients) {
  for (std::int64_t j = 0; j < step.H; ++j) {
    const std::size_t at = step.at(0, j);
    const double d = step.sum(0, j) <= 0 ? 0 : gradients.dh_new[at];
    gradients.dwx[at] = gradients.drh[at] = d;
    gradients.dh[at] = 0;
  }
}

inline Cell rnn_tanh() {
  return {.name = "rnn_tanh",
          .gates = 1,
          .c_start = {},
          .forward = rnn_tanh_forward,
          .backward = rnn_tanh_backward};
}

inline Cell rnn_relu() {
  return {.name = "rnn_relu",
          .gates = 1,
          .c_start = {},
          .forward = rnn_relu_forward,
          .backward = rnn_relu_backward};
}

}  // namespace takt::reference
