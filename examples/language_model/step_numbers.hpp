// What differs from one training step to the next.
#pragma once

#include <cstdint>

namespace language_model {

/// Every other argument of a step's operations stays the same, so that the step can be recorded
/// once (in a CUDA graph) and run many times.
struct StepNumbers {
  std::int64_t step = 1;   ///< from 1; for Adam's corrections, and for what dropout draws
  std::int64_t start = 0;  ///< where in the text stream 0 reads
  bool fresh = true;       ///< states start anew
  double learning_rate = 0;
  double average_decay = 0;  ///< what the average of the weights keeps of itself
};

}  // namespace language_model
