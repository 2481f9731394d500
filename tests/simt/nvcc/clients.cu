// The clients of the emulated device, for the GPU.
#include "clients/persistent_cluster.cuh"
#include "clients/persistent_flags.cuh"
#include "clients/persistent_grid.cuh"
#include "clients/tile_product.cuh"
#include "planted/kernels.cuh"

namespace simt_clients {

const void* use_all(int n) {
  const void* const kernels[] = {
      reinterpret_cast<const void*>(&persistent_grid_kernel<Mistake::none>),
      reinterpret_cast<const void*>(&persistent_flags_kernel<FlagMistake::none>),
      reinterpret_cast<const void*>(&persistent_cluster_kernel<ClusterMistake::none>),
      reinterpret_cast<const void*>(&tile_product_kernel<TileMistake::none>)};
  return kernels[n];
}

}  // namespace simt_clients
