// The cell contract: every cell, and cells that the library does not have yet, on the plainest
// loop; hand-written gradients against dual numbers run through the same forward code.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <takt/cells.hpp>
#include <takt/dual.hpp>

#include "contract_cells.hpp"
#include "random.hpp"
#include "scalar_loop.hpp"

namespace takt::contract {
namespace {

constexpr std::size_t T = 6, H = 3;

/// Reproducible values in [-1, 1).
class Draw {
 public:
  explicit Draw(std::uint32_t sequence) : sequence_(sequence) {}
  Values<double> operator()(std::size_t size) {
    Values<double> values(size);
    for (double& value : values) value = uniform(7, position_++, sequence_);
    return values;
  }

 private:
  std::uint32_t sequence_;
  std::uint64_t position_ = 0;
};

template <class Cell>
Sequence<double> make_sequence(bool initial) {
  using Traits = CellTraits<Cell>;
  Draw draw(static_cast<std::uint32_t>(Traits::gates));
  Sequence<double> in{.T = T, .H = H, .wx = {}, .R = {}, .params = {}, .initial = {}};
  in.wx = draw(T * Traits::gates * H);
  in.R = draw(Traits::gates * H * H);
  in.params = draw(Traits::params * H);
  if (initial) in.initial = draw(Traits::states * H);
  return in;
}

/// Coefficients of the loss: every state after every step counts.
template <class Cell>
Values<double> make_upstream() {
  Values<double> dstates = Draw(99)((T + 1) * CellTraits<Cell>::states * H);
  for (std::size_t n = 0; n < CellTraits<Cell>::states * H; ++n) dstates[n] = 0;
  return dstates;
}

/// The loss's derivative by one element of one part, by running the forward loop on dual numbers.
template <class Cell>
double derivative(Sequence<double> in, int part, std::size_t element,
                  const Values<double>& dstates) {
  Sequence<Dual<double>> dual{.T = in.T, .H = in.H, .wx = {}, .R = {}, .params = {}, .initial = {}};
  for (int n = 0; n < 4; ++n)
    for (const double value : in.part(n)) dual.part(n).emplace_back(value);
  dual.part(part)[element].derivative = 1;
  const Trace<Dual<double>> trace = ScalarLoop<Cell, Dual<double>>(dual).forward();
  double sum = 0;
  for (std::size_t n = 0; n < dstates.size(); ++n)
    if (dstates[n] != 0) sum += dstates[n] * trace.states[n].derivative;
  return sum;
}

template <class Cell>
class CellContract : public testing::Test {
 protected:
  void check_gradients(bool initial) {
    Sequence<double> in = make_sequence<Cell>(initial);
    const Values<double> dstates = make_upstream<Cell>();
    ScalarLoop<Cell, double> loop(in);
    const SequenceGradients<double> out = loop.backward(loop.forward(), dstates);
    for (int part = 0; part < 4; ++part) {
      double largest = 0;
      for (std::size_t n = 0; n < in.part(part).size(); ++n) {
        const double expected = derivative<Cell>(in, part, n, dstates);
        // Both are exact but for rounding of sums of at most T * H * G terms around 1.
        EXPECT_NEAR(out.part(part)[n], expected, 1e-13 * (1 + std::abs(expected)))
            << in.names[part] << " " << n;
        largest = std::max(largest, std::abs(expected));
      }
      EXPECT_TRUE(in.part(part).empty() || largest > 0.01) << in.names[part] << " says nothing";
    }
  }
};

using Cells = testing::Types<cells::RnnTanh, cells::RnnRelu, cells::Lstm, cells::Gru, PeepholeLstm,
                             ResetBeforeGru, Slstm>;

struct CellNames {
  template <class Cell>
  static std::string GetName(int) {
    return Cell::name;
  }
};
TYPED_TEST_SUITE(CellContract, Cells, CellNames);

TYPED_TEST(CellContract, GradientsAreThoseOfTheForwardCode) {
  this->check_gradients(true);
}

TYPED_TEST(CellContract, GradientsAreThoseOfTheForwardCodeFromStartValues) {
  this->check_gradients(false);
}

TYPED_TEST(CellContract, FloatFollowsDouble) {
  const Sequence<double> in = make_sequence<TypeParam>(false);
  const auto narrow = [](const Values<double>& values) {
    return Values<float>(values.begin(), values.end());
  };
  const Sequence<float> narrowed{.T = in.T,
                                 .H = in.H,
                                 .wx = narrow(in.wx),
                                 .R = narrow(in.R),
                                 .params = narrow(in.params),
                                 .initial = {}};
  const Trace<double> expected = ScalarLoop<TypeParam, double>(in).forward();
  const Trace<float> found = ScalarLoop<TypeParam, float>(narrowed).forward();
  for (std::size_t n = CellTraits<TypeParam>::states * H; n < expected.states.size(); ++n)
    EXPECT_NEAR(found.states[n], expected.states[n], 4e-6 * (1 + std::abs(expected.states[n])));
}

TEST(CellList, EveryCellIsInTheListOnce) {
  ASSERT_EQ(known_cells().size(), static_cast<std::size_t>(AllCells::size));
  for (const CellInfo& cell : known_cells()) {
    EXPECT_EQ(&find_cell(cell.name), &cell);
    const auto words = [](std::string_view text) {
      return text.empty() ? 0 : 1 + std::count(text.begin(), text.end(), ' ');
    };
    EXPECT_EQ(words(cell.gate_names), cell.gates) << cell.name;
    EXPECT_EQ(words(cell.state_names), cell.states) << cell.name;
  }
}

TEST(CellMath, MaxAndReluKeepNan) {
  const double nan = std::nan("");
  EXPECT_TRUE(std::isnan(takt::max(nan, 0.0)));
  EXPECT_TRUE(std::isnan(takt::max(std::nanf(""), 0.0F)));
  EXPECT_TRUE(std::isnan(takt::min(nan, 0.0)));
}

}  // namespace
}  // namespace takt::contract
