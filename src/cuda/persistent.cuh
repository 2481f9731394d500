// The persistent kernels of every cell, as functions that launch them: one object a product
// (persistent_f16.cu, ...), so that each compiles by itself.
#pragma once

#include <array>
#include <cstdint>

#include <takt/cells.hpp>
#include <takt/kernels/pack_fragments.cuh>
#include <takt/kernels/persistent.cuh>

#include "cuda/launch.cuh"
#include "say.hpp"

namespace takt::cuda {

/// What a cell's chunks of steps are launched by.
template <class Product>
struct PersistentLaunches {
  using Real = typename Product::Real;
  /// `groups` from chunk.first_group on.
  void (*forward)(const PersistentForward<Real>& chunk, std::int64_t groups, cudaStream_t stream);
  /// Loads the kernels of forward, lets them have all shared memory of the device's blocks,
  /// whatever the shape: other plans launch the same functions.
  void (*load_forward)(const policy::PersistentShape& shape, std::int64_t most_shared_bytes);
  /// How many groups of this shape the device can run at once; once it is loaded.
  int (*groups_at_once)(const policy::PersistentShape& shape, int multiprocessors);
  void (*pack)(const PackFragments<Real>& pack, cudaStream_t stream);
};

/// Of the cell at this place in AllCells.
template <class Product>
const PersistentLaunches<Product>& persistent_launches(std::int64_t cell_index);

namespace detail {

template <class Cell, class Product>
auto persistent_kernel(const policy::PersistentShape& shape) {
  if (shape.in_grid) return &persistent_forward_kernel<Cell, Product, true, GridExchange>;
  return shape.parts > 1 ? &persistent_forward_kernel<Cell, Product, true, ClusterExchange>
                         : &persistent_forward_kernel<Cell, Product, false, ClusterExchange>;
}

/// A launch of groups of blocks.
struct GroupLaunch {
  cudaLaunchAttribute attribute{};
  cudaLaunchConfig_t config{};

  GroupLaunch(const policy::PersistentShape& shape, std::int64_t groups, cudaStream_t stream) {
    if (shape.in_grid) {
      attribute.id = cudaLaunchAttributeCooperative;
      attribute.val.cooperative = 1;
    } else {
      attribute.id = cudaLaunchAttributeClusterDimension;
      attribute.val.clusterDim = {static_cast<unsigned>(shape.blocks), 1, 1};
    }
    config.gridDim = dim3(static_cast<unsigned>(groups * shape.blocks));
    config.blockDim = dim3(static_cast<unsigned>(shape.threads()));
    config.dynamicSmemBytes = static_cast<std::size_t>(shape.shared_bytes());
    config.stream = stream;
    config.attrs = &attribute;
    config.numAttrs = shape.blocks > 1 ? 1 : 0;
  }
  GroupLaunch(const GroupLaunch&) = delete;
  GroupLaunch& operator=(const GroupLaunch&) = delete;
};

template <class Params>
void allow_shapes(void (*kernel)(Params), bool clusters, std::int64_t most_shared_bytes) {
  const char* const name = "persistent_forward_kernel";
  load(name, kernel);
  const auto* const function = reinterpret_cast<const void*>(kernel);
  check(name, cudaFuncSetAttribute(function, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                   static_cast<int>(most_shared_bytes)));
  if (clusters)
    check(name, cudaFuncSetAttribute(function, cudaFuncAttributeNonPortableClusterSizeAllowed, 1));
}

/// A cluster that no group of multiprocessors can hold is a size that the device has not.
template <class Params>
int groups_at_once(void (*kernel)(Params), const policy::PersistentShape& shape,
                   int multiprocessors) {
  const char* const name = "persistent_forward_kernel";
  const auto* const function = reinterpret_cast<const void*>(kernel);
  const GroupLaunch launch(shape, 1, nullptr);
  int groups = 0;
  if (shape.blocks == 1 || shape.in_grid) {
    int blocks = 0;
    check(name, cudaOccupancyMaxActiveBlocksPerMultiprocessor(
                    &blocks, function, static_cast<int>(shape.threads()),
                    static_cast<std::size_t>(shape.shared_bytes())));
    return blocks * multiprocessors / shape.blocks;
  }
  const cudaError_t status = cudaOccupancyMaxActiveClusters(&groups, function, &launch.config);
  if (status != cudaErrorInvalidClusterSize) check(name, status);
  forgive(status);
  return status == cudaSuccess ? groups : 0;
}

template <class Cell, class Product>
constexpr PersistentLaunches<Product> persistent_launches_of() {
  using Real = typename Product::Real;
  return {[](const PersistentForward<Real>& chunk, std::int64_t groups, cudaStream_t stream) {
            const GroupLaunch launch(chunk.shape, groups, stream);
            check("persistent_forward_kernel",
                  cudaLaunchKernelEx(&launch.config, persistent_kernel<Cell, Product>(chunk.shape),
                                     chunk));
          },
          [](const policy::PersistentShape& shape, std::int64_t most_shared_bytes) {
            allow_shapes(persistent_kernel<Cell, Product>(shape),
                         shape.blocks > 1 && !shape.in_grid, most_shared_bytes);
            takt::cuda::load("pack_fragments_kernel", &pack_fragments_kernel<Product>);
          },
          [](const policy::PersistentShape& shape, int multiprocessors) {
            return detail::groups_at_once(persistent_kernel<Cell, Product>(shape), shape,
                                          multiprocessors);
          },
          [](const PackFragments<Real>& pack, cudaStream_t stream) {
            launch_over("pack_fragments_kernel", &pack_fragments_kernel<Product>,
                        policy::Persistent::unit_tiles(pack.H) *
                            policy::Persistent::k_blocks(pack.H, sizeof(Real)) * pack.gates * 64,
                        stream, pack);
          }};
}

template <class Product, class... Cells>
constexpr std::array<PersistentLaunches<Product>, sizeof...(Cells)> persistent_launches_of_all(
    CellList<Cells...>) {
  return {persistent_launches_of<Cells, Product>()...};
}

}  // namespace detail

/// Defines persistent_launches of a product, in the one file that is its.
#define TAKT_PERSISTENT_LAUNCHES(Product)                                                \
  template <>                                                                            \
  const PersistentLaunches<Product>& persistent_launches(std::int64_t cell_index) {      \
    static constexpr auto all = detail::persistent_launches_of_all<Product>(AllCells{}); \
    return all[static_cast<std::size_t>(cell_index)];                                    \
  }

}  // namespace takt::cuda
