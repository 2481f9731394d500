// The LSTM of the reference: gates i f g o, c' = f . c + i . g, h' = o . tanh(c').
#pragma once

#include "reference/cell.hpp"

namespace takt::reference {

inline void lstm_forward(Step& step) {
  for (std::int64_t j = 0; j < step.H; ++j) {
    const double i = sigmoid(step.sum(0, j));
    const double f = sigmoid(step.sum(1, j));
    const double g = std::tanh(step.sum(2, j));
    const double o = sigmoid(step.sum(3, j));
    const double c_new = f * step.c[step.at(0, j)] + i * g;
    step.c_new[step.at(0, j)] = c_new;
    step.h_new[step.at(0, j)] = o * std::tanh(c_new);
  }
}

inline void lstm_backward(const Step& step, StepGradients& gradients) {
  for (std::int64_t j = 0; j < step.H; ++j) {
    const std::size_t at = step.at(0, j);
    const double i = sigmoid(step.sum(0, j));
    const double f = sigmoid(step.sum(1, j));
    const double g = std::tanh(step.sum(2, j));
    const double o = sigmoid(step.sum(3, j));
    const double tanh_c = std::tanh(step.c_new[at]);
    const double dh = gradients.dh_new[at];
    const double dc = gradients.dc_new[at] + dh * o * (1 - tanh_c * tanh_c);
    gradients.dwx[step.at(0, j)] = dc * g * i * (1 - i);
    gradients.dwx[step.at(1, j)] = dc * step.c[at] * f * (1 - f);
    gradients.dwx[step.at(2, j)] = dc * i * (1 - g * g);
    gradients.dwx[step.at(3, j)] = dh * tanh_c * o * (1 - o);
    gradients.dh[at] = 0;
    gradients.dc[at] = dc * f;
  }
  gradients.drh = gradients.dwx;
}

inline Cell lstm() {
  return {.name = "lstm",
          .gates = 4,
          .c_start = {0},
          .forward = lstm_forward,
          .backward = lstm_backward};
}

}  // namespace takt::reference
