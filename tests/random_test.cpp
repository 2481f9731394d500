// Philox against the known answers of its authors (Random123), and what is made of it.
#include "random.hpp"

#include <gtest/gtest.h>

#include <takt/takt.hpp>

namespace takt {
namespace {

TEST(Philox, KnownAnswers) {
  constexpr std::uint32_t f = 0xffffffff;
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}),
            (PhiloxCounter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({f, f, f, f}, {f, f}),
            (PhiloxCounter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (PhiloxCounter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(RandomArray, LiesInRangeAndDependsOnSeedAndPositionAlone) {
  const Device device = Device::cpu({.threads = 1});
  const Stream stream(device);
  const std::vector<float> values = to_host(random(device, {1000}, 3), stream);
  const std::vector<float> prefix = to_host(random(device, {10, 10}, 3), stream);
  EXPECT_TRUE(std::equal(prefix.begin(), prefix.end(), values.begin()));
  EXPECT_NE(values, to_host(random(device, {1000}, 4), stream));
  const std::vector<double> wide =
      to_host<double>(random(device, {1000}, 3, DataType::f64), stream);
  double sum = 0;
  for (std::size_t n = 0; n < values.size(); ++n) {
    EXPECT_EQ(static_cast<double>(values[n]), wide[n]);
    EXPECT_GE(values[n], -1.0F);
    EXPECT_LT(values[n], 1.0F);
    sum += wide[n];
  }
  EXPECT_LT(std::abs(sum / 1000), 0.1);
}

TEST(MakeWeights, HasTheShapesOfTheSpecAndTheBoundOfPyTorch) {
  const Device device = Device::cpu({.threads = 1});
  const Stream stream(device);
  const RnnSpec spec{.cell = "gru", .input_size = 3, .hidden_size = 16, .bias = Bias::recurrent};
  WeightArrays weights = make_weights(spec, device, Uniform{.seed = 5});
  ASSERT_EQ(weights.arrays().size(), 3U);
  EXPECT_EQ(weights.arrays()[0].shape(), (std::vector<std::int64_t>{48, 3}));
  EXPECT_EQ(weights.arrays()[1].shape(), (std::vector<std::int64_t>{48, 16}));
  EXPECT_EQ(weights.arrays()[2].shape(), (std::vector<std::int64_t>{48}));
  float largest = 0;
  for (const Array& array : weights.arrays())
    for (const float value : to_host(array, stream)) largest = std::max(largest, std::abs(value));
  EXPECT_LE(largest, 0.25F);
  EXPECT_GT(largest, 0.24F);
  const WeightGradients view = weights;
  EXPECT_EQ(view[0].R.data(), weights.arrays()[1].data());
  EXPECT_FALSE(view[0].bW);
  EXPECT_TRUE(view[0].bR);
}

TEST(MakeWeights, EveryTensorAndSeedDrawsItsOwnNumbers) {
  const Device device = Device::cpu({.threads = 1});
  const Stream stream(device);
  const RnnSpec spec{.cell = "lstm", .input_size = 8, .hidden_size = 8};
  const std::vector<Array> one = make_weights(spec, device, Uniform{.seed = 1}).arrays();
  const std::vector<Array> again = make_weights(spec, device, Uniform{.seed = 1}).arrays();
  const std::vector<Array> other = make_weights(spec, device, Uniform{.seed = 2}).arrays();
  for (std::size_t n = 0; n < one.size(); ++n) {
    const float first = to_host(one[n], stream)[0];
    EXPECT_EQ(first, to_host(again[n], stream)[0]);
    EXPECT_NE(first, to_host(other[n], stream)[0]);
    for (std::size_t m = 0; m < n; ++m) EXPECT_NE(first, to_host(one[m], stream)[0]) << n << m;
  }
}

}  // namespace
}  // namespace takt
