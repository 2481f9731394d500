// The CPU path: a checked call, run.
#pragma once

#include <takt/plan.hpp>

#include "plan_state.hpp"

namespace takt::cpu {

/// Writes weights as forward reads them.
void pack(const Plan::State& plan, const Weights& weights, const Bytes& packed);
void forward(const Plan::State& plan, Dims dims, const Inputs& inputs, const Outputs& outputs,
             const MemoryView& memory);
void backward(const Plan::State& plan, Dims dims, const Inputs& inputs, const Outputs& outputs,
              const Upstream& upstream, const Gradients& gradients, const MemoryView& memory);

}  // namespace takt::cpu
