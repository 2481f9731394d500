// RnnSpec: what the caller wants, independent of lengths, batch and device.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include <takt/types.hpp>

namespace takt {

/// Bounds of the cell state, applied after its update and before the output of the cell.
struct CellClip {
  double lo = -std::numeric_limits<double>::infinity();
  double hi = std::numeric_limits<double>::infinity();
  friend bool operator==(const CellClip&, const CellClip&) = default;
};

/// A recurrent network. Every member may be set by name. A combination that nothing here can
/// serve yet is refused by `Plan` with a sentence, never ignored.
struct RnnSpec {
  std::string cell = "lstm";         ///< one of `takt::known_cells()`
  std::int64_t input_size = 0;       ///< I, at least 1
  std::int64_t hidden_size = 0;      ///< H, at least 1
  std::int64_t projection_size = 0;  ///< P, 0 for none
  int layers = 1;                    ///< L, stacked; layer l > 0 reads the output of layer l - 1
  Direction direction = Direction::forward;
  Merge merge = Merge::concat;  ///< bidirectional only
  /// precomputed: x [T,B,G*H] is W x already, gate after gate, so input_size must be G*H and there
  /// is no W; bW is still added, and dx is the gradient by that x. For what is looked up in a
  /// table, shared by several layers, or made by a product of the caller's own. With a type of 16
  /// bits that x is rounded to it, where a W x of takt's own keeps 32; so is dx.
  InputMode input = InputMode::product;
  Bias bias = Bias::both;
  DataType type = DataType::f32;  ///< of x, y, h and the weights
  Math math = Math::strict;
  Layout layout = Layout::time_major;
  double fill = 0;               ///< value of y past a row's length
  double dropout = 0;            ///< between layers
  double recurrent_dropout = 0;  ///< on the h that enters R, one mask a sequence
  double weight_dropout = 0;     ///< DropConnect: on the elements of R, one mask a call
  double zoneout_h = 0;
  double zoneout_c = 0;
  CellClip cell_clip = {};
  double recurrent_gradient_clip = std::numeric_limits<double>::infinity();
  bool layer_norm = false;
  double layer_norm_epsilon = 1e-5;
  int heads = 1;  ///< R block-diagonal over this many heads
  /// Empty: the planner's choice; else the word of an algorithm (Plan::candidates), which is then
  /// taken, or the plan refused with the reason why it cannot be.
  std::string algorithm{};
  /// Of the algorithms whose blocks wait for each other: how long one may, before the call gives up
  /// and `status` says so. At most 24 hours; a debugger or a shared GPU may want more than the usual.
  std::int64_t wait_limit_ms = 10'000;
  friend bool operator==(const RnnSpec&, const RnnSpec&) = default;
};

/// One line of the form "lstm f32 I=64 H=128 forward"; members at their defaults are left out.
TAKT_API std::string to_string(const RnnSpec& spec);

}  // namespace takt
