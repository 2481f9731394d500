// The problems that are measured, and lists of them.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <takt/device.hpp>
#include <takt/plan.hpp>
#include <takt/types.hpp>

namespace takt::bench {

/// What of a problem is timed.
enum class Timed : std::uint8_t {
  inference,         ///< forward of a plan for inference
  training_forward,  ///< forward of a plan for training
  training,          ///< forward and backward
};
std::string_view to_string(Timed timed);

/// How long the rows of a batch are.
enum class Lengths : std::uint8_t {
  full,     ///< T
  uniform,  ///< drawn from T/2 to T, each as likely
  zipf,     ///< drawn from 1 to T, n with a weight of 1/n
};
std::string_view to_string(Lengths lengths);

/// What is measured.
struct Shape {
  std::string cell = "lstm";
  DataType type = DataType::f32;
  Math math = Math::strict;
  std::int64_t T = 0, B = 0, I = 0, H = 0;
  Timed timed = Timed::inference;
  int layers = 1;
  Direction direction = Direction::forward;
  std::int64_t projection = 0;  ///< 0: none
  int heads = 1;
  Lengths lengths = Lengths::full;
  InputMode input = InputMode::product;  ///< precomputed: I is G*H
  std::string algorithm{};               ///< as RnnSpec::algorithm
  bool may_be_absent = false;  ///< the cell need not be one of takt's: then the case is refused

  Mode mode() const { return timed == Timed::inference ? Mode::inference : Mode::training; }
  bool has_backward() const { return timed == Timed::training; }
  friend bool operator==(const Shape&, const Shape&) = default;
};

/// The same without its input product; as it is where the cell is absent.
Shape without_input_product(Shape shape);

/// "f32", or "tf32" for f32 with that math.
std::string_view precision_name(const Shape& shape);
/// Sets type and math; false for a word that names none.
bool set_precision(Shape& shape, std::string_view word);
/// "f32, f64, f16, bf16, tf32".
std::string all_precisions();

/// What a shape has beside one full layer with its input product, in the words of a list:
/// "layers=2 bidirectional"; empty where there is nothing.
std::string extras_of(const Shape& shape);

/// "lstm f32 B=32 I=128 H=128 inference": shapes of one series differ in T alone.
std::string series_name(const Shape& shape);
inline bool same_series(const Shape& a, Shape b) {
  b.T = a.T;
  return a == b;
}

/// Throws as Plan does.
Plan make_plan(const Shape& shape, const Device& device);

/// Of each row: T, or as the shape draws them, the same in every run.
std::vector<std::int32_t> lengths_of(const Shape& shape);

/// Steps that all rows together run: T*B where they are full.
double tokens(const Shape& shape);

/// Operations of the products of one layer: two for each weight and step that a row runs; three
/// times that in training.
double operations(const Shape& shape);

/// Bytes of what a problem holds, computed from its sizes and its plan.
struct Footprint {
  double x = 0, y = 0, initial_states = 0, final_states = 0, dx_and_dy = 0, scratch = 0, saved = 0;
  double weights = 0, packed_weights = 0, gradients = 0;

  /// All but the weights, packed or not, and their gradients.
  double of_call() const {
    return x + y + initial_states + final_states + dx_and_dy + scratch + saved;
  }
  double all() const { return of_call() + weights + packed_weights + gradients; }
};
Footprint footprint(const Shape& shape, const Plan& plan);

/// Bytes of a call: all that it has in memory once, and R once more in each step of each pass.
double traffic(const Shape& shape, const Footprint& bytes);

/// Bytes of memory that this process may still take; infinite where nothing tells.
double available_bytes();

/// A line of a list that is no shape: "file:line:column: sentence".
struct ShapeError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Whether one of these words of a list says so.
bool may_be_absent(const std::string& extras);

/// A line of a list, refused in the name of `place`, "file:line".
Shape read_shape(const std::string& place, const std::string& text);

/// A text list, one case a line: cell type T B I H mode, then any of the words that `extras_of`
/// gives; # starts a comment. Throws ShapeError, also where the file cannot be read or holds no
/// shape.
std::vector<Shape> read_shapes(const std::string& path);

}  // namespace takt::bench
