// Devices: found, described, opened; their memory and streams.
#include "cuda/context.hpp"

#include <new>

#include <takt/kernels/policy/persistent.hpp>
#include <takt/kernels/policy/status.hpp>

#include "cuda/errors.hpp"
#include "cuda/model.hpp"
#include "say.hpp"

namespace takt::cuda {
namespace {

[[noreturn]] void no_device(int ordinal, const std::string& why) {
  throw DeviceError("takt: Device::cuda: no device " + number(ordinal) + ": " + why);
}

std::string version(int number) {
  return std::to_string(number / 1000) + "." + std::to_string(number % 1000 / 10);
}

/// How many devices there are; throws where CUDA cannot tell.
int count_devices(int ordinal) {
  int count = 0, driver = 0, runtime = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status == cudaSuccess) return count;
  (void)cudaGetLastError();
  if (status == cudaErrorNoDevice) return 0;
  if (status == cudaErrorInsufficientDriver && cudaDriverGetVersion(&driver) == cudaSuccess &&
      cudaRuntimeGetVersion(&runtime) == cudaSuccess)
    no_device(ordinal, driver == 0 ? "there is no CUDA driver"
                                   : "the driver is for CUDA " + version(driver) +
                                         "; takt was built with CUDA " + version(runtime));
  no_device(ordinal,
            std::string(cudaGetErrorString(status)) + " (" + cudaGetErrorName(status) + ")");
}

DeviceFacts facts_of(int ordinal) {
  cudaDeviceProp properties{};
  check("cudaGetDeviceProperties", cudaGetDeviceProperties(&properties, ordinal));
  DeviceFacts facts;
  facts.kind = DeviceKind::cuda;
  facts.name = properties.name;
  facts.ordinal = ordinal;
  facts.major = properties.major;
  facts.minor = properties.minor;
  facts.multiprocessors = properties.multiProcessorCount;
  facts.memory_bytes = static_cast<std::int64_t>(properties.totalGlobalMem);
  facts.l2_bytes = properties.l2CacheSize;
  facts.shared_bytes_per_block = static_cast<std::int64_t>(properties.sharedMemPerBlockOptin);
  // Of 16 blocks where a kernel asks for what is not portable; a plan asks whether they fit.
  facts.largest_cluster = properties.clusterLaunch != 0 ? policy::Persistent::largest_cluster : 1;
  facts.cooperative_launches = properties.cooperativeLaunch != 0;
  facts.architectures = TAKT_CUDA_ARCHITECTURES;
  facts.model = find_model(facts.name);
  check("cudaDriverGetVersion", cudaDriverGetVersion(&facts.driver));
  check("cudaRuntimeGetVersion", cudaRuntimeGetVersion(&facts.runtime));
  return facts;
}

}  // namespace

Context::Context(int ordinal_in) : ordinal(ordinal_in), blas(nullptr), process(getpid()) {
  const CurrentDevice current(ordinal);
  check("cublasLtCreate", cublasLtCreate(&blas));
}

Context::~Context() {
  if (process != getpid()) return;
  int before = ordinal;
  forgive(cudaGetDevice(&before));
  if (before != ordinal) forgive(cudaSetDevice(ordinal));
  (void)cublasLtDestroy(blas);
  if (before != ordinal) forgive(cudaSetDevice(before));
}

Opened open(int ordinal) {
  const int count = count_devices(ordinal);
  if (count == 0) no_device(ordinal, "this machine has none");
  if (ordinal < 0 || ordinal >= count)
    no_device(ordinal, count == 1 ? "this machine has one, device 0"
                                  : "this machine has " + number(count) + ", devices 0 to " +
                                        number(count - 1));
  DeviceFacts facts = facts_of(ordinal);
  return {std::move(facts), std::make_shared<const Context>(ordinal)};
}

std::shared_ptr<void> allocate(int ordinal, std::int64_t bytes) {
  const CurrentDevice current(ordinal);
  const auto size = static_cast<std::size_t>(bytes);
  void* memory = nullptr;
  const cudaError_t status = cudaMalloc(&memory, size);
  if (status == cudaErrorMemoryAllocation) {
    (void)cudaGetLastError();
    throw std::bad_alloc();
  }
  check("cudaMalloc", status);
  // Finds the device by the address.
  std::shared_ptr<void> owner(memory, [](void* p) { forgive(cudaFree(p)); });
  check("cudaMemset", cudaMemset(memory, 0, size));
  check("cudaStreamSynchronize", cudaStreamSynchronize(nullptr));
  return owner;
}

void upload(int ordinal, void* to, const void* from, std::int64_t bytes) {
  const CurrentDevice current(ordinal);
  check("cudaMemcpy",
        cudaMemcpy(to, from, static_cast<std::size_t>(bytes), cudaMemcpyHostToDevice));
  // Pageable memory may still be on its way.
  check("cudaStreamSynchronize", cudaStreamSynchronize(nullptr));
}

void download(int ordinal, void* to, const void* from, std::int64_t bytes, CUstream_st* stream) {
  const CurrentDevice current(ordinal);
  check("cudaMemcpyAsync",
        cudaMemcpyAsync(to, from, static_cast<std::size_t>(bytes), cudaMemcpyDeviceToHost, stream));
  check("cudaStreamSynchronize", cudaStreamSynchronize(stream));
}

CUstream_st* create_stream(int ordinal) {
  const CurrentDevice current(ordinal);
  cudaStream_t stream = nullptr;
  check("cudaStreamCreateWithFlags", cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  return stream;
}

void destroy_stream(int, CUstream_st* stream) noexcept {
  forgive(cudaStreamDestroy(stream));
}

void synchronize(int, CUstream_st* stream) {
  check("cudaStreamSynchronize", cudaStreamSynchronize(stream));
}

std::optional<std::string> foreign_place(int ordinal, const void* pointer) {
  const CurrentDevice current(ordinal);  // else the question may wake another one
  cudaPointerAttributes attributes{};
  check("cudaPointerGetAttributes", cudaPointerGetAttributes(&attributes, pointer));
  switch (attributes.type) {
    case cudaMemoryTypeManaged: return std::nullopt;
    case cudaMemoryTypeDevice:
      if (attributes.device == ordinal) return std::nullopt;
      return to_string(Place{DeviceKind::cuda, attributes.device});
    default: return "cpu";
  }
}

CallStatus status(const Bytes& scratch, CUstream_st* stream) {
  // The null stream is that of the current device, which may be another one.
  cudaPointerAttributes attributes{};
  check("cudaPointerGetAttributes", cudaPointerGetAttributes(&attributes, scratch.data));
  if (attributes.type != cudaMemoryTypeDevice && attributes.type != cudaMemoryTypeManaged)
    refuse("status", "scratch", " lies on cpu; the stream is a cuda stream");
  const CurrentDevice current(attributes.device);
  StatusWord word;
  check("cudaMemcpyAsync",
        cudaMemcpyAsync(&word, scratch.data, sizeof word, cudaMemcpyDeviceToHost, stream));
  check("cudaStreamSynchronize", cudaStreamSynchronize(stream));
  CallStatus found;
  found.T = word.T;
  found.wrong_saved = word.wrong_saved != 0;
  found.gave_up = word.gave_up != 0;
  if (word.bad_length != StatusWord::no_row) {
    found.bad_row = static_cast<std::int64_t>(word.bad_length >> 32);
    found.bad_length = static_cast<std::int32_t>(static_cast<std::uint32_t>(word.bad_length));
  }
  return found;
}

}  // namespace takt::cuda
