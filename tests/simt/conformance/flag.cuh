// Conformance of flags: messages that one thread leaves and another finds, at each scope, and sums
// that many make.
#pragma once

#include <cstdint>

#include <takt/kernels/device.cuh>
#include <takt/kernels/ptx/flag.cuh>

#include "conformance/case.hpp"

namespace conformance {

/// How a message is left and found.
enum class Passing { release_acquire, fences, add_release, add_acquire_release };

template <Passing passing, takt::ptx::Scope scope, class Integer>
TAKT_DEVICE void publish(Integer* flag, Integer value) {
  if constexpr (passing == Passing::release_acquire) {
    takt::ptx::store_release<scope>(flag, value);
  } else if constexpr (passing == Passing::fences) {
    takt::ptx::fence_acquire_release<scope>();
    takt::ptx::store_relaxed<scope>(flag, value);
  } else if constexpr (passing == Passing::add_release) {
    takt::ptx::add_release<scope>(flag, 1);
  } else {
    takt::ptx::add_acquire_release<scope>(flag, 1);
  }
}

template <Passing passing, takt::ptx::Scope scope, class Integer>
TAKT_DEVICE void await(const Integer* flag, Integer value) {
  if constexpr (passing == Passing::fences) {
    while (takt::ptx::load_relaxed<scope>(flag) != value) {
    }
    takt::ptx::fence_acquire_release<scope>();
  } else {
    while (takt::ptx::load_acquire<scope>(flag) != value) {
    }
  }
}

/// Two parties pass a message to and fro: blocks 0 and 1, or at block scope warps 0 and 1 of each
/// block. out [steps]: what the message was when it came back, increased by both.
template <Passing passing, takt::ptx::Scope scope, class Integer>
__global__ void flag_kernel(Integer* flags, int* message, int* out, int steps) {
  constexpr bool in_block = scope == takt::ptx::Scope::block;
  const unsigned party = in_block ? threadIdx.x / 32 : blockIdx.x;
  if ((in_block ? threadIdx.x % 32 : threadIdx.x) != 0) return;
  for (int step = 0; step < steps; ++step) {
    const Integer turn = static_cast<Integer>(step + 1);
    if (party == 0) {
      *message += 3;
      publish<passing, scope>(flags, turn);
      await<passing, scope>(flags + 1, turn);
      out[step] = *message;
    } else {
      await<passing, scope>(flags, turn);
      *message *= 2;
      publish<passing, scope>(flags + 1, turn);
    }
  }
}

template <Passing passing, takt::ptx::Scope scope, class Integer>
std::string run_flag() {
  constexpr int steps = 4;
  const DeviceArray<Integer> flags(2);
  const DeviceArray<int> message(1), out(steps);
  constexpr bool in_block = scope == takt::ptx::Scope::block;
  Launch launch(in_block ? 1 : 2, in_block ? 64 : 1);
  if (scope == takt::ptx::Scope::cluster) launch.in_clusters_of(2);
  if (scope == takt::ptx::Scope::device) launch.at_once();
  check(cudaLaunchKernelEx(launch.config(), (flag_kernel<passing, scope, Integer>), flags.data(),
                           message.data(), out.data(), steps),
        "launch");
  std::vector<int> expected;
  for (int step = 0, value = 0; step < steps; ++step) {
    value = (value + 3) * 2;
    expected.push_back(value);
  }
  return difference(out.host(), expected, steps);
}

/// What load and store carry: all bits of the type.
template <class Integer>
__global__ void flag_bits_kernel(Integer* flags) {
  const Integer value = takt::ptx::load_relaxed<takt::ptx::Scope::device>(flags);
  takt::ptx::store_relaxed<takt::ptx::Scope::device>(flags + 1, value);
  const Integer again = takt::ptx::load_acquire<takt::ptx::Scope::block>(flags + 1);
  takt::ptx::store_release<takt::ptx::Scope::cluster>(flags + 2, again);
  // Returns what was there: the value; leaves its double.
  flags[3] = takt::ptx::add_release<takt::ptx::Scope::cluster>(flags + 2, value);
}

template <class Integer>
std::string run_flag_bits() {
  const auto value = static_cast<Integer>(0x8123456789ABCDEFu);
  const auto twice = static_cast<Integer>(0x8123456789ABCDEFu * 2u);
  const DeviceArray flags(std::vector<Integer>{value, 0, 0, 0});
  const Launch launch(1, 1);
  check(cudaLaunchKernelEx(launch.config(), flag_bits_kernel<Integer>, flags.data()), "launch");
  return difference(flags.host(), {value, value, twice, value}, 1);
}

/// total [2]: how many threads added 1, and the sum of what they found.
template <class Integer>
__global__ void flag_add_kernel(Integer* total) {
  const Integer found = takt::ptx::add_relaxed<takt::ptx::Scope::device>(total, 1);
  takt::ptx::add_relaxed<takt::ptx::Scope::device>(total + 1, found);
}

template <class Integer>
std::string run_flag_add() {
  const DeviceArray<Integer> total(2);
  const Launch launch(3, 40);
  check(cudaLaunchKernelEx(launch.config(), flag_add_kernel<Integer>, total.data()), "launch");
  return difference(total.host(), {120, 120 * 119 / 2}, 2);
}

inline const std::vector<Case>& flag_cases() {
  using takt::ptx::Scope;
  using enum Passing;
  static const std::vector<Case> cases{
      {"flag bits, i32", run_flag_bits<std::int32_t>},
      {"flag bits, u32", run_flag_bits<std::uint32_t>},
      {"flag bits, i64", run_flag_bits<std::int64_t>},
      {"flag bits, u64", run_flag_bits<std::uint64_t>},
      {"store_release, load_acquire, block", run_flag<release_acquire, Scope::block, int>},
      {"store_release, load_acquire, cluster", run_flag<release_acquire, Scope::cluster, int>},
      {"store_release, load_acquire, device", run_flag<release_acquire, Scope::device, int>},
      {"store_release, load_acquire, device, 64 bits",
       run_flag<release_acquire, Scope::device, std::uint64_t>},
      {"store_relaxed, load_relaxed, fences, block", run_flag<fences, Scope::block, unsigned>},
      {"store_relaxed, load_relaxed, fences, cluster", run_flag<fences, Scope::cluster, unsigned>},
      {"store_relaxed, load_relaxed, fences, device", run_flag<fences, Scope::device, unsigned>},
      {"store_relaxed, load_relaxed, fences, device, 64 bits",
       run_flag<fences, Scope::device, std::int64_t>},
      {"add_release, block", run_flag<add_release, Scope::block, unsigned>},
      {"add_release, cluster", run_flag<add_release, Scope::cluster, unsigned>},
      {"add_release, device", run_flag<add_release, Scope::device, std::uint64_t>},
      {"add_acquire_release, block", run_flag<add_acquire_release, Scope::block, std::uint64_t>},
      {"add_acquire_release, cluster", run_flag<add_acquire_release, Scope::cluster, unsigned>},
      {"add_acquire_release, device", run_flag<add_acquire_release, Scope::device, unsigned>},
      {"add_relaxed, 32 bits", run_flag_add<std::uint32_t>},
      {"add_relaxed, 64 bits", run_flag_add<std::int64_t>},
  };
  return cases;
}

}  // namespace conformance
