// Stands for CUDA's cooperative_groups.h where kernels are compiled for the emulated device: the
// groups that takt's kernels use.
#pragma once

#include <cuda_runtime.h>

namespace cooperative_groups {

class grid_group {
 public:
  void sync(const char* file = __builtin_FILE(), int line = __builtin_LINE()) const {
    simt::sync_grid(simt::site_of("grid.sync", file, line));
  }
};
inline grid_group this_grid() {
  return {};
}

}  // namespace cooperative_groups
