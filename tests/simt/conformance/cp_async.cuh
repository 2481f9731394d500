// Conformance of cp.async: widths, zero fill, and which group a wait waits for.
#pragma once

#include <cstdint>

#include <takt/kernels/device.cuh>
#include <takt/kernels/ptx/cp_async.cuh>

#include "conformance/case.hpp"

namespace conformance {

/// out [threads, bytes / 4]: each thread's words are those of the thread opposite, of which it
/// reads the first words only: thread % (bytes / 4 + 1) of them. `fills`: else it reads all.
template <int bytes, bool fills>
__global__ void cp_async_kernel(const std::uint32_t* in, std::uint32_t* out) {
  constexpr int words = bytes / 4;
  TAKT_SHARED(uint4, memory, [64]);
  std::uint32_t* const shared = reinterpret_cast<std::uint32_t*>(memory);
  const int thread = static_cast<int>(threadIdx.x), opposite = 63 - thread;
  if constexpr (fills)
    takt::ptx::cp_async<bytes>(shared + thread * words, in + opposite * words,
                               static_cast<std::uint32_t>(thread % (words + 1) * 4));
  else
    takt::ptx::cp_async<bytes>(shared + thread * words, in + opposite * words);
  takt::ptx::cp_async_wait_all();
  __syncthreads();
  // Another thread's words, which only the barrier after the wait makes readable.
  for (int n = 0; n < words; ++n) out[opposite * words + n] = shared[opposite * words + n];
}

template <int bytes, bool fills>
std::string run_cp_async() {
  constexpr std::size_t words = bytes / 4;
  std::vector<std::uint32_t> in, expected;
  for (std::size_t n = 0; n < 64 * words; ++n) in.push_back(static_cast<std::uint32_t>(n * n + 1));
  for (std::size_t thread = 0; thread < 64; ++thread)
    for (std::size_t n = 0; n < words; ++n)
      expected.push_back(fills && n >= thread % (words + 1) ? 0 : in[(63 - thread) * words + n]);
  const DeviceArray in_there(in);
  const DeviceArray<std::uint32_t> out(in.size());
  const Launch launch(1, 64);
  check(cudaLaunchKernelEx(launch.config(), (cp_async_kernel<bytes, fills>), in_there.data(),
                           out.data()),
        "launch");
  return difference(out.host(), expected, words);
}

/// out [steps, 32] = in [steps, 32], through two buffers: one group arrives while the next is on
/// its way.
__global__ void cp_async_groups_kernel(const std::uint32_t* in, std::uint32_t* out, int steps) {
  TAKT_SHARED(std::uint32_t, buffers, [2][32]);
  const int lane = static_cast<int>(threadIdx.x);
  takt::ptx::cp_async<4>(&buffers[0][lane], in + lane);
  takt::ptx::cp_async_commit();
  for (int step = 0; step < steps; ++step) {
    if (step + 1 < steps)
      takt::ptx::cp_async<4>(&buffers[(step + 1) % 2][lane], in + (step + 1) * 32 + lane);
    takt::ptx::cp_async_commit();
    takt::ptx::cp_async_wait<1>();
    __syncwarp();
    out[step * 32 + 31 - lane] = buffers[step % 2][31 - lane];
    __syncwarp();
  }
}

inline std::string run_cp_async_groups() {
  constexpr int steps = 5;
  std::vector<std::uint32_t> in;
  for (std::uint32_t n = 0; n < steps * 32; ++n) in.push_back(7 * n + 3);
  const DeviceArray in_there(in);
  const DeviceArray<std::uint32_t> out(in.size());
  const Launch launch(1, 32);
  check(cudaLaunchKernelEx(launch.config(), cp_async_groups_kernel, in_there.data(), out.data(),
                           steps),
        "launch");
  return difference(out.host(), in, 32);
}

inline const std::vector<Case>& cp_async_cases() {
  static const std::vector<Case> cases{
      {"cp_async of 4 bytes", run_cp_async<4, false>},
      {"cp_async of 8 bytes", run_cp_async<8, false>},
      {"cp_async of 16 bytes", run_cp_async<16, false>},
      {"cp_async of 4 bytes, zero fill", run_cp_async<4, true>},
      {"cp_async of 8 bytes, zero fill", run_cp_async<8, true>},
      {"cp_async of 16 bytes, zero fill", run_cp_async<16, true>},
      {"cp_async_commit, cp_async_wait", run_cp_async_groups},
  };
  return cases;
}

}  // namespace conformance
