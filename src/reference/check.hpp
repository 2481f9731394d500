// What the reference asks of a problem before it works on it.
#pragma once

#include <takt/reference.hpp>

#include "reference/cell.hpp"

namespace takt::reference {

/// The problem's cell. Throws takt::ArgumentError, naming the argument that is wrong.
const Cell& checked_cell(const Problem& problem);

}  // namespace takt::reference
