// Softmax of a row of 256 logits in half a warp, in the order of softmax.hpp's loops: lane k has
// elements k, k + 16, and so on.
#pragma once

#include "cuda/launch.cuh"
#include "softmax.hpp"

namespace language_model::cuda {

inline constexpr int per_lane = byte_values / softmax_lanes;

/// One lane's logits, and then their weights.
template <class Real>
using RowPart = Real[per_lane];

/// Before a loop over one that the compiler would keep: registers have no indices.
#ifdef __CUDACC__
#define LANGUAGE_MODEL_UNROLL _Pragma("unroll")
#else
#define LANGUAGE_MODEL_UNROLL
#endif

/// One number of the 16 of half a warp, in both halves at once; in all lanes.
template <class Real, class Combine>
__device__ Real combined(Real partial, const Combine& combine) {
  const int first = lane() / softmax_lanes * softmax_lanes;
  Real result = __shfl_sync(all_lanes, partial, first);
  for (int k = 1; k < softmax_lanes; ++k)
    result = combine(result, __shfl_sync(all_lanes, partial, first + k));
  return result;
}

template <class Real, class Combine>
__device__ Real reduced(const RowPart<Real>& row, const Combine& combine) {
  Real partial = row[0];
  for (int n = 1; n < per_lane; ++n) partial = combine(partial, row[n]);
  return combined(partial, combine);
}

/// Logits become weights.
template <class Real>
__device__ Softmax<Real> softmax(RowPart<Real>& row) {
  const Real most = reduced(row, [](Real a, Real b) { return a > b ? a : b; });
  for (int n = 0; n < per_lane; ++n) row[n] = exponential(row[n] - most);
  return {most, reduced(row, [](Real a, Real b) { return a + b; })};
}

}  // namespace language_model::cuda
