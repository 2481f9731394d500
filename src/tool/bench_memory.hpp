// Whether a shape fits the memory: takt's own bytes, and what a peer keeps beside them.
#pragma once

#include <string>

#include <takt/device.hpp>

#include "shape.hpp"

namespace takt::tool {

/// Bytes that may still be taken; on a cpu device those of the host alone count.
struct Room {
  double device = 0, host = 0;
  std::string device_name = {};  ///< "cuda:0 (NVIDIA H200, ...)"
};

/// Of a device on which nothing is yet.
Room room_on(const Device& device);

/// Why takt cannot run a shape, its check included: "... needs 3.00 GiB of memory; 2.00 GiB are
/// available". Empty where it can.
std::string own_obstacle(const bench::Shape& shape, const bench::Footprint& bytes,
                         DeviceKind device, const Room& room);

/// The same of one peer, in what takt and the peers before it have left. A peer keeps as much as
/// takt, more or less, and is compared on the host.
std::string peer_obstacle(const std::string& peer, const bench::Shape& shape,
                          const bench::Footprint& bytes, DeviceKind device, const Room& left);

}  // namespace takt::tool
