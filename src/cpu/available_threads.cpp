// How many threads of this process can run at a time.
#include "cpu/available_threads.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <thread>

#ifdef __linux__
#include <sched.h>
#endif

namespace takt::cpu {
namespace {

int cpus_of_affinity() {
#ifdef __linux__
  // The kernel says EINVAL while its set is larger than ours.
  for (int cpus = 1024; cpus <= 1 << 20; cpus *= 2) {
    cpu_set_t* set = CPU_ALLOC(static_cast<std::size_t>(cpus));
    if (set == nullptr) break;
    const std::size_t bytes = CPU_ALLOC_SIZE(static_cast<std::size_t>(cpus));
    const int count = sched_getaffinity(0, bytes, set) == 0 ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (count > 0) return count;
  }
#endif
  return static_cast<int>(std::thread::hardware_concurrency());
}

/// "150000 100000" in microseconds, of cgroup v2, is one and a half CPUs; "max 100000" is no limit.
int cpus_of_quota() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  double quota = 0, period = 0;
  if (!(file >> quota >> period) || quota <= 0 || period <= 0)
    return std::numeric_limits<int>::max();
  return static_cast<int>(std::ceil(std::min(quota / period, 1e6)));
}

}  // namespace

int available_threads() {
  return std::max(1, std::min(cpus_of_affinity(), cpus_of_quota()));
}

}  // namespace takt::cpu
