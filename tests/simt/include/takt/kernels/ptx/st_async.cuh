// Stands for kernels/ptx/st_async.cuh on the emulated device: the data arrives when the schedule
// wants it to.
#pragma once

#include <takt/kernels/device.cuh>
#include <takt/kernels/ptx/cluster.cuh>
#include <takt/kernels/ptx/mbarrier.cuh>

namespace takt::ptx {

template <class Element>
void st_async(ClusterPointer<Element> to, Element value, ClusterPointer<Mbarrier> barrier,
              SIMT_CALLED_FROM) {
  constexpr auto bytes = sizeof(Element);
  static_assert(bytes == 4 || bytes == 8 || bytes == 16);
  simt::store_async(to.address, &value, bytes, &barrier.address->bits,
                    simt::site_of("st_async", file, line));
}

}  // namespace takt::ptx
