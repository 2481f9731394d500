// The GRU of the reference, reset after the product: gates r z n,
// n = tanh(Wn x + bWn + r . (Rn h + bRn)), h' = (1 - z) . n + z . h.
#pragma once

#include "reference/cell.hpp"

namespace takt::reference {

inline void gru_forward(Step& step) {
  for (std::int64_t j = 0; j < step.H; ++j) {
    const double r = sigmoid(step.sum(0, j));
    const double z = sigmoid(step.sum(1, j));
    const double n = std::tanh(step.wx[step.at(2, j)] + r * step.rh[step.at(2, j)]);
    step.h_new[step.at(0, j)] = (1 - z) * n + z * step.h[step.at(0, j)];
  }
}

inline void gru_backward(const Step& step, StepGradients& gradients) {
  for (std::int64_t j = 0; j < step.H; ++j) {
    const double rh_n = step.rh[step.at(2, j)];
    const double r = sigmoid(step.sum(0, j));
    const double z = sigmoid(step.sum(1, j));
    const double n = std::tanh(step.wx[step.at(2, j)] + r * rh_n);
    const double dh = gradients.dh_new[step.at(0, j)];
    const double dn = dh * (1 - z) * (1 - n * n);
    const double dz = dh * (step.h[step.at(0, j)] - n) * z * (1 - z);
    const double dr = dn * rh_n * r * (1 - r);
    gradients.dwx[step.at(0, j)] = gradients.drh[step.at(0, j)] = dr;
    gradients.dwx[step.at(1, j)] = gradients.drh[step.at(1, j)] = dz;
    gradients.dwx[step.at(2, j)] = dn;
    gradients.drh[step.at(2, j)] = dn * r;
    gradients.dh[step.at(0, j)] = dh * z;
  }
}

inline Cell gru() {
  return {
      .name = "gru", .gates = 3, .c_start = {}, .forward = gru_forward, .backward = gru_backward};
}

}  // namespace takt::reference
