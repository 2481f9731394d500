// The emulated runtime against what CUDA documents: streams and events.
#include <vector>

#include <gtest/gtest.h>

#include "device_array.hpp"

namespace simt {
namespace {

using Ints = std::vector<int>;
constexpr std::size_t int_bytes = sizeof(int);

__global__ void add_kernel(int* values, int added) {
  values[threadIdx.x] += added;
}

cudaError_t launch_add(const DeviceArray<int>& values, int added, cudaStream_t stream) {
  const Launch launch{.block = static_cast<unsigned>(values.size()), .stream = stream};
  return launch("add_kernel", add_kernel, values.data(), added);
}

class RuntimeStream : public testing::TestWithParam<Schedule> {
 protected:
  void SetUp() override { set_schedule(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(Schedules, RuntimeStream, testing::ValuesIn(all_schedules()),
                         schedule_name);

TEST_P(RuntimeStream, KeepsItsOrder) {
  const TestStream stream;
  DeviceArray<int> values(Ints{0, 0});
  Ints after_first(2), after_second(2);
  cudaMemsetAsync(values.data(), 0, 2 * int_bytes, stream);
  EXPECT_EQ(launch_add(values, 1, stream), cudaSuccess);
  cudaMemcpyAsync(after_first.data(), values.data(), 8, cudaMemcpyDeviceToHost, stream);
  EXPECT_EQ(launch_add(values, 2, stream), cudaSuccess);
  cudaMemcpyAsync(after_second.data(), values.data(), 8, cudaMemcpyDeviceToHost, stream);
  ASSERT_EQ(stream.wait(), cudaSuccess);
  EXPECT_EQ(after_first, (Ints{1, 1}));
  EXPECT_EQ(after_second, (Ints{3, 3}));
}

TEST_P(RuntimeStream, WaitsForTheStateOfAnEventAtTheCall) {
  const TestStream first, second;
  DeviceArray<int> values(Ints{0});
  Ints seen(1);
  cudaEvent_t event = nullptr;
  ASSERT_EQ(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), cudaSuccess);
  EXPECT_EQ(cudaStreamWaitEvent(second, event, 0), cudaSuccess);  // never recorded: no work
  EXPECT_EQ(second.wait(), cudaSuccess);
  launch_add(values, 1, first);
  ASSERT_EQ(cudaEventRecord(event, first), cudaSuccess);
  ASSERT_EQ(cudaStreamWaitEvent(second, event, 0), cudaSuccess);
  launch_add(values, 10, first);
  ASSERT_EQ(cudaEventRecord(event, first), cudaSuccess);
  cudaMemcpyAsync(seen.data(), values.data(), int_bytes, cudaMemcpyDeviceToHost, second);
  ASSERT_EQ(cudaEventDestroy(event), cudaSuccess);  // what waits for it goes on waiting
  const bool others_are_late = GetParam().order == Order::fifo;
  if (others_are_late) {
    EXPECT_EQ(values.get(), Ints{0}) << "destroying waits for nothing";
  }
  ASSERT_EQ(second.wait(), cudaSuccess);
  if (others_are_late) {
    EXPECT_EQ(seen, Ints{1}) << "others run no further than somebody waits for them";
  } else {
    EXPECT_TRUE(seen == Ints{1} || seen == Ints{11}) << "the first record is waited for";
  }
  ASSERT_EQ(first.wait(), cudaSuccess);
  EXPECT_EQ(values.get(), Ints{11});
}

/// One event, recorded on two streams in turn, each record waited for by a third.
TEST_P(RuntimeStream, KeepsTheRecordsOfOneEventApart) {
  const TestStream first, second, joined;
  DeviceArray<int> a(Ints{0}), b(Ints{0});
  Ints seen_a(1), seen_b(1);
  cudaEvent_t event = nullptr;
  ASSERT_EQ(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), cudaSuccess);
  launch_add(a, 1, first);
  ASSERT_EQ(cudaEventRecord(event, first), cudaSuccess);
  ASSERT_EQ(cudaStreamWaitEvent(joined, event, 0), cudaSuccess);
  launch_add(b, 2, second);
  ASSERT_EQ(cudaEventRecord(event, second), cudaSuccess);
  ASSERT_EQ(cudaStreamWaitEvent(joined, event, 0), cudaSuccess);
  cudaMemcpyAsync(seen_a.data(), a.data(), int_bytes, cudaMemcpyDeviceToHost, joined);
  cudaMemcpyAsync(seen_b.data(), b.data(), int_bytes, cudaMemcpyDeviceToHost, joined);
  ASSERT_EQ(joined.wait(), cudaSuccess);
  EXPECT_EQ(seen_a, Ints{1});
  EXPECT_EQ(seen_b, Ints{2});
  ASSERT_EQ(cudaEventDestroy(event), cudaSuccess);
}

/// Work of another stream may come before or after what is waited for: both are seen.
TEST(RuntimeStreams, ComeInEveryOrderWhereNothingOrdersThem) {
  bool before = false, after = false;
  for (const Schedule& schedule : all_schedules()) {
    set_schedule(schedule);
    const TestStream reader, writer;
    DeviceArray<int> values(Ints{5});
    Ints seen(1);
    cudaMemcpyAsync(seen.data(), values.data(), int_bytes, cudaMemcpyDeviceToHost, reader);
    launch_add(values, 1, writer);
    ASSERT_EQ(reader.wait(), cudaSuccess);
    (seen == Ints{5} ? before : after) = true;
    ASSERT_EQ(writer.wait(), cudaSuccess);
  }
  EXPECT_TRUE(before && after);
}

TEST_P(RuntimeStream, GoesOnAfterItIsDestroyed) {
  DeviceArray<int> values(Ints{0});
  cudaStream_t stream = nullptr;
  ASSERT_EQ(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), cudaSuccess);
  EXPECT_EQ(launch_add(values, 1, stream), cudaSuccess);
  EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
  EXPECT_EQ(cudaStreamDestroy(stream), cudaErrorInvalidResourceHandle);
  if (GetParam().order == Order::fifo) {
    EXPECT_EQ(values.get(), Ints{0}) << "destroying waits for nothing";
  }
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(values.get(), Ints{1});
}

TEST(RuntimeStreams, AreAskedUntilTheyAreDone) {
  const TestStream stream;
  DeviceArray<int> values(Ints{0});
  cudaEvent_t event = nullptr;
  ASSERT_EQ(cudaEventCreate(&event), cudaSuccess);
  EXPECT_EQ(cudaEventQuery(event), cudaSuccess);
  EXPECT_EQ(cudaStreamQuery(stream), cudaSuccess);
  for (int n = 0; n < 3; ++n) launch_add(values, 1, stream);
  ASSERT_EQ(cudaEventRecord(event, stream), cudaSuccess);
  EXPECT_EQ(cudaStreamQuery(stream), cudaErrorNotReady);
  EXPECT_EQ(cudaEventQuery(event), cudaErrorNotReady);
  int asked = 0;
  while (cudaEventQuery(event) == cudaErrorNotReady && asked < 100) ++asked;
  EXPECT_LT(asked, 100);
  EXPECT_EQ(values.get(), Ints{3});
  EXPECT_EQ(cudaStreamQuery(stream), cudaSuccess);
  cudaEventDestroy(event);
}

TEST(RuntimeStreams, EventsTakeTime) {
  const TestStream stream;
  DeviceArray<int> values(Ints{0});
  cudaEvent_t begin = nullptr, end = nullptr, untimed = nullptr;
  ASSERT_EQ(cudaEventCreate(&begin), cudaSuccess);
  ASSERT_EQ(cudaEventCreate(&end), cudaSuccess);
  ASSERT_EQ(cudaEventCreateWithFlags(&untimed, cudaEventDisableTiming), cudaSuccess);
  float milliseconds = -1;
  ASSERT_EQ(cudaEventRecord(begin, stream), cudaSuccess);
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, begin, end), cudaErrorInvalidResourceHandle);
  launch_add(values, 1, stream);
  ASSERT_EQ(cudaEventRecord(end, stream), cudaSuccess);
  ASSERT_EQ(cudaEventRecord(untimed, stream), cudaSuccess);
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, begin, end), cudaErrorNotReady);
  ASSERT_EQ(cudaEventSynchronize(end), cudaSuccess);
  EXPECT_EQ(values.get(), Ints{1});
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, begin, end), cudaSuccess);
  EXPECT_GT(milliseconds, 0);
  EXPECT_LT(milliseconds, 60000);
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, begin, untimed), cudaErrorInvalidResourceHandle);
  for (cudaEvent_t event : {begin, end, untimed}) EXPECT_EQ(cudaEventDestroy(event), cudaSuccess);
}

TEST(RuntimeStreams, DestroyedHandlesAreRefused) {
  cudaStream_t stream = nullptr;
  cudaEvent_t event = nullptr;
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  ASSERT_EQ(cudaEventCreate(&event), cudaSuccess);
  ASSERT_EQ(cudaStreamDestroy(stream), cudaSuccess);
  ASSERT_EQ(cudaEventDestroy(event), cudaSuccess);
  DeviceArray<int> values(Ints{0});
  void* memory = nullptr;
  float milliseconds = 0;
  const cudaError_t answers[] = {
      cudaStreamSynchronize(stream),
      cudaStreamQuery(stream),
      cudaStreamDestroy(stream),
      cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal),
      cudaMemsetAsync(values.data(), 0, 4, stream),
      cudaMemcpyAsync(values.data(), values.data(), 4, cudaMemcpyDefault, stream),
      cudaMallocAsync(&memory, 4, stream),
      cudaFreeAsync(values.data(), stream),
      launch_add(values, 1, stream),
      cudaEventRecord(event, nullptr),
      cudaEventQuery(event),
      cudaEventSynchronize(event),
      cudaEventDestroy(event),
      cudaStreamWaitEvent(nullptr, event, 0),
      cudaEventElapsedTime(&milliseconds, event, event)};
  for (const cudaError_t answer : answers) EXPECT_EQ(answer, cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(values.get(), Ints{0});
}

}  // namespace
}  // namespace simt
