// The persistent kernels of every cell, as functions that launch them: one object a product and
// pass (persistent_f16.cu, persistent_backward_f16.cu, ...), so that each compiles by itself.
#pragma once

#include <array>
#include <cstdint>

#include <takt/cells.hpp>
#include <takt/kernels/pack_fragments.cuh>
#include <takt/kernels/persistent.cuh>
#include <takt/kernels/persistent_backward.cuh>

#include "cuda/launch.cuh"
#include "cuda/persistent.hpp"
#include "say.hpp"

namespace takt::cuda {

/// What a cell's chunks of steps are launched by, in one pass. `Chunk` is PersistentForward or
/// PersistentBackward.
template <class Chunk>
struct PersistentLaunches {
  /// What `part` says; its chunks are the first of launch.chunks.
  void (*run)(const PersistentLaunch<Chunk>& launch, const LaunchPart& part, cudaStream_t stream);
  /// Loads the kernel, lets it have all shared memory of the device's blocks, whatever the shape:
  /// other plans launch the same function.
  void (*load)(const policy::PersistentShape& shape, std::int64_t most_shared_bytes);
  /// How many groups of this shape the device can run at once; once it is loaded.
  int (*groups_at_once)(const policy::PersistentShape& shape, int multiprocessors);
};

/// Of the cell at this place in AllCells.
template <class Product, class Chunk>
const PersistentLaunches<Chunk>& persistent_launches(std::int64_t cell_index);

/// Before them, of either pass.
template <class Product>
void pack_fragments(const PackFragments<typename Product::Real>& pack, cudaStream_t stream);
template <class Product>
void load_pack_fragments();

namespace detail {

/// The kernel of a pass.
template <class Cell, class Product, bool split, class Exchange, class Real>
constexpr auto kernel_of(const PersistentForward<Real>*) {
  return &persistent_forward_kernel<Cell, Product, split, Exchange>;
}
template <class Cell, class Product, bool split, class Exchange, class Real>
constexpr auto kernel_of(const PersistentBackward<Real>*) {
  return &persistent_backward_kernel<Cell, Product, split, Exchange>;
}
template <class Real>
constexpr const char* name_of(const PersistentForward<Real>*) {
  return "persistent_forward_kernel";
}
template <class Real>
constexpr const char* name_of(const PersistentBackward<Real>*) {
  return "persistent_backward_kernel";
}

template <class Cell, class Product, class Chunk>
auto persistent_kernel(const policy::PersistentShape& shape) {
  constexpr const Chunk* pass = nullptr;
  if (shape.in_grid) return kernel_of<Cell, Product, true, GridExchange>(pass);
  return shape.parts > 1 ? kernel_of<Cell, Product, true, ClusterExchange>(pass)
                         : kernel_of<Cell, Product, false, ClusterExchange>(pass);
}

/// A launch of groups of blocks.
struct GroupLaunch {
  cudaLaunchAttribute attribute{};
  cudaLaunchConfig_t config{};

  GroupLaunch(const policy::PersistentShape& shape, const LaunchPart& part, cudaStream_t stream) {
    if (shape.in_grid) {
      attribute.id = cudaLaunchAttributeCooperative;
      attribute.val.cooperative = 1;
    } else {
      attribute.id = cudaLaunchAttributeClusterDimension;
      attribute.val.clusterDim = {static_cast<unsigned>(shape.blocks), 1, 1};
    }
    config.gridDim =
        dim3(static_cast<unsigned>(part.groups * shape.blocks), static_cast<unsigned>(part.chunks));
    config.blockDim = dim3(static_cast<unsigned>(shape.threads()));
    config.dynamicSmemBytes = static_cast<std::size_t>(shape.shared_bytes());
    config.stream = stream;
    config.attrs = &attribute;
    config.numAttrs = shape.blocks > 1 ? 1 : 0;
  }
  GroupLaunch(const GroupLaunch&) = delete;
  GroupLaunch& operator=(const GroupLaunch&) = delete;
};

template <class Chunk>
void allow_shapes(void (*kernel)(PersistentLaunch<Chunk>), bool clusters,
                  std::int64_t most_shared_bytes) {
  const char* const name = name_of(static_cast<const Chunk*>(nullptr));
  load(name, kernel);
  const auto* const function = reinterpret_cast<const void*>(kernel);
  check(name, cudaFuncSetAttribute(function, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                   static_cast<int>(most_shared_bytes)));
  if (clusters)
    check(name, cudaFuncSetAttribute(function, cudaFuncAttributeNonPortableClusterSizeAllowed, 1));
}

/// A cluster that no group of multiprocessors can hold is a size that the device has not.
template <class Chunk>
int groups_at_once(void (*kernel)(PersistentLaunch<Chunk>), const policy::PersistentShape& shape,
                   int multiprocessors) {
  const char* const name = name_of(static_cast<const Chunk*>(nullptr));
  const auto* const function = reinterpret_cast<const void*>(kernel);
  const GroupLaunch launch(shape, {}, nullptr);
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

template <class Cell, class Product, class Chunk>
constexpr PersistentLaunches<Chunk> persistent_launches_of() {
  return {[](const PersistentLaunch<Chunk>& launch, const LaunchPart& part, cudaStream_t stream) {
            const GroupLaunch groups(launch.shape, part, stream);
            check(
                name_of(launch.chunks),
                cudaLaunchKernelEx(&groups.config,
                                   persistent_kernel<Cell, Product, Chunk>(launch.shape), launch));
          },
          [](const policy::PersistentShape& shape, std::int64_t most_shared_bytes) {
            allow_shapes(persistent_kernel<Cell, Product, Chunk>(shape),
                         shape.blocks > 1 && !shape.in_grid, most_shared_bytes);
          },
          [](const policy::PersistentShape& shape, int multiprocessors) {
            return detail::groups_at_once(persistent_kernel<Cell, Product, Chunk>(shape), shape,
                                          multiprocessors);
          }};
}

template <class Product, class Chunk, class... Cells>
constexpr std::array<PersistentLaunches<Chunk>, sizeof...(Cells)> persistent_launches_of_all(
    CellList<Cells...>) {
  return {persistent_launches_of<Cells, Product, Chunk>()...};
}

}  // namespace detail

/// Defines persistent_launches of a product in one pass, in the one file that is theirs.
#define TAKT_PERSISTENT_LAUNCHES(Product, Pass)                                       \
  template <>                                                                         \
  const PersistentLaunches<Pass<Product::Real>>& persistent_launches<Product>(        \
      std::int64_t cell_index) {                                                      \
    static constexpr auto all =                                                       \
        detail::persistent_launches_of_all<Product, Pass<Product::Real>>(AllCells{}); \
    return all[static_cast<std::size_t>(cell_index)];                                 \
  }

/// Defines pack_fragments of a product, likewise.
#define TAKT_PACK_FRAGMENTS(Product)                                                              \
  template <>                                                                                     \
  void pack_fragments<Product>(const PackFragments<Product::Real>& pack, cudaStream_t stream) {   \
    launch_over("pack_fragments_kernel", &pack_fragments_kernel<Product>, pack.vectors(), stream, \
                pack);                                                                            \
  }                                                                                               \
  template <>                                                                                     \
  void load_pack_fragments<Product>() {                                                           \
    load("pack_fragments_kernel", &pack_fragments_kernel<Product>);                               \
  }

}  // namespace takt::cuda
