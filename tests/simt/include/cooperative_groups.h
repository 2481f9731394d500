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
  unsigned long long num_threads() const {
    return static_cast<unsigned long long>(gridDim.x) * gridDim.y * gridDim.z * blockDim.x *
           blockDim.y * blockDim.z;
  }
};
inline grid_group this_grid() {
  return {};
}

class cluster_group {
 public:
  void sync(const char* file = __builtin_FILE(), int line = __builtin_LINE()) const {
    simt::sync_cluster(simt::site_of("cluster.sync", file, line));
  }
  unsigned block_rank() const { return simt::current().block->rank; }
  unsigned num_blocks() const {
    return static_cast<unsigned>(simt::current().block->cluster->blocks.size());
  }
  template <class Element>
  Element* map_shared_rank(Element* place, unsigned rank, const char* file = __builtin_FILE(),
                           int line = __builtin_LINE()) const {
    return static_cast<Element*>(
        simt::map_to_rank(place, rank, simt::site_of("map_shared_rank", file, line)));
  }
};
inline cluster_group this_cluster() {
  return {};
}

}  // namespace cooperative_groups
