// The clock of measurements on a GPU.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include <takt/device.hpp>

namespace takt::bench {

/// Times what a call enqueues, by the device's own events: host clocks would add the way there.
class DeviceClock {
 public:
  virtual ~DeviceClock() = default;
  /// Seconds on the device between the beginning and the end of what `enqueue` puts on the stream;
  /// waits for it. Before, outside of that time, the whole L2 cache is overwritten, so that every
  /// call of every contestant finds nothing of its data there: rotating buffers would need several
  /// copies of each contestant's memory, and their number would differ from one to the next. While
  /// that runs the host goes ahead, for all contestants alike.
  virtual double seconds(const std::function<void()>& enqueue) = 0;
};

/// For calls on this stream, which must outlive it; null for a cpu stream. Throws DeviceError where
/// CUDA fails.
std::unique_ptr<DeviceClock> make_device_clock(const Stream& stream);

/// How calls on a device of this kind are timed.
std::string_view clock_name(DeviceKind kind);

}  // namespace takt::bench
