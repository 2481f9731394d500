// Takes over glibc's names for allocation; AddressSanitizer, which has taken them itself, has
// hooks.
#include "heap_hook.hpp"

#include <atomic>
#include <cstdlib>

#include "sanitizers.hpp"

namespace takt::test {
namespace {

constinit std::atomic<HeapHook> current{nullptr};
thread_local bool inside_hook = false;

void tell(const void* caller, std::size_t bytes) noexcept {
  const HeapHook hook = current.load(std::memory_order_relaxed);
  if (hook == nullptr || inside_hook) return;
  inside_hook = true;
  hook(caller, bytes);
  inside_hook = false;
}

}  // namespace
}  // namespace takt::test

#if defined(TAKT_ADDRESS_SANITIZER)
// As sanitizer/allocator_interface.h has it, which g++ 12 does not bring along.
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*malloc_hook)(const volatile void*,
                                                                             std::size_t),
                                                         void (*free_hook)(const volatile void*));

namespace takt::test {

bool set_heap_hook(HeapHook hook) {
  static const int installed = __sanitizer_install_malloc_and_free_hooks(
      [](const volatile void*, std::size_t bytes) { tell(nullptr, bytes); },
      [](const volatile void*) {});
  current = hook;
  return installed != 0;
}

}  // namespace takt::test

#elif defined(__GLIBC__) && !defined(TAKT_HEAP_OF_SANITIZER)
#include <errno.h>

namespace takt::test {

bool set_heap_hook(HeapHook hook) {
  current = hook;
  return true;
}

}  // namespace takt::test

// glibc's own functions, behind the names taken over. operator new goes through malloc.
extern "C" {
void* __libc_malloc(std::size_t size) noexcept;
void* __libc_calloc(std::size_t count, std::size_t size) noexcept;
void* __libc_realloc(void* memory, std::size_t size) noexcept;
void* __libc_memalign(std::size_t alignment, std::size_t size) noexcept;

void* malloc(std::size_t size) noexcept {
  takt::test::tell(__builtin_return_address(0), size);
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) noexcept {
  takt::test::tell(__builtin_return_address(0), count * size);
  return __libc_calloc(count, size);
}
void* realloc(void* memory, std::size_t size) noexcept {
  takt::test::tell(__builtin_return_address(0), size);
  return __libc_realloc(memory, size);
}
void* memalign(std::size_t alignment, std::size_t size) noexcept {
  takt::test::tell(__builtin_return_address(0), size);
  return __libc_memalign(alignment, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  takt::test::tell(__builtin_return_address(0), size);
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t size) noexcept {
  takt::test::tell(__builtin_return_address(0), size);
  *memory = __libc_memalign(alignment, size);
  return *memory == nullptr ? ENOMEM : 0;
}
}

#else

namespace takt::test {

bool set_heap_hook(HeapHook) {
  return false;
}

}  // namespace takt::test

#endif
