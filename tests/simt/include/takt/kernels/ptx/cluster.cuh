// Stands for kernels/ptx/cluster.cuh on the emulated device.
#pragma once

#include <takt/kernels/device.cuh>

namespace takt::ptx {

template <class Element>
struct ClusterPointer {
  Element* address;

  ClusterPointer operator+(int elements) const { return {address + elements}; }
};

inline unsigned cluster_rank() {
  return simt::cluster_rank();
}
inline unsigned cluster_size() {
  return simt::cluster_size();
}

inline void cluster_arrive(SIMT_CALLED_FROM) {
  simt::arrive_cluster(simt::site_of("cluster_arrive", file, line));
}
inline void cluster_wait(SIMT_CALLED_FROM) {
  simt::wait_cluster(simt::site_of("cluster_wait", file, line));
}

template <class Element>
ClusterPointer<Element> map_to_rank(Element* shared, unsigned rank, SIMT_CALLED_FROM) {
  return {static_cast<Element*>(
      simt::map_to_rank(shared, rank, simt::site_of("map_to_rank", file, line)))};
}

template <class Element>
Element load(ClusterPointer<Element> from, SIMT_CALLED_FROM) {
  constexpr auto bytes = sizeof(Element);
  static_assert(bytes == 2 || bytes == 4 || bytes == 8 || bytes == 16);
  Element value;
  simt::load_from_cluster(&value, from.address, bytes, simt::site_of("load", file, line));
  return value;
}

template <class Element>
void store(ClusterPointer<Element> to, Element value, SIMT_CALLED_FROM) {
  constexpr auto bytes = sizeof(Element);
  static_assert(bytes == 2 || bytes == 4 || bytes == 8 || bytes == 16);
  simt::store_to_cluster(to.address, &value, bytes, simt::site_of("store", file, line));
}

}  // namespace takt::ptx
