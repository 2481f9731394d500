// CallStatus: what a call noticed only while it ran on a device.
#pragma once

#include <cstdint>
#include <string>

#include <takt/device.hpp>
#include <takt/export.hpp>

namespace takt {

struct MemoryView;

/// What a call on a GPU found wrong in memory that the host does not read. On a cpu device, where
/// calls refuse such arguments, it is always fine.
struct CallStatus {
  /// First row whose length lay outside 0 to T, and that length; it was taken as 0 or T. -1: none.
  std::int64_t bad_row = -1;
  std::int32_t bad_length = 0;
  std::int64_t T = 0;  ///< of the call
  /// Backward was given `saved` memory that no forward of these T and B had filled: its gradients
  /// mean nothing.
  bool wrong_saved = false;
  /// A kernel waited for another block's part of h longer than it may, and went on without: the
  /// results mean nothing.
  bool gave_up = false;

  bool fine() const noexcept { return bad_row < 0 && !wrong_saved && !gave_up; }
  /// "'lengths[3]' is 1201; it must be between 0 and T = 1000": empty where all is fine.
  TAKT_API std::string message() const;
};

/// What the last call with this memory noticed. Waits for everything on `stream` so far, which is
/// that call's; not to be asked while the stream is captured. Before any call it means nothing.
/// Throws ArgumentError where the scratch memory is null, on a GPU, or lies on another device than
/// the stream's, DeviceError where the device fails.
TAKT_API CallStatus status(const MemoryView& memory, StreamRef stream);

}  // namespace takt
