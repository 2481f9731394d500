// A problem with its memory, ready to run again and again.
#pragma once

#include <optional>
#include <vector>

#include <takt/takt.hpp>

#include "shape.hpp"

namespace takt::bench {

class Problem {
 public:
  /// Allocates everything and fills x (and dy) with random numbers: those of a shorter problem of
  /// the same series are their first ones.
  Problem(const Shape& shape, const Plan& plan);

  /// Forward, and backward in training; returns when the device is done.
  void run();
  /// Only the first `steps` steps.
  void run_first(std::int64_t steps);

  const Shape& shape() const { return shape_; }
  const Plan& plan() const { return plan_; }
  const Stream& stream() const { return stream_; }
  const Array& x() const { return x_; }
  const Array& y() const { return y_; }
  const Array& hT() const { return hT_; }
  const Array& cT() const { return cT_; }
  const Array& dy() const { return dy_; }
  const Array& dx() const { return dx_; }
  const WeightArrays& weights() const { return weights_; }
  const WeightArrays& gradients() const { return gradients_; }

 private:
  Shape shape_;
  Plan plan_;
  Stream stream_;
  WeightArrays weights_, gradients_;
  std::optional<PackedWeights> packed_;  // in inference: they stay the same from call to call
  Array x_, y_, hT_, cT_, dy_, dx_;
  Memory memory_;
};

}  // namespace takt::bench
