// Which device is there, what it says of itself, and what went wrong.
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
  const std::scoped_lock lock(runtime().mutex);
  runtime().profile = profile;
}

namespace {

void add(std::string& text, std::size_t count, const char* what) {
  if (count == 0) return;
  text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

}  // namespace

std::string reset_device() {
  Runtime& r = runtime();
  const std::scoped_lock lock(r.mutex);
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
  for (CUevent_st* event : r.events) delete event;
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
  r.events.clear();
  r.graphs.clear();
  r.executables.clear();
  r.default_stream = {};
  r.shared_limits.clear();
  r.wide_clusters.clear();
  r.library_objects.clear();  // a caller may still destroy what is his
  r.faults.clear();
  r.last_error = r.sticky_error = cudaSuccess;
  mutable_counters() = {};
  take_reports();
  Fiber::free_pool();
  return left;
}

}  // namespace simt

using namespace simt;

extern "C" {

cudaError_t cudaGetDeviceCount(int* count) {
  *count = 1;
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int ordinal) {
  return ordinal == 0 ? cudaSuccess : failed(cudaErrorInvalidDevice);
}
cudaError_t cudaGetDevice(int* ordinal) {
  *ordinal = 0;
  return cudaSuccess;
}
cudaError_t cudaDriverGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int ordinal) {
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
  properties->sharedMemPerMultiprocessor = profile.shared_per_multiprocessor;
  properties->regsPerMultiprocessor = profile.registers_per_multiprocessor;
  properties->regsPerBlock = 65536;
  properties->maxThreadsPerMultiProcessor = profile.threads_per_multiprocessor;
  properties->maxThreadsPerBlock = 1024;
  properties->maxBlocksPerMultiProcessor = profile.blocks_per_multiprocessor;
  properties->l2CacheSize = static_cast<int>(profile.l2_bytes);
  properties->warpSize = 32;
  properties->cooperativeLaunch = 1;
  properties->concurrentKernels = 1;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int ordinal) {
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
  const std::scoped_lock lock(runtime().mutex);
  const cudaError_t error = runtime().last_error;
  runtime().last_error = runtime().sticky_error;
  return error;
}
cudaError_t cudaPeekAtLastError() {
  const std::scoped_lock lock(runtime().mutex);
  return runtime().last_error;
}
const char* cudaGetErrorName(cudaError_t error) {
  return error == cudaSuccess ? "cudaSuccess" : "an emulated CUDA error";
}
const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaSuccess: return "no error";
    case cudaErrorInvalidValue: return "invalid argument";
    case cudaErrorMemoryAllocation: return "out of memory";
    case cudaErrorInvalidConfiguration: return "invalid configuration argument";
    case cudaErrorInvalidResourceHandle: return "invalid resource handle";
    case cudaErrorLaunchFailure: return "unspecified launch failure";
    case cudaErrorCooperativeLaunchTooLarge: return "too many blocks in cooperative launch";
    case cudaErrorStreamCaptureUnsupported:
      return "operation not permitted when stream is capturing";
    default: return "an emulated CUDA error";
  }
}

}  // extern "C"
