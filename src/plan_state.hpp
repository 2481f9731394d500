// What stands behind a Plan.
#pragma once

#include <takt/plan.hpp>

#include "plan.hpp"

namespace takt::cuda {
struct Prepared;
}

namespace takt {

struct Plan::State {
  RnnSpec spec;
  Dims largest;
  Mode mode;
  Device device;
  Decision decision;
  std::shared_ptr<const cuda::Prepared> prepared{};  // of a cuda device
};

}  // namespace takt
