// Copies of many bytes from this block's shared memory into that of a cluster's block, by the copy
// engine; they count on a barrier of the target's block.
#pragma once

#include <cstdint>

#include <takt/kernels/device.cuh>
#include <takt/kernels/ptx/address.cuh>
#include <takt/kernels/ptx/cluster.cuh>
#include <takt/kernels/ptx/mbarrier.cuh>

namespace takt::ptx {

/// `bytes` a multiple of 16, both addresses aligned to 16; by one thread. The source must not
/// change before the barrier's phase is over. cp.async.bulk: "Data Movement and Conversion
/// Instructions: cp.async.bulk".
template <class Element>
TAKT_DEVICE void bulk_copy(ClusterPointer<Element> to, const Element* from, std::uint32_t bytes,
                           ClusterPointer<Mbarrier> barrier) {
  asm volatile(
      "cp.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes "
      "[%0], [%1], %2, [%3];" ::"r"(to.address),
      "r"(shared_address(from)), "r"(bytes), "r"(barrier.address)
      : "memory");
}

/// What was written to this block's shared memory before is what a later bulk copy reads: needed
/// between plain writes and a copy of them, by who wrote or by who copies. fence.proxy.async:
/// "Parallel Synchronization and Communication Instructions: membar / fence".
TAKT_DEVICE void fence_proxy_async() {
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

}  // namespace takt::ptx
