// CUDA as the benchmarks use it on the host: statuses, arrays, launches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include <takt/kernels/device.cuh>

namespace takt::micro {

/// "cudaMalloc: out of memory".
struct CudaError : std::runtime_error {
  CudaError(const char* what, cudaError_t status)
      : std::runtime_error(std::string(what) + ": " + cudaGetErrorString(status)) {}
};

inline void check(const char* what, cudaError_t status) {
  if (status == cudaSuccess) return;
  (void)cudaGetLastError();  // which would give it again to who asks next
  throw CudaError(what, status);
}

template <class Element>
class DeviceArray {
 public:
  explicit DeviceArray(std::int64_t size)
      : bytes_(static_cast<std::size_t>(size) * sizeof(Element)) {
    void* memory = nullptr;
    check("cudaMalloc", cudaMalloc(&memory, bytes_));
    data_ = static_cast<Element*>(memory);
  }
  DeviceArray(DeviceArray&& other) noexcept : data_(other.data_), bytes_(other.bytes_) {
    other.data_ = nullptr;
  }
  DeviceArray& operator=(DeviceArray&&) = delete;
  ~DeviceArray() {
    if (cudaFree(data_) != cudaSuccess) (void)cudaGetLastError();
  }

  Element* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }
  void clear(cudaStream_t stream) const {
    check("cudaMemsetAsync", cudaMemsetAsync(data_, 0, bytes_, stream));
  }

 private:
  Element* data_ = nullptr;
  std::size_t bytes_;
};

struct Shape {
  int blocks = 1, threads = 32;
  int cluster = 1;
  int shared_bytes = 0;       ///< dynamic
  bool cooperative = false;   ///< all blocks at once
  bool programmatic = false;  ///< may begin before the kernel before it has ended
};

/// A launch of `kernel`, which has been allowed what the shape needs.
class LaunchConfig {
 public:
  LaunchConfig(const Shape& shape, const void* kernel, cudaStream_t stream) {
    config_.gridDim = dim3(static_cast<unsigned>(shape.blocks));
    config_.blockDim = dim3(static_cast<unsigned>(shape.threads));
    config_.dynamicSmemBytes = static_cast<std::size_t>(shape.shared_bytes);
    config_.stream = stream;
    config_.attrs = attributes_;
    if (shape.cluster > 1)
      add(cudaLaunchAttributeClusterDimension).clusterDim = {static_cast<unsigned>(shape.cluster),
                                                             1, 1};
    if (shape.cooperative) add(cudaLaunchAttributeCooperative).cooperative = 1;
    if (shape.programmatic)
      add(cudaLaunchAttributeProgrammaticStreamSerialization)
          .programmaticStreamSerializationAllowed = 1;
    constexpr int without_asking = 48 << 10, portable_cluster = 8;
    if (shape.shared_bytes > without_asking)
      check("cudaFuncSetAttribute",
            cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                 shape.shared_bytes));
    if (shape.cluster > portable_cluster)
      check("cudaFuncSetAttribute",
            cudaFuncSetAttribute(kernel, cudaFuncAttributeNonPortableClusterSizeAllowed, 1));
  }
  LaunchConfig(const LaunchConfig&) = delete;
  LaunchConfig& operator=(const LaunchConfig&) = delete;

  const cudaLaunchConfig_t* get() const { return &config_; }

 private:
  cudaLaunchAttributeValue& add(cudaLaunchAttributeID id) {
    cudaLaunchAttribute& attribute = attributes_[config_.numAttrs++];
    attribute.id = id;
    return attribute.val;
  }

  cudaLaunchAttribute attributes_[3] = {};
  cudaLaunchConfig_t config_ = {};
};

/// Every kernel here takes one struct.
template <class Params>
void launch(void (*kernel)(Params), const Shape& shape, cudaStream_t stream, const Params& params) {
  const LaunchConfig config(shape, reinterpret_cast<const void*>(kernel), stream);
  check("a launch", cudaLaunchKernelEx(config.get(), kernel, params));
}

/// How many clusters of a shape are on the device at a time, however many are launched.
template <class Params>
int max_active_clusters(void (*kernel)(Params), Shape shape) {
  shape.blocks = 256 * shape.cluster;
  const auto* const address = reinterpret_cast<const void*>(kernel);
  const LaunchConfig config(shape, address, nullptr);
  int clusters = 0;
  check("cudaOccupancyMaxActiveClusters",
        cudaOccupancyMaxActiveClusters(&clusters, address, config.get()));
  return clusters;
}

}  // namespace takt::micro
