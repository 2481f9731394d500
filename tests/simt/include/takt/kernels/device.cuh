// Stands for kernels/device.cuh on the emulated device.
#pragma once

#include <cuda_runtime.h>  // the emulated device's first: it brings the device language

#include <cooperative_groups.h>
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#define TAKT_DEVICE inline
#define TAKT_HAS_CLUSTERS true
#define TAKT_UNROLL(rounds)
#define TAKT_UNROLL_ALL

// One array for each block and each declaration; `dims` may hold template parameters.
#define TAKT_SHARED(type, name, dims)                             \
  static constexpr char simt_key_of_##name = 0;                   \
  using simt_type_of_##name = type dims;                          \
  simt_type_of_##name& name = *static_cast<simt_type_of_##name*>( \
      ::simt::shared_array(&simt_key_of_##name, sizeof(simt_type_of_##name)))

#define TAKT_DYNAMIC_SHARED(type, name) \
  type* const name = static_cast<type*>(::simt::dynamic_shared())
