// What the parameters are before training.
#pragma once

#include <cstdint>

#include "model.hpp"
#include "operations.hpp"

namespace language_model {

struct Initial {
  std::uint64_t seed = 0;
  bool recurrence = true;  ///< false: R is 0
};

/// W, embedding and output uniform in [-1 / sqrt(I), 1 / sqrt(I)) with I the row's length (for the
/// embedding 0.1 instead); each gate's R orthogonal; biases 0, but for the forget gate's bW, 1.
void initialise(Parameters& parameters, const Initial& initial, Operations& operations);

}  // namespace language_model
