// The device of the emulated programs: one for each order in which threads and blocks go on.
#include "devices/test_devices.hpp"

#include "simt.hpp"

namespace takt::test {
namespace {

#if defined(SIMT_RACE_CHECKER)
constexpr std::size_t schedules = 1;
constexpr auto first_effort = TestDevice::Effort::some;
#elif defined(__SANITIZE_ADDRESS__)
constexpr std::size_t schedules = 1;
constexpr auto first_effort = TestDevice::Effort::some;
#else
constexpr std::size_t schedules = 4;
constexpr auto first_effort = TestDevice::Effort::most;
#endif

}  // namespace

std::vector<TestDevice> test_devices() {
  std::vector<TestDevice> devices;
  for (const simt::Schedule& schedule : simt::all_schedules()) {
    if (devices.size() == schedules) break;
    devices.push_back({"emulated_" + simt::to_string(schedule),
                       [schedule] {
                         simt::set_schedule(schedule);
                         return Device::cuda();
                       },
                       devices.empty() ? first_effort : TestDevice::Effort::some, "step"});
  }
  return devices;
}

}  // namespace takt::test
