// Every argument of a call, checked before any work. Allocates nothing unless it throws.
#pragma once

#include <takt/plan.hpp>

#include "plan_state.hpp"

namespace takt {

/// Throws ArgumentError; returns T and B of the call.
Dims check_forward(const Plan::State& plan, const Inputs& inputs, const Outputs& outputs,
                   const MemoryView& memory, StreamRef stream);
Dims check_backward(const Plan::State& plan, const Inputs& inputs, const Outputs& outputs,
                    const Upstream& upstream, const Gradients& gradients, const MemoryView& memory,
                    StreamRef stream);
void check_pack(const Plan::State& plan, const Weights& weights, const Bytes& packed,
                StreamRef stream);

}  // namespace takt
