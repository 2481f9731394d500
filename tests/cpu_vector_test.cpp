// The functions of the CPU path's vectors that no cell of the list calls, and those that all call,
// on a level of their own: what the compiler takes for granted.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#define TAKT_CPU_LEVEL vector_test
#include "cpu/vector.hpp"

namespace takt::cpu::vector_test {
namespace {

template <class Real>
class CpuVector : public testing::Test {
 protected:
  static constexpr Real infinity = std::numeric_limits<Real>::infinity();
  static constexpr Real nan = std::numeric_limits<Real>::quiet_NaN();

  /// Around 0, small, large, and beyond what exp can hold.
  static std::vector<Real> arguments() {
    std::vector<Real> x;
    for (int n = -4000; n <= 4000; ++n) x.push_back(static_cast<Real>(n) / 40);
    for (Real a = std::numeric_limits<Real>::min(); a < infinity; a *= Real(1.9)) {
      x.push_back(a);
      x.push_back(-a);
    }
    x.insert(x.end(), {Real(0), Real(-0.0), infinity, -infinity});
    return x;
  }

  template <class F>
  static Real of_one(const F& f, Real x) {
    const Vec<Real> y = f(Vec<Real>(x));
    Real elements[Vec<Real>::size];
    y.store(elements);
    return elements[Vec<Real>::size - 1];
  }

  /// Within some units in the last place of the exact value; tiny values may become 0.
  template <class F, class Exact>
  static void expect_near(const F& f, const Exact& exact, long double ulps,
                          const std::vector<Real>& x) {
    constexpr long double tiny = std::numeric_limits<Real>::min();
    for (const Real a : x) {
      const long double expected = exact(static_cast<long double>(a));
      const Real found = of_one(f, a);
      if (std::abs(expected) > static_cast<long double>(std::numeric_limits<Real>::max()))
        EXPECT_EQ(found, expected > 0 ? infinity : -infinity) << a;
      else
        EXPECT_LE(std::abs(static_cast<long double>(found) - expected),
                  ulps * std::numeric_limits<Real>::epsilon() * std::abs(expected) + 2 * tiny)
            << a;
    }
  }
};

using Reals = testing::Types<float, double>;
struct RealNames {
  template <class Real>
  static std::string GetName(int) {
    return sizeof(Real) == 4 ? "f32" : "f64";
  }
};
TYPED_TEST_SUITE(CpuVector, Reals, RealNames);

TYPED_TEST(CpuVector, ExpIsRightOverItsWholeRange) {
  const auto vector_exp = [](Vec<TypeParam> x) { return exp(x); };
  // Squaring doubles the relative error, and halving a large argument rounds nothing.
  this->expect_near(
      vector_exp, [](long double a) { return std::exp(a); }, 4, this->arguments());
  EXPECT_EQ(this->of_one(vector_exp, TypeParam(0)), 1);
  EXPECT_TRUE(std::isnan(this->of_one(vector_exp, this->nan)));
}

TYPED_TEST(CpuVector, TanhAndSigmoidAreRightOverTheirWholeRange) {
  const auto vector_tanh = [](Vec<TypeParam> x) { return tanh(x); };
  const auto vector_sigmoid = [](Vec<TypeParam> x) { return sigmoid(x); };
  this->expect_near(
      vector_tanh, [](long double a) { return std::tanh(a); }, 3, this->arguments());
  this->expect_near(
      vector_sigmoid, [](long double a) { return 1 / (1 + std::exp(-a)); }, 4, this->arguments());
}

TYPED_TEST(CpuVector, ScalarFunctionsOfEachElement) {
  std::vector<TypeParam> positive = this->arguments();
  std::erase_if(positive, [](TypeParam a) { return !(a > 0); });
  this->expect_near([](auto x) { return sqrt(x); }, [](long double a) { return std::sqrt(a); }, 1,
                    positive);
  this->expect_near([](auto x) { return log(x); }, [](long double a) { return std::log(a); }, 1,
                    positive);
  this->expect_near([](auto x) { return abs(x); }, [](long double a) { return std::abs(a); }, 0,
                    this->arguments());
  this->expect_near(
      [](auto x) { return log_sigmoid(x); },
      [](long double a) { return std::min(a, 0.0L) - std::log1p(std::exp(-std::abs(a))); }, 2,
      this->arguments());
}

TYPED_TEST(CpuVector, ComparisonsWithNanKeepTheFirst) {
  using V = Vec<TypeParam>;
  const V nan(this->nan), one(1), two(2);
  const auto element = [](V x) { return x.v[0]; };
  EXPECT_EQ(element(max(one, two)), 2);
  EXPECT_EQ(element(max(two, one)), 2);
  EXPECT_EQ(element(min(one, two)), 1);
  EXPECT_EQ(element(min(two, one)), 1);
  EXPECT_TRUE(std::isnan(element(max(nan, one))));
  EXPECT_TRUE(std::isnan(element(min(nan, one))));
  EXPECT_EQ(element(step(two)), 1);
  EXPECT_EQ(element(step(V(0))), 0);
  EXPECT_EQ(element(step(-two)), 0);
}

TYPED_TEST(CpuVector, TailsLoadZerosAndStoreNothingElse) {
  constexpr int size = Vec<TypeParam>::size;
  std::vector<TypeParam> from(size + 1), to(size + 1);
  for (int n = 0; n <= size; ++n) from[static_cast<std::size_t>(n)] = TypeParam(n + 1);
  for (int n = 0; n <= size; ++n) {
    std::fill(to.begin(), to.end(), TypeParam(-1));
    Vec<TypeParam>::load(from.data(), n).store(to.data());
    for (int u = 0; u < size; ++u)
      EXPECT_EQ(to[static_cast<std::size_t>(u)], u < n ? TypeParam(u + 1) : 0) << n;
    std::fill(to.begin(), to.end(), TypeParam(-1));
    Vec<TypeParam>::load(from.data()).store(to.data(), n);
    for (int u = 0; u <= size; ++u)
      EXPECT_EQ(to[static_cast<std::size_t>(u)], u < n ? TypeParam(u + 1) : -1) << n;
  }
}

}  // namespace
}  // namespace takt::cpu::vector_test
