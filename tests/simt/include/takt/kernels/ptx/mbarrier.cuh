// Stands for kernels/ptx/mbarrier.cuh on the emulated device.
#pragma once

#include <cstdint>

#include <takt/kernels/device.cuh>
#include <takt/kernels/ptx/cluster.cuh>
#include <takt/kernels/ptx/scope.cuh>

namespace takt::ptx {

struct alignas(8) Mbarrier {
  std::uint64_t bits;
};

inline void mbarrier_init(Mbarrier* barrier, unsigned arrivals, SIMT_CALLED_FROM) {
  simt::mbarrier_init(&barrier->bits, arrivals, simt::site_of("mbarrier_init", file, line));
}
inline void fence_mbarrier_init() {
  simt::fence_mbarrier_init();
}

inline void mbarrier_arrive(Mbarrier* barrier, SIMT_CALLED_FROM) {
  simt::mbarrier_arrive(&barrier->bits, 0, 1, simt::site_of("mbarrier_arrive", file, line));
}
inline void mbarrier_arrive(ClusterPointer<Mbarrier> barrier, SIMT_CALLED_FROM) {
  simt::mbarrier_arrive(&barrier.address->bits, 0, 1, simt::site_of("mbarrier_arrive", file, line));
}
inline void mbarrier_arrive_expect_tx(Mbarrier* barrier, std::uint32_t bytes, SIMT_CALLED_FROM) {
  simt::mbarrier_arrive(&barrier->bits, bytes, 1,
                        simt::site_of("mbarrier_arrive_expect_tx", file, line));
}
inline void mbarrier_expect_tx(Mbarrier* barrier, std::uint32_t bytes, SIMT_CALLED_FROM) {
  simt::mbarrier_arrive(&barrier->bits, bytes, 0, simt::site_of("mbarrier_expect_tx", file, line));
}

template <Scope scope>
bool mbarrier_try_wait(Mbarrier* barrier, unsigned parity, SIMT_CALLED_FROM) {
  static_assert(scope != Scope::device);
  return simt::mbarrier_try_wait(&barrier->bits, parity, scope,
                                 simt::site_of("mbarrier_try_wait", file, line));
}
template <Scope scope>
void mbarrier_wait(Mbarrier* barrier, unsigned parity, SIMT_CALLED_FROM) {
  static_assert(scope != Scope::device);
  while (!simt::mbarrier_try_wait(&barrier->bits, parity, scope,
                                  simt::site_of("mbarrier_wait", file, line))) {
  }
}

}  // namespace takt::ptx
