// The numbers of a case.
#include "validate/problem.hpp"

#include <cmath>
#include <limits>

#include <takt/cells.hpp>

#include "half.hpp"
#include "random.hpp"
#include "validate/kink.hpp"

namespace takt::validate {
namespace {

class Source {
 public:
  explicit Source(int draw) : seed_(static_cast<std::uint64_t>(draw)) {}

  /// Uniform in [-bound, bound), rounded to the type.
  std::vector<double> values(DataType type, std::int64_t size, double bound) {
    std::vector<double> values(static_cast<std::size_t>(size));
    ++sequence_;
    for (std::size_t n = 0; n < values.size(); ++n)
      values[n] = rounded(bound * uniform(seed_, n, sequence_), type);
    return values;
  }

 private:
  std::uint64_t seed_;
  std::uint32_t sequence_ = 0;
};

void poison_padding(const Case& checked, const Numbers& numbers, std::int64_t planes,
                    std::int64_t width, std::vector<double>& values) {
  const auto [T, B, I, H] = checked.shape;
  for (std::int64_t plane = 0; plane < planes; ++plane)
    for (std::int64_t t = 0; t < T; ++t)
      for (std::int64_t b = 0; b < B; ++b)
        for (std::int64_t j = 0; t >= numbers.lengths[static_cast<std::size_t>(b)] && j < width;
             ++j)
          values[static_cast<std::size_t>(((plane * T + t) * B + b) * width + j)] =
              std::numeric_limits<double>::quiet_NaN();
}

void make_lengths(const Case& checked, Numbers& numbers) {
  const auto [T, B, I, H] = checked.shape;
  // Unsorted, with a full one and, where there are rows enough, an empty one.
  for (std::int64_t b = 0; b < B; ++b)
    numbers.lengths.push_back(static_cast<std::int32_t>(b == B / 2 ? T : (b * 7 + 3) % (T + 1)));
  if (B > 2) numbers.lengths[1] = 0;
  poison_padding(checked, numbers, 1, I, numbers.x);
  poison_padding(checked, numbers, 1, H, numbers.dy);
  poison_padding(checked, numbers, numbers.C, H, numbers.dc_all);
}

void make_resets(const Case& checked, int draw, Numbers& numbers) {
  const auto [T, B, I, H] = checked.shape;
  numbers.resets.resize(static_cast<std::size_t>(T * B));
  for (std::int64_t n = 0; n < T * B; ++n)
    numbers.resets[static_cast<std::size_t>(n)] =
        uniform(static_cast<std::uint64_t>(draw), static_cast<std::uint64_t>(n)) > 0.6 ? 1 : 0;
}

const double* pointer(const std::vector<double>& values) {
  return values.empty() ? nullptr : values.data();
}

}  // namespace

double rounded(double value, DataType type) {
  const auto narrow = static_cast<float>(value);
  switch (type) {
    case DataType::f64: return value;
    case DataType::f32: return static_cast<double>(narrow);
    case DataType::f16: return static_cast<double>(from_f16(to_f16(narrow)));
    case DataType::bf16: return static_cast<double>(from_bf16(to_bf16(narrow)));
  }
  return value;
}

Numbers make_numbers(const Case& checked, int draw) {
  const auto [T, B, I, H] = checked.shape;
  const CellInfo& cell = find_cell(checked.cell);
  const Semantics& semantics = checked.semantics;
  Numbers numbers;
  numbers.G = cell.gates;
  numbers.C = cell.inner_states();
  const std::int64_t GH = numbers.G * H;
  // The recurrence must matter, yet not blow up.
  const double bound_W = 1 / std::sqrt(static_cast<double>(I));
  const double bound_R = 1.5 / std::sqrt(static_cast<double>(H + 1));
  const DataType type = checked.type, inner = inner_type(type);
  Source source(draw);
  numbers.x = source.values(type, T * B * I, 1);
  const bool has_W = semantics.input == InputMode::product;
  numbers.W = source.values(type, has_W ? GH * I : 0, bound_W);
  numbers.R = source.values(type, GH * H, bound_R);
  numbers.bW = source.values(type, GH, 0.5);
  numbers.bR = source.values(type, GH, 0.5);
  numbers.h0 = source.values(type, B * H, 1);
  numbers.c0 = source.values(inner, numbers.C * B * H, 1);
  numbers.dy = source.values(type, T * B * H, 1);
  numbers.dhT = source.values(type, B * H, 1);
  numbers.dcT = source.values(inner, numbers.C * B * H, 1);
  numbers.dc_all = source.values(inner, numbers.C * T * B * H, 1);
  numbers.old_dW = source.values(type, has_W ? GH * I : 0, 1);
  numbers.old_dR = source.values(type, GH * H, 1);
  numbers.old_dbW = source.values(type, GH, 1);
  numbers.old_dbR = source.values(type, GH, 1);
  if (checked.precision().is_reduced() && has_kink(checked.cell)) keep_from_kink(checked, numbers);
  if (semantics.null_states) numbers.h0.clear(), numbers.c0.clear();
  if (semantics.bias == Bias::none || semantics.bias == Bias::recurrent) numbers.bW.clear();
  if (semantics.bias == Bias::none || semantics.bias == Bias::input) numbers.bR.clear();
  if (semantics.lengths) make_lengths(checked, numbers);
  if (semantics.resets) make_resets(checked, draw, numbers);
  return numbers;
}

std::vector<std::uint8_t> placed_resets(const Case& checked, const Numbers& numbers) {
  if (numbers.resets.empty() || checked.semantics.layout == Layout::time_major)
    return numbers.resets;
  const auto [T, B, I, H] = checked.shape;
  std::vector<std::uint8_t> placed(numbers.resets.size());
  for (std::int64_t t = 0; t < T; ++t)
    for (std::int64_t b = 0; b < B; ++b)
      placed[static_cast<std::size_t>(b * T + t)] =
          numbers.resets[static_cast<std::size_t>(t * B + b)];
  return placed;
}

reference::Problem reference_problem(const Case& checked, const Numbers& numbers) {
  return {.cell = checked.cell,
          .T = checked.shape.T,
          .B = checked.shape.B,
          .I = checked.shape.I,
          .H = checked.shape.H,
          .reverse = checked.semantics.reverse,
          .x = pointer(numbers.x),
          .h0 = pointer(numbers.h0),
          .c0 = pointer(numbers.c0),
          .lengths = numbers.lengths.empty() ? nullptr : numbers.lengths.data(),
          .resets = numbers.resets.empty() ? nullptr : numbers.resets.data(),
          .W = pointer(numbers.W),
          .R = pointer(numbers.R),
          .bW = pointer(numbers.bW),
          .bR = pointer(numbers.bR)};
}

reference::Upstream reference_upstream(const Numbers& numbers) {
  return {.dy = pointer(numbers.dy),
          .dhT = pointer(numbers.dhT),
          .dcT = pointer(numbers.dcT),
          .dc_all = pointer(numbers.dc_all)};
}

}  // namespace takt::validate
