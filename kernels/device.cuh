// What every kernel includes: CUDA's device headers, and the spellings that differ where kernels
// are compiled for the emulated device of the tests, which has a header of this name before it on
// the include path.
#pragma once

#include <cooperative_groups.h>
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#define TAKT_DEVICE __device__ __forceinline__

/// Whether this code is for GPUs with clusters of blocks and transaction barriers, compute
/// capability 9.0: wrappers of their instructions are called under it alone.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 900
#define TAKT_HAS_CLUSTERS false
#else
#define TAKT_HAS_CLUSTERS true
#endif

/// Before a loop: so many of its rounds at a time; all where that is their number.
#define TAKT_UNROLL(rounds) TAKT_PRAGMA(unroll rounds)
/// All of its rounds, whose number is known; where that is 1, TAKT_UNROLL would keep the loop.
#define TAKT_UNROLL_ALL TAKT_PRAGMA(unroll)
#define TAKT_PRAGMA(text) _Pragma(#text)

/// A shared array: TAKT_SHARED(float, sums, [4][32]).
#define TAKT_SHARED(type, name, dims) __shared__ type name dims

/// The launch's dynamic shared memory as a pointer to elements, aligned to 128 bytes.
#define TAKT_DYNAMIC_SHARED(type, name)                                 \
  extern __shared__ __align__(128) unsigned char takt_dynamic_shared[]; \
  type* const name = reinterpret_cast<type*>(takt_dynamic_shared)
