// Scope: which threads a flag, a fence or a transaction barrier orders memory for.
#pragma once

#include <takt/kernels/device.cuh>

namespace takt::ptx {

/// .cta, .cluster and .gpu of the PTX ISA, section "Scope".
enum class Scope : unsigned char { block, cluster, device };

}  // namespace takt::ptx

/// An instruction whose words differ by `scope` alone; the operands follow as asm takes them.
#define TAKT_ASM_AT_SCOPE(before, after, ...)            \
  if constexpr (scope == Scope::block)                   \
    asm volatile(before ".cta" after : __VA_ARGS__);     \
  else if constexpr (scope == Scope::cluster)            \
    asm volatile(before ".cluster" after : __VA_ARGS__); \
  else                                                   \
    asm volatile(before ".gpu" after : __VA_ARGS__)
