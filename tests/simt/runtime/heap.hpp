// Whose allocations on the host's heap are watched.
#pragma once

namespace simt {

/// While one lives, what this thread allocates is the emulation's own, not the program's.
class Unwatched {
 public:
  Unwatched();
  Unwatched(const Unwatched&) = delete;
  Unwatched& operator=(const Unwatched&) = delete;
  ~Unwatched();
};

}  // namespace simt
