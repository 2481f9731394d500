// Which device is there, what it says of itself, and what went wrong.
#include <algorithm>
#include <climits>

#include <cuda_runtime.h>

#include "race/race.hpp"
#include "runtime/state.hpp"

namespace simt {

const Profile& h200() {
  static constexpr Profile profile{
      "NVIDIA H200 (emulated)", 9,       0, 132, 49152, 232448, 233472, 65536, 2048, 32, 8,
      std::size_t{139} << 30,   62914560};
  return profile;
}
const Profile& a100() {
  static constexpr Profile profile{
      "NVIDIA A100 (emulated)", 8,       0, 108, 49152, 166912, 167936, 65536, 2048, 32, 1,
      std::size_t{40} << 30,    41943040};
  return profile;
}
const Profile& rtx4090() {
  static constexpr Profile profile{"NVIDIA GeForce RTX 4090 (emulated)",
                                   8,
                                   9,
                                   128,
                                   49152,
                                   101376,
                                   102400,
                                   65536,
                                   1536,
                                   24,
                                   1,
                                   std::size_t{24} << 30,
                                   75497472};
  return profile;
}

void set_device(const Profile& profile) {
  const Entry entry;
  runtime().profile = profile;
}

namespace {

void add(std::string& text, std::size_t count, const char* what) {
  if (count == 0) return;
  text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

struct ErrorText {
  cudaError_t code;
  const char* name;
  const char* text;
};
#define SIMT_ERROR(code, text) \
  { code, #code, text }
constexpr ErrorText errors[] = {
    SIMT_ERROR(cudaSuccess, "no error"),
    SIMT_ERROR(cudaErrorInvalidValue, "invalid argument"),
    SIMT_ERROR(cudaErrorMemoryAllocation, "out of memory"),
    SIMT_ERROR(cudaErrorInvalidMemcpyDirection, "no direction of a copy"),
    SIMT_ERROR(cudaErrorInvalidConfiguration, "invalid configuration argument"),
    SIMT_ERROR(cudaErrorInsufficientDriver, "the driver is older than the runtime"),
    SIMT_ERROR(cudaErrorInvalidDeviceFunction, "invalid device function"),
    SIMT_ERROR(cudaErrorNoDevice, "no device is there"),
    SIMT_ERROR(cudaErrorInvalidDevice, "invalid device ordinal"),
    SIMT_ERROR(cudaErrorNoKernelImageForDevice, "no kernel image for this device"),
    SIMT_ERROR(cudaErrorInvalidResourceHandle, "invalid resource handle"),
    SIMT_ERROR(cudaErrorIllegalState, "not possible in this state"),
    SIMT_ERROR(cudaErrorNotReady, "not ready"),
    SIMT_ERROR(cudaErrorIllegalAddress, "an illegal memory access"),
    SIMT_ERROR(cudaErrorLaunchOutOfResources, "too many resources requested for launch"),
    SIMT_ERROR(cudaErrorLaunchFailure, "unspecified launch failure"),
    SIMT_ERROR(cudaErrorCooperativeLaunchTooLarge, "too many blocks in a cooperative launch"),
    SIMT_ERROR(cudaErrorInvalidClusterSize, "invalid cluster size"),
    SIMT_ERROR(cudaErrorStreamCaptureUnsupported, "not permitted while a stream captures"),
    SIMT_ERROR(cudaErrorStreamCaptureInvalidated, "the capture failed earlier"),
    SIMT_ERROR(cudaErrorStreamCaptureIsolation, "a capture would depend on work outside it"),
    SIMT_ERROR(cudaErrorStreamCaptureImplicit, "the default stream would depend on a capture"),
    SIMT_ERROR(cudaErrorCapturedEvent, "the event was last recorded in a capture"),
    SIMT_ERROR(cudaErrorStreamCaptureWrongThread, "another thread began the capture"),
    SIMT_ERROR(cudaErrorUnknown, "unknown error"),
};
#undef SIMT_ERROR

const ErrorText& find_error(cudaError_t error) {
  static constexpr ErrorText unknown{cudaErrorUnknown, "unrecognized error code",
                                     "unrecognized error code"};
  const auto found = std::find_if(std::begin(errors), std::end(errors),
                                  [&](const ErrorText& each) { return each.code == error; });
  return found == std::end(errors) ? unknown : *found;
}

}  // namespace

void set_driver(int version) {
  runtime().driver_version = version;
}

std::string reset_device() {
  const Entry entry;
  Runtime& r = runtime();
  std::string left;
  add(left, r.allocations.size(), "allocation");
  add(left, r.streams.size(), "stream");
  add(left, r.events.size(), "event");
  add(left, r.graphs.size(), "graph");
  add(left, r.executables.size(), "executable graph");
  std::map<std::string, std::size_t> objects;
  for (const auto& [object, name] : r.library_objects) ++objects[name];
  for (const auto& [name, count] : objects) add(left, count, name.c_str());
  for (CUstream_st* stream : r.streams) delete stream;
  for (CUgraph_st* graph : r.graphs) delete graph;
  for (CUgraphExec_st* executable : r.executables) delete executable;
  {
    const DeviceTurn turn;  // so that all memory may be touched
    for (const auto& [begin, allocation] : r.allocations) {
      race::forget(begin, allocation.bytes);
      std::free(begin);
    }
    r.allocations.clear();
  }
  r.streams.clear();
  r.retired.clear();
  r.events.clear();
  r.graphs.clear();
  r.executables.clear();
  r.default_stream = {};
  r.shared_limits.clear();
  r.wide_clusters.clear();
  r.library_objects.clear();  // a caller may still destroy what is his
  r.faults.clear();
  last_error = r.sticky_error = cudaSuccess;
  r.driver_version = CUDART_VERSION;
  mutable_counters() = {};
  take_reports();
  Fiber::free_pool();
  return left;
}

}  // namespace simt

using namespace simt;

extern "C" {

cudaError_t cudaGetDeviceCount(int* count) {
  const Entry entry;
  if (const cudaError_t error = refused_query()) return failed(error);
  *count = 1;
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int ordinal) {
  const Entry entry;
  if (const cudaError_t error = refused_query()) return failed(error);
  return ordinal == 0 ? cudaSuccess : failed(cudaErrorInvalidDevice);
}
cudaError_t cudaGetDevice(int* ordinal) {
  const Entry entry;
  if (const cudaError_t error = refused_query()) return failed(error);
  *ordinal = 0;
  return cudaSuccess;
}
cudaError_t cudaDriverGetVersion(int* version) {
  const Entry entry;
  *version = runtime().driver_version;
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int ordinal) {
  const Entry entry;
  if (const cudaError_t error = refused_query()) return failed(error);
  if (ordinal != 0) return failed(cudaErrorInvalidDevice);
  const Profile& profile = runtime().profile;
  *properties = {};
  std::snprintf(properties->name, sizeof properties->name, "%s", profile.name);
  properties->major = profile.major;
  properties->minor = profile.minor;
  properties->multiProcessorCount = profile.multiprocessors;
  properties->totalGlobalMem = profile.memory_bytes;
  properties->sharedMemPerBlock = profile.shared_per_block;
  properties->sharedMemPerBlockOptin = profile.shared_per_block_optin;
  properties->clusterLaunch = profile.largest_cluster > 1 ? 1 : 0;
  properties->sharedMemPerMultiprocessor = profile.shared_per_multiprocessor;
  properties->regsPerMultiprocessor = profile.registers_per_multiprocessor;
  properties->regsPerBlock = 65536;
  properties->maxThreadsPerMultiProcessor = profile.threads_per_multiprocessor;
  properties->maxThreadsPerBlock = 1024;
  constexpr int threads[] = {1024, 1024, 64}, blocks[] = {INT_MAX, 65535, 65535};
  std::copy_n(threads, 3, properties->maxThreadsDim);
  std::copy_n(blocks, 3, properties->maxGridSize);
  properties->reservedSharedMemPerBlock = 1024;
  properties->maxBlocksPerMultiProcessor = profile.blocks_per_multiprocessor;
  properties->l2CacheSize = static_cast<int>(profile.l2_bytes);
  properties->warpSize = 32;
  properties->cooperativeLaunch = 1;
  properties->concurrentKernels = 1;
  properties->unifiedAddressing = 1;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int ordinal) {
  const Entry entry;
  if (const cudaError_t error = refused_query()) return failed(error);
  if (ordinal != 0) return failed(cudaErrorInvalidDevice);
  const Profile& profile = runtime().profile;
  switch (attribute) {
    case cudaDevAttrMultiProcessorCount: *value = profile.multiprocessors; break;
    case cudaDevAttrComputeCapabilityMajor: *value = profile.major; break;
    case cudaDevAttrComputeCapabilityMinor: *value = profile.minor; break;
    case cudaDevAttrCooperativeLaunch: *value = 1; break;
    case cudaDevAttrClusterLaunch: *value = profile.largest_cluster > 1 ? 1 : 0; break;
    case cudaDevAttrMaxSharedMemoryPerBlock:
      *value = static_cast<int>(profile.shared_per_block);
      break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
      *value = static_cast<int>(profile.shared_per_block_optin);
      break;
    case cudaDevAttrMaxSharedMemoryPerMultiprocessor:
      *value = static_cast<int>(profile.shared_per_multiprocessor);
      break;
    case cudaDevAttrMaxRegistersPerMultiprocessor:
      *value = profile.registers_per_multiprocessor;
      break;
    case cudaDevAttrMaxThreadsPerMultiProcessor: *value = profile.threads_per_multiprocessor; break;
    case cudaDevAttrMaxBlocksPerMultiprocessor: *value = profile.blocks_per_multiprocessor; break;
    case cudaDevAttrL2CacheSize: *value = static_cast<int>(profile.l2_bytes); break;
    case cudaDevAttrWarpSize: *value = 32; break;
    case cudaDevAttrMaxThreadsPerBlock: *value = 1024; break;
    default: return failed(cudaErrorInvalidValue);
  }
  return cudaSuccess;
}

cudaError_t cudaGetLastError() {
  const Entry entry;
  const cudaError_t error = last_error;
  last_error = runtime().sticky_error;
  return error;
}
cudaError_t cudaPeekAtLastError() {
  const Entry entry;
  return last_error;
}
const char* cudaGetErrorName(cudaError_t error) {
  return find_error(error).name;
}
const char* cudaGetErrorString(cudaError_t error) {
  return find_error(error).text;
}

}  // extern "C"
