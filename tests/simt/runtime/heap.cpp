// Reports allocations on the host's heap where a program has promised to make none.
#include "runtime/heap.hpp"

#include <dlfcn.h>
#include <execinfo.h>

#include <array>
#include <string>

#include "../../heap_hook.hpp"
#include "device/grid.hpp"
#include "runtime/source.hpp"
#include "simt.hpp"

namespace simt {
namespace {

constinit thread_local int watches = 0;
constinit thread_local int pauses = 0;

/// Whether code lies in the same program or library as this function.
bool of_this_program(const void* pc) {
  Dl_info there{}, here{};
  return dladdr(pc, &there) != 0 &&
         dladdr(reinterpret_cast<const void*>(&of_this_program), &here) != 0 &&
         there.dli_fbase == here.dli_fbase;
}

/// The innermost function that is neither a library's nor of the hook's own.
std::string place_of_caller() {
  std::array<void*, 24> frames{};
  const int count = backtrace(frames.data(), static_cast<int>(frames.size()));
  for (int n = 0; n < count; ++n) {
    const void* const pc = frames[static_cast<std::size_t>(n)];
    if (!of_this_program(pc)) continue;
    const std::string place = source_of(pc);
    if (place.find(':') != std::string::npos && place.find("/heap") == std::string::npos)
      return place;
  }
  return "an unknown place";
}

void note(const void*, std::size_t bytes) {
  if (watches == 0 || pauses > 0) return;
  report("host allocation", std::to_string(bytes) + " bytes, at " + place_of_caller());
}

}  // namespace

Unwatched::Unwatched() {
  ++pauses;
}
Unwatched::~Unwatched() {
  --pauses;
}

HostHeapWatch::HostHeapWatch() {
  if (!takt::test::set_heap_hook(note)) report("host allocation", "nothing tells of them here");
  ++watches;
}
HostHeapWatch::~HostHeapWatch() {
  --watches;
}

}  // namespace simt
