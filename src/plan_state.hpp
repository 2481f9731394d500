// What stands behind a Plan.
#pragma once

#include <takt/plan.hpp>

#include "plan.hpp"

namespace takt {

struct Plan::State {
  RnnSpec spec;
  Dims largest;
  Mode mode;
  Device device;
  Decision decision;
};

}  // namespace takt
