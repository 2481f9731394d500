// A block's place in its cluster, the cluster's barrier, and the shared memory of its other blocks.
#pragma once

#include <cstdint>
#include <cstring>

#include <takt/kernels/device.cuh>
#include <takt/kernels/ptx/address.cuh>

namespace takt::ptx {

/// Elements in the shared memory of a block of this cluster. Whoever owns the memory must not end
/// while others use it.
template <class Element>
struct ClusterPointer {
  std::uint32_t address;  ///< in the shared::cluster window

  TAKT_DEVICE ClusterPointer operator+(int elements) const {
    return {address + static_cast<std::uint32_t>(elements) * std::uint32_t{sizeof(Element)}};
  }
};

/// %cluster_ctarank: "Special Registers: %cluster_ctarank".
TAKT_DEVICE unsigned cluster_rank() {
  unsigned rank;
  asm("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
  return rank;
}

/// %cluster_nctarank: "Special Registers: %cluster_nctarank".
TAKT_DEVICE unsigned cluster_size() {
  unsigned size;
  asm("mov.u32 %0, %%cluster_nctarank;" : "=r"(size));
  return size;
}

/// All threads of the cluster arrive, then wait; what they did before they arrived is seen by all
/// after the wait. barrier.cluster.arrive.release: "Parallel Synchronization and Communication
/// Instructions: barrier.cluster".
TAKT_DEVICE void cluster_arrive() {
  asm volatile("barrier.cluster.arrive.release;" ::: "memory");
}

/// barrier.cluster.wait.acquire: "Parallel Synchronization and Communication Instructions:
/// barrier.cluster".
TAKT_DEVICE void cluster_wait() {
  asm volatile("barrier.cluster.wait.acquire;" ::: "memory");
}

/// The same place in the shared memory of block `rank`. mapa.shared::cluster: "Data Movement and
/// Conversion Instructions: mapa".
template <class Element>
TAKT_DEVICE ClusterPointer<Element> map_to_rank(Element* shared, unsigned rank) {
  std::uint32_t address;
  asm("mapa.shared::cluster.u32 %0, %1, %2;"
      : "=r"(address)
      : "r"(shared_address(shared)), "r"(rank));
  return {address};
}

/// An element of 2, 4, 8 or 16 bytes. ld.shared::cluster: "Data Movement and Conversion
/// Instructions: ld".
template <class Element>
TAKT_DEVICE Element load(ClusterPointer<Element> from) {
  constexpr auto bytes = sizeof(Element);
  static_assert(bytes == 2 || bytes == 4 || bytes == 8 || bytes == 16);
  Element value;
  if constexpr (bytes == 2) {
    std::uint16_t word;
    asm volatile("ld.shared::cluster.b16 %0, [%1];" : "=h"(word) : "r"(from.address) : "memory");
    memcpy(&value, &word, bytes);
  } else if constexpr (bytes == 4) {
    std::uint32_t word;
    asm volatile("ld.shared::cluster.b32 %0, [%1];" : "=r"(word) : "r"(from.address) : "memory");
    memcpy(&value, &word, bytes);
  } else if constexpr (bytes == 8) {
    std::uint64_t word;
    asm volatile("ld.shared::cluster.b64 %0, [%1];" : "=l"(word) : "r"(from.address) : "memory");
    memcpy(&value, &word, bytes);
  } else {
    std::uint32_t words[4];
    asm volatile("ld.shared::cluster.v4.b32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(words[0]), "=r"(words[1]), "=r"(words[2]), "=r"(words[3])
                 : "r"(from.address)
                 : "memory");
    memcpy(&value, words, bytes);
  }
  return value;
}

/// An element of 2, 4, 8 or 16 bytes. st.shared::cluster: "Data Movement and Conversion
/// Instructions: st".
template <class Element>
TAKT_DEVICE void store(ClusterPointer<Element> to, Element value) {
  constexpr auto bytes = sizeof(Element);
  static_assert(bytes == 2 || bytes == 4 || bytes == 8 || bytes == 16);
  if constexpr (bytes == 2) {
    std::uint16_t word;
    memcpy(&word, &value, bytes);
    asm volatile("st.shared::cluster.b16 [%0], %1;" ::"r"(to.address), "h"(word) : "memory");
  } else if constexpr (bytes == 4) {
    std::uint32_t word;
    memcpy(&word, &value, bytes);
    asm volatile("st.shared::cluster.b32 [%0], %1;" ::"r"(to.address), "r"(word) : "memory");
  } else if constexpr (bytes == 8) {
    std::uint64_t word;
    memcpy(&word, &value, bytes);
    asm volatile("st.shared::cluster.b64 [%0], %1;" ::"r"(to.address), "l"(word) : "memory");
  } else {
    std::uint32_t words[4];
    memcpy(words, &value, bytes);
    asm volatile("st.shared::cluster.v4.b32 [%0], {%1, %2, %3, %4};" ::"r"(to.address),
                 "r"(words[0]), "r"(words[1]), "r"(words[2]), "r"(words[3])
                 : "memory");
  }
}

}  // namespace takt::ptx
