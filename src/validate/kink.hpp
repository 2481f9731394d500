// Cells whose gradient jumps, and numbers that keep away from where it does.
#pragma once

#include <string>

#include "validate/problem.hpp"

namespace takt::validate {

/// Whether the gradient of a cell jumps where the sums of its gates change sign, as that of a
/// rectifier does. The reference tells.
bool has_kink(const std::string& cell);

/// Moves the sums of all gates away from 0, those of about half the units below it. A device that
/// rounds operands of products moves each sum a little: of those around 0 some would change sign,
/// and gradients would be others, not inexact.
void keep_from_kink(const Case& checked, Numbers& numbers);

}  // namespace takt::validate
