// A problem's answers against the double-precision reference, before it is timed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "problem.hpp"

namespace takt::bench {

struct TensorError {
  std::string tensor;
  /// max |result - reference| / max(1, max |reference|); NaN where a result is.
  double error = 0;
  std::int64_t accumulation = 0;  ///< products that an element is a sum of
};

struct Check {
  bool done = false;       ///< false where the reference does not know the cell
  std::int64_t steps = 0;  ///< checked at the start, and as many at the end where `end`
  bool end = false;
  std::vector<TensorError> tensors = {};
  double run_seconds = 0;  ///< of the last run
};

/// At most 64 steps, fewer where they are many products.
std::int64_t checked_steps(const Shape& shape);

/// Runs the problem: y of the whole run at its first and last steps (from the states of a run that
/// ends where they begin); in training the gradients of a run over the first steps alone. The
/// last run is one over all steps.
Check check(Problem& problem);

}  // namespace takt::bench
