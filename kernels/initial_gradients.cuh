// Gradients of the initial states, from what the first step left.
//
// When     at the end of backward, where dh0 or dc0 is wanted.
// Tensors  dh, dRh [B,H], dinner, dcT, dc0 [C,B,H] accumulators; dhT, dh0 [B,H] storage.
// Work     blocks of policy::Rows::threads; one thread a unit of a row, walking over the rest.
// On chip  registers only.
#pragma once

#include <takt/kernels/prepare.cuh>
#include <takt/kernels/step.cuh>

namespace takt {

template <class Real>
struct InitialGradients {
  using Acc = Accumulator<Real>;
  StepPlace place{};  ///< of step 0
  std::int64_t C = 0;
  const Acc* dh = nullptr;      ///< after step 0, less what goes through R
  const Acc* dRh = nullptr;     ///< R^T drh of step 0
  const Acc* dinner = nullptr;  ///< after step 0
  const Real* dhT = nullptr;    ///< null: 0
  const Acc* dcT = nullptr;     ///< null: 0
  Real* dh0 = nullptr;          ///< null: not wanted
  Acc* dc0 = nullptr;           ///< null: not wanted
};

/// Rows without a step hand on the gradients of their final states; a row that starts anew in its
/// first step never saw the initial ones.
template <class Real>
__global__ void __launch_bounds__(policy::Rows::threads)
    initial_gradients_kernel(const InitialGradients<Real> p) {
  using Acc = Accumulator<Real>;
  const std::int64_t H = p.place.H, BH = p.place.B * H;
  for (std::int64_t n = first_item(); n < BH; n += items_at_once()) {
    const std::int64_t b = n / H;
    const bool ran = p.place.T > 0 && p.place.runs(b);
    const bool anew = ran && p.place.starts_anew(p.place.time(b), b);
    if (p.dh0 != nullptr) {
      Acc dh(0);
      if (ran && !anew) dh = p.dh[n] + p.dRh[n];
      if (!ran && p.dhT != nullptr) dh = widened(p.dhT[n]);
      p.dh0[n] = rounded<Real>(dh);
    }
    for (std::int64_t at = n; p.dc0 != nullptr && at < p.C * BH; at += BH) {
      Acc dc(0);
      if (ran && !anew) dc = p.dinner[at];
      if (!ran && p.dcT != nullptr) dc = p.dcT[at];
      p.dc0[at] = dc;
    }
  }
}

}  // namespace takt
