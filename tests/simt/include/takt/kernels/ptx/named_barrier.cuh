// Stands for kernels/ptx/named_barrier.cuh on the emulated device.
#pragma once

#include <takt/kernels/device.cuh>

namespace takt::ptx {

inline void named_barrier_sync(unsigned id, unsigned threads, SIMT_CALLED_FROM) {
  simt::sync_named(id, threads, simt::site_of("named_barrier_sync", file, line));
}
inline void named_barrier_arrive(unsigned id, unsigned threads, SIMT_CALLED_FROM) {
  simt::arrive_named(id, threads, simt::site_of("named_barrier_arrive", file, line));
}

}  // namespace takt::ptx
