// Which sizes and options are taken; for those of the command line and of files alike.
#pragma once

#include <cstdint>
#include <string>

#include "model.hpp"
#include "trainer.hpp"

namespace language_model {

struct Range {
  double least, most;
};

/// Of whole numbers.
inline constexpr Range width_range{1, 1 << 14}, layers_range{1, 16}, steps_range{1, 1e9},
    window_range{1, 1 << 16}, streams_range{1, 1 << 14};
/// Of others.
inline constexpr Range rate_range{1e-8, 10}, dropout_range{0, 0.95}, decay_range{0, 100},
    norm_range{1e-6, 1e6}, average_range{0, 0.999999};

/// What 'cell' may be, as sentences say it.
std::string cell_names();

/// "'hidden' is 0; it must be between 1 and 16384", or nothing.
std::string objection(const ModelSizes& sizes);
std::string objection(const TrainingOptions& options);

}  // namespace language_model
