// A problem with its memory, ready to run again and again.
#pragma once

#include <optional>
#include <vector>

#include <takt/takt.hpp>

#include "shape.hpp"

namespace takt::bench {

/// Some steps: `count` from `first` on.
struct Window {
  std::int64_t first = 0, count = 0;
  friend bool operator==(const Window&, const Window&) = default;
};

class Problem {
 public:
  /// Allocates everything and fills x (and dy) with random numbers: those of a shorter problem of
  /// the same series are their first ones. It starts from random states, so that the recurrent
  /// product of the first step is one.
  Problem(const Shape& shape, const Plan& plan);

  /// Forward, and backward in training, on `stream()`.
  void enqueue();
  /// Returns when everything on `stream()` is done.
  void wait() const { stream_.synchronize(); }

  void run() { run_first(shape_.T); }
  /// Only the first `steps` steps.
  void run_first(std::int64_t steps);

  /// How many steps of a window each row runs; empty where all rows are full.
  std::vector<std::int32_t> lengths_within(const Window& window) const;

  const Shape& shape() const { return shape_; }
  const Plan& plan() const { return plan_; }
  const Stream& stream() const { return stream_; }
  const Array& x() const { return x_; }
  const Array& y() const { return y_; }
  const Array& h0() const { return h0_; }
  /// In the type of cT, though its values are of the type of h.
  const Array& c0() const { return c0_; }
  const Array& hT() const { return hT_; }
  const Array& cT() const { return cT_; }
  const Array& dy() const { return dy_; }
  const Array& dx() const { return dx_; }
  const WeightArrays& weights() const { return weights_; }
  const WeightArrays& gradients() const { return gradients_; }

 private:
  void enqueue_first(std::int64_t steps, TypedPointer<std::int32_t> lengths);

  Shape shape_;
  Plan plan_;
  Stream stream_;
  WeightArrays weights_, gradients_;
  std::optional<PackedWeights> packed_;  // in inference: they stay the same from call to call
  std::optional<DeviceVector<std::int32_t>> lengths_;
  Array x_, h0_, c0_, y_, hT_, cT_, dy_, dx_;
  Memory memory_;
};

}  // namespace takt::bench
