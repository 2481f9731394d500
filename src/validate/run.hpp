// Runs one case on a device and holds every result against the reference.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <takt/device.hpp>

#include "validate/case.hpp"
#include "validate/tolerance.hpp"

namespace takt::validate {

enum class Verdict {
  inside,   ///< within tolerance
  outside,  ///< not, or the device noticed in a call what was not there
  loose,    ///< within, but by so much in every tensor that the tolerances say little
  refused,  ///< the device has no algorithm for the case
};
std::string_view to_string(Verdict verdict);

struct TensorError {
  std::string_view tensor;  ///< "y", "dW", ...; "inference y" of a plan for inference
  ErrorMeter meter{};       ///< over all draws
  double tolerance = 0;

  double error() const { return meter.error(); }

  /// 0 where both are 0; above 1 or NaN is outside.
  double share() const;
};

struct Outcome {
  Case checked;
  std::string algorithm{};
  std::string plan{};  ///< what Plan::candidates says of it
  std::vector<TensorError> tensors{};
  Verdict verdict = Verdict::inside;
  std::string noticed{};  ///< by the device, in calls that were in order; "" where nothing was
  std::string reason{};   ///< where refused

  /// The tensor with the largest share of its tolerance.
  TensorError worst() const;
};

/// What the worst tensor of a case says of it.
Verdict judge(const TensorError& worst);
/// What a case that ran says in all.
Verdict judge(const Outcome& outcome);

/// Runs forward and backward of a training plan, and forward of one for inference. Cases of few
/// elements run on several draws of numbers, so that their errors say something, but on no more
/// than `most_draws`.
Outcome run(const Case& checked, const Device& device, int most_draws = 64);

}  // namespace takt::validate
