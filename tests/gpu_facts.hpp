// GPUs as the planner knows them, for its tests: sizes as NVIDIA publishes them, L2 in round
// numbers.
#pragma once

#include <cstdint>
#include <vector>

#include "facts.hpp"

namespace takt::gpu_facts {

inline constexpr std::int64_t MiB = std::int64_t{1} << 20, GiB = std::int64_t{1} << 30;

inline DeviceFacts gpu(const char* name, int major, int minor, int multiprocessors,
                       std::int64_t memory_bytes, std::int64_t l2_bytes,
                       const char* architectures = "80 90a 100 120") {
  return {.kind = DeviceKind::cuda,
          .name = name,
          .instruction_set = "",
          .major = major,
          .minor = minor,
          .multiprocessors = multiprocessors,
          .memory_bytes = memory_bytes,
          .l2_bytes = l2_bytes,
          .shared_bytes_per_block = major >= 9 && major < 12   ? 232448
                                    : major == 8 && minor == 0 ? 166912
                                                               : 101376,
          .largest_cluster = major >= 9 ? 16 : 1,
          .cooperative_launches = true,
          .architectures = architectures};
}
inline DeviceFacts t4() {
  return gpu("NVIDIA T4", 7, 5, 40, 16 * GiB, 4 * MiB);
}
inline DeviceFacts a100() {
  return gpu("NVIDIA A100", 8, 0, 108, 40 * GiB, 40 * MiB);
}
inline DeviceFacts rtx4090() {
  return gpu("NVIDIA GeForce RTX 4090", 8, 9, 128, 24 * GiB, 72 * MiB);
}
inline DeviceFacts h100() {
  return gpu("NVIDIA H100", 9, 0, 132, 80 * GiB, 50 * MiB);
}
inline DeviceFacts h200() {
  return gpu("NVIDIA H200", 9, 0, 132, 139 * GiB, 60 * MiB);
}
inline DeviceFacts b200() {
  return gpu("NVIDIA B200", 10, 0, 148, 180 * GiB, 126 * MiB);
}
/// Those that takt's code runs on.
inline std::vector<DeviceFacts> gpus() {
  return {a100(), rtx4090(), h100(), h200(), b200()};
}

}  // namespace takt::gpu_facts
