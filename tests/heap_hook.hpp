// Tells a hook of every allocation that this program makes.
#pragma once

#include <cstddef>

namespace takt::test {

/// Called on the allocating thread, before the memory is there; what it allocates itself is not
/// told. `caller` is where malloc or its like returns to; null where a sanitizer's heap does not
/// say.
using HeapHook = void (*)(const void* caller, std::size_t bytes);

/// From now on, on all threads; null: nobody is told. False where this program's heap tells nobody:
/// one that is neither glibc's nor AddressSanitizer's.
bool set_heap_hook(HeapHook hook);

}  // namespace takt::test
