// Stands for kernels/ptx/bulk_copy.cuh on the emulated device: the data is read, and arrives, when
// the schedule wants it to.
#pragma once

#include <cstdint>

#include <takt/kernels/device.cuh>
#include <takt/kernels/ptx/cluster.cuh>
#include <takt/kernels/ptx/mbarrier.cuh>

namespace takt::ptx {

template <class Element>
void bulk_copy(ClusterPointer<Element> to, const Element* from, std::uint32_t bytes,
               ClusterPointer<Mbarrier> barrier, SIMT_CALLED_FROM) {
  simt::bulk_copy(to.address, from, bytes, &barrier.address->bits,
                  simt::site_of("bulk_copy", file, line));
}

inline void fence_proxy_async() {
  simt::fence_proxy_async();
}

}  // namespace takt::ptx
