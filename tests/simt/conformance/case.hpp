// What the conformance kernels share: their cases, arrays on the device, launches, comparisons. The
// same files run on a GPU (conformance.cu) and on the emulated device (ptx_test.cpp).
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include <takt/kernels/device.cuh>

namespace conformance {

/// One wrapper in use. `run` says what differs from what was expected; nothing where nothing does.
struct Case {
  const char* name;
  std::string (*run)();
};

inline void check(cudaError_t error, const char* call) {
  if (error != cudaSuccess)
    throw std::runtime_error(std::string(call) + ": " + cudaGetErrorString(error));
}

template <class Element>
class DeviceArray {
 public:
  explicit DeviceArray(const std::vector<Element>& values) : size_(values.size()) {
    void* memory = nullptr;
    check(cudaMalloc(&memory, bytes()), "cudaMalloc");
    data_ = static_cast<Element*>(memory);
    check(cudaMemcpy(data_, values.data(), bytes(), cudaMemcpyHostToDevice), "cudaMemcpy");
  }
  explicit DeviceArray(std::size_t size) : DeviceArray(std::vector<Element>(size)) {}
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;
  ~DeviceArray() { cudaFree(data_); }

  Element* data() const { return data_; }
  /// Waits for the device.
  std::vector<Element> host() const {
    std::vector<Element> values(size_);
    check(cudaMemcpy(values.data(), data_, bytes(), cudaMemcpyDeviceToHost), "the kernel");
    return values;
  }

 private:
  std::size_t bytes() const { return size_ * sizeof(Element); }
  Element* data_ = nullptr;
  std::size_t size_;
};

/// A launch's shape: blocks in clusters of `cluster`, or all blocks at once.
class Launch {
 public:
  Launch(unsigned blocks, unsigned threads) {
    config_.gridDim = dim3(blocks);
    config_.blockDim = dim3(threads);
    config_.attrs = attributes_;
  }
  Launch& in_clusters_of(unsigned cluster) {
    cudaLaunchAttribute& attribute = attributes_[config_.numAttrs++];
    attribute.id = cudaLaunchAttributeClusterDimension;
    attribute.val.clusterDim.x = cluster;
    attribute.val.clusterDim.y = attribute.val.clusterDim.z = 1;
    return *this;
  }
  Launch& at_once() {
    cudaLaunchAttribute& attribute = attributes_[config_.numAttrs++];
    attribute.id = cudaLaunchAttributeCooperative;
    attribute.val.cooperative = 1;
    return *this;
  }
  /// May begin before the kernel before it has ended.
  Launch& overlapping() {
    cudaLaunchAttribute& attribute = attributes_[config_.numAttrs++];
    attribute.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    attribute.val.programmaticStreamSerializationAllowed = 1;
    return *this;
  }
  Launch(const Launch&) = delete;
  Launch& operator=(const Launch&) = delete;

  const cudaLaunchConfig_t* config() const { return &config_; }

 private:
  cudaLaunchAttribute attributes_[2] = {};
  cudaLaunchConfig_t config_ = {};
};

/// The first element that is not what it must be, as "[row][column] is 3, not 5".
template <class Element>
std::string difference(const std::vector<Element>& got, const std::vector<Element>& expected,
                       std::size_t columns) {
  if (got.size() != expected.size()) return "sizes differ";
  for (std::size_t n = 0; n < got.size(); ++n)
    if (!(got[n] == expected[n]))
      return "[" + std::to_string(n / columns) + "][" + std::to_string(n % columns) + "] is " +
             std::to_string(got[n]) + ", not " + std::to_string(expected[n]);
  return {};
}

/// Small integers in a pattern that no exchange of rows, columns or matrices leaves as it is.
constexpr int pattern(int row, int column, int matrix) {
  return (row * 7 + column * 5 + row * column * 3 + matrix * 11) % 13 - 6;
}

/// Vectors of 32-bit words compare as these.
inline std::vector<std::uint32_t> words_of(const std::vector<uint4>& vectors) {
  std::vector<std::uint32_t> words;
  for (const uint4& v : vectors) words.insert(words.end(), {v.x, v.y, v.z, v.w});
  return words;
}

}  // namespace conformance
