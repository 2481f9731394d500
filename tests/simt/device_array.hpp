// Arrays of the emulated device for tests: filled from the host, read back by waiting.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include "simt.hpp"

namespace simt {

inline std::string schedule_name(const testing::TestParamInfo<Schedule>& info) {
  return to_string(info.param);
}

class TestStream {
 public:
  TestStream() { EXPECT_EQ(cudaStreamCreate(&handle_), cudaSuccess); }
  TestStream(const TestStream&) = delete;
  TestStream& operator=(const TestStream&) = delete;
  ~TestStream() { cudaStreamDestroy(handle_); }
  operator cudaStream_t() const { return handle_; }  // NOLINT(google-explicit-constructor)
  cudaError_t wait() const { return cudaStreamSynchronize(handle_); }

 private:
  cudaStream_t handle_ = nullptr;
};

template <class Element>
class DeviceArray {
 public:
  explicit DeviceArray(const std::vector<Element>& values) : size_(values.size()) {
    EXPECT_EQ(cudaMalloc(reinterpret_cast<void**>(&data_), size_ * sizeof(Element)), cudaSuccess);
    set(values);
  }
  /// Filled with bytes of 0xFF.
  explicit DeviceArray(std::size_t size) : size_(size) {
    EXPECT_EQ(cudaMalloc(reinterpret_cast<void**>(&data_), size_ * sizeof(Element)), cudaSuccess);
  }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;
  ~DeviceArray() { cudaFree(data_); }

  Element* data() const { return data_; }
  std::size_t size() const { return size_; }
  void set(const std::vector<Element>& values) const {
    EXPECT_EQ(
        cudaMemcpy(data_, values.data(), values.size() * sizeof(Element), cudaMemcpyHostToDevice),
        cudaSuccess);
  }
  std::vector<Element> get() const {
    std::vector<Element> values(size_);
    EXPECT_EQ(cudaMemcpy(values.data(), data_, size_ * sizeof(Element), cudaMemcpyDeviceToHost),
              cudaSuccess);
    return values;
  }

 private:
  Element* data_ = nullptr;
  std::size_t size_;
};

/// A launch in the words of a test.
struct Launch {
  dim3 grid{1}, block{32};
  std::size_t shared_bytes = 0;
  bool cooperative = false;
  unsigned cluster = 1;
  cudaStream_t stream = nullptr;

  template <class Kernel, class... Arguments>
  cudaError_t operator()(const char* name, Kernel kernel, Arguments... arguments) const {
    cudaLaunchAttribute attributes[2];
    cudaLaunchConfig_t config{};
    config.gridDim = grid;
    config.blockDim = block;
    config.dynamicSmemBytes = shared_bytes;
    config.stream = stream;
    config.attrs = attributes;
    if (cooperative) {
      attributes[config.numAttrs].id = cudaLaunchAttributeCooperative;
      attributes[config.numAttrs++].val.cooperative = 1;
    }
    if (cluster > 1) {
      attributes[config.numAttrs].id = cudaLaunchAttributeClusterDimension;
      attributes[config.numAttrs++].val.clusterDim = {cluster, 1, 1};
    }
    return launch_kernel(&config, name, kernel, arguments...);
  }
};

/// True where something of this kind was reported and its text has all of these words in it.
/// Takes all reports.
inline testing::AssertionResult reported(const std::string& kind,
                                         const std::vector<std::string>& words) {
  std::string all;
  bool found = false;
  for (const Report& report : take_reports()) {
    all += "\n[" + report.kind + "] " + report.text;
    bool fits = report.kind == kind;
    for (const std::string& word : words)
      fits = fits && report.text.find(word) != std::string::npos;
    found = found || fits;
  }
  if (found) return testing::AssertionSuccess();
  return testing::AssertionFailure()
         << "no report of a " << kind << "; reported was:" << (all.empty() ? " nothing" : all);
}

}  // namespace simt
