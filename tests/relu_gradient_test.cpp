// The gradient of rnn_relu where values are not finite: a unit that is off passes nothing, not even
// an infinite upstream; one whose value is NaN passes what comes. Against the reference.
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include <takt/reference.hpp>
#include <takt/takt.hpp>

namespace takt {
namespace {

constexpr std::int64_t H = 16;
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// One step of one row, in which unit j is W = 1 times x = j - 8, plus its bias.
struct OneStep {
  std::vector<double> x, W, R, bW, bR, dy;

  OneStep() : x(H), W(H * H), R(H * H), bW(H), bR(H), dy(H) {
    for (std::size_t j = 0; j < H; ++j) {
      x[j] = static_cast<double>(j) - 8;
      W[j * (H + 1)] = 1;
      dy[j] = 0.5 + static_cast<double>(j);
    }
  }

  /// The gradient by each unit's sum: that by its bias.
  std::vector<double> gradient(const std::string& level) const {
    const Device device = Device::cpu({.threads = 1, .instruction_set = level});
    const Stream stream(device);
    const RnnSpec spec{
        .cell = "rnn_relu", .input_size = H, .hidden_size = H, .type = DataType::f64};
    const Plan plan(spec, {.T = 1, .B = 1}, Mode::training, device);
    Memory memory(plan);
    std::vector<double> y(H), dbW(H);
    const Inputs inputs{.x = x, .weights = {{.W = W, .R = R, .bW = bW, .bR = bR}}};
    plan.forward(inputs, {.y = y}, memory, stream);
    plan.backward(inputs, {.y = y}, {.dy = dy}, {.weights = {{.bW = dbW}}}, memory, stream);
    return dbW;
  }

  std::vector<double> gradient_of_reference() const {
    const reference::Problem problem{.cell = "rnn_relu",
                                     .T = 1,
                                     .B = 1,
                                     .I = H,
                                     .H = H,
                                     .x = x.data(),
                                     .W = W.data(),
                                     .R = R.data(),
                                     .bW = bW.data(),
                                     .bR = bR.data()};
    return reference::backward(problem, {.dy = dy.data()}).dbW;
  }
};

void expect_same(const std::vector<double>& got, const std::vector<double>& expected) {
  for (std::size_t j = 0; j < H; ++j)
    if (std::isnan(expected[j]))
      EXPECT_TRUE(std::isnan(got[j])) << "unit " << j << ": " << got[j];
    else
      EXPECT_EQ(got[j], expected[j]) << "unit " << j;
}

class ReluGradient : public testing::TestWithParam<std::string> {};

TEST_P(ReluGradient, OfAnInfiniteUpstream) {
  OneStep step;
  step.dy[2] = infinity;  // off, as all up to unit 8
  step.dy[3] = nan;
  step.dy[12] = infinity;
  step.dy[13] = nan;
  std::vector<double> expected = step.dy;
  for (std::size_t j = 0; j <= 8; ++j) expected[j] = 0;
  expect_same(step.gradient_of_reference(), expected);
  expect_same(step.gradient(GetParam()), expected);
}

TEST_P(ReluGradient, OfAValueThatIsNaN) {
  OneStep step;
  step.bW[5] = step.bW[10] = nan;
  std::vector<double> expected = step.dy;
  for (std::size_t j = 0; j <= 8; ++j)
    if (j != 5) expected[j] = 0;
  expect_same(step.gradient_of_reference(), expected);
  expect_same(step.gradient(GetParam()), expected);
}

INSTANTIATE_TEST_SUITE_P(Levels, ReluGradient, testing::ValuesIn(cpu_levels()),
                         [](const auto& level) {
                           std::string name = level.param;
                           for (char& c : name)
                             if (c == '-') c = '_';
                           return name;
                         });

}  // namespace
}  // namespace takt
