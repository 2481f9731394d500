// What y and c_all hold where a row does not run.
//
// When     once a call of a persistent kernel with lengths.
// Tensors  y [T,B,H] storage, c_all [C,T,B,H] accumulators, with strides.
// Work     blocks of policy::Rows::threads; one thread a unit of a row and step, walking over the
//          rest.
// On chip  registers only.
#pragma once

#include <takt/kernels/policy/rows.hpp>
#include <takt/kernels/step.cuh>
#include <takt/kernels/tile/items.cuh>

namespace takt {

template <class Real>
struct FillPadding {
  using Acc = Accumulator<Real>;
  StepPlace place{};  ///< of any step
  std::int64_t C = 0;
  OverTime<Real> y{};     ///< null: not wanted
  OverTime<Acc> c_all{};  ///< null: not wanted
  Acc fill = 0;
};

template <class Real>
__global__ void __launch_bounds__(policy::Rows::threads)
    fill_padding_kernel(const FillPadding<Real> p) {
  const std::int64_t B = p.place.B, H = p.place.H;
  for (std::int64_t n = first_item(); n < p.place.T * B * H; n += items_at_once()) {
    const std::int64_t t = n / (B * H), b = n / H % B, j = n % H;
    if (t < p.place.lengths[b]) continue;
    if (p.y.data != nullptr) p.y.at(t, b)[j] = rounded<Real>(p.fill);
    for (std::int64_t state = 0; state < p.C; ++state)
      if (p.c_all.data != nullptr) p.c_all.at(t, b)[state * p.c_all.plane_stride + j] = p.fill;
  }
}

}  // namespace takt
