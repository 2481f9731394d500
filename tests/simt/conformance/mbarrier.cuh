// Conformance of transaction barriers, and of stores and copies that count on them.
#pragma once

#include <cstdint>

#include <takt/kernels/device.cuh>
#include <takt/kernels/ptx/bulk_copy.cuh>
#include <takt/kernels/ptx/cluster.cuh>
#include <takt/kernels/ptx/mbarrier.cuh>
#include <takt/kernels/ptx/st_async.cuh>

#include "conformance/case.hpp"
#include "conformance/cluster.cuh"

namespace conformance {

/// out [steps, 32] = in [steps, 32] * 2 + 1: warp 0 fills two buffers by turns, warp 1 empties
/// them.
__global__ void mbarrier_arrive_kernel(const std::uint32_t* in, std::uint32_t* out, int steps) {
  TAKT_SHARED(takt::ptx::Mbarrier, full, [2]);
  TAKT_SHARED(takt::ptx::Mbarrier, empty, [2]);
  TAKT_SHARED(std::uint32_t, buffers, [2][32]);
  const int lane = static_cast<int>(threadIdx.x) % 32;
  if (threadIdx.x == 0) {
    for (int n = 0; n < 2; ++n) {
      takt::ptx::mbarrier_init(&full[n], 32);
      takt::ptx::mbarrier_init(&empty[n], 32);
    }
    takt::ptx::fence_mbarrier_init();
  }
  __syncthreads();
  for (int step = 0; step < steps; ++step) {
    const int buffer = step % 2;
    const unsigned parity = static_cast<unsigned>(step / 2 % 2);
    if (threadIdx.x < 32) {
      // The phase before the first one counts as over.
      takt::ptx::mbarrier_wait<takt::ptx::Scope::block>(&empty[buffer], parity ^ 1);
      buffers[buffer][31 - lane] = in[step * 32 + 31 - lane] * 2;
      takt::ptx::mbarrier_arrive(&full[buffer]);
    } else {
      takt::ptx::mbarrier_wait<takt::ptx::Scope::block>(&full[buffer], parity);
      out[step * 32 + lane] = buffers[buffer][lane] + 1;
      takt::ptx::mbarrier_arrive(&empty[buffer]);
    }
  }
}

inline std::string run_mbarrier_arrive() {
  constexpr int steps = 7;
  std::vector<std::uint32_t> in, expected;
  for (std::uint32_t n = 0; n < steps * 32; ++n) in.push_back(n * n + 5);
  for (const std::uint32_t x : in) expected.push_back(x * 2 + 1);
  const DeviceArray in_there(in);
  const DeviceArray<std::uint32_t> out(in.size());
  const Launch launch(1, 64);
  check(cudaLaunchKernelEx(launch.config(), mbarrier_arrive_kernel, in_there.data(), out.data(),
                           steps),
        "launch");
  return difference(out.host(), expected, 32);
}

/// out [ring, ring]: what every block wrote into each before it arrived at that one's barrier.
__global__ void mbarrier_remote_arrive_kernel(unsigned* out) {
  TAKT_SHARED(takt::ptx::Mbarrier, come, [1]);
  TAKT_SHARED(unsigned, given, [ring]);
  const unsigned rank = takt::ptx::cluster_rank(), peer = threadIdx.x;
  if (peer == 0) {
    takt::ptx::mbarrier_init(&come[0], ring);
    takt::ptx::fence_mbarrier_init();
  }
  takt::ptx::cluster_arrive();
  takt::ptx::cluster_wait();
  takt::ptx::store(takt::ptx::map_to_rank(&given[rank], peer), 100 * rank + peer);
  takt::ptx::mbarrier_arrive(takt::ptx::map_to_rank(&come[0], peer));
  takt::ptx::mbarrier_wait<takt::ptx::Scope::cluster>(&come[0], 0);
  out[rank * ring + peer] = given[peer];
  takt::ptx::cluster_arrive();
  takt::ptx::cluster_wait();
}

inline std::string run_mbarrier_remote_arrive() {
  const DeviceArray<unsigned> out(ring * ring);
  Launch launch(ring, ring);
  launch.in_clusters_of(ring);
  check(cudaLaunchKernelEx(launch.config(), mbarrier_remote_arrive_kernel, out.data()), "launch");
  std::vector<unsigned> expected;
  for (unsigned block = 0; block < ring; ++block)
    for (unsigned from = 0; from < ring; ++from) expected.push_back(100 * from + block);
  return difference(out.host(), expected, ring);
}

/// How a block says what it expects: with an arrival, or by itself before one.
enum class Expect { with_arrival, alone };

/// out [steps, ring, 32]: what the block before sent in each step, mirrored; two buffers by turns,
/// which nobody overwrites before the cluster's barrier.
template <class Element, Expect expect>
__global__ void st_async_kernel(Element* out, int steps) {
  TAKT_SHARED(takt::ptx::Mbarrier, come, [2]);
  TAKT_SHARED(Element, buffers, [2][ring_warp]);
  const unsigned rank = takt::ptx::cluster_rank(), n = threadIdx.x, next = (rank + 1) % ring;
  if (n == 0) {
    takt::ptx::mbarrier_init(&come[0], 1);
    takt::ptx::mbarrier_init(&come[1], 1);
    takt::ptx::fence_mbarrier_init();
  }
  takt::ptx::cluster_arrive();
  takt::ptx::cluster_wait();
  for (int step = 0; step < steps; ++step) {
    const int buffer = step % 2;
    constexpr auto bytes = static_cast<std::uint32_t>(ring_warp * sizeof(Element));
    if (n == 0) {
      if constexpr (expect == Expect::with_arrival) {
        takt::ptx::mbarrier_arrive_expect_tx(&come[buffer], bytes);
      } else {
        takt::ptx::mbarrier_expect_tx(&come[buffer], bytes);
        takt::ptx::mbarrier_arrive(&come[buffer]);
      }
    }
    takt::ptx::st_async(takt::ptx::map_to_rank(&buffers[buffer][ring_warp - 1 - n], next),
                        element_of<Element>(rank, n + ring_warp * static_cast<unsigned>(step)),
                        takt::ptx::map_to_rank(&come[buffer], next));
    takt::ptx::mbarrier_wait<takt::ptx::Scope::cluster>(&come[buffer],
                                                        static_cast<unsigned>(step / 2 % 2));
    out[(static_cast<unsigned>(step) * ring + rank) * ring_warp + n] = buffers[buffer][n];
    takt::ptx::cluster_arrive();
    takt::ptx::cluster_wait();
  }
}

template <class Element, Expect expect>
std::string run_st_async() {
  constexpr int steps = 5;
  const DeviceArray<Element> out(steps * ring * ring_warp);
  Launch launch(ring, ring_warp);
  launch.in_clusters_of(ring);
  check(cudaLaunchKernelEx(launch.config(), (st_async_kernel<Element, expect>), out.data(), steps),
        "launch");
  std::vector<Element> expected;
  for (unsigned step = 0; step < steps; ++step)
    for (unsigned block = 0; block < ring; ++block)
      for (unsigned n = 0; n < ring_warp; ++n)
        expected.push_back(
            element_of<Element>((block + ring - 1) % ring, ring_warp - 1 - n + ring_warp * step));
  if constexpr (sizeof(Element) == 16)
    return difference(words_of(out.host()), words_of(expected), 4 * ring_warp);
  else
    return difference(out.host(), expected, ring_warp);
}

/// out [ring, 64]: what the next block's copy engine brought, the rows written by all threads of
/// it.
__global__ void bulk_copy_kernel(std::uint32_t* out) {
  TAKT_SHARED(takt::ptx::Mbarrier, come, [1]);
  TAKT_SHARED(uint4, source, [16]);
  TAKT_SHARED(uint4, target, [16]);
  const unsigned rank = takt::ptx::cluster_rank(), n = threadIdx.x;
  const unsigned before = (rank + ring - 1) % ring;
  if (n == 0) {
    takt::ptx::mbarrier_init(&come[0], 1);
    takt::ptx::fence_mbarrier_init();
  }
  reinterpret_cast<std::uint32_t*>(source)[n] = element_of<std::uint32_t>(rank, n);
  takt::ptx::fence_proxy_async();
  takt::ptx::cluster_arrive();
  takt::ptx::cluster_wait();
  if (n == 0) {
    takt::ptx::mbarrier_arrive_expect_tx(&come[0], sizeof target);
    takt::ptx::bulk_copy(takt::ptx::map_to_rank(&target[0], before), &source[0], sizeof source,
                         takt::ptx::map_to_rank(&come[0], before));
  }
  takt::ptx::mbarrier_wait<takt::ptx::Scope::cluster>(&come[0], 0);
  out[rank * 64 + n] = reinterpret_cast<const std::uint32_t*>(target)[n];
  takt::ptx::cluster_arrive();
  takt::ptx::cluster_wait();
}

inline std::string run_bulk_copy() {
  const DeviceArray<std::uint32_t> out(ring * 64);
  Launch launch(ring, 64);
  launch.in_clusters_of(ring);
  check(cudaLaunchKernelEx(launch.config(), bulk_copy_kernel, out.data()), "launch");
  std::vector<std::uint32_t> expected;
  for (unsigned block = 0; block < ring; ++block)
    for (unsigned n = 0; n < 64; ++n)
      expected.push_back(element_of<std::uint32_t>((block + 1) % ring, n));
  return difference(out.host(), expected, 64);
}

inline const std::vector<Case>& mbarrier_cases() {
  static const std::vector<Case> cases{
      {"mbarrier_arrive, mbarrier_wait", run_mbarrier_arrive},
      {"mbarrier_arrive at another block's", run_mbarrier_remote_arrive},
      {"mbarrier_expect_tx", run_st_async<std::uint32_t, Expect::alone>},
      {"mbarrier_arrive_expect_tx, st_async of 4 bytes",
       run_st_async<std::uint32_t, Expect::with_arrival>},
      {"st_async of 8 bytes", run_st_async<std::uint64_t, Expect::with_arrival>},
      {"st_async of 16 bytes", run_st_async<uint4, Expect::with_arrival>},
      {"bulk_copy, fence_proxy_async", run_bulk_copy},
  };
  return cases;
}

}  // namespace conformance
