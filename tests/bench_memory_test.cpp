// Which shapes takt bench refuses for want of memory, and which of its peers.
#if defined(TAKT_BENCH) && defined(TAKT_TOOL)

#include <gtest/gtest.h>

#include <string>

#include "check.hpp"
#include "tool/bench_memory.hpp"

namespace {

using takt::DeviceKind;
using takt::bench::check_bytes;
using takt::bench::compare_bytes;
using takt::bench::Footprint;
using takt::bench::Shape;
using takt::tool::own_obstacle;
using takt::tool::peer_obstacle;
using takt::tool::Room;

constexpr double mebibyte = 1 << 20;

Shape shape() {
  return {.cell = "lstm", .T = 7, .B = 2, .I = 3, .H = 5};
}

/// 1000 MiB in all.
Footprint footprint() {
  return {.x = 300 * mebibyte,
          .y = 500 * mebibyte,
          .initial_states = 10 * mebibyte,
          .final_states = 10 * mebibyte,
          .scratch = 80 * mebibyte,
          .weights = 100 * mebibyte};
}

TEST(BenchMemory, IsRefusedForTaktsOwnBytesAlone) {
  const double check = check_bytes(shape(), footprint());
  EXPECT_EQ(check, 700 * mebibyte);  // y as it is, the weights as doubles
  const auto on_cpu = [](double host) {
    return own_obstacle(shape(), footprint(), DeviceKind::cpu, {.host = host});
  };
  EXPECT_EQ(on_cpu(1700 * mebibyte), "");
  EXPECT_EQ(on_cpu(1699 * mebibyte),
            "lstm f32 B=2 I=3 H=5 inference with T=7 needs 1.66 GiB of memory; 1.66 GiB are "
            "available");
  const auto on_gpu = [](double device, double host) {
    return own_obstacle(shape(), footprint(), DeviceKind::cuda,
                        {.device = device, .host = host, .device_name = "a GPU"});
  };
  EXPECT_EQ(on_gpu(1000 * mebibyte, 700 * mebibyte), "");
  EXPECT_EQ(on_gpu(500 * mebibyte, 700 * mebibyte),
            "lstm f32 B=2 I=3 H=5 inference with T=7 needs 1000 MiB of memory; a GPU has "
            "500 MiB");
  EXPECT_EQ(on_gpu(1000 * mebibyte, 600 * mebibyte),
            "lstm f32 B=2 I=3 H=5 inference with T=7 needs 700 MiB of memory; 600 MiB are "
            "available");
}

TEST(BenchMemory, IsRefusedToAPeerForItsShare) {
  EXPECT_EQ(compare_bytes(shape(), footprint()), (500 + 2 * (510 + 500)) * mebibyte);
  const auto on_cpu = [](double host) {
    return peer_obstacle("oneDNN", shape(), footprint(), DeviceKind::cpu, {.host = host});
  };
  EXPECT_EQ(on_cpu(3520 * mebibyte), "");
  EXPECT_EQ(on_cpu(2048 * mebibyte),
            "oneDNN needs about 3.44 GiB of memory beside takt's 1000 MiB; 2.00 GiB are left");
  const auto on_gpu = [](double device, double host) {
    return peer_obstacle("cuDNN", shape(), footprint(), DeviceKind::cuda,
                         {.device = device, .host = host, .device_name = "a GPU"});
  };
  EXPECT_EQ(on_gpu(1000 * mebibyte, 2520 * mebibyte), "");
  EXPECT_EQ(on_gpu(999 * mebibyte, 2520 * mebibyte),
            "cuDNN needs about 1000 MiB of memory beside takt's 1000 MiB; 999 MiB are "
            "left on a GPU");
  EXPECT_NE(on_gpu(1000 * mebibyte, 1024 * mebibyte), "");
}

}  // namespace

#endif
