// The emulated runtime against what CUDA documents: launches, occupancy, what devices say of
// themselves.
#include <climits>
#include <cstddef>
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "device_array.hpp"

namespace simt {
namespace {

__global__ void count_kernel(unsigned* count) {
  if (threadIdx.x + threadIdx.y + threadIdx.z == 0) atomicAdd(count, 1u);
}
const void* const kernel_address = reinterpret_cast<const void*>(&count_kernel);

// Launches. ---------------------------------------------------------------------------------------

struct LaunchCase {
  const char* name;
  cudaError_t code;
  Launch launch;
  int shared_limit = -1;      ///< asked for by cudaFuncSetAttribute, unless negative
  bool wide_cluster = false;  ///< likewise
  const Profile* device = &h200();
};
class RuntimeLaunch : public testing::TestWithParam<LaunchCase> {};

constexpr auto configuration = cudaErrorInvalidConfiguration;
constexpr auto cluster_size = cudaErrorInvalidClusterSize;
constexpr auto too_large = cudaErrorCooperativeLaunchTooLarge;
const LaunchCase launch_cases[] = {
    {"largest_block", cudaSuccess, {.block = 1024}},
    {"largest_block_in_depth", cudaSuccess, {.block = {1, 16, 64}}},
    {"too_many_threads", configuration, {.block = 1025}},
    {"too_many_threads_in_all", configuration, {.block = {32, 33}}},
    {"too_deep_a_block", configuration, {.block = {1, 1, 65}}},
    {"threads_that_wrap_around", configuration, {.block = {0x80000001u, 2}}},
    {"no_threads", configuration, {.block = {32, 0}}},
    {"no_blocks", configuration, {.grid = 0}},
    {"no_blocks_in_depth", configuration, {.grid = {4, 4, 0}}},
    {"grid_too_wide", configuration, {.grid = 0x80000000u}},
    {"grid_too_high", configuration, {.grid = {1, 65536}}},
    {"grid_too_deep", configuration, {.grid = {1, 1, 65536}}},
    {"wide_grid", cudaSuccess, {.grid = 65536, .block = 1}},
    {"shared", cudaSuccess, {.shared_bytes = 49152}},
    {"shared_not_asked_for", cudaErrorInvalidValue, {.shared_bytes = 49153}},
    {"shared_asked_for", cudaSuccess, {.shared_bytes = 232448}, 232448},
    {"more_shared_than_asked_for", cudaErrorInvalidValue, {.shared_bytes = 60001}, 60000},
    {"cluster", cudaSuccess, {.grid = 16, .cluster = 8}},
    {"cluster_not_portable", cluster_size, {.grid = 32, .cluster = 16}},
    {"cluster_allowed", cudaSuccess, {.grid = 32, .cluster = 16}, -1, true},
    {"cluster_too_large", cluster_size, {.grid = 32, .cluster = 32}, -1, true},
    {"part_of_a_cluster", cluster_size, {.grid = 12, .cluster = 8}},
    {"no_clusters_on_a100", cluster_size, {.grid = 4, .cluster = 2}, -1, false, &a100()},
    {"cooperative",
     cudaSuccess,
     {.grid = 132, .shared_bytes = 200000, .cooperative = true},
     200000},
    {"cooperative_by_threads",
     too_large,
     {.grid = 132 * 2 + 1, .block = 1024, .cooperative = true}},
    {"cooperative_by_blocks", too_large, {.grid = 132 * 32 + 1, .cooperative = true}},
    {"cooperative_by_shared",
     too_large,
     {.grid = 132 + 1, .shared_bytes = 200000, .cooperative = true},
     200000},
    {"cooperative_of_2_to_the_32", too_large, {.grid = {65536, 32768, 2}, .cooperative = true}},
    {"cooperative_on_a100",
     too_large,
     {.grid = 132 * 2, .block = 1024, .cooperative = true},
     -1,
     false,
     &a100()},
};
INSTANTIATE_TEST_SUITE_P(Cases, RuntimeLaunch, testing::ValuesIn(launch_cases),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST_P(RuntimeLaunch, RunsOrIsRefused) {
  const LaunchCase& tested = GetParam();
  set_device(*tested.device);
  const DeviceArray<unsigned> count(std::vector<unsigned>{0});
  if (tested.shared_limit >= 0) {
    ASSERT_EQ(cudaFuncSetAttribute(kernel_address, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                   tested.shared_limit),
              cudaSuccess);
  }
  if (tested.wide_cluster) {
    ASSERT_EQ(
        cudaFuncSetAttribute(kernel_address, cudaFuncAttributeNonPortableClusterSizeAllowed, 1),
        cudaSuccess);
  }
  EXPECT_EQ(tested.launch("count_kernel", count_kernel, count.data()), tested.code);
  EXPECT_EQ(cudaGetLastError(), tested.code);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess) << "what is refused is no lost device";
  const dim3& grid = tested.launch.grid;
  EXPECT_EQ(count.get()[0], tested.code == cudaSuccess ? grid.x * grid.y * grid.z : 0);
}

TEST(RuntimeLaunches, KeepTheirArgumentsAndWaitForTheirTurn) {
  const TestStream stream;
  const DeviceArray<unsigned> count(std::vector<unsigned>{0});
  unsigned* argument = count.data();
  const Launch launch{.grid = 3, .stream = stream};
  ASSERT_EQ(launch("count_kernel", count_kernel, argument), cudaSuccess);
  argument = nullptr;
  EXPECT_EQ(count.get()[0], 0u);
  EXPECT_EQ(counters().launches, 0);
  EXPECT_EQ(stream.wait(), cudaSuccess);
  EXPECT_EQ(count.get()[0], 3u);
  EXPECT_EQ(counters().launches, 1);
}

// Attributes of kernels, occupancy. ---------------------------------------------------------------

TEST(RuntimeAttributes, OfKernelsHaveBounds) {
  const auto limit = cudaFuncAttributeMaxDynamicSharedMemorySize;
  const auto asked = [] {
    cudaFuncAttributes attributes{};
    EXPECT_EQ(cudaFuncGetAttributes(&attributes, kernel_address), cudaSuccess);
    return attributes.maxDynamicSharedSizeBytes;
  };
  for (const Profile* profile : {&h200(), &a100(), &rtx4090()}) {
    set_device(*profile);
    reset_device();
    const int most = static_cast<int>(profile->shared_per_block_optin);
    EXPECT_EQ(asked(), 49152);
    EXPECT_EQ(cudaFuncSetAttribute(kernel_address, limit, most + 1), cudaErrorInvalidValue);
    EXPECT_EQ(cudaFuncSetAttribute(kernel_address, limit, -2), cudaErrorInvalidValue);
    EXPECT_EQ(asked(), 49152);
    EXPECT_EQ(cudaFuncSetAttribute(kernel_address, limit, most), cudaSuccess);
    EXPECT_EQ(asked(), most);
  }
  EXPECT_EQ(cudaFuncSetAttribute(kernel_address, cudaFuncAttributeMax, 1), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFuncSetAttribute(nullptr, limit, 1), cudaErrorInvalidDeviceFunction);
}

TEST(RuntimeAttributes, OccupancyIsTheScarcestResource) {
  struct {
    const Profile* device;
    int threads;
    std::size_t shared_bytes;
    int blocks;
  } const cases[] = {
      {&h200(), 32, 0, 32},        // blocks
      {&h200(), 256, 0, 8},        // threads
      {&h200(), 65, 0, 21},        // whole warps: 96 threads
      {&h200(), 1024, 0, 2},       // threads
      {&h200(), 32, 48000, 4},     // shared memory, with 1 KiB a block of the system's
      {&h200(), 32, 232448, 1},    // all of it
      {&h200(), 32, 232449, 0},    // more than there is
      {&a100(), 32, 48000, 3},     //
      {&rtx4090(), 32, 0, 24},     // blocks
      {&rtx4090(), 256, 0, 6},     // threads
      {&rtx4090(), 1024, 0, 1},    // threads
      {&rtx4090(), 64, 48000, 2},  // shared memory
  };
  for (const auto& each : cases) {
    set_device(*each.device);
    EXPECT_EQ(cudaFuncSetAttribute(kernel_address, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                   static_cast<int>(each.device->shared_per_block_optin)),
              cudaSuccess);
    int blocks = -1;
    EXPECT_EQ(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, kernel_address, each.threads,
                                                            each.shared_bytes),
              cudaSuccess);
    EXPECT_EQ(blocks, each.blocks)
        << each.device->name << " " << each.threads << " " << each.shared_bytes;
  }
  set_device(h200());
  int blocks = -1;
  EXPECT_EQ(cudaFuncSetAttribute(kernel_address, cudaFuncAttributeMaxDynamicSharedMemorySize, 1000),
            cudaSuccess);
  EXPECT_EQ(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, kernel_address, 32, 1001),
            cudaSuccess);
  EXPECT_EQ(blocks, 0) << "more than was asked for";
  blocks = -1;
  EXPECT_EQ(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, kernel_address, 2048, 0),
            cudaSuccess);
  EXPECT_EQ(blocks, 0) << "more threads than a block has";
  EXPECT_EQ(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, kernel_address, 0, 0),
            cudaErrorInvalidValue);
}

TEST(RuntimeAttributes, OccupancyOfClusters) {
  cudaLaunchAttribute attribute{};
  attribute.id = cudaLaunchAttributeClusterDimension;
  cudaLaunchConfig_t config{};
  config.blockDim = 1024;
  config.attrs = &attribute;
  config.numAttrs = 1;
  int before = 132 * 2 + 1;
  for (const unsigned size : {2u, 4u, 8u}) {
    attribute.val.clusterDim = {size, 1, 1};
    config.gridDim = size;
    int clusters = 0;
    ASSERT_EQ(cudaOccupancyMaxActiveClusters(&clusters, kernel_address, &config), cudaSuccess);
    EXPECT_GT(clusters, 0);
    EXPECT_LE(clusters * static_cast<int>(size), 132 * 2);
    EXPECT_LT(clusters, before);
    before = clusters;
  }
  int clusters = 0;
  attribute.val.clusterDim = {16, 1, 1};
  config.gridDim = 16;
  EXPECT_EQ(cudaOccupancyMaxActiveClusters(&clusters, kernel_address, &config), cluster_size);
  cudaFuncSetAttribute(kernel_address, cudaFuncAttributeNonPortableClusterSizeAllowed, 1);
  EXPECT_EQ(cudaOccupancyMaxActiveClusters(&clusters, kernel_address, &config), cudaSuccess);
  set_device(a100());
  EXPECT_EQ(cudaOccupancyMaxActiveClusters(&clusters, kernel_address, &config), cluster_size);
}

// What devices say of themselves. -----------------------------------------------------------------

/// NVIDIA's published figures, not those of the emulation.
struct Published {
  const char* name;
  const Profile* profile;
  int major, minor, multiprocessors, threads, blocks, shared_optin, shared_all, clusters;
};
class RuntimeDevice : public testing::TestWithParam<Published> {};
INSTANTIATE_TEST_SUITE_P(
    Profiles, RuntimeDevice,
    testing::Values(Published{"h200", &h200(), 9, 0, 132, 2048, 32, 227 << 10, 228 << 10, 1},
                    Published{"a100", &a100(), 8, 0, 108, 2048, 32, 163 << 10, 164 << 10, 0},
                    Published{"rtx4090", &rtx4090(), 8, 9, 128, 1536, 24, 99 << 10, 100 << 10, 0}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST_P(RuntimeDevice, PropertiesAndAttributesAgree) {
  const Published& known = GetParam();
  set_device(*known.profile);
  cudaDeviceProp p{};
  ASSERT_EQ(cudaGetDeviceProperties(&p, 0), cudaSuccess);
  EXPECT_STREQ(p.name, known.profile->name);
  EXPECT_EQ(p.totalGlobalMem, known.profile->memory_bytes);
  EXPECT_EQ(p.maxGridSize[0], INT_MAX);
  EXPECT_EQ(p.maxGridSize[1], 65535);
  EXPECT_EQ(p.maxThreadsDim[2], 64);
  struct {
    cudaDeviceAttr attribute;
    int known;
    std::int64_t property;
  } const cases[] = {
      {cudaDevAttrComputeCapabilityMajor, known.major, p.major},
      {cudaDevAttrComputeCapabilityMinor, known.minor, p.minor},
      {cudaDevAttrMultiProcessorCount, known.multiprocessors, p.multiProcessorCount},
      {cudaDevAttrMaxThreadsPerMultiProcessor, known.threads, p.maxThreadsPerMultiProcessor},
      {cudaDevAttrMaxBlocksPerMultiprocessor, known.blocks, p.maxBlocksPerMultiProcessor},
      {cudaDevAttrMaxSharedMemoryPerBlock, 49152, static_cast<std::int64_t>(p.sharedMemPerBlock)},
      {cudaDevAttrMaxSharedMemoryPerBlockOptin, known.shared_optin,
       static_cast<std::int64_t>(p.sharedMemPerBlockOptin)},
      {cudaDevAttrMaxSharedMemoryPerMultiprocessor, known.shared_all,
       static_cast<std::int64_t>(p.sharedMemPerMultiprocessor)},
      {cudaDevAttrMaxRegistersPerMultiprocessor, 65536, p.regsPerMultiprocessor},
      {cudaDevAttrMaxThreadsPerBlock, 1024, p.maxThreadsPerBlock},
      {cudaDevAttrWarpSize, 32, p.warpSize},
      {cudaDevAttrCooperativeLaunch, 1, p.cooperativeLaunch},
      {cudaDevAttrClusterLaunch, known.clusters, known.clusters},
  };
  for (const auto& each : cases) {
    int value = -1;
    ASSERT_EQ(cudaDeviceGetAttribute(&value, each.attribute, 0), cudaSuccess) << each.attribute;
    EXPECT_EQ(value, each.known) << each.attribute;
    EXPECT_EQ(value, each.property) << each.attribute;
  }
}

TEST(RuntimeDevices, ThereIsOne) {
  int count = 0, ordinal = -1, value = 0;
  cudaDeviceProp properties{};
  EXPECT_EQ(cudaGetDeviceCount(&count), cudaSuccess);
  EXPECT_EQ(count, 1);
  EXPECT_EQ(cudaGetDevice(&ordinal), cudaSuccess);
  EXPECT_EQ(ordinal, 0);
  EXPECT_EQ(cudaSetDevice(0), cudaSuccess);
  for (const int none : {-1, 1}) {
    EXPECT_EQ(cudaSetDevice(none), cudaErrorInvalidDevice);
    EXPECT_EQ(cudaGetDeviceProperties(&properties, none), cudaErrorInvalidDevice);
    EXPECT_EQ(cudaDeviceGetAttribute(&value, cudaDevAttrWarpSize, none), cudaErrorInvalidDevice);
  }
  EXPECT_EQ(cudaDeviceGetAttribute(&value, static_cast<cudaDeviceAttr>(0), 0),
            cudaErrorInvalidValue);
}

}  // namespace
}  // namespace simt
