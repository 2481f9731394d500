// What must not spread: a NaN in the padding, and NaN and infinity of one row of the batch.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <takt/takt.hpp>

#include "call_kinds.hpp"
#include "cell_names.hpp"

namespace takt::test {
namespace {

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

class Isolation : public testing::TestWithParam<std::string> {
 protected:
  const Device device = Device::cpu({.threads = 2});
};

void set(Array& array, std::int64_t at, double value) {
  if (array.type() == DataType::f64)
    static_cast<double*>(array.data())[at] = value;
  else
    static_cast<float*>(array.data())[at] = static_cast<float>(value);
}

double get(const Array& array, std::int64_t at) {
  return array.type() == DataType::f64 ? static_cast<const double*>(array.data())[at]
                                       : static_cast<const float*>(array.data())[at];
}

/// Elements of row b of an array [planes,T,B,width] in the spec's layout; T = 1 for states.
std::vector<double> row_of(const CallArrays& arrays, const Array& array, std::int64_t T,
                           std::int64_t width, std::int64_t b) {
  std::vector<double> row;
  const std::int64_t B = arrays.B;
  const bool time_major = arrays.spec.layout == Layout::time_major;
  for (std::int64_t plane = 0; plane < array.size() / (T * B * width); ++plane)
    for (std::int64_t t = 0; t < T; ++t)
      for (std::int64_t j = 0; j < width; ++j)
        row.push_back(
            get(array, (plane * T * B + (time_major ? t * B + b : b * T + t)) * width + j));
  return row;
}

/// All that the calls gave to row b.
std::vector<double> results_of_row(const CallArrays& arrays, std::int64_t b) {
  const std::int64_t T = arrays.T, I = arrays.spec.input_size, H = arrays.spec.hidden_size;
  std::vector<double> all;
  for (const auto& row : {row_of(arrays, arrays.y, T, H, b), row_of(arrays, arrays.hT, 1, H, b),
                          row_of(arrays, arrays.cT, 1, H, b), row_of(arrays, arrays.c_all, T, H, b),
                          row_of(arrays, arrays.dx, T, I, b), row_of(arrays, arrays.dh0, 1, H, b),
                          row_of(arrays, arrays.dc0, 1, H, b)})
    all.insert(all.end(), row.begin(), row.end());
  return all;
}

bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

bool has_nan(const std::vector<double>& values) {
  return std::any_of(values.begin(), values.end(), [](double value) { return std::isnan(value); });
}

/// Spoils `array` [*,B,width] or [*,T,B,width] in all elements of row b.
void spoil(const CallArrays& arrays, Array& array, std::int64_t T, std::int64_t width,
           std::int64_t b, double value) {
  const std::int64_t B = arrays.B;
  const bool time_major = arrays.spec.layout == Layout::time_major;
  for (std::int64_t plane = 0; plane < array.size() / (T * B * width); ++plane)
    for (std::int64_t t = 0; t < T; ++t)
      for (std::int64_t j = 0; j < width; ++j)
        set(array, (plane * T * B + (time_major ? t * B + b : b * T + t)) * width + j, value);
}

/// One way of spoiling row b, which is read whatever the direction.
struct Spoiler {
  const char* name;
  void (*act)(CallArrays& arrays, std::int64_t b);
  bool needs_inner_states = false;
};

const Spoiler spoilers[] = {
    {"x is NaN",
     [](CallArrays& a, std::int64_t b) { spoil(a, a.x, a.T, a.spec.input_size, b, nan_value); }},
    {"h0 is NaN",
     [](CallArrays& a, std::int64_t b) { spoil(a, a.h0, 1, a.spec.hidden_size, b, nan_value); }},
    {"dy is NaN",
     [](CallArrays& a, std::int64_t b) { spoil(a, a.dy, a.T, a.spec.hidden_size, b, nan_value); }},
    {"dy is infinite",
     [](CallArrays& a, std::int64_t b) { spoil(a, a.dy, a.T, a.spec.hidden_size, b, infinity); }},
    {"dhT is NaN",
     [](CallArrays& a, std::int64_t b) { spoil(a, a.dhT, 1, a.spec.hidden_size, b, nan_value); }},
    {"c0 is infinite",
     [](CallArrays& a, std::int64_t b) { spoil(a, a.c0, 1, a.spec.hidden_size, b, infinity); },
     true},
    {"dcT is NaN",
     [](CallArrays& a, std::int64_t b) { spoil(a, a.dcT, 1, a.spec.hidden_size, b, nan_value); },
     true},
    {"dc_all is NaN",
     [](CallArrays& a, std::int64_t b) {
       spoil(a, a.dc_all, a.T, a.spec.hidden_size, b, nan_value);
     },
     true},
};

TEST_P(Isolation, OfASpoiledRowFromTheOthers) {
  for (const RnnSpec& spec : kinds_of(GetParam()))
    for (const bool ragged : {false, true}) {
      const Plan plan(spec, dims_of_kinds, Mode::training, device);
      const auto run = [&](const Spoiler* spoiler, std::int64_t spoiled) {
        CallArrays arrays(plan, 1);
        if (ragged) make_ragged_rows(arrays);
        if (spoiler != nullptr) spoiler->act(arrays, spoiled);
        arrays.forward(plan);
        arrays.backward(plan);
        std::vector<std::vector<double>> rows;
        for (std::int64_t b = 0; b < arrays.B; ++b) rows.push_back(results_of_row(arrays, b));
        return rows;
      };
      const auto clean = run(nullptr, 0);
      for (const Spoiler& spoiler : spoilers)
        for (const std::size_t spoiled : {std::size_t{0}, std::size_t{3}}) {
          if (spoiler.needs_inner_states && find_cell(spec.cell).inner_states() == 0) continue;
          SCOPED_TRACE(to_string(spec) + (ragged ? ", ragged: " : ": ") + spoiler.name +
                       " in row " + std::to_string(spoiled));
          const auto rows = run(&spoiler, static_cast<std::int64_t>(spoiled));
          // Where rows are ragged, a reset may keep the row itself from seeing it.
          EXPECT_TRUE(ragged || has_nan(rows[spoiled]));
          for (std::size_t b = 0; b < rows.size(); ++b)
            EXPECT_TRUE(b == spoiled || same_bits(rows[b], clean[b])) << "row " << b;
        }
    }
}

/// With a NaN behind each row's end, all but the padding has the bits that it has with a zero
/// there.
TEST_P(Isolation, OfWhatFillsThePadding) {
  for (RnnSpec spec : kinds_of(GetParam())) {
    SCOPED_TRACE(to_string(spec));
    const auto run = [&](double fill) {
      spec.fill = fill;
      const Plan plan(spec, dims_of_kinds, Mode::training, device);
      CallArrays arrays(plan, 1);
      make_ragged_rows(arrays);
      arrays.forward(plan);
      arrays.backward(plan);
      return arrays;
    };
    const CallArrays plain = run(0), filled = run(nan_value);
    EXPECT_TRUE(has_nan(row_of(filled, filled.y, filled.T, spec.hidden_size, 2)));
    EXPECT_FALSE(has_nan(row_of(filled, filled.y, filled.T, spec.hidden_size, 0)));
    for (const Array CallArrays::*array :
         {&CallArrays::hT, &CallArrays::cT, &CallArrays::dx, &CallArrays::dh0, &CallArrays::dc0})
      EXPECT_EQ(bytes_of(filled.*array), bytes_of(plain.*array));
    for (std::size_t n = 0; n < plain.gradients.arrays().size(); ++n)
      EXPECT_EQ(bytes_of(filled.gradients.arrays()[n]), bytes_of(plain.gradients.arrays()[n]));
  }
}

INSTANTIATE_TEST_SUITE_P(Cells, Isolation, testing::ValuesIn(cell_names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace takt::test
