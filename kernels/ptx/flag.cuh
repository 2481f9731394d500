// Flags: integers of 4 or 8 bytes that threads publish and poll, by meaning and scope.
//
// What a thread did before a release store is seen by whoever reads the value by an acquire load,
// where both scopes hold both threads. Relaxed ones order nothing by themselves: a fence must.
#pragma once

#include <cstdint>
#include <type_traits>

#include <takt/kernels/device.cuh>
#include <takt/kernels/ptx/scope.cuh>

namespace takt::ptx {

template <class Integer>
concept Flag = std::is_integral_v<Integer> &&(sizeof(Integer) == 4 || sizeof(Integer) == 8);

/// ld.acquire: "Data Movement and Conversion Instructions: ld".
template <Scope scope, Flag Integer>
TAKT_DEVICE Integer load_acquire(const Integer* address) {
  Integer value;
  if constexpr (sizeof(Integer) == 4)
    TAKT_ASM_AT_SCOPE("ld.acquire", ".u32 %0, [%1];", "=r"(value) : "l"(address) : "memory");
  else
    TAKT_ASM_AT_SCOPE("ld.acquire", ".u64 %0, [%1];", "=l"(value) : "l"(address) : "memory");
  return value;
}

/// ld.relaxed: "Data Movement and Conversion Instructions: ld".
template <Scope scope, Flag Integer>
TAKT_DEVICE Integer load_relaxed(const Integer* address) {
  Integer value;
  if constexpr (sizeof(Integer) == 4)
    TAKT_ASM_AT_SCOPE("ld.relaxed", ".u32 %0, [%1];", "=r"(value) : "l"(address) : "memory");
  else
    TAKT_ASM_AT_SCOPE("ld.relaxed", ".u64 %0, [%1];", "=l"(value) : "l"(address) : "memory");
  return value;
}

/// st.release: "Data Movement and Conversion Instructions: st".
template <Scope scope, Flag Integer>
TAKT_DEVICE void store_release(Integer* address, std::type_identity_t<Integer> value) {
  if constexpr (sizeof(Integer) == 4)
    TAKT_ASM_AT_SCOPE("st.release", ".u32 [%0], %1;", : "l"(address), "r"(value) : "memory");
  else
    TAKT_ASM_AT_SCOPE("st.release", ".u64 [%0], %1;", : "l"(address), "l"(value) : "memory");
}

/// st.relaxed: "Data Movement and Conversion Instructions: st".
template <Scope scope, Flag Integer>
TAKT_DEVICE void store_relaxed(Integer* address, std::type_identity_t<Integer> value) {
  if constexpr (sizeof(Integer) == 4)
    TAKT_ASM_AT_SCOPE("st.relaxed", ".u32 [%0], %1;", : "l"(address), "r"(value) : "memory");
  else
    TAKT_ASM_AT_SCOPE("st.relaxed", ".u64 [%0], %1;", : "l"(address), "l"(value) : "memory");
}

/// Returns the value before. atom.add.acq_rel: "Parallel Synchronization and Communication
/// Instructions: atom".
template <Scope scope, Flag Integer>
TAKT_DEVICE Integer add_acquire_release(Integer* address, std::type_identity_t<Integer> value) {
  Integer before;
  if constexpr (sizeof(Integer) == 4)
    TAKT_ASM_AT_SCOPE("atom.acq_rel", ".add.u32 %0, [%1], %2;", "=r"(before)
                      : "l"(address), "r"(value)
                      : "memory");
  else
    TAKT_ASM_AT_SCOPE("atom.acq_rel", ".add.u64 %0, [%1], %2;", "=l"(before)
                      : "l"(address), "l"(value)
                      : "memory");
  return before;
}

/// Returns the value before. atom.add.release: "Parallel Synchronization and Communication
/// Instructions: atom".
template <Scope scope, Flag Integer>
TAKT_DEVICE Integer add_release(Integer* address, std::type_identity_t<Integer> value) {
  Integer before;
  if constexpr (sizeof(Integer) == 4)
    TAKT_ASM_AT_SCOPE("atom.release", ".add.u32 %0, [%1], %2;", "=r"(before)
                      : "l"(address), "r"(value)
                      : "memory");
  else
    TAKT_ASM_AT_SCOPE("atom.release", ".add.u64 %0, [%1], %2;", "=l"(before)
                      : "l"(address), "l"(value)
                      : "memory");
  return before;
}

/// Returns the value before. atom.add.relaxed: "Parallel Synchronization and Communication
/// Instructions: atom".
template <Scope scope, Flag Integer>
TAKT_DEVICE Integer add_relaxed(Integer* address, std::type_identity_t<Integer> value) {
  Integer before;
  if constexpr (sizeof(Integer) == 4)
    TAKT_ASM_AT_SCOPE("atom.relaxed", ".add.u32 %0, [%1], %2;", "=r"(before)
                      : "l"(address), "r"(value)
                      : "memory");
  else
    TAKT_ASM_AT_SCOPE("atom.relaxed", ".add.u64 %0, [%1], %2;", "=l"(before)
                      : "l"(address), "l"(value)
                      : "memory");
  return before;
}

/// Makes relaxed loads before it acquire, and relaxed stores after it release. fence.acq_rel:
/// "Parallel Synchronization and Communication Instructions: membar / fence".
template <Scope scope>
TAKT_DEVICE void fence_acquire_release() {
  TAKT_ASM_AT_SCOPE("fence.acq_rel", ";", : : "memory");
}

}  // namespace takt::ptx
