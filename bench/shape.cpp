// The problems that are measured.
#include "shape.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <limits>
#include <random>

#include <takt/cells.hpp>

#include "words.hpp"

namespace takt::bench {
namespace {

double product_of(std::initializer_list<std::int64_t> factors) {
  double product = 1;
  for (const std::int64_t factor : factors) product *= static_cast<double>(factor);
  return product;
}

std::string before_extras(const std::string& extras) {
  return extras.empty() ? "" : " " + extras;
}

std::int64_t columns_of_W(const Shape& shape) {
  return shape.input == InputMode::precomputed ? 0 : shape.I;
}

/// Lengths of rows, one after the other, the same in every run.
class LengthDraw {
 public:
  explicit LengthDraw(const Shape& shape)
      : lengths_(shape.lengths), T_(static_cast<double>(shape.T)) {}

  std::int32_t next() {
    const double share = static_cast<double>(draw_() >> 11) * 0x1p-53;
    double length = T_;
    if (lengths_ == Lengths::uniform) length = T_ * (0.5 + 0.5 * share);
    if (lengths_ == Lengths::zipf) length = std::pow(T_, share);  // P(n) ~ 1/n
    return static_cast<std::int32_t>(std::clamp(std::round(length), 1.0, T_));
  }

 private:
  static constexpr std::uint64_t seed = 5;
  std::mt19937_64 draw_{seed};
  Lengths lengths_;
  double T_;
};

/// Columns of R that a unit sees.
std::int64_t recurrent_size(const CellInfo& cell, const Shape& shape) {
  return cell.recurrence == Recurrence::none ? 0 : shape.H;
}

bool is_known(const std::string& cell) {
  return std::any_of(known_cells().begin(), known_cells().end(),
                     [&](const CellInfo& known) { return known.name == cell; });
}

/// A number of a /proc or cgroup file; infinite where there is none.
double read_number(const std::string& path, const std::string& before = "") {
  std::ifstream file(path);
  for (std::string word; file >> word;) {
    if (!before.empty() && word == before)
      file >> word;
    else if (!before.empty())
      continue;
    double value = 0;
    const auto result = std::from_chars(word.data(), word.data() + word.size(), value);
    if (result.ec == std::errc()) return value;
    break;
  }
  return std::numeric_limits<double>::infinity();
}

}  // namespace

std::string_view to_string(Timed timed) {
  switch (timed) {
    case Timed::inference: return "inference";
    case Timed::training_forward: return "training-forward";
    case Timed::training: break;
  }
  return "training";
}

std::string_view to_string(Lengths lengths) {
  switch (lengths) {
    case Lengths::full: return "full";
    case Lengths::uniform: return "uniform";
    case Lengths::zipf: break;
  }
  return "zipf";
}

Shape without_input_product(Shape shape) {
  if (shape.may_be_absent && !is_known(shape.cell)) return shape;
  shape.input = InputMode::precomputed;
  shape.I = find_cell(shape.cell).gates * shape.H;
  return shape;
}

std::string_view precision_name(const Shape& shape) {
  return shape.math == Math::strict ? to_string(shape.type) : to_string(shape.math);
}

bool set_precision(Shape& shape, std::string_view word) {
  const auto type = find_word<DataType>(word);
  const bool is_tf32 = word == to_string(Math::tf32);
  if (!type && !is_tf32) return false;
  shape.type = type.value_or(DataType::f32);
  shape.math = is_tf32 ? Math::tf32 : Math::strict;
  return true;
}

std::string all_precisions() {
  return all_words<DataType>() + ", " + std::string(to_string(Math::tf32));
}

std::string series_name(const Shape& shape) {
  return shape.cell + " " + std::string(precision_name(shape)) + " B=" + std::to_string(shape.B) +
         " I=" + std::to_string(shape.I) + " H=" + std::to_string(shape.H) + " " +
         std::string(to_string(shape.timed)) + before_extras(extras_of(shape));
}

std::string extras_of(const Shape& shape) {
  std::string text;
  const auto add = [&](const std::string& word) { text += (text.empty() ? "" : " ") + word; };
  if (shape.layers != 1) add("layers=" + std::to_string(shape.layers));
  if (shape.direction != Direction::forward) add(std::string(to_string(shape.direction)));
  if (shape.projection != 0) add("projection=" + std::to_string(shape.projection));
  if (shape.heads != 1) add("heads=" + std::to_string(shape.heads));
  if (shape.input != InputMode::product) add(std::string(to_string(shape.input)));
  if (shape.lengths != Lengths::full) add("lengths=" + std::string(to_string(shape.lengths)));
  if (!shape.algorithm.empty()) add("algorithm=" + shape.algorithm);
  if (shape.may_be_absent) add("may-be-absent");
  return text;
}

Plan make_plan(const Shape& shape, const Device& device) {
  const RnnSpec spec{.cell = shape.cell,
                     .input_size = shape.I,
                     .hidden_size = shape.H,
                     .projection_size = shape.projection,
                     .layers = shape.layers,
                     .direction = shape.direction,
                     .input = shape.input,
                     .type = shape.type,
                     .math = shape.math,
                     .heads = shape.heads,
                     .algorithm = shape.algorithm};
  return Plan(spec, {shape.T, shape.B}, shape.mode(), device);
}

std::vector<std::int32_t> lengths_of(const Shape& shape) {
  std::vector<std::int32_t> lengths;
  LengthDraw draw(shape);
  for (std::int64_t b = 0; b < shape.B; ++b) lengths.push_back(draw.next());
  return lengths;
}

double tokens(const Shape& shape) {
  if (shape.lengths == Lengths::full) return product_of({shape.T, shape.B});
  double count = 0;
  LengthDraw draw(shape);
  for (std::int64_t b = 0; b < shape.B; ++b) count += draw.next();
  return count;
}

double operations(const Shape& shape) {
  const CellInfo& cell = find_cell(shape.cell);
  const std::int64_t columns = columns_of_W(shape) + recurrent_size(cell, shape);
  const double forward = 2 * tokens(shape) * product_of({cell.gates, shape.H, columns});
  return shape.has_backward() ? 3 * forward : forward;
}

double traffic(const Shape& shape, const Footprint& bytes) {
  const CellInfo& cell = find_cell(shape.cell);
  const double R = static_cast<double>(size_of(shape.type)) *
                   product_of({cell.gates, shape.H, recurrent_size(cell, shape)});
  const double passes = shape.has_backward() ? 2 : 1;
  return bytes.of_call() + bytes.weights + bytes.gradients +
         passes * static_cast<double>(shape.T) * R;
}

Footprint footprint(const Shape& shape, const Plan& plan) {
  const CellInfo& cell = find_cell(shape.cell);
  const double element = static_cast<double>(size_of(shape.type));
  const std::int64_t columns = columns_of_W(shape) + shape.H + 2;  // W, R and both biases
  Footprint bytes;
  bytes.x = element * product_of({shape.T, shape.B, shape.I});
  bytes.y = element * product_of({shape.T, shape.B, shape.H});
  const auto inner = static_cast<double>(size_of(inner_type(shape.type)));
  bytes.final_states = element * product_of({shape.B, shape.H}) +
                       inner * product_of({cell.inner_states(), shape.B, shape.H});
  bytes.initial_states = bytes.final_states;
  bytes.scratch = static_cast<double>(plan.scratch_bytes());
  bytes.saved = static_cast<double>(plan.saved_bytes());
  bytes.weights = element * product_of({cell.gates, shape.H, columns});
  if (shape.timed == Timed::inference)
    bytes.packed_weights = static_cast<double>(plan.packed_bytes());
  if (shape.has_backward()) {
    bytes.gradients = bytes.weights;
    bytes.dx_and_dy = bytes.x + bytes.y;
  }
  return bytes;
}

double available_bytes() {
  const double free = 1024 * read_number("/proc/meminfo", "MemAvailable:");
  const double limit = read_number("/sys/fs/cgroup/memory.max");
  const double used = read_number("/sys/fs/cgroup/memory.current");
  return limit < std::numeric_limits<double>::infinity()
             ? std::min(free, std::max(0.0, limit - used))
             : free;
}

}  // namespace takt::bench
