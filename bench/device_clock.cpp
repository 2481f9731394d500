// Which clock times calls on a device.
#include "device_clock.hpp"

#include "cuda/event_clock.hpp"

namespace takt::bench {

std::unique_ptr<DeviceClock> make_device_clock(const Stream& stream) {
  return stream.device().kind() == DeviceKind::cuda ? make_event_clock(stream) : nullptr;
}

std::string_view clock_name(DeviceKind kind) {
  return kind == DeviceKind::cuda ? "CUDA events, L2 overwritten before each call" : "steady clock";
}

}  // namespace takt::bench
