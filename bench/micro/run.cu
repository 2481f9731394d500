// Running micro benchmarks on a device.
#include "run.hpp"

#include <stdexcept>

#include "runner.cuh"

namespace takt::micro {

DeviceFacts find_device() {
  int count = 0;
  if (const cudaError_t error = cudaGetDeviceCount(&count); error != cudaSuccess || count == 0) {
    (void)cudaGetLastError();
    throw std::runtime_error(
        std::string("there is no CUDA device: ") +
        (error == cudaSuccess ? "none is visible" : cudaGetErrorString(error)));
  }
  cudaDeviceProp properties{};
  check("cudaGetDeviceProperties", cudaGetDeviceProperties(&properties, 0));
  if (properties.major != 9 || properties.minor != 0)
    throw std::runtime_error(std::string("the device is ") + properties.name +
                             " of compute capability " + std::to_string(properties.major) + "." +
                             std::to_string(properties.minor) + "; it must be 9.0");
  DeviceFacts facts{.name = properties.name,
                    .major = properties.major,
                    .minor = properties.minor,
                    .multiprocessors = properties.multiProcessorCount,
                    .memory_bytes = static_cast<std::int64_t>(properties.totalGlobalMem),
                    .l2_bytes = properties.l2CacheSize,
                    .driver = 0,
                    .runtime = 0};
  check("cudaDriverGetVersion", cudaDriverGetVersion(&facts.driver));
  check("cudaRuntimeGetVersion", cudaRuntimeGetVersion(&facts.runtime));
  return facts;
}

std::string run_benchmarks(const Setup& setup, const std::vector<const Benchmark*>& benchmarks,
                           const Listener& listener) {
  try {
    Runner runner(setup, listener);
    for (const Benchmark* benchmark : benchmarks) runner.run(*benchmark);
  } catch (const Stopped& stopped) {
    return stopped.what();
  } catch (const DeviceLost& lost) {
    return lost.what();
  } catch (const CudaError& error) {
    return error.what();
  }
  return {};
}

}  // namespace takt::micro
