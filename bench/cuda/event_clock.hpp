// The clock of CUDA's events.
#pragma once

#include <memory>

#include "device_clock.hpp"

namespace takt::bench {

/// Throws DeviceError where takt is built without CUDA.
std::unique_ptr<DeviceClock> make_event_clock(const Stream& stream);

}  // namespace takt::bench
