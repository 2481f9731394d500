// Tests as a GPU may make them end: TAKT_SAMPLE says how.
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

namespace {

std::string sample() {
  const char* const value = std::getenv("TAKT_SAMPLE");
  return value == nullptr ? "" : value;
}

/// As a device is after an error that nothing takes back.
bool broken = false;

class Devices : public testing::TestWithParam<std::string> {};

TEST_P(Devices, Passes) {
  EXPECT_FALSE(broken);
}

TEST_P(Devices, MayFail) {
  broken = sample() == "fails";
  EXPECT_FALSE(broken);
}

TEST_P(Devices, MayCrash) {
  EXPECT_FALSE(broken);
  if (sample() == "crashes") raise(SIGKILL);
}

TEST_P(Devices, MayHang) {
  EXPECT_FALSE(broken);
  if (sample() != "hangs") return;
  std::printf("hangs as process %d\n", getpid());
  std::fflush(stdout);
  sleep(1000);
}

TEST_P(Devices, IsSkipped) {
  EXPECT_FALSE(broken);
  GTEST_SKIP() << "as it is everywhere";
}

INSTANTIATE_TEST_SUITE_P(Sample, Devices, testing::Values("gru_cuda"),
                         [](const auto& each) { return each.param; });

class CudaContract : public testing::TestWithParam<std::string> {};

TEST_P(CudaContract, NothingIsLeft) {
  EXPECT_FALSE(broken);
}

INSTANTIATE_TEST_SUITE_P(Cells, CudaContract, testing::Values("gru"),
                         [](const auto& each) { return each.param; });

TEST(OnTheHost, Passes) {
  EXPECT_FALSE(broken);
}

// As those that look for the tree which they were built from.
TEST(Readme, IsThere) {
  FAIL() << "there is no tree";
}

}  // namespace
