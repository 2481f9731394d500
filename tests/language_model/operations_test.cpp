// The operations beside takt, against what they are defined to be.
#include "language_model/operations.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include <gtest/gtest.h>

#include "language_model/softmax.hpp"
#include "small_models.hpp"

namespace language_model::test {
namespace {

using Case = std::tuple<takt::test::TestDevice, takt::DataType>;

class LanguageModelOperations : public testing::TestWithParam<Case> {
 protected:
  takt::Array random(std::vector<std::int64_t> shape, std::uint64_t seed) const {
    return takt::random(on_->device(), std::move(shape), seed, type_);
  }
  takt::Array zeros(std::vector<std::int64_t> shape) const {
    return {on_->device(), std::move(shape), type_};
  }
  std::vector<double> of(const takt::Array& array) const { return values(*on_, array); }
  double tolerance() const { return type_ == f64 ? 1e-13 : 2e-6; }

  void expect_near(const takt::Array& found, const std::vector<double>& wanted) const {
    const std::vector<double> got = of(found);
    ASSERT_EQ(got.size(), wanted.size());
    for (std::size_t n = 0; n < got.size(); ++n)
      ASSERT_NEAR(got[n], wanted[n], tolerance() * std::max(1.0, std::fabs(wanted[n]))) << n;
  }

  const takt::DataType type_ = std::get<1>(GetParam());
  const std::unique_ptr<Operations> on_ = operations_on(std::get<0>(GetParam()).open());
};
INSTANTIATE_TEST_SUITE_P(Types, LanguageModelOperations,
                         testing::Combine(testing::ValuesIn(takt::test::test_devices()),
                                          testing::Values(f32, f64)),
                         [](const auto& info) {
                           return std::string(to_string(std::get<1>(info.param))) + "_" +
                                  std::get<0>(info.param).name;
                         });

TEST_P(LanguageModelOperations, ProductsAreSumsOfProductsInAllFourOrders) {
  constexpr std::int64_t M = 3, N = 5, K = 7;
  for (const bool turn_a : {false, true})
    for (const bool turn_b : {false, true}) {
      takt::Array a = random({M, K}, 1), b = random({K, N}, 2), c = random({M, N}, 3);
      const ConstMatrix A(a, turn_a ? K : M, turn_a ? M : K, turn_a);
      const ConstMatrix B(b, turn_b ? N : K, turn_b ? K : N, turn_b);
      on_->product(A, B, {c, M, N});
      const std::vector<double> a_of = of(a), b_of = of(b);
      std::vector<double> wanted;
      for (std::int64_t m = 0; m < M; ++m)
        for (std::int64_t n = 0; n < N; ++n) {
          double sum = 0;
          for (std::int64_t k = 0; k < K; ++k)
            sum += a_of[static_cast<std::size_t>(turn_a ? k * M + m : m * K + k)] *
                   b_of[static_cast<std::size_t>(turn_b ? n * K + k : k * N + n)];
          wanted.push_back(sum);
        }
      expect_near(c, wanted);
    }
}

TEST_P(LanguageModelOperations, EmbeddingCopiesRowsAndItsGradientAddsThem) {
  const Text indices{7, 255, 7};
  takt::Array table = random({256, 2}, 1), rows = zeros({3, 2}), back = random({256, 2}, 2);
  on_->embed(device_bytes(*on_, indices), table, {rows, 3, 2});
  const std::vector<double> from = of(table), to = of(rows);
  for (std::size_t r = 0; r < 3; ++r)
    for (std::size_t k = 0; k < 2; ++k)
      EXPECT_EQ(to[2 * r + k], from[2 * static_cast<std::size_t>(indices[r]) + k]);
  on_->embed_gradient(device_bytes(*on_, indices), Matrix{rows, 3, 2}, back);
  std::vector<double> wanted(512);
  for (std::size_t r = 0; r < 3; ++r)
    for (std::size_t k = 0; k < 2; ++k)
      wanted[2 * static_cast<std::size_t>(indices[r]) + k] += to[2 * r + k];
  expect_near(back, wanted);
}

/// More rows than are looked at together, more columns than a warp has lanes.
TEST_P(LanguageModelOperations, EmbeddingsOfManyRowsAreAddedInTheirOrder) {
  constexpr std::size_t count = 70, columns = 33;
  Text indices;
  for (std::size_t r = 0; r < count; ++r) indices.push_back(static_cast<std::uint8_t>(r % 5 * 63));
  takt::Array rows = random({count, columns}, 1), table = random({256, columns}, 2);
  on_->embed_gradient(device_bytes(*on_, indices), Matrix{rows, count, columns}, table);
  const std::vector<double> from = of(rows);
  std::vector<double> wanted(256 * columns);
  for (std::size_t r = 0; r < count; ++r)
    for (std::size_t k = 0; k < columns; ++k) {
      double& sum = wanted[indices[r] * columns + k];
      sum += from[r * columns + k];
      if (type_ == f32) sum = static_cast<double>(static_cast<float>(sum));
    }
  EXPECT_EQ(of(table), wanted);
}

TEST_P(LanguageModelOperations, BiasIsAddedToEveryRowAndItsGradientSumsThem) {
  takt::Array bias = random({3}, 1), rows = random({2, 3}, 2);
  const std::vector<double> b = of(bias), before = of(rows);
  std::vector<double> wanted, sums(3);
  for (std::size_t n = 0; n < 6; ++n) wanted.push_back(before[n] + b[n % 3]);
  on_->add_bias(bias, {rows, 2, 3});
  expect_near(rows, wanted);
  for (std::size_t n = 0; n < 6; ++n) sums[n % 3] += wanted[n];
  on_->bias_gradient(Matrix{rows, 2, 3}, bias);
  expect_near(bias, sums);
}

/// Of rows in several parts, and of more columns than there is place for parts.
TEST_P(LanguageModelOperations, BiasGradientsOfAnyShapeAreSumsOfColumns) {
  struct Shape {
    std::size_t count, columns;
  };
  for (const auto& [count, columns] : {Shape{100, 5}, Shape{2100, 3}, Shape{33, 20000}}) {
    const auto R = static_cast<std::int64_t>(count), C = static_cast<std::int64_t>(columns);
    takt::Array rows = random({R, C}, 2), bias = zeros({C});
    on_->bias_gradient(Matrix{rows, R, C}, bias);
    const std::vector<double> from = of(rows);
    std::vector<double> wanted(columns);
    for (std::size_t r = 0; r < count; ++r)
      for (std::size_t k = 0; k < columns; ++k) wanted[k] += from[r * columns + k];
    const std::vector<double> found = of(bias);
    // A sum of numbers below 1 in turn errs by half a unit of a sum below `count`, `count` times.
    const double unit = type_ == f64 ? 0x1p-53 : 0x1p-24;
    const auto terms = static_cast<double>(count);
    for (std::size_t k = 0; k < columns; ++k)
      ASSERT_NEAR(found[k], wanted[k], unit * terms * terms) << count << " rows, column " << k;
  }
}

TEST_P(LanguageModelOperations, CrossEntropyIsThatOfASoftmaxAndSoIsItsGradient) {
  constexpr std::int64_t rows = 3;
  const Text targets{0, 128, 255};
  takt::Array logits = random({rows, 256}, 1), sum = array_of(*on_, {1}, {10});
  std::vector<double> moved = of(logits);
  moved[0] += 40;  // one that is aimed at, and one that is not, far from the others of their rows
  moved[256] += 40;
  on_->copy_to_device(moved, logits);
  const std::vector<double> from = of(logits);
  double loss = 10;
  std::vector<double> wanted;
  for (std::size_t r = 0; r < rows; ++r) {
    const double* row = from.data() + 256 * r;
    double weights = 0;
    for (int n = 0; n < 256; ++n) weights += std::exp(row[n]);
    loss += std::log(weights) - row[targets[r]];
    for (int n = 0; n < 256; ++n)
      wanted.push_back((std::exp(row[n]) / weights - (n == targets[r] ? 1 : 0)) / rows);
  }
  on_->cross_entropy(Matrix{logits, rows, 256}, device_bytes(*on_, targets), sum, logits);
  EXPECT_NEAR(of(sum).front(), loss, tolerance() * loss);
  expect_near(logits, wanted);
}

/// More rows than are under way at a time.
TEST_P(LanguageModelOperations, CrossEntropyOfManyRowsIsTheSumOfThem) {
  constexpr std::int64_t rows = 4099, width = 256;
  std::vector<double> values(static_cast<std::size_t>(rows * width));
  Text targets;
  double loss = 0;
  for (std::int64_t r = 0; r < rows; ++r) {
    const double raised = static_cast<double>(r % 7);
    values[static_cast<std::size_t>(r * width + r % width)] = raised;
    targets.push_back(static_cast<std::uint8_t>(r % 2 == 0 ? r % width : 255 - r % width));
    const bool aimed = targets.back() == r % width;
    loss += std::log(255 + std::exp(raised)) - (aimed ? raised : 0);
  }
  const takt::Array logits = array_of(*on_, {rows, width}, values, type_);
  takt::Array sum = array_of(*on_, {1}, {0});
  on_->cross_entropy({logits, rows, width}, device_bytes(*on_, targets), sum, nullptr);
  EXPECT_NEAR(of(sum).front(), loss, tolerance() * loss);
}

TEST_P(LanguageModelOperations, DropoutLeavesOutItsShareAndScalesTheRest) {
  constexpr std::int64_t size = 20000;
  constexpr double rate = 0.3;
  takt::Array mask = zeros({size}), again = zeros({size}), later = zeros({size});
  on_->begin_step({.step = 5});
  on_->dropout_mask(17, rate, mask);
  on_->dropout_mask(17, rate, again);
  on_->begin_step({.step = 6});
  on_->dropout_mask(17, rate, later);
  const std::vector<double> drawn = of(mask);
  const auto dropped = static_cast<double>(std::count(drawn.begin(), drawn.end(), 0.0));
  EXPECT_NEAR(dropped / size, rate, 5 * std::sqrt(rate * (1 - rate) / size));
  for (const double value : drawn)
    ASSERT_TRUE(value == 0 || std::fabs(value - 1 / 0.7) < 1e-6) << value;
  EXPECT_EQ(drawn, of(again));
  EXPECT_NE(drawn, of(later));
}

TEST_P(LanguageModelOperations, AMaskServesEveryStep) {
  takt::Array mask = array_of(*on_, {2}, {0, 2}, type_);
  takt::Array from = array_of(*on_, {3, 2}, {1, 2, 3, 4, 5, 6}, type_);
  on_->multiply(from, mask, from);
  EXPECT_EQ(of(from), (std::vector<double>{0, 4, 0, 8, 0, 12}));
}

TEST_P(LanguageModelOperations, NormIsEuclidean) {
  takt::Array array = array_of(*on_, {3}, {2, -3, 6}, type_), norm = array_of(*on_, {1}, {0});
  on_->norm(array, norm);
  EXPECT_EQ(of(norm).front(), 7);
}

TEST_P(LanguageModelOperations, NormOfManyIsThatOfAll) {
  constexpr std::int64_t size = 70001;
  takt::Array array = array_of(*on_, {size}, std::vector<double>(size, 0.5), type_);
  takt::Array norm = array_of(*on_, {1}, {0});
  on_->norm(array, norm);
  EXPECT_EQ(of(norm).front(), std::sqrt(0.25 * size));
}

/// Two steps of Adam on one number, as its paper has them, decay beside.
TEST_P(LanguageModelOperations, AdamStepsAsItsEquationsSay) {
  const std::vector<double> zero{0};
  takt::Array value = array_of(*on_, {1}, {0.5}, type_), gradient = zeros({1}), mean = zeros({1}),
              square = zeros({1}), average = array_of(*on_, {1}, {1}, type_);
  takt::Array norm = array_of(*on_, {1}, {4});
  const AdamOptions options{.beta_mean = 0.9, .beta_square = 0.99, .epsilon = 1e-3, .most_norm = 2};
  double x = 0.5, m = 0, v = 0, kept = 1;
  for (const int step : {1, 2}) {
    const double g = 0.8 * step;
    on_->copy_to_device(std::vector<double>{g}, gradient);
    on_->begin_step({.step = step, .learning_rate = 0.1, .average_decay = 0.75});
    on_->adam({value, gradient, mean, square, average, 0.3}, norm, options);
    const double clipped = g * 2 / 4;
    m = 0.9 * m + 0.1 * clipped;
    v = 0.99 * v + 0.01 * clipped * clipped;
    x = x * (1 - 0.1 * 0.3) -
        0.1 * (m / (1 - std::pow(0.9, step))) / (std::sqrt(v / (1 - std::pow(0.99, step))) + 1e-3);
    kept = 0.75 * kept + 0.25 * x;
  }
  expect_near(value, {x});
  expect_near(average, {kept});
}

TEST_P(LanguageModelOperations, AGradientWithinTheNormIsNotScaled) {
  takt::Array value = zeros({1}), gradient = array_of(*on_, {1}, {0.5}, type_), mean = zeros({1}),
              square = zeros({1}), average = zeros({1});
  takt::Array norm = array_of(*on_, {1}, {0.5});
  on_->begin_step({.step = 1, .learning_rate = 0.1});
  on_->adam({value, gradient, mean, square, average, 0}, norm, {.most_norm = 1});
  expect_near(mean, {0.05});
}

TEST_P(LanguageModelOperations, SamplesFollowTheTemperature) {
  std::vector<double> row(256, -1000);
  row['a'] = 1;
  row['b'] = 0;
  const takt::Array logits = array_of(*on_, {256}, row, type_);
  const DeviceBytes byte = on_->make_bytes(1);
  for (const double temperature : {0.0, 1e-310, 0.5, 1.0}) {
    const double a = temperature == 0 ? 1 : 1 / (1 + std::exp(-1 / temperature));
    for (int n = 0; n < 100; ++n) {
      on_->sample(logits, temperature, n / 100.0, byte);
      ASSERT_EQ(host_bytes(*on_, byte).front(), n / 100.0 < a ? 'a' : 'b') << temperature << n;
    }
  }
}

TEST_P(LanguageModelOperations, TheFirstOfTheLikeliestIsTakenAndTheLastWhereNoneIsLeft) {
  std::vector<double> row(256, 1);
  row[37] = row[38] = row[53] = row[250] = 2;
  const DeviceBytes byte = on_->make_bytes(1);
  const takt::Array logits = array_of(*on_, {256}, row, type_);
  on_->sample(logits, 0, 0.5, byte);
  EXPECT_EQ(host_bytes(*on_, byte).front(), 37);
  on_->sample(logits, 1, 1, byte);
  EXPECT_EQ(host_bytes(*on_, byte).front(), 255);
}

TEST_P(LanguageModelOperations, StreamsReadTheTextAsARing) {
  const DeviceBytes text = device_bytes(*on_, text_of("abcdefg"));
  const Batch batch{on_->make_bytes(6), on_->make_bytes(6), on_->make_bytes(6), 3, 2};
  on_->begin_step({.start = 5, .fresh = true});
  on_->read_streams(text, batch);
  EXPECT_EQ(host_bytes(*on_, batch.inputs), text_of("fbgcad"));  // f g a; b c d
  EXPECT_EQ(host_bytes(*on_, batch.targets), text_of("gcadbe"));
  EXPECT_EQ(host_bytes(*on_, batch.resets), (Text{1, 1, 0, 0, 0, 0}));
  on_->begin_step({.start = 5, .fresh = false});
  on_->read_streams(text, batch);
  EXPECT_EQ(host_bytes(*on_, batch.resets), Text(6));
}

TEST(LanguageModelSoftmax, ExponentialOfFloatsIsWithinItsBound) {
  double worst = 0;
  for (float x = 0; x > -87; x -= 1e-3F)
    worst = std::max(worst, std::fabs(exponential(x) / std::exp(static_cast<double>(x)) - 1));
  EXPECT_LT(worst, 2e-7);
  EXPECT_EQ(exponential(0.0F), 1);
  EXPECT_EQ(exponential(-88.0F), 0);
  EXPECT_EQ(exponential(-INFINITY), 0);
}

}  // namespace
}  // namespace language_model::test
