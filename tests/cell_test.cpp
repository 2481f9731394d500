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

using Wide = Scalar<double>;

/// Reproducible values in [-1, 1).
template <class Real>
Values<Real> draw(std::size_t size, std::uint32_t sequence) {
  Values<Real> values;
  for (std::size_t n = 0; n < size; ++n) values.emplace_back(uniform(7, n, sequence));
  return values;
}

template <class Cell, class Real>
Sequence<Real> make_sequence(bool initial) {
  using Traits = CellTraits<Cell>;
  Sequence<Real> in{.T = T, .H = H, .wx = {}, .R = {}, .params = {}, .initial = {}};
  in.wx = draw<Real>(T * Traits::gates * H, 1);
  in.R = draw<Real>(Traits::gates * H * H, 2);
  in.params = draw<Real>(Traits::params * H, 3);
  if (initial) in.initial = draw<Real>(Traits::states * H, 4);
  return in;
}

/// Coefficients of the loss: every state after every step counts.
template <class Cell>
Values<Wide> make_upstream() {
  Values<Wide> dstates = draw<Wide>((T + 1) * CellTraits<Cell>::states * H, 5);
  for (std::size_t n = 0; n < CellTraits<Cell>::states * H; ++n) dstates[n] = Wide(0);
  return dstates;
}

/// The loss's derivative by one element of one part, by running the forward loop on dual numbers.
template <class Cell>
double derivative(bool initial, int part, std::size_t element, const Values<Wide>& dstates) {
  auto in = make_sequence<Cell, Dual<Wide>>(initial);
  in.part(part)[element].derivative = Wide(1);
  const Trace<Dual<Wide>> trace = ScalarLoop<Cell, Dual<Wide>>(in).forward();
  double sum = 0;
  for (std::size_t n = CellTraits<Cell>::states * H; n < dstates.size(); ++n)
    sum += dstates[n].value * trace.states[n].derivative.value;
  return sum;
}

template <class Cell>
class CellContract : public testing::Test {
 protected:
  void check_gradients(bool initial) {
    auto in = make_sequence<Cell, Wide>(initial);
    const Values<Wide> dstates = make_upstream<Cell>();
    ScalarLoop<Cell, Wide> loop(in);
    const SequenceGradients<Wide> out = loop.backward(loop.forward(), dstates);
    for (int part = 0; part < 4; ++part) {
      double largest = 0;
      for (std::size_t n = 0; n < in.part(part).size(); ++n) {
        const double expected = derivative<Cell>(initial, part, n, dstates);
        // Both are exact but for rounding of sums of at most T * H * G terms around 1.
        EXPECT_NEAR(out.part(part)[n].value, expected, 1e-13 * (1 + std::abs(expected)))
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
  using Narrow = Scalar<float>;
  const auto wide = make_sequence<TypeParam, Wide>(false);
  const auto narrow = make_sequence<TypeParam, Narrow>(false);
  const Trace<Wide> expected = ScalarLoop<TypeParam, Wide>(wide).forward();
  const Trace<Narrow> found = ScalarLoop<TypeParam, Narrow>(narrow).forward();
  for (std::size_t n = CellTraits<TypeParam>::states * H; n < expected.states.size(); ++n)
    EXPECT_NEAR(found.states[n].value, expected.states[n].value,
                4e-6 * (1 + std::abs(expected.states[n].value)));
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

TEST(CellMath, MaxAndMinKeepNan) {
  const Wide nan(std::nan(""));
  EXPECT_TRUE(std::isnan(max(nan, Wide(0)).value));
  EXPECT_TRUE(std::isnan(min(nan, Wide(0)).value));
  EXPECT_TRUE(std::isnan(max(Scalar<float>(std::nanf("")), Scalar<float>(0)).value));
}

TEST(CellMath, AtATieTheDerivativeOfMaxIsThatOfStep) {
  const Dual<Wide> x(Wide(0), Wide(1)), zero(0);
  EXPECT_EQ(max(x, zero).derivative.value, step(x).value.value);
  EXPECT_EQ(abs(x).derivative.value, 0);
  EXPECT_EQ(max(Dual<Wide>(Wide(2), Wide(5)), zero).derivative.value, 5);
  EXPECT_EQ(min(Dual<Wide>(Wide(2), Wide(5)), zero).derivative.value, 0);
  EXPECT_EQ(abs(Dual<Wide>(Wide(-2), Wide(5))).derivative.value, -5);
}

}  // namespace
}  // namespace takt::contract

// A cell as a user writes it, in no namespace: its functions are found by the type of its values.
struct UsersCell {
  static constexpr auto name = "users";
  static constexpr int gates = 1, states = 1;
  template <class Real>
  TAKT_CELL static void forward(takt::Forward<UsersCell, Real>& unit) {
    auto& [h] = unit.state;
    h += Real(0.1) * (tanh(abs(unit.wx[0]) + unit.rh[0]) - h);
  }
};

TEST(CellMath, FunctionsAreFoundFromAnyNamespace) {
  takt::Forward<UsersCell, takt::Scalar<float>> unit;
  unit.wx[0] = takt::Scalar<float>(-0.75);
  unit.rh[0] = takt::Scalar<float>(0.25);
  unit.state[0] = takt::Scalar<float>(0.5);
  takt::cell_forward<UsersCell>(unit);
  EXPECT_NEAR(unit.state[0].value, 0.5 + 0.1 * (std::tanh(1.0) - 0.5), 1e-7);
}
