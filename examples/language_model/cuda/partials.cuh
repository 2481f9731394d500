// Sums in two levels, in an order that no device has a say in: a partial sum a warp, or half of
// one, in memory, then all of those in one warp.
#pragma once

#include "cuda/kernels.hpp"
#include "cuda/launch.cuh"

namespace language_model::cuda {

/// In all lanes.
__device__ inline double warp_sum(double value) {
  for (int distance = warp_lanes / 2; distance > 0; distance /= 2)
    value += __shfl_xor_sync(all_lanes, value, distance);
  return value;
}

/// By one warp; in all its lanes.
__device__ inline double sum_of(const double* partials, int count) {
  double sum = 0;
  for (int n = lane(); n < count; n += warp_lanes) sum += partials[n];
  return warp_sum(sum);
}

}  // namespace language_model::cuda
