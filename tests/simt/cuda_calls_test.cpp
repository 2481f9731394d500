// What plan.hpp promises of calls on a GPU and only the emulated one can show: they allocate
// nothing and wait for nothing, and give the same bits in whatever order threads run.
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <takt/takt.hpp>

#include "cell_names.hpp"
#include "device_array.hpp"
#include "gpu/layer.hpp"
#include "simt.hpp"

namespace takt::cuda_test {
namespace {

class CudaCalls : public testing::TestWithParam<std::string> {
 protected:
  const Device device = Device::cuda();
};
INSTANTIATE_TEST_SUITE_P(Cells, CudaCalls, testing::ValuesIn(test::cell_names()),
                         [](const auto& tested) { return tested.param; });

/// Copies at the end of streams: they arrive when somebody waits for what is before them.
class Markers {
 public:
  explicit Markers(std::vector<cudaStream_t> streams) : arrived_(streams.size()) {
    for (std::size_t n = 0; n < streams.size(); ++n)
      EXPECT_EQ(cudaMemcpyAsync(&arrived_[n], one_.data(), sizeof(int), cudaMemcpyDeviceToHost,
                                streams[n]),
                cudaSuccess);
  }
  Markers(const Markers&) = delete;
  Markers& operator=(const Markers&) = delete;
  ~Markers() { cudaDeviceSynchronize(); }
  const std::vector<int>& arrived() const { return arrived_; }

 private:
  simt::DeviceArray<int> one_{std::vector<int>{1}};
  std::vector<int> arrived_;
};

int objects_made() {
  int made = 0;
  for (const simt::Call call : {simt::Call::allocate, simt::Call::stream, simt::Call::event,
                                simt::Call::graph, simt::Call::library})
    made += simt::calls_made(call);
  return made;
}

/// On the own stream, another one and the default one nothing runs until somebody waits, and then
/// it does.
TEST_P(CudaCalls, CallsAllocateNothingAndWaitForNothing) {
  for (const Mode mode : {Mode::inference, Mode::training})
    for (const DataType type : {DataType::f32, DataType::f16})
      for (const bool lengths : {false, true}) {
        const LayerCase like{.cell = GetParam(), .type = type, .lengths = lengths};
        SCOPED_TRACE(text(like) + " " + std::string(to_string(mode)));
        const Plan plan = like.plan(device, mode);
        CudaLayer layer(plan, like, 1);
        CallMemory memory(plan);
        const Stream stream(device), other(device);
        const Markers markers(
            {StreamRef(stream).handle(), StreamRef(other).handle(), cudaStream_t{nullptr}});
        const int made = objects_made();
        const std::int64_t launches = simt::counters().launches;
        {
          const simt::HostHeapWatch watch;
          layer.call(memory, stream);
        }
        EXPECT_EQ(objects_made(), made);
        EXPECT_EQ(simt::counters().launches, launches) << "kernels wait in the queue";
        EXPECT_EQ(markers.arrived(), (std::vector<int>{0, 0, 0}));
        stream.synchronize();
        EXPECT_GT(simt::counters().launches, launches);
        EXPECT_EQ(markers.arrived()[0], 1);
      }
}

TEST_P(CudaCalls, BitsDoNotDependOnTheOrderOfThreads) {
  for (const DataType type : {DataType::f32, DataType::bf16})
    for (const bool ragged : {false, true}) {
      const LayerCase like{
          .cell = GetParam(), .type = type, .B = 3, .H = 16, .lengths = ragged, .resets = ragged};
      const Plan plan = like.plan(device);
      const Results expected = alone(plan, like, 1);
      for (const simt::Schedule& schedule : simt::kernel_schedules()) {
        SCOPED_TRACE(text(like) + " " + simt::to_string(schedule));
        simt::set_schedule(schedule);
        EXPECT_TRUE(same(alone(plan, like, 1), expected));
      }
      simt::set_schedule({});
    }
}

}  // namespace
}  // namespace takt::cuda_test
