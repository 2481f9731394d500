// The vectorised sigmoid and tanh of the CPU path, at every instruction-set level, seen through
// cells whose output is the function: rnn_tanh with W = 1, R = 0 gives tanh(x), a GRU with n = 0
// and h0 = 1 gives z = sigmoid(x).
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <takt/takt.hpp>
#include <vector>

namespace takt::cpu_math_test {
namespace {

/// Arguments over the whole range of the type: dense around 0, then far out.
template <class Real>
std::vector<Real> arguments() {
  std::vector<Real> x;
  for (int n = -4000; n <= 4000; ++n) x.push_back(static_cast<Real>(n) / 200);
  for (Real a = std::numeric_limits<Real>::min(); a < 1; a *= Real(1.7)) {
    x.push_back(a);
    x.push_back(-a);
  }
  for (Real a = 20; !std::isinf(a); a *= Real(1.3)) {
    x.push_back(a);
    x.push_back(-a);
  }
  x.push_back(Real(-0.0));
  return x;
}

/// h after one step of `cell` with W = [0, ..., 1 at `gate`, ..., 0], R = 0, for each x as a row.
template <class Real>
std::vector<Real> one_step(const char* cell, std::int64_t gate, const std::vector<Real>& x,
                           const std::string& level) {
  const auto B = static_cast<std::int64_t>(x.size());
  const std::int64_t G = find_cell(cell).gates;
  const Device device = Device::cpu({.threads = 1, .instruction_set = level});
  const RnnSpec spec{.cell = cell,
                     .input_size = 1,
                     .hidden_size = 1,
                     .bias = Bias::none,
                     .type = data_type_of<Real>};
  const Plan plan(spec, {1, B}, Mode::inference, device);
  std::vector<Real> W(static_cast<std::size_t>(G)), R(W.size()), h0(x.size(), 1), y(x.size());
  W[static_cast<std::size_t>(gate)] = 1;
  Memory memory(plan);
  const Stream stream(device);
  plan.forward({.x = x, .h0 = h0, .weights = {{.W = W, .R = R}}}, {.y = y}, memory, stream);
  return y;
}

/// The largest error in units of the last place of the exact value, normal numbers only.
template <class Real, class Exact>
double worst_ulps(const std::vector<Real>& x, const std::vector<Real>& y, const Exact& exact) {
  double worst = 0;
  for (std::size_t n = 0; n < x.size(); ++n) {
    const long double expected = exact(static_cast<long double>(x[n]));
    if (std::abs(expected) < static_cast<long double>(std::numeric_limits<Real>::min())) {
      EXPECT_LE(std::abs(y[n]), 2 * std::numeric_limits<Real>::min()) << x[n];
      continue;
    }
    const auto near = static_cast<Real>(expected);
    const long double ulp =
        std::nextafter(std::abs(near), std::numeric_limits<Real>::infinity()) - std::abs(near);
    const auto ulps =
        static_cast<double>(std::abs(static_cast<long double>(y[n]) - expected) / ulp);
    EXPECT_FALSE(std::isnan(ulps)) << x[n];
    worst = std::max(worst, ulps);
  }
  return worst;
}

class CpuMath : public testing::TestWithParam<std::string> {
 protected:
  template <class Real>
  void check() {
    std::vector<Real> x = arguments<Real>();
    const double of_sigmoid = worst_ulps(x, one_step<Real>("gru", 1, x, GetParam()),
                                         [](long double a) { return 1 / (1 + std::exp(-a)); });
    // Not for the GRU, whose other gates would see 0 x infinity.
    x.push_back(std::numeric_limits<Real>::infinity());
    x.push_back(-std::numeric_limits<Real>::infinity());
    const double of_tanh = worst_ulps(x, one_step<Real>("rnn_tanh", 0, x, GetParam()),
                                      [](long double a) { return std::tanh(a); });
    RecordProperty("tanh_ulps", std::to_string(of_tanh));
    RecordProperty("sigmoid_ulps", std::to_string(of_sigmoid));
    for (const Real zero : {Real(0.0), Real(-0.0)}) {
      const std::vector<Real> of_zero = one_step<Real>("rnn_tanh", 0, {zero}, GetParam());
      EXPECT_EQ(of_zero[0], zero);
    }
    EXPECT_LT(of_tanh, 2.5);
    EXPECT_LT(of_sigmoid, 2.5);
  }
};

TEST_P(CpuMath, TanhAndSigmoidAreRightToAFewUnitsInTheLastPlaceInF32) {
  check<float>();
}
TEST_P(CpuMath, TanhAndSigmoidAreRightToAFewUnitsInTheLastPlaceInF64) {
  check<double>();
}

TEST_P(CpuMath, NanStaysNan) {
  const std::vector<float> x{std::nanf(""), 1};
  for (const char* cell : {"rnn_tanh", "rnn_relu"}) {
    const std::vector<float> y = one_step<float>(cell, 0, x, GetParam());
    EXPECT_TRUE(std::isnan(y[0])) << cell;
    EXPECT_FALSE(std::isnan(y[1])) << cell;
  }
  EXPECT_TRUE(std::isnan(one_step<float>("gru", 1, x, GetParam())[0]));
}

INSTANTIATE_TEST_SUITE_P(Levels, CpuMath, testing::ValuesIn(cpu_levels()), [](const auto& info) {
  std::string name = info.param;
  for (char& letter : name)
    if (letter == '-') letter = '_';
  return name;
});

}  // namespace
}  // namespace takt::cpu_math_test
