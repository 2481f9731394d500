// Launches: a kernel with its parameters on a stream, its status checked.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

#include <takt/kernels/policy/rows.hpp>

#include "cuda/errors.hpp"

namespace takt::cuda {

/// cudaLaunchKernelEx returns what a launch of <<<>>> leaves for cudaGetLastError.
template <class Params>
void launch(const char* name, void (*kernel)(Params), dim3 grid, dim3 block, cudaStream_t stream,
            const Params& params) {
  cudaLaunchConfig_t config{};
  config.gridDim = grid;
  config.blockDim = block;
  config.stream = stream;
  check(name, cudaLaunchKernelEx(&config, kernel, params));
}

/// Of the kernels whose threads walk over items.
template <class Params>
void launch_over(const char* name, void (*kernel)(Params), std::int64_t items, cudaStream_t stream,
                 const Params& params) {
  launch(name, kernel, dim3(static_cast<unsigned>(policy::Rows::blocks(items))),
         dim3(policy::Rows::threads), stream, params);
}

/// Loads a kernel, so that its first launch needs nothing more.
template <class Params>
void load(const char* name, void (*kernel)(Params)) {
  cudaFuncAttributes attributes{};
  check(name, cudaFuncGetAttributes(&attributes, reinterpret_cast<const void*>(kernel)));
}

}  // namespace takt::cuda
