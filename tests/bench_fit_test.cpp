// The fits of growth, on points whose growth is known.
#ifdef TAKT_BENCH

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

#include "fit.hpp"

namespace {

using takt::bench::Fit;
using takt::bench::fit;
using takt::bench::Sample;

std::vector<Sample> samples_of(const std::function<double(double)>& seconds) {
  std::vector<Sample> samples;
  for (const double T : {16., 64., 256., 1000., 65535., 131072.})
    samples.push_back({T, seconds(T)});
  return samples;
}

TEST(BenchFit, FindsGrowthThatIsLinear) {
  const auto found = fit(samples_of([](double T) { return 3e-6 * T; }));
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->exponent, 1, 1e-12);
  EXPECT_NEAR(found->factor, 3e-6, 1e-15);
  EXPECT_NEAR(found->exponent_r2, 1, 1e-12);
  EXPECT_NEAR(found->fixed, 0, 1e-15);
  EXPECT_NEAR(found->per_step, 3e-6, 1e-15);
  EXPECT_NEAR(found->linear_r2, 1, 1e-12);
  EXPECT_NEAR(found->linear_worst, 0, 1e-9);
}

TEST(BenchFit, FindsAnOffset) {
  const auto found = fit(samples_of([](double T) { return 5e-4 + 2e-7 * T; }));
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->fixed, 5e-4, 1e-12);
  EXPECT_NEAR(found->per_step, 2e-7, 1e-15);
  EXPECT_NEAR(found->linear_r2, 1, 1e-9);
  EXPECT_NEAR(found->linear_worst, 0, 1e-9);
  EXPECT_LT(found->exponent, 0.9);  // what a fixed time does to it
  EXPECT_LT(found->exponent_r2, 0.99);
}

TEST(BenchFit, FindsAPower) {
  const auto found = fit(samples_of([](double T) { return 7e-9 * std::pow(T, 1.5); }));
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->exponent, 1.5, 1e-12);
  EXPECT_NEAR(found->factor, 7e-9, 1e-18);
  EXPECT_NEAR(found->exponent_r2, 1, 1e-12);
  EXPECT_GT(found->linear_worst, 0.5);  // a line does not fit
}

// 1, 2 and 5 seconds at 1, 2 and 3 steps, by hand: weights 1, 1/4, 1/25 give the normal equations
// 1.29 a + 1.62 b = 1.7 and 1.62 a + 2.36 b = 2.6.
TEST(BenchFit, WeighsErrorsByTheTime) {
  const std::vector<Sample> samples = {{1, 1}, {2, 2}, {3, 5}};
  const auto found = fit(samples);
  ASSERT_TRUE(found);
  const double determinant = 1.29 * 2.36 - 1.62 * 1.62;
  const double a = (1.7 * 2.36 - 1.62 * 2.6) / determinant,
               b = (1.29 * 2.6 - 1.62 * 1.7) / determinant;
  EXPECT_NEAR(found->fixed, a, 1e-9);
  EXPECT_NEAR(found->per_step, b, 1e-9);
  EXPECT_NEAR(found->linear_worst, std::abs(a + 3 * b - 5) / 5, 1e-9);
}

TEST(BenchFit, NeedsThreeLengths) {
  EXPECT_FALSE(fit(std::vector<Sample>{}));
  EXPECT_FALSE(fit(std::vector<Sample>{{1, 1}, {2, 2}, {2, 3}, {1, 1}}));
}

}  // namespace

#endif
