// Stores into the shared memory of a cluster's block that count their bytes on its barrier: data
// and signal in one.
#pragma once

#include <cstdint>
#include <cstring>

#include <takt/kernels/device.cuh>
#include <takt/kernels/ptx/cluster.cuh>
#include <takt/kernels/ptx/mbarrier.cuh>

namespace takt::ptx {

/// An element of 4, 8 or 16 bytes, aligned to its size, to the block in which the barrier lies: who
/// waits for the barrier's phase at Scope::cluster sees it. st.async: "Data Movement and Conversion
/// Instructions: st.async".
template <class Element>
TAKT_DEVICE void st_async(ClusterPointer<Element> to, Element value,
                          ClusterPointer<Mbarrier> barrier) {
  constexpr auto bytes = sizeof(Element);
  static_assert(bytes == 4 || bytes == 8 || bytes == 16);
  if constexpr (bytes == 4) {
    std::uint32_t word;
    memcpy(&word, &value, bytes);
    asm volatile(
        "st.async.weak.shared::cluster.mbarrier::complete_tx::bytes.b32 [%0], %1, [%2];" ::"r"(
            to.address),
        "r"(word), "r"(barrier.address)
        : "memory");
  } else if constexpr (bytes == 8) {
    std::uint64_t word;
    memcpy(&word, &value, bytes);
    asm volatile(
        "st.async.weak.shared::cluster.mbarrier::complete_tx::bytes.b64 [%0], %1, [%2];" ::"r"(
            to.address),
        "l"(word), "r"(barrier.address)
        : "memory");
  } else {
    std::uint32_t words[4];
    memcpy(words, &value, bytes);
    asm volatile(
        "st.async.weak.shared::cluster.mbarrier::complete_tx::bytes.v4.b32 "
        "[%0], {%1, %2, %3, %4}, [%5];" ::"r"(to.address),
        "r"(words[0]), "r"(words[1]), "r"(words[2]), "r"(words[3]), "r"(barrier.address)
        : "memory");
  }
}

}  // namespace takt::ptx
