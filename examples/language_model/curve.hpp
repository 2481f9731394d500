// The learning curve, drawn.
#pragma once

#include <string>
#include <vector>

#include "checkpoint.hpp"

namespace language_model {

/// An SVG of bits per byte over steps: what was learnt from, what was not, and a line for the
/// model that counts.
std::string curve_svg(const std::vector<CurvePoint>& curve, double witten_bell,
                      const std::string& title);

}  // namespace language_model
