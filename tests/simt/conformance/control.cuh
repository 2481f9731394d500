// Conformance of named barriers, of dependent launches and of clocks.
#pragma once

#include <cstdint>

#include <takt/kernels/device.cuh>
#include <takt/kernels/ptx/clock.cuh>
#include <takt/kernels/ptx/grid_dependency.cuh>
#include <takt/kernels/ptx/named_barrier.cuh>

#include "conformance/case.hpp"

namespace conformance {

/// out [2, 64]: each pair of warps mirrors its own 64 numbers; the pairs never meet.
__global__ void named_barrier_sync_kernel(unsigned* out) {
  TAKT_SHARED(unsigned, shared, [2][64]);
  const unsigned pair = threadIdx.x / 64, n = threadIdx.x % 64;
  for (unsigned round = 0; round <= 2 * pair; ++round) {
    shared[pair][n] = 1000 * pair + 10 * n + round;
    takt::ptx::named_barrier_sync(1 + pair, 64);
    out[pair * 64 + n] = shared[pair][63 - n];
    takt::ptx::named_barrier_sync(1 + pair, 64);
  }
}

inline std::string run_named_barrier_sync() {
  const DeviceArray<unsigned> out(128);
  const Launch launch(1, 128);
  check(cudaLaunchKernelEx(launch.config(), named_barrier_sync_kernel, out.data()), "launch");
  std::vector<unsigned> expected;
  for (unsigned pair = 0; pair < 2; ++pair)
    for (unsigned n = 0; n < 64; ++n) expected.push_back(1000 * pair + 10 * (63 - n) + 2 * pair);
  return difference(out.host(), expected, 64);
}

/// out [steps, 32]: warp 0 fills a buffer and goes on; warp 1 waits for it, reads, and lets it fill
/// again.
__global__ void named_barrier_arrive_kernel(unsigned* out, unsigned steps) {
  constexpr unsigned full = 3, empty = 4;
  TAKT_SHARED(unsigned, buffer, [32]);
  const unsigned lane = threadIdx.x % 32;
  for (unsigned step = 0; step < steps; ++step) {
    if (threadIdx.x < 32) {
      if (step > 0) takt::ptx::named_barrier_sync(empty, 64);
      buffer[31 - lane] = 100 * step + lane;
      takt::ptx::named_barrier_arrive(full, 64);
    } else {
      takt::ptx::named_barrier_sync(full, 64);
      out[step * 32 + lane] = buffer[lane];
      if (step + 1 < steps) takt::ptx::named_barrier_arrive(empty, 64);
    }
  }
}

inline std::string run_named_barrier_arrive() {
  constexpr unsigned steps = 4;
  const DeviceArray<unsigned> out(steps * 32);
  const Launch launch(1, 64);
  check(cudaLaunchKernelEx(launch.config(), named_barrier_arrive_kernel, out.data(), steps),
        "launch");
  std::vector<unsigned> expected;
  for (unsigned step = 0; step < steps; ++step)
    for (unsigned n = 0; n < 32; ++n) expected.push_back(100 * step + 31 - n);
  return difference(out.host(), expected, 32);
}

/// numbers [256]: each kernel of a chain replaces them after the one before has.
__global__ void grid_dependency_kernel(unsigned* numbers, unsigned step) {
  takt::ptx::grid_dependency_launch_dependents();
  const unsigned n = blockIdx.x * blockDim.x + threadIdx.x;
  takt::ptx::grid_dependency_wait();
  numbers[n] = numbers[n] * 3 + step;
}

inline std::string run_grid_dependency() {
  constexpr unsigned steps = 6;
  const DeviceArray<unsigned> numbers(std::vector<unsigned>(256, 1));
  for (unsigned step = 0; step < steps; ++step) {
    Launch launch(4, 64);
    launch.overlapping();
    check(cudaLaunchKernelEx(launch.config(), grid_dependency_kernel, numbers.data(), step),
          "launch");
  }
  unsigned value = 1;
  for (unsigned step = 0; step < steps; ++step) value = value * 3 + step;
  return difference(numbers.host(), std::vector<unsigned>(256, value), 256);
}

/// out [3]: whether neither clock went back, and whether each has moved after at most a million
/// looks.
__global__ void clock_kernel(int* out) {
  const std::int64_t ns = takt::ptx::clock_ns(), cycles = takt::ptx::clock_cycles();
  std::int64_t last_ns = ns, last_cycles = cycles;
  bool forward = true;
  for (int reads = 0; reads < 1000000 && (last_ns == ns || last_cycles == cycles); ++reads) {
    const std::int64_t next_ns = takt::ptx::clock_ns(), next_cycles = takt::ptx::clock_cycles();
    forward = forward && next_ns >= last_ns && next_cycles >= last_cycles;
    last_ns = next_ns;
    last_cycles = next_cycles;
  }
  out[0] = forward ? 1 : 0;
  out[1] = last_ns > ns ? 1 : 0;
  out[2] = last_cycles > cycles ? 1 : 0;
}

inline std::string run_clock() {
  const DeviceArray<int> out(3);
  const Launch launch(1, 1);
  check(cudaLaunchKernelEx(launch.config(), clock_kernel, out.data()), "launch");
  return difference(out.host(), {1, 1, 1}, 3);
}

inline const std::vector<Case>& control_cases() {
  static const std::vector<Case> cases{
      {"named_barrier_sync", run_named_barrier_sync},
      {"named_barrier_arrive", run_named_barrier_arrive},
      {"grid_dependency_wait, grid_dependency_launch_dependents", run_grid_dependency},
      {"clock_cycles, clock_ns", run_clock},
  };
  return cases;
}

}  // namespace conformance
