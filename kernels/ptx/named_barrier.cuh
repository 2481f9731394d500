// Barriers of some of a block's warps, by number: 0 is that of __syncthreads, 1 to 15 are free.
// `threads` is a multiple of 32, and whole warps take part.
#pragma once

#include <takt/kernels/device.cuh>

namespace takt::ptx {

/// Waits until `threads` have come, by sync or arrive. barrier.sync: "Parallel Synchronization and
/// Communication Instructions: bar / barrier".
TAKT_DEVICE void named_barrier_sync(unsigned id, unsigned threads) {
  asm volatile("barrier.sync %0, %1;" ::"r"(id), "r"(threads) : "memory");
}

/// Counts as having come, and goes on. barrier.arrive: "Parallel Synchronization and Communication
/// Instructions: bar / barrier".
TAKT_DEVICE void named_barrier_arrive(unsigned id, unsigned threads) {
  asm volatile("barrier.arrive %0, %1;" ::"r"(id), "r"(threads) : "memory");
}

}  // namespace takt::ptx
