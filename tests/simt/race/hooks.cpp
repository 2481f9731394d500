// What kernels compiled with -fsanitize=thread call at each access. Linked without that sanitizer.
#include <cstddef>
#include <cstdint>

#include "race/race.hpp"

#define SIMT_HOOK(name, bytes, writes)                                          \
  extern "C" void __tsan_##name(const void* address) {                          \
    simt::race::access_at(address, bytes, writes, __builtin_return_address(0)); \
  }
#define SIMT_HOOKS(bytes)                                 \
  SIMT_HOOK(read##bytes, bytes, false)                    \
  SIMT_HOOK(write##bytes, bytes, true)                    \
  SIMT_HOOK(unaligned_read##bytes, bytes, false)          \
  SIMT_HOOK(unaligned_write##bytes, bytes, true)          \
  SIMT_HOOK(volatile_read##bytes, bytes, false)           \
  SIMT_HOOK(volatile_write##bytes, bytes, true)           \
  SIMT_HOOK(unaligned_volatile_read##bytes, bytes, false) \
  SIMT_HOOK(unaligned_volatile_write##bytes, bytes, true)

// Atomic operations of the host code beside the kernels: done, not noted.
#define SIMT_ATOMIC(bits)                                                                 \
  extern "C" std::uint##bits##_t __tsan_atomic##bits##_load(                              \
      const volatile std::uint##bits##_t* address, int) {                                 \
    return __atomic_load_n(address, __ATOMIC_SEQ_CST);                                    \
  }                                                                                       \
  extern "C" void __tsan_atomic##bits##_store(volatile std::uint##bits##_t* address,      \
                                              std::uint##bits##_t value, int) {           \
    __atomic_store_n(address, value, __ATOMIC_SEQ_CST);                                   \
  }                                                                                       \
  extern "C" std::uint##bits##_t __tsan_atomic##bits##_exchange(                          \
      volatile std::uint##bits##_t* address, std::uint##bits##_t value, int) {            \
    return __atomic_exchange_n(address, value, __ATOMIC_SEQ_CST);                         \
  }                                                                                       \
  extern "C" std::uint##bits##_t __tsan_atomic##bits##_fetch_add(                         \
      volatile std::uint##bits##_t* address, std::uint##bits##_t value, int) {            \
    return __atomic_fetch_add(address, value, __ATOMIC_SEQ_CST);                          \
  }                                                                                       \
  extern "C" int __tsan_atomic##bits##_compare_exchange_strong(                           \
      volatile std::uint##bits##_t* address, std::uint##bits##_t* expected,               \
      std::uint##bits##_t value, int, int) {                                              \
    return __atomic_compare_exchange_n(address, expected, value, false, __ATOMIC_SEQ_CST, \
                                       __ATOMIC_SEQ_CST);                                 \
  }

SIMT_ATOMIC(8)
SIMT_ATOMIC(32)
SIMT_ATOMIC(64)

SIMT_HOOKS(1)
SIMT_HOOKS(2)
SIMT_HOOKS(4)
SIMT_HOOKS(8)
SIMT_HOOKS(16)

extern "C" {

void __tsan_read_range(const void* address, std::size_t bytes) {
  simt::race::access_at(address, bytes, false, __builtin_return_address(0));
}
void __tsan_write_range(const void* address, std::size_t bytes) {
  simt::race::access_at(address, bytes, true, __builtin_return_address(0));
}
void __tsan_init() {
  simt::race::checking = true;
}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}

}  // extern "C"
