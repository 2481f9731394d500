// Transaction barriers: a phase is over once the threads expected have arrived and the bytes
// expected have come. Whoever waits for a phase sees what was done before the arrivals of that
// phase, and the data that counted on it.
//
// Phases alternate in parity, the first has 0. A barrier lives in the shared memory of the block
// that waits for it; other blocks of the cluster may arrive.
#pragma once

#include <cstdint>

#include <takt/kernels/device.cuh>
#include <takt/kernels/ptx/address.cuh>
#include <takt/kernels/ptx/cluster.cuh>
#include <takt/kernels/ptx/scope.cuh>

namespace takt::ptx {

/// Opaque, and in shared memory only: TAKT_SHARED(Mbarrier, full, [2]).
struct alignas(8) Mbarrier {
  std::uint64_t bits;
};

/// `arrivals` complete each phase. By one thread, before others use it: a fence_mbarrier_init by
/// that thread and a barrier of all who do must follow. mbarrier.init: "Parallel Synchronization
/// and Communication Instructions: mbarrier.init".
TAKT_DEVICE void mbarrier_init(Mbarrier* barrier, unsigned arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(shared_address(barrier)),
               "r"(arrivals)
               : "memory");
}

/// Makes this thread's initialisations visible to the cluster and to asynchronous copies.
/// fence.mbarrier_init: "Parallel Synchronization and Communication Instructions: membar / fence".
TAKT_DEVICE void fence_mbarrier_init() {
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
}

/// One arrival. mbarrier.arrive: "Parallel Synchronization and Communication Instructions:
/// mbarrier.arrive".
TAKT_DEVICE void mbarrier_arrive(Mbarrier* barrier) {
  asm volatile("mbarrier.arrive.release.cta.shared::cta.b64 _, [%0];" ::"r"(shared_address(barrier))
               : "memory");
}

/// One arrival at the barrier of any block of the cluster, to be waited for at Scope::cluster.
/// mbarrier.arrive: "Parallel Synchronization and Communication Instructions: mbarrier.arrive".
TAKT_DEVICE void mbarrier_arrive(ClusterPointer<Mbarrier> barrier) {
  asm volatile("mbarrier.arrive.release.cluster.shared::cluster.b64 _, [%0];" ::"r"(barrier.address)
               : "memory");
}

/// One arrival, and `bytes` more to come in this phase. mbarrier.arrive.expect_tx: "Parallel
/// Synchronization and Communication Instructions: mbarrier.arrive".
TAKT_DEVICE void mbarrier_arrive_expect_tx(Mbarrier* barrier, std::uint32_t bytes) {
  asm volatile("mbarrier.arrive.expect_tx.release.cta.shared::cta.b64 _, [%0], %1;" ::"r"(
                   shared_address(barrier)),
               "r"(bytes)
               : "memory");
}

/// `bytes` more to come in this phase; no arrival. mbarrier.expect_tx: "Parallel Synchronization
/// and Communication Instructions: mbarrier.expect_tx".
TAKT_DEVICE void mbarrier_expect_tx(Mbarrier* barrier, std::uint32_t bytes) {
  asm volatile(
      "mbarrier.expect_tx.relaxed.cta.shared::cta.b64 [%0], %1;" ::"r"(shared_address(barrier)),
      "r"(bytes)
      : "memory");
}

/// Whether the phase of this parity is over; may take its time. Scope::cluster where other blocks
/// arrive or send data. mbarrier.try_wait.parity: "Parallel Synchronization and Communication
/// Instructions: mbarrier.test_wait / mbarrier.try_wait".
template <Scope scope>
TAKT_DEVICE bool mbarrier_try_wait(Mbarrier* barrier, unsigned parity) {
  static_assert(scope != Scope::device);
  std::uint32_t over;
  TAKT_ASM_AT_SCOPE("{\n.reg .pred over;\nmbarrier.try_wait.parity.acquire",
                    ".shared::cta.b64 over, [%1], %2;\nselp.u32 %0, 1, 0, over;\n}", "=r"(over)
                    : "r"(shared_address(barrier)), "r"(parity)
                    : "memory");
  return over != 0;
}

/// Waits until the phase of this parity is over: mbarrier_try_wait until it says so.
template <Scope scope>
TAKT_DEVICE void mbarrier_wait(Mbarrier* barrier, unsigned parity) {
  while (!mbarrier_try_wait<scope>(barrier, parity)) {
  }
}

}  // namespace takt::ptx
