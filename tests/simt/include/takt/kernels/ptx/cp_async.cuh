// Stands for kernels/ptx/cp_async.cuh on the emulated device: the bytes arrive at the wait.
#pragma once

#include <cstdint>

#include <takt/kernels/device.cuh>

namespace takt::ptx {

template <int bytes>
void cp_async(void* shared, const void* global, std::uint32_t source_bytes, SIMT_CALLED_FROM) {
  static_assert(bytes == 4 || bytes == 8 || bytes == 16);
  simt::copy_async(shared, global, bytes, source_bytes, simt::site_of("cp_async", file, line));
}
template <int bytes>
void cp_async(void* shared, const void* global, SIMT_CALLED_FROM) {
  cp_async<bytes>(shared, global, std::uint32_t{bytes}, file, line);
}

inline void cp_async_commit() {
  simt::commit_copies();
}
template <int groups>
void cp_async_wait() {
  simt::wait_copies(groups);
}
inline void cp_async_wait_all() {
  simt::wait_all_copies();
}

}  // namespace takt::ptx
