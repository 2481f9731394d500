// Copies from global into shared memory that a thread starts and later waits for. A wait orders
// the thread's own copies before its own later work only: others need a barrier after it.
#pragma once

#include <cstdint>

#include <takt/kernels/device.cuh>
#include <takt/kernels/ptx/address.cuh>

namespace takt::ptx {

/// Copies 4, 8 or 16 bytes, both addresses aligned to as many; 16 pass L1 by. cp.async: "Data
/// Movement and Conversion Instructions: cp.async".
template <int bytes>
TAKT_DEVICE void cp_async(void* shared, const void* global) {
  static_assert(bytes == 4 || bytes == 8 || bytes == 16);
  const std::uint32_t to = shared_address(shared);
  const auto from = __cvta_generic_to_global(global);
  if constexpr (bytes == 16)
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(from) : "memory");
  else
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2;" ::"r"(to), "l"(from), "n"(bytes)
                 : "memory");
}

/// Reads the first `source_bytes` only and writes zeros for the rest. cp.async with src-size: "Data
/// Movement and Conversion Instructions: cp.async".
template <int bytes>
TAKT_DEVICE void cp_async(void* shared, const void* global, std::uint32_t source_bytes) {
  static_assert(bytes == 4 || bytes == 8 || bytes == 16);
  const std::uint32_t to = shared_address(shared);
  const auto from = __cvta_generic_to_global(global);
  if constexpr (bytes == 16)
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from),
                 "r"(source_bytes)
                 : "memory");
  else
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;" ::"r"(to), "l"(from), "n"(bytes),
                 "r"(source_bytes)
                 : "memory");
}

/// Closes a group of the copies started since the last one. cp.async.commit_group: "Data Movement
/// and Conversion Instructions: cp.async.commit_group".
TAKT_DEVICE void cp_async_commit() {
  asm volatile("cp.async.commit_group;" ::: "memory");
}

/// Waits until at most `groups` of this thread's latest groups are under way. cp.async.wait_group:
/// "Data Movement and Conversion Instructions: cp.async.wait_group".
template <int groups>
TAKT_DEVICE void cp_async_wait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(groups) : "memory");
}

/// Waits for all of this thread's copies, in a closed group or not. cp.async.wait_all: "Data
/// Movement and Conversion Instructions: cp.async.wait_all".
TAKT_DEVICE void cp_async_wait_all() {
  asm volatile("cp.async.wait_all;" ::: "memory");
}

}  // namespace takt::ptx
