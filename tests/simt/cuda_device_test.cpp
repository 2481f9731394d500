// Devices, streams and arrays of the CUDA path on the emulated device.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <cublasLt.h>
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include <takt/takt.hpp>

#include "../refusal_cases.hpp"
#include "device.hpp"
#include "simt.hpp"

namespace takt {
namespace {

using refusal_test::expect_refusal;

constexpr DataType all_types[] = {DataType::f32, DataType::f64, DataType::f16, DataType::bf16};

/// An array's elements as they lie.
std::vector<std::byte> bytes_of(const Array& array) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(array.size()) * size_of(array.type()));
  if (array.device().kind() == DeviceKind::cpu)
    std::memcpy(bytes.data(), array.data(), bytes.size());
  else
    EXPECT_EQ(cudaMemcpy(bytes.data(), array.data(), bytes.size(), cudaMemcpyDeviceToHost),
              cudaSuccess);
  return bytes;
}

/// No device, with this sentence; CUDA's own memory of the failure is taken, and the best device
/// is the cpu, once more.
void expect_no_device(int ordinal, const std::string& why) {
  const std::string sentence =
      "takt: Device::cuda: no device " + std::to_string(ordinal) + ": " + why;
  expect_refusal<DeviceError>([&] { Device::cuda(ordinal); }, sentence);
  EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess);
}

// Devices. --------------------------------------------------------------------------------------

TEST(CudaDevice, OfAnOrdinalThatIsNotThere) {
  expect_no_device(-1, "this machine has one, device 0");
  expect_no_device(1, "this machine has one, device 0");
  expect_no_device(1 << 30, "this machine has one, device 0");
}

TEST(CudaDevice, WithoutADriver) {
  simt::set_driver(0);
  expect_no_device(0, "there is no CUDA driver");
  EXPECT_EQ(best_device().kind(), DeviceKind::cpu);
}

TEST(CudaDevice, WithADriverThatIsTooOld) {
  simt::set_driver(12040);
  expect_no_device(0, "the driver is for CUDA 12.4; takt was built with CUDA " +
                          std::to_string(CUDART_VERSION / 1000) + "." +
                          std::to_string(CUDART_VERSION % 1000 / 10));
  EXPECT_EQ(best_device().kind(), DeviceKind::cpu);
}

TEST(CudaDevice, WhereThereIsNone) {
  simt::fail_at(simt::Call::query, 0, cudaErrorNoDevice);
  expect_no_device(0, "this machine has none");
  simt::fail_at(simt::Call::query, 0, cudaErrorNoDevice);
  EXPECT_EQ(best_device().kind(), DeviceKind::cpu);
}

TEST(CudaDevice, WhereCudaCannotTell) {
  simt::fail_at(simt::Call::query, 0, cudaErrorUnknown);
  expect_no_device(0, "unknown error (cudaErrorUnknown)");
  simt::fail_at(simt::Call::library, 0, CUBLAS_STATUS_ALLOC_FAILED);
  EXPECT_THROW(Device::cuda(), DeviceError);
  simt::fail_at(simt::Call::library, 0, CUBLAS_STATUS_ALLOC_FAILED);
  EXPECT_EQ(best_device().kind(), DeviceKind::cpu);
}

TEST(CudaDevice, TooOldForTaktIsNotTheBest) {
  simt::Profile t4 = simt::a100();
  t4.name = "T4";
  t4.major = 7;
  t4.minor = 5;
  simt::set_device(t4);
  EXPECT_EQ(best_device().kind(), DeviceKind::cpu);
  const Device device = Device::cuda();
  expect_refusal<UnsupportedError>(
      [&] {
        Plan({.cell = "gru", .input_size = 2, .hidden_size = 3}, {4, 5}, Mode::inference, device);
      },
      "takt: Plan: 'device' is cuda:0 (T4, compute capability 7.5, 108 SMs, 40 GiB); takt's GPU "
      "code needs compute capability 8.0 or newer");
}

TEST(CudaDevice, IsTheBestWhereThereIsOne) {
  EXPECT_EQ(best_device().place(), Place(DeviceKind::cuda, 0));
}

TEST(CudaDevice, SaysWhatItIs) {
  struct Case {
    const simt::Profile& profile;
    const char* description;
  };
  const Case cases[] = {
      {simt::h200(), "cuda:0 (NVIDIA H200 (emulated), compute capability 9.0, 132 SMs, 139 GiB)"},
      {simt::a100(), "cuda:0 (NVIDIA A100 (emulated), compute capability 8.0, 108 SMs, 40 GiB)"},
      {simt::rtx4090(),
       "cuda:0 (NVIDIA GeForce RTX 4090 (emulated), compute capability 8.9, "
       "128 SMs, 24 GiB)"}};
  for (const auto& [profile, description] : cases) {
    simt::set_device(profile);
    const Device device = best_device();
    EXPECT_EQ(device.describe(), description);
    EXPECT_EQ(device.kind(), DeviceKind::cuda);
    EXPECT_EQ(device.place(), Place(DeviceKind::cuda, 0));
    EXPECT_EQ(device.threads(), 0);
    EXPECT_EQ(device.instruction_set(), "");
    const DeviceFacts& facts = device.state()->facts;
    EXPECT_EQ(facts.name, profile.name);
    EXPECT_EQ(facts.ordinal, 0);
    EXPECT_EQ(facts.major, profile.major);
    EXPECT_EQ(facts.minor, profile.minor);
    EXPECT_EQ(facts.multiprocessors, profile.multiprocessors);
    EXPECT_EQ(facts.memory_bytes, static_cast<std::int64_t>(profile.memory_bytes));
    EXPECT_EQ(facts.l2_bytes, static_cast<std::int64_t>(profile.l2_bytes));
    EXPECT_EQ(facts.driver, CUDART_VERSION);
    EXPECT_EQ(facts.runtime, CUDART_VERSION);
    EXPECT_EQ(facts.architectures, "80 90a 100 120");
    EXPECT_EQ(
        Plan({.cell = "gru", .input_size = 2, .hidden_size = 3}, {4, 5}, Mode::training, device)
            .algorithm(),
        "step");
  }
}

TEST(CudaDevice, CopiesNameTheSameDevice) {
  const Device device = Device::cuda();
  Device other = Device::cuda();
  EXPECT_FALSE(other == device) << "opened on its own";
  other = device;
  EXPECT_EQ(other, device);
  EXPECT_EQ(other.state(), device.state());
}

TEST(CudaDevice, OpenedTwiceIsOnePlaceForCalls) {
  const Device device = Device::cuda(), other = Device::cuda();
  const RnnSpec spec{.cell = "gru", .input_size = 2, .hidden_size = 3};
  const Plan plan{spec, {.T = 2, .B = 1}, Mode::inference, device};
  const WeightArrays weights = make_weights(spec, other);
  const Array x{other, {2, 1, 2}};
  Array y{other, {2, 1, 3}};
  Memory memory{plan};
  const Stream stream{other};
  plan.forward({.x = x, .weights = weights}, {.y = y}, memory, stream);
  EXPECT_EQ(to_host(y, stream), std::vector<float>(6, 0.0F));
}

// Streams. --------------------------------------------------------------------------------------

TEST(CudaStream, KeepsItsDevice) {
  std::optional<Stream> stream;
  {
    const Device device = Device::cuda();
    stream.emplace(device);
  }
  EXPECT_EQ(stream->device().kind(), DeviceKind::cuda);
  EXPECT_NO_THROW(stream->synchronize());
}

/// A forward whose y is not 0.
class CudaForward : public testing::Test {
 protected:
  void forward(const Stream& stream) {
    plan_.forward({.x = x_, .weights = weights_}, {.y = y_}, memory_, stream);
  }
  bool is_done() const {
    for (const float value : values())
      if (value == 0) return false;
    return true;
  }
  /// Read without waiting for anything.
  std::vector<float> values() const {
    std::vector<float> values(static_cast<std::size_t>(y_.size()));
    EXPECT_EQ(
        cudaMemcpy(values.data(), y_.data(), values.size() * sizeof(float), cudaMemcpyDeviceToHost),
        cudaSuccess);
    return values;
  }

  const Device device_ = Device::cuda();
  const RnnSpec spec_{.cell = "rnn_tanh", .input_size = 2, .hidden_size = 3};
  const Plan plan_{spec_, {.T = 2, .B = 1}, Mode::inference, device_};
  const WeightArrays weights_ = make_weights(spec_, device_, Uniform{.seed = 1});
  const Array x_ = random(device_, {2, 1, 2}, 2);
  Array y_{device_, {2, 1, 3}};
  Memory memory_{plan_};
};

TEST_F(CudaForward, IsEnqueuedAndSynchronizeWaits) {
  const Stream stream{device_};
  const int before = static_cast<int>(simt::counters().launches);
  forward(stream);
  EXPECT_EQ(simt::counters().launches, before) << "the host did not wait";
  stream.synchronize();
  EXPECT_GT(simt::counters().launches, before);
  EXPECT_TRUE(is_done());
}

TEST_F(CudaForward, IsDoneWhenToHostReturns) {
  const Stream stream{device_};
  forward(stream);
  const std::vector<float> found = to_host(y_, stream);
  EXPECT_EQ(found, values());
  EXPECT_TRUE(is_done());
}

TEST_F(CudaForward, SurvivesItsStream) {
  {
    const Stream stream{device_};
    forward(stream);
  }
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_TRUE(is_done());
}

TEST(CudaStream, FailuresAreDeviceErrors) {
  const Device device = Device::cuda();
  simt::fail_at(simt::Call::stream, 0, cudaErrorMemoryAllocation);
  expect_refusal<DeviceError>([&] { Stream stream{device}; },
                              "takt: cudaStreamCreateWithFlags: out of memory "
                              "(cudaErrorMemoryAllocation)");
  EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess);
}

// Arrays. ---------------------------------------------------------------------------------------

TEST(CudaArray, IsFilledWithZeros) {
  const Device device = Device::cuda();
  for (const DataType type : all_types) {
    const Array array{device, {3, 5}, type};
    EXPECT_EQ(bytes_of(array), std::vector<std::byte>(15 * size_of(type))) << to_string(type);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(array.data()) % Plan::alignment, 0u);
    EXPECT_EQ(ConstPointer(array).place(), Place(DeviceKind::cuda, 0));
  }
  const Array empty{device, {3, 0}};
  EXPECT_EQ(empty.data(), nullptr);
  const Stream stream{device};
  EXPECT_TRUE(to_host(empty, stream).empty());
}

TEST(CudaArray, RandomHasTheBitsOfTheCpu) {
  const Device device = Device::cuda(), cpu = Device::cpu({.threads = 1});
  for (const DataType type : all_types) {
    const Array array = random(device, {7, 9}, 3, type);
    EXPECT_EQ(bytes_of(array), bytes_of(random(cpu, {7, 9}, 3, type))) << to_string(type);
    EXPECT_NE(bytes_of(array), bytes_of(random(device, {7, 9}, 4, type))) << to_string(type);
  }
  const RnnSpec spec{.cell = "lstm", .input_size = 3, .hidden_size = 5, .type = DataType::bf16};
  const WeightArrays weights = make_weights(spec, device, Uniform{.seed = 6}),
                     of_cpu = make_weights(spec, cpu, Uniform{.seed = 6});
  for (std::size_t n = 0; n < weights.arrays().size(); ++n)
    EXPECT_EQ(bytes_of(weights.arrays()[n]), bytes_of(of_cpu.arrays()[n])) << n;
}

template <class Element>
void expect_round_trip(const std::vector<Element>& values) {
  const Device device = Device::cuda();
  const Stream stream{device};
  const auto size = static_cast<std::int64_t>(values.size());
  const Array array = to_device<Element>(device, {size, 1}, values);
  EXPECT_EQ(array.type(), data_type_of<Element>);
  const std::vector<Element> found = to_host<Element>(array, stream);
  ASSERT_EQ(found.size(), values.size());
  EXPECT_EQ(std::memcmp(found.data(), values.data(), values.size() * sizeof(Element)), 0);
}

TEST(CudaArray, GoesThereAndBack) {
  expect_round_trip<float>({1.5F, -0.0F, 3e38F, 1e-45F});
  expect_round_trip<double>({1.5, -0.0, 1e308, 5e-324});
  expect_round_trip<__half>({__half(1.5F), __half(-0.0F), __half(65504.0F)});
  expect_round_trip<__nv_bfloat16>({__nv_bfloat16(1.5F), __nv_bfloat16(-0.0F)});
}

TEST(CudaArray, NarrowsAndWidensFloats) {
  const Device device = Device::cuda();
  const Stream stream{device};
  const std::vector<float> values{1, 1.0009765625F, 1.00048828125F, 1.0078125F, 1.00390625F, -3};
  const std::vector<float> in_f16{1, 1.0009765625F, 1, 1.0078125F, 1.00390625F, -3};
  const std::vector<float> in_bf16{1, 1, 1, 1.0078125F, 1, -3};
  const Array f16 = to_device<float>(device, {6}, values, DataType::f16),
              bf16 = to_device<float>(device, {6}, values, DataType::bf16);
  EXPECT_EQ(to_host(f16, stream), in_f16);
  EXPECT_EQ(to_host(bf16, stream), in_bf16);
  EXPECT_EQ(f16.type(), DataType::f16);
  EXPECT_EQ(bf16.type(), DataType::bf16);
}

TEST(CudaArray, IntegersGoThere) {
  const Device device = Device::cuda();
  const std::vector<std::int32_t> lengths{4, 0, 6};
  const DeviceVector<std::int32_t> there = to_device<std::int32_t>(device, lengths);
  EXPECT_EQ(there.size(), 3);
  EXPECT_EQ(TypedPointer<std::int32_t>(there).place(), Place(DeviceKind::cuda, 0));
  std::vector<std::int32_t> back(3);
  EXPECT_EQ(cudaMemcpy(back.data(), there.data(), 12, cudaMemcpyDeviceToHost), cudaSuccess);
  EXPECT_EQ(back, lengths);
  EXPECT_EQ(to_device<std::uint8_t>(device, std::vector<std::uint8_t>{}).data(), nullptr);
}

TEST(CudaArray, ComesBackByStreamsOfItsDeviceOnly) {
  const Device device = Device::cuda(), cpu = Device::cpu({.threads = 1});
  const Stream of_cuda{device}, of_cpu{cpu};
  expect_refusal<ArgumentError>([&] { to_host(Array(device, {2}), of_cpu); },
                                "takt: to_host: 'stream' is a cpu stream; the array's device is "
                                "cuda");
  expect_refusal<ArgumentError>([&] { to_host(Array(cpu, {2}), of_cuda); },
                                "takt: to_host: 'stream' is a cuda stream; the array's device is "
                                "cpu");
  expect_refusal<ArgumentError>([&] { to_host<double>(Array(device, {2}), of_cuda); },
                                "takt: to_host: 'array' holds f32; it must hold f64");
}

// Too little memory. ----------------------------------------------------------------------------

TEST(CudaMemory, MoreThanTheDeviceHas) {
  const Device device = Device::cuda();
  const auto bytes = static_cast<std::int64_t>(simt::h200().memory_bytes);
  EXPECT_THROW(Array(device, {bytes / 4 + 1}), std::bad_alloc);
  EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess);
  EXPECT_NO_THROW(Array(device, {1024}));
}

TEST(CudaMemory, FailuresOfOtherKindsAreDeviceErrors) {
  const Device device = Device::cuda();
  simt::fail_at(simt::Call::allocate, 0, cudaErrorUnknown);
  expect_refusal<DeviceError>([&] { Array(device, {4}); },
                              "takt: cudaMalloc: unknown error (cudaErrorUnknown)");
  simt::fail_at(simt::Call::copy, 0, cudaErrorUnknown);
  expect_refusal<DeviceError>([&] { Array(device, {4}); },
                              "takt: cudaMemset: unknown error (cudaErrorUnknown)");
  EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess);
}

/// Whatever had been allocated before is given back, or the end of the test reports it.
TEST(CudaMemory, OfACallIsAllOrNothing) {
  const Device device = Device::cuda();
  const Plan plan{{.cell = "lstm", .input_size = 2, .hidden_size = 3},
                  {.T = 2, .B = 1},
                  Mode::training,
                  device};
  for (int k = 0; k < 2; ++k) {
    simt::fail_at(simt::Call::allocate, k, cudaErrorMemoryAllocation);
    EXPECT_THROW(Memory{plan}, std::bad_alloc) << k;
  }
  EXPECT_NO_THROW(Memory{plan});
}

TEST(CudaMemory, APlanIsMadeOrNotWhereItIsShort) {
  const Device device = Device::cuda();
  const auto make = [&] {
    Plan({.cell = "lstm", .input_size = 2, .hidden_size = 3}, {2, 1}, Mode::training, device);
  };
  for (int k = 0; k < 2; ++k) {
    simt::fail_at(simt::Call::allocate, k, cudaErrorMemoryAllocation);
    EXPECT_THROW(make(), std::bad_alloc) << k;
  }
  EXPECT_NO_THROW(make());
}

}  // namespace
}  // namespace takt
