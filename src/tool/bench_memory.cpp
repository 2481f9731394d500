// Whether a shape fits the memory.
#include "tool/bench_memory.hpp"

#include "check.hpp"
#include "device.hpp"
#include "tool/text.hpp"

namespace takt::tool {
namespace {

struct Need {
  double device = 0, host = 0;
};

/// `of_device` lies in the host's memory, too, where there is no other.
Need need_of(double of_device, double of_host, DeviceKind device) {
  return device == DeviceKind::cpu ? Need{0, of_device + of_host} : Need{of_device, of_host};
}

}  // namespace

Room room_on(const Device& device) {
  const bool has_memory = device.kind() == DeviceKind::cuda;
  return {.device = has_memory ? static_cast<double>(device.state()->facts.memory_bytes) : 0,
          .host = bench::available_bytes(),
          .device_name = device.describe()};
}

std::string own_obstacle(const bench::Shape& shape, const bench::Footprint& bytes,
                         DeviceKind device, const Room& room) {
  const Need need = need_of(bytes.all(), bench::check_bytes(shape, bytes), device);
  const std::string needs =
      bench::series_name(shape) + " with T=" + std::to_string(shape.T) + " needs ";
  if (need.device > room.device)
    return needs + with_byte_unit(need.device) + " of memory; " + room.device_name + " has " +
           with_byte_unit(room.device);
  if (need.host > room.host)
    return needs + with_byte_unit(need.host) + " of memory; " + with_byte_unit(room.host) +
           " are available";
  return "";
}

std::string peer_obstacle(const std::string& peer, const bench::Shape& shape,
                          const bench::Footprint& bytes, DeviceKind device, const Room& left) {
  const Need need = need_of(bytes.all(), bench::compare_bytes(shape, bytes), device);
  const std::string needs = peer + " needs about ";
  if (need.device > left.device)
    return needs + with_byte_unit(need.device) + " of memory beside takt's " +
           with_byte_unit(bytes.all()) + "; " + with_byte_unit(left.device) + " are left on " +
           left.device_name;
  if (need.host > left.host)
    return needs + with_byte_unit(need.host) + " of memory beside takt's " +
           with_byte_unit(bytes.all()) + "; " + with_byte_unit(left.host) + " are left";
  return "";
}

}  // namespace takt::tool
