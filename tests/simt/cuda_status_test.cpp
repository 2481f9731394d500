// Lengths out of range and saved memory of another call: what a device notices, and what it does.
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include <takt/kernels/policy/status.hpp>
#include <takt/takt.hpp>

#include "cuda_placed_layer.hpp"

namespace takt {
namespace {

using placed_layer::Layer;
using refusal_test::expect_refusal;

constexpr std::int32_t least_32 = std::numeric_limits<std::int32_t>::min();

TEST(CudaLengths, OutOfRangeAreClamped) {
  for (const Direction direction : {Direction::forward, Direction::reverse}) {
    const RnnSpec spec{.cell = "lstm", .input_size = 3, .hidden_size = 5, .direction = direction};
    const auto run = [&](const std::vector<std::int32_t>& lengths) {
      Layer layer(spec, {4, 6}, {}, lengths);
      layer.forward();
      layer.backward();
      return layer.results();
    };
    EXPECT_EQ(run({2, 5, -1, 0, 1 << 30, least_32}), run({2, 4, 0, 0, 4, 0}));
    EXPECT_NE(run({2, 4, 0, 0, 4, 0}), run({2, 3, 0, 0, 4, 0}));
  }
}

TEST(CudaLengths, OutOfRangeAreSaidByTheStatus) {
  Layer layer({.cell = "gru", .input_size = 1, .hidden_size = 2}, {4, 5}, {});
  const auto expect = [&](const std::vector<std::int32_t>& lengths, std::int64_t row,
                          std::int32_t length, const std::string& message) {
    layer.set_lengths(lengths);
    for (const bool is_forward : {true, false}) {
      is_forward ? layer.forward() : layer.backward();
      const CallStatus status = layer.status();
      EXPECT_EQ(status.fine(), message.empty());
      EXPECT_EQ(status.bad_row, row);
      EXPECT_EQ(status.bad_length, length);
      EXPECT_EQ(status.T, 4);
      EXPECT_FALSE(status.wrong_saved);
      EXPECT_EQ(status.message(), message);
    }
  };
  expect({0, 1, 2, 3, 4}, -1, 0, "");
  expect({4, 4, 4, 5, 4}, 3, 5, "'lengths[3]' is 5; it must be between 0 and T = 4");
  expect({-1, 4, 4, 4, 9}, 0, -1, "'lengths[0]' is -1; it must be between 0 and T = 4");
  expect({0, 4, 9, -7, 8}, 2, 9, "'lengths[2]' is 9; it must be between 0 and T = 4");
  expect({0, 4, 4, 4, least_32}, 4, least_32,
         "'lengths[4]' is -2147483648; it must be between 0 and T = 4");
  expect({4, 3, 2, 1, 0}, -1, 0, "");
}

TEST(CudaStatus, SaysRowLengthAndT) {
  const CallStatus status{.bad_row = 3, .bad_length = 1201, .T = 1000};
  EXPECT_EQ(status.message(), "'lengths[3]' is 1201; it must be between 0 and T = 1000");
  EXPECT_FALSE(status.fine());
  EXPECT_EQ(CallStatus{}.message(), "");
}

TEST(CudaStatus, SaysThatAKernelGaveUp) {
  const CallStatus status{.gave_up = true};
  EXPECT_EQ(status.message(),
            "a kernel waited too long for another block of its group and went on without it");
  EXPECT_FALSE(status.fine());
  // As a kernel leaves it, in the first bytes of scratch; the next call starts afresh.
  Layer layer({.cell = "gru", .input_size = 1, .hidden_size = 2}, {4, 5}, {});
  layer.forward();
  EXPECT_TRUE(layer.status().fine());  // and it has run
  StatusWord word;
  word.gave_up = 1;
  EXPECT_EQ(cudaMemcpy(layer.scratch(), &word, sizeof word, cudaMemcpyHostToDevice), cudaSuccess);
  EXPECT_TRUE(layer.status().gave_up);
  layer.forward();
  EXPECT_TRUE(layer.status().fine());
}

TEST(CudaStatus, KnowsTheForwardOfAnotherShape) {
  Layer layer({.cell = "lstm", .input_size = 1, .hidden_size = 2}, {4, 3}, {});
  const std::string wrong = "'saved' was not filled by a forward of this call's T and B";
  const auto backward_after = [&](Dims forward, Dims backward) {
    layer.set_dims(forward);
    layer.forward();
    EXPECT_TRUE(layer.status().fine());
    layer.set_dims(backward);
    layer.backward();
    return layer.status();
  };
  layer.backward();
  EXPECT_TRUE(layer.status().wrong_saved) << "no forward before";
  EXPECT_EQ(backward_after({3, 3}, {4, 3}).message(), wrong);
  EXPECT_EQ(backward_after({4, 2}, {4, 3}).message(), wrong);
  EXPECT_EQ(backward_after({4, 3}, {3, 2}).message(), wrong);
  EXPECT_EQ(backward_after({3, 2}, {3, 2}).message(), "");
  layer.set_lengths({2, 4, 4});
  EXPECT_EQ(backward_after({4, 3}, {3, 3}).message(),
            "'lengths[1]' is 4; it must be between 0 and T = 3; " + wrong);
}

TEST(CudaStatus, OfACpuCallIsFine) {
  const Device cpu = Device::cpu({.threads = 1});
  const Stream stream{cpu};
  Memory memory{
      Plan({.cell = "gru", .input_size = 1, .hidden_size = 2}, {1, 1}, Mode::training, cpu)};
  EXPECT_TRUE(status(memory, stream).fine());
  EXPECT_EQ(status(memory, stream).message(), "");
}

TEST(CudaStatus, IsRefusedWithoutACallsMemory) {
  const Device device = Device::cuda(), cpu = Device::cpu({.threads = 1});
  const Stream stream{device}, of_cpu{cpu};
  const RnnSpec spec{.cell = "gru", .input_size = 1, .hidden_size = 2};
  Memory memory{Plan(spec, {1, 1}, Mode::training, device)},
      memory_of_cpu{Plan(spec, {1, 1}, Mode::training, cpu)};
  expect_refusal<ArgumentError>([&] { status(MemoryView{}, stream); },
                                "takt: status: 'scratch' is null; it must be a call's");
  expect_refusal<ArgumentError>([&] { status(memory_of_cpu, stream); },
                                "takt: status: 'scratch' lies on cpu; the stream is a cuda stream");
  expect_refusal<ArgumentError>([&] { status(memory, of_cpu); },
                                "takt: status: 'scratch' lies on cuda:0; the stream is a cpu "
                                "stream");
  int on_host = 0;
  expect_refusal<ArgumentError>([&] { status({.scratch = &on_host}, stream); },
                                "takt: status: 'scratch' lies on cpu; the stream is a cuda stream");
  const Bytes elsewhere{&on_host, -1, Place{DeviceKind::cuda, 1}};
  expect_refusal<ArgumentError>([&] { status({.scratch = elsewhere}, stream); },
                                "takt: status: 'scratch' lies on cuda:1; the stream is one of "
                                "cuda:0");
}

}  // namespace
}  // namespace takt
