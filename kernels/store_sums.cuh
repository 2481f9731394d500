// Sums rounded to the caller's weight gradients, set or added.
//
// When     at the end of backward: biases, and weights that are stored in 16 bits.
// Tensors  sums [parts,size] double or accumulators; to [size] storage.
// Work     blocks of policy::Rows::threads; one thread an element, walking over the rest.
// On chip  registers only.
// Order    the parts in order, then what was there.
#pragma once

#include <takt/kernels/prepare.cuh>

namespace takt {

template <class Real, class Sum>
struct StoreSums {
  std::int64_t size = 0, parts = 1;
  const Sum* sums = nullptr;
  Real* to = nullptr;
  bool accumulate = false;
};

template <class Real, class Sum>
__global__ void __launch_bounds__(policy::Rows::threads)
    store_sums_kernel(const StoreSums<Real, Sum> p) {
  for (std::int64_t n = first_item(); n < p.size; n += items_at_once()) {
    Sum sum = p.sums[n];
    for (std::int64_t part = 1; part < p.parts; ++part) sum += p.sums[part * p.size + n];
    if (p.accumulate) sum += static_cast<Sum>(widened(p.to[n]));
    p.to[n] = rounded<Real>(static_cast<Accumulator<Real>>(sum));
  }
}

}  // namespace takt
