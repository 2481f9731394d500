// What a call leaves in the caller's memory about itself: read by kernels and by the host.
#pragma once

#include <cstdint>

namespace takt {

/// The first bytes of scratch: what the last call noticed.
struct StatusWord {
  static constexpr unsigned long long no_row = ~0ULL;
  /// The first row with a length out of range in the upper half, the bits of that length below.
  unsigned long long bad_length = no_row;
  std::int64_t T = 0;
  std::int64_t wrong_saved = 0;
  unsigned long long gave_up = 0;  ///< whether a wait in a kernel did not end in time
};

/// The first bytes of saved: which forward filled it, for the backward that reads it.
struct SavedMark {
  static constexpr std::int64_t forward_ran = 0x74616b74;
  std::int64_t written = 0;  ///< forward_ran
  std::int64_t T = 0, B = 0;
};

}  // namespace takt
