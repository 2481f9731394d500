// Launches: what the real runtime refuses is refused, with its codes; the rest runs at its turn.
#include <algorithm>
#include <climits>

#include <cuda_runtime.h>

#include "device/grid.hpp"
#include "runtime/state.hpp"

namespace simt {
namespace {

constexpr unsigned threads_per_block = 1024;
constexpr unsigned portable_cluster = 8;

std::uint64_t volume(const dim3& d) {
  return std::uint64_t{d.x} * d.y * d.z;
}

/// Blocks of this shape that fit on one multiprocessor; registers are not known here.
int resident_blocks(const Profile& profile, std::uint64_t threads, std::size_t shared_bytes) {
  constexpr std::size_t reserved_shared = 1024;  // by the system, for each block
  int blocks = profile.blocks_per_multiprocessor;
  const int warps = static_cast<int>((threads + 31) / 32);
  blocks = std::min(blocks, profile.threads_per_multiprocessor / (32 * std::max(warps, 1)));
  return std::min(blocks, static_cast<int>(profile.shared_per_multiprocessor /
                                           (shared_bytes + reserved_shared)));
}

std::size_t shared_limit(const void* kernel) {
  const auto found = runtime().shared_limits.find(kernel);
  return found == runtime().shared_limits.end() ? runtime().profile.shared_per_block
                                                : found->second;
}

cudaError_t check(const LaunchShape& shape, const void* kernel) {
  const Profile& profile = runtime().profile;
  const dim3 &grid = shape.grid, &block = shape.block;
  if (grid.x > INT_MAX || grid.y > 65535 || grid.z > 65535 || block.x > threads_per_block ||
      block.y > threads_per_block || block.z > 64)
    return cudaErrorInvalidConfiguration;
  const std::uint64_t blocks = volume(grid), threads = volume(block);
  const std::uint64_t cluster = volume(shape.cluster);
  if (blocks == 0 || threads == 0 || threads > threads_per_block)
    return cudaErrorInvalidConfiguration;
  if (shape.dynamic_shared_bytes > shared_limit(kernel)) return cudaErrorInvalidValue;
  if (cluster == 0) return cudaErrorInvalidClusterSize;
  if (cluster > 1) {
    const unsigned most =
        runtime().wide_clusters.contains(kernel) ? 2 * portable_cluster : portable_cluster;
    if (profile.largest_cluster == 1 || cluster > most) return cudaErrorInvalidClusterSize;
    if (shape.grid.x % shape.cluster.x != 0 || shape.grid.y % shape.cluster.y != 0 ||
        shape.grid.z % shape.cluster.z != 0)
      return cudaErrorInvalidClusterSize;
  }
  const int resident = resident_blocks(profile, threads, shape.dynamic_shared_bytes);
  if (cluster > static_cast<std::uint64_t>(profile.multiprocessors_of_a_group * resident))
    return cudaErrorInvalidClusterSize;
  if (shape.cooperative && blocks > static_cast<std::uint64_t>(profile.multiprocessors * resident))
    return cudaErrorCooperativeLaunchTooLarge;
  return cudaSuccess;
}

}  // namespace

void check_argument(const char* kernel, const void* pointer) {
  const Entry entry;
  if (pointer != nullptr && find_allocation(pointer, 1) == nullptr)
    report("host memory", "kernel " + std::string(kernel) +
                              " is given a pointer to memory that is not the device's");
}

cudaError_t enqueue_kernel(const cudaLaunchConfig_t& config, const char* name, const void* kernel,
                           std::function<void()> body) {
  const Entry entry;
  LaunchShape shape{.grid = config.gridDim,
                    .block = config.blockDim,
                    .dynamic_shared_bytes = config.dynamicSmemBytes,
                    .kernel = name,
                    .shared_limit = shared_limit(kernel)};
  for (unsigned n = 0; n < config.numAttrs; ++n) {
    const cudaLaunchAttribute& attribute = config.attrs[n];
    switch (attribute.id) {
      case cudaLaunchAttributeCooperative:
        shape.cooperative = attribute.val.cooperative != 0;
        break;
      case cudaLaunchAttributeClusterDimension:
        shape.cluster = {attribute.val.clusterDim.x, attribute.val.clusterDim.y,
                         attribute.val.clusterDim.z};
        break;
      case cudaLaunchAttributeProgrammaticStreamSerialization: break;  // in order is one way
      default: return failed(cudaErrorInvalidValue);
    }
  }
  if (shape.cluster.y > 1 || shape.cluster.z > 1) {
    report("not emulated",
           "kernel " + std::string(name) + ": a cluster of more than one dimension");
    return failed(cudaErrorNotSupported);
  }
  CUstream_st* stream = nullptr;
  if (const cudaError_t error = open_stream(config.stream, &stream)) return failed(error);
  if (const int code = fault(Call::launch)) return failed(static_cast<cudaError_t>(code));
  if (runtime().sticky_error != cudaSuccess) return failed(runtime().sticky_error);
  if (const cudaError_t error = check(shape, kernel)) return failed(error);
  enqueue(stream, {[shape, body = std::move(body)] {
                     Grid launch(shape, body);
                     if (!launch.run()) runtime().sticky_error = cudaErrorLaunchFailure;
                   },
                   {}});
  return cudaSuccess;
}

}  // namespace simt

using namespace simt;

extern "C" {

cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute attribute, int value) {
  const Entry entry;
  if (const cudaError_t error = refused_query()) return failed(error);
  if (kernel == nullptr) return failed(cudaErrorInvalidDeviceFunction);
  switch (attribute) {
    case cudaFuncAttributeMaxDynamicSharedMemorySize:
      if (value < 0 || static_cast<std::size_t>(value) > runtime().profile.shared_per_block_optin)
        return failed(cudaErrorInvalidValue);
      runtime().shared_limits[kernel] = static_cast<std::size_t>(value);
      return cudaSuccess;
    case cudaFuncAttributeNonPortableClusterSizeAllowed:
      if (value != 0)
        runtime().wide_clusters.insert(kernel);
      else
        runtime().wide_clusters.erase(kernel);
      return cudaSuccess;
    case cudaFuncAttributePreferredSharedMemoryCarveout: return cudaSuccess;
    default: return failed(cudaErrorInvalidValue);
  }
}

cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void* kernel) {
  const Entry entry;
  if (const cudaError_t error = refused_query()) return failed(error);
  *attributes = {};
  attributes->maxThreadsPerBlock = threads_per_block;
  attributes->maxDynamicSharedSizeBytes = static_cast<int>(shared_limit(kernel));
  attributes->binaryVersion = runtime().profile.major * 10 + runtime().profile.minor;
  attributes->ptxVersion = attributes->binaryVersion;
  return cudaSuccess;
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* blocks, const void* kernel,
                                                                   int threads,
                                                                   std::size_t shared_bytes,
                                                                   unsigned flags) {
  const Entry entry;
  if (const cudaError_t error = refused_query()) return failed(error);
  if (blocks == nullptr || threads < 1 || flags > cudaOccupancyDisableCachingOverride)
    return failed(cudaErrorInvalidValue);
  const bool fits =
      static_cast<unsigned>(threads) <= threads_per_block && shared_bytes <= shared_limit(kernel);
  *blocks =
      fits ? resident_blocks(runtime().profile, static_cast<unsigned>(threads), shared_bytes) : 0;
  return cudaSuccess;
}
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void* kernel,
                                                          int threads, std::size_t shared_bytes) {
  return cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(blocks, kernel, threads,
                                                                shared_bytes, cudaOccupancyDefault);
}

cudaError_t cudaOccupancyMaxActiveClusters(int* clusters, const void* kernel,
                                           const cudaLaunchConfig_t* config) {
  const Entry entry;
  if (const cudaError_t error = refused_query()) return failed(error);
  LaunchShape shape{.grid = config->gridDim,
                    .block = config->blockDim,
                    .dynamic_shared_bytes = config->dynamicSmemBytes};
  for (unsigned n = 0; n < config->numAttrs; ++n)
    if (config->attrs[n].id == cudaLaunchAttributeClusterDimension)
      shape.cluster = {config->attrs[n].val.clusterDim.x, config->attrs[n].val.clusterDim.y,
                       config->attrs[n].val.clusterDim.z};
  if (const cudaError_t error = check(shape, kernel)) return failed(error);
  const int group = runtime().profile.multiprocessors_of_a_group;
  const int size = static_cast<int>(volume(shape.cluster));
  const int blocks =
      resident_blocks(runtime().profile, volume(shape.block), shape.dynamic_shared_bytes);
  *clusters = runtime().profile.multiprocessors / group * (group * blocks / size);
  return cudaSuccess;
}

}  // extern "C"
