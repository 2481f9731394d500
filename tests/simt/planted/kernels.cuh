// Small kernels with one mistake each, for the tests of the emulation.
#pragma once

#include <takt/kernels/ptx/flag.cuh>

#include "clients/lstm.cuh"

namespace simt_clients {

/// Half of the warp shuffles with the other half, which is elsewhere.
__global__ void divergent_shuffle_kernel(float* values) {
  float value = values[threadIdx.x];
  if (threadIdx.x < 16)
    value += __shfl_xor_sync(0xffffffffu, value, 1);
  else
    value += __shfl_down_sync(0xffffffffu, value, 1);
  values[threadIdx.x] = value;
}

/// Shuffles with lanes that have ended.
__global__ void shuffle_with_the_ended_kernel(float* values) {
  if (threadIdx.x >= 20) return;
  values[threadIdx.x] += __shfl_xor_sync(0xffffffffu, values[threadIdx.x], 1);
}

/// The two warps of a block meet at different barriers.
__global__ void divergent_barrier_kernel(float* values) {
  if (threadIdx.x < 32) {
    values[threadIdx.x] = 1;
    __syncthreads();
  } else {
    __syncthreads();
    values[threadIdx.x] = values[threadIdx.x - 32];
  }
}

__global__ void grid_barrier_kernel(float* values) {
  cooperative_groups::this_grid().sync();
  values[blockIdx.x] = 1;
}

/// Waits for a flag that nobody sets.
__global__ void endless_wait_kernel(const unsigned* flag, float* values) {
  while (takt::ptx::load_acquire<takt::ptx::Scope::device>(flag) == 0) {
  }
  values[threadIdx.x] = 1;
}

/// Writes `beyond` elements past the end of its memory.
__global__ void out_of_bounds_kernel(float* values, int size, int beyond) {
  if (threadIdx.x == 0) values[size - 1 + beyond] = 1;
}

/// The same in shared memory.
__global__ void out_of_bounds_shared_kernel(float* values, int beyond) {
  TAKT_SHARED(float, sums, [32]);
  sums[threadIdx.x] = 1;
  if (threadIdx.x == 0) sums[31 + beyond] = 2;
  values[threadIdx.x] = sums[threadIdx.x];
}

__global__ void double_kernel(float* values) {
  values[threadIdx.x] *= 2;
}

}  // namespace simt_clients
