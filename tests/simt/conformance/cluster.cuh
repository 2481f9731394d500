// Conformance of a cluster's barrier and of loads and stores between its blocks. The blocks form a
// ring: each reads from the next one and writes to it.
#pragma once

#include <cstdint>

#include <takt/kernels/device.cuh>
#include <takt/kernels/ptx/cluster.cuh>

#include "conformance/case.hpp"

namespace conformance {

inline constexpr unsigned ring = 4;        ///< blocks
inline constexpr unsigned ring_warp = 32;  ///< threads of each

/// What element `n` of block `block` is, as words that tell all of it apart.
template <class Element>
__host__ __device__ inline Element element_of(unsigned block, unsigned n) {
  if constexpr (sizeof(Element) == 16)
    return Element{block * 1000 + n, ~n, n * n + block, block};
  else
    return static_cast<Element>((static_cast<std::uint64_t>(n) << 33) + block * 1000 + n * 3);
}

/// out [clusters * ring, 2]: each block's rank and its cluster's size.
__global__ void cluster_rank_kernel(unsigned* out) {
  out[2 * blockIdx.x] = takt::ptx::cluster_rank();
  out[2 * blockIdx.x + 1] = takt::ptx::cluster_size();
}

inline std::string run_cluster_rank() {
  const DeviceArray<unsigned> out(2 * 2 * ring);
  Launch launch(2 * ring, 1);
  launch.in_clusters_of(ring);
  check(cudaLaunchKernelEx(launch.config(), cluster_rank_kernel, out.data()), "launch");
  std::vector<unsigned> expected;
  for (unsigned block = 0; block < 2 * ring; ++block) {
    expected.push_back(block % ring);
    expected.push_back(ring);
  }
  return difference(out.host(), expected, 2);
}

/// out [2, ring, 32]: what each block read from the next one, and what the one before wrote into
/// it.
template <class Element>
__global__ void cluster_exchange_kernel(Element* out) {
  TAKT_SHARED(Element, shown, [ring_warp]);
  TAKT_SHARED(Element, given, [ring_warp]);
  const unsigned rank = takt::ptx::cluster_rank(), n = threadIdx.x;
  const unsigned next = (rank + 1) % takt::ptx::cluster_size();
  shown[n] = element_of<Element>(rank, n);
  takt::ptx::cluster_arrive();
  takt::ptx::cluster_wait();
  const auto theirs = takt::ptx::map_to_rank(&shown[0], next);
  const unsigned mirrored = ring_warp - 1 - n;
  const Element read = takt::ptx::load(theirs + static_cast<int>(mirrored));
  takt::ptx::store(takt::ptx::map_to_rank(&given[mirrored], next), element_of<Element>(rank, n));
  takt::ptx::cluster_arrive();
  takt::ptx::cluster_wait();
  out[rank * ring_warp + n] = read;
  out[(ring + rank) * ring_warp + n] = given[n];
}

template <class Element>
std::string run_cluster_exchange() {
  const DeviceArray<Element> out(2 * ring * ring_warp);
  Launch launch(ring, ring_warp);
  launch.in_clusters_of(ring);
  check(cudaLaunchKernelEx(launch.config(), cluster_exchange_kernel<Element>, out.data()),
        "launch");
  std::vector<Element> expected;
  for (unsigned block = 0; block < ring; ++block)
    for (unsigned n = 0; n < ring_warp; ++n)
      expected.push_back(element_of<Element>((block + 1) % ring, ring_warp - 1 - n));
  for (unsigned block = 0; block < ring; ++block)
    for (unsigned n = 0; n < ring_warp; ++n)
      expected.push_back(element_of<Element>((block + ring - 1) % ring, ring_warp - 1 - n));
  if constexpr (sizeof(Element) == 16)
    return difference(words_of(out.host()), words_of(expected), 4 * ring_warp);
  else
    return difference(out.host(), expected, ring_warp);
}

inline const std::vector<Case>& cluster_cases() {
  static const std::vector<Case> cases{
      {"cluster_rank, cluster_size", run_cluster_rank},
      {"load and store in a cluster, 2 bytes", run_cluster_exchange<std::uint16_t>},
      {"load and store in a cluster, 4 bytes", run_cluster_exchange<std::uint32_t>},
      {"load and store in a cluster, 8 bytes", run_cluster_exchange<std::uint64_t>},
      {"load and store in a cluster, 16 bytes", run_cluster_exchange<uint4>},
  };
  return cases;
}

}  // namespace conformance
