// The device language for a host compiler: what nvcc knows by itself, on the emulated device.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "device/operations.hpp"
#include "runtime/heap.hpp"

extern "C" {
extern const uint3 threadIdx, blockIdx;
extern const dim3 blockDim, gridDim;
extern const int warpSize;
}

// An operation's site: one object for each place in the source.
#define SIMT_SITE(operation)                                           \
  ([]() -> const ::simt::Site& {                                       \
    static constexpr ::simt::Site site{operation, __FILE__, __LINE__}; \
    return site;                                                       \
  }())

// Shared arrays are declared by TAKT_SHARED (takt/kernels/device.cuh).
#undef __shared__
#define __shared__ static_assert(false, "use TAKT_SHARED or TAKT_DYNAMIC_SHARED")
#undef __launch_bounds__
#define __launch_bounds__(...)

#define __syncthreads() ::simt::sync_block(SIMT_SITE("__syncthreads"))
#define __syncwarp(...) ::simt::sync_warp(::simt::mask_of(__VA_ARGS__), SIMT_SITE("__syncwarp"))
#define __shfl_sync(mask, value, source) \
  ::simt::shuffled(mask, value, ::simt::lane_at(source), SIMT_SITE("__shfl_sync"))
#define __shfl_xor_sync(mask, value, bits) \
  ::simt::shuffled(mask, value, ::simt::lane_xor(bits), SIMT_SITE("__shfl_xor_sync"))
#define __shfl_down_sync(mask, value, delta) \
  ::simt::shuffled(mask, value, ::simt::lane_up_by(int(delta)), SIMT_SITE("__shfl_down_sync"))
#define __shfl_up_sync(mask, value, delta) \
  ::simt::shuffled(mask, value, ::simt::lane_up_by(-int(delta)), SIMT_SITE("__shfl_up_sync"))
#define __ballot_sync(mask, predicate) \
  ::simt::vote(mask, bool(predicate), SIMT_SITE("__ballot_sync"))
#define __any_sync(mask, predicate) \
  int(::simt::vote(mask, bool(predicate), SIMT_SITE("__any_sync")) != 0)
#define __all_sync(mask, predicate) \
  int(::simt::vote(mask, bool(predicate), SIMT_SITE("__all_sync")) == ((mask) & ::simt::lanes()))
#define __threadfence() ::simt::fence(::simt::Scope::device)
#define __threadfence_block() ::simt::fence(::simt::Scope::block)

#define atomicAdd(address, value) \
  ::simt::atomic_update(address, value, std::plus<>(), SIMT_SITE("atomicAdd"))
#define atomicMax(address, value) \
  ::simt::atomic_update(address, value, ::simt::Larger(), SIMT_SITE("atomicMax"))
#define atomicMin(address, value) \
  ::simt::atomic_update(address, value, ::simt::Smaller(), SIMT_SITE("atomicMin"))
#define atomicExch(address, value) \
  ::simt::atomic_update(address, value, ::simt::Second(), SIMT_SITE("atomicExch"))
#define atomicCAS(address, compared, value) \
  ::simt::atomic_compare(address, compared, value, SIMT_SITE("atomicCAS"))

// Approximate on the GPU, exact here: what they round to is for hardware to show.
#define __expf(x) expf(x)

#define cudaLaunchKernelEx(config, kernel, ...) \
  ::simt::launch_kernel(config, #kernel, kernel __VA_OPT__(, ) __VA_ARGS__)

namespace simt {

inline unsigned mask_of(unsigned mask = ~0u) {
  return mask;
}
inline unsigned lanes() {
  return current().warp->exists;
}
inline unsigned lane_at(int source) {
  return static_cast<unsigned>(source) % warp_size;
}
inline unsigned lane_xor(int bits) {
  return (current().lane ^ static_cast<unsigned>(bits)) % warp_size;
}
/// The lane `delta` further; one's own where there is none.
inline unsigned lane_up_by(int delta) {
  const int lane = static_cast<int>(current().lane) + delta;
  return lane < 0 || lane >= static_cast<int>(warp_size) ? current().lane
                                                         : static_cast<unsigned>(lane);
}

template <class Value>
Value shuffled(unsigned mask, Value value, unsigned source, const Site& site) {
  static_assert(sizeof(Value) <= 16 && std::is_trivially_copyable_v<Value>);
  shuffle(mask, &value, sizeof value, source, site);
  return value;
}

struct Larger {
  template <class Value>
  Value operator()(Value a, Value b) const {
    return a < b ? b : a;
  }
};
struct Smaller {
  template <class Value>
  Value operator()(Value a, Value b) const {
    return b < a ? b : a;
  }
};
struct Second {
  template <class Value>
  Value operator()(Value, Value b) const {
    return b;
  }
};

/// Atomic operations are relaxed, at device scope.
void note_atomic(const void* address, std::size_t bytes, const Site& site);
void fence(Scope scope);

template <class Value, class Operand, class Function>
__attribute__((no_sanitize("thread"))) Value atomic_update(Value* address, Operand operand,
                                                           Function function, const Site& site) {
  note_atomic(address, sizeof(Value), site);
  const Value before = *address;
  *address = function(before, static_cast<Value>(operand));
  return before;
}

template <class Value, class Compared, class Operand>
__attribute__((no_sanitize("thread"))) Value atomic_compare(Value* address, Compared compared,
                                                            Operand operand, const Site& site) {
  note_atomic(address, sizeof(Value), site);
  const Value before = *address;
  if (before == static_cast<Value>(compared)) *address = static_cast<Value>(operand);
  return before;
}

/// Reports an argument that points to memory which a GPU would not reach.
void check_argument(const char* kernel, const void* pointer);
template <class Argument>
void check_argument(const char* kernel, const Argument& argument) {
  if constexpr (std::is_pointer_v<Argument>)
    check_argument(kernel, static_cast<const void*>(argument));
}

/// cudaLaunchKernelEx; `name` is the kernel's in the source.
cudaError_t enqueue_kernel(const cudaLaunchConfig_t& config, const char* name, const void* kernel,
                           std::function<void()> body);
template <class... Parameters, class... Arguments>
cudaError_t launch_kernel(const cudaLaunchConfig_t* config, const char* name,
                          void (*kernel)(Parameters...), Arguments&&... arguments) {
  const Unwatched unwatched;
  // A copy of each argument, as a launch makes it.
  std::tuple<std::decay_t<Parameters>...> copies(static_cast<Parameters>(arguments)...);
  std::apply([&](const auto&... each) { (check_argument(name, each), ...); }, copies);
  return enqueue_kernel(*config, name, reinterpret_cast<const void*>(kernel),
                        [kernel, copies] { std::apply(kernel, copies); });
}

}  // namespace simt

template <class Value>
Value __ldcg(const Value* address) {
  return *address;
}
template <class Value>
void __stcg(Value* address, Value value) {
  *address = value;
}
template <class Value>
void __stwb(Value* address, Value value) {
  *address = value;
}
inline unsigned __float_as_uint(float x) {
  unsigned bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}
