// Launches, and how their threads share items.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include <cuda_runtime.h>

#include "cuda/status.hpp"

namespace language_model::cuda {

inline constexpr int threads = 128;                // of a block
inline constexpr std::int64_t most_blocks = 1024;  // each thread walks over items from there on

/// cudaLaunchKernelEx returns what a launch of <<<>>> leaves for cudaGetLastError.
template <class... Parameters>
void launch(const char* name, void (*kernel)(Parameters...), dim3 grid, dim3 block,
            cudaStream_t stream, std::type_identity_t<Parameters>... parameters) {
  cudaLaunchConfig_t config{};
  config.gridDim = grid;
  config.blockDim = block;
  config.stream = stream;
  check(name, cudaLaunchKernelEx(&config, kernel, parameters...));
}

inline dim3 blocks_over(std::int64_t items) {
  return dim3(static_cast<unsigned>(
      std::clamp<std::int64_t>((items + threads - 1) / threads, 1, most_blocks)));
}

/// `for (n = first_item(); n < items; n += items_at_once())`.
__device__ inline std::int64_t first_item() {
  return static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}
__device__ inline std::int64_t items_at_once() {
  return static_cast<std::int64_t>(gridDim.x) * blockDim.x;
}

inline constexpr unsigned all_lanes = ~0U;
inline constexpr int warp_lanes = 32;
__device__ inline int lane() {
  return static_cast<int>(threadIdx.x % warp_lanes);
}

}  // namespace language_model::cuda
