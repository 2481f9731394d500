// What the planner knows of a device: plain values, so that plans are tested without the device.
#pragma once

#include <cstdint>
#include <string>

#include <takt/types.hpp>

namespace takt {

namespace cuda {
struct Model;
}

struct DeviceFacts {
  DeviceKind kind = DeviceKind::cpu;
  std::string name{};  // that of no other model: processor_name.hpp; "NVIDIA H200"

  // Of a cpu device.
  int threads = 1;
  std::string instruction_set{};  // "x86-64-v3"
  std::int64_t vector_bytes = 16;

  // Of a cuda device.
  int ordinal = 0;
  int major = 0, minor = 0;  // compute capability
  int multiprocessors = 0;
  std::int64_t memory_bytes = 0;
  std::int64_t l2_bytes = 0;
  std::int64_t shared_bytes_per_block = 0;  // at most
  int largest_cluster = 1;                  // blocks; 1: the device has no clusters
  bool cooperative_launches = false;        // of blocks that are all on the device at once
  int driver = 0, runtime = 0;         // versions, as CUDART_VERSION is written: 13000 for 13.0
  std::string architectures{};         // that takt's kernels were compiled for: "80 90a"
  const cuda::Model* model = nullptr;  // constants that were measured of such a device, if any were
};

/// "cuda:0 (NVIDIA H200, compute capability 9.0, 132 SMs, 139 GiB)".
std::string describe(const DeviceFacts& facts);

}  // namespace takt
