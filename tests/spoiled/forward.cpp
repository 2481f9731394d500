// A forward pass on the CPU that errs: the linker puts it before the real one (--wrap), and it adds
// the number in TAKT_SPOIL to one element of y in f32.
#include <cstdlib>

#include <takt/plan.hpp>

#include "plan_state.hpp"

// takt::cpu::forward as the linker knows it.
#define TAKT_CPU_FORWARD \
  "_ZN4takt3cpu7forwardERKNS_4Plan5StateENS_4DimsERKNS_6InputsERKNS_7OutputsERKNS_10MemoryViewE"

namespace takt::cpu {

void real_forward(const Plan::State& plan, Dims dims, const Inputs& inputs, const Outputs& outputs,
                  const MemoryView& memory) asm("__real_" TAKT_CPU_FORWARD);
void spoiled_forward(const Plan::State& plan, Dims dims, const Inputs& inputs,
                     const Outputs& outputs,
                     const MemoryView& memory) asm("__wrap_" TAKT_CPU_FORWARD);

void spoiled_forward(const Plan::State& plan, Dims dims, const Inputs& inputs,
                     const Outputs& outputs, const MemoryView& memory) {
  static const char* const error = std::getenv("TAKT_SPOIL");
  real_forward(plan, dims, inputs, outputs, memory);
  if (error == nullptr || plan.spec.type != DataType::f32 || !outputs.y) return;
  if (dims.T > 0 && dims.B > 0)
    outputs.y.pointer().as<float>()[plan.spec.hidden_size / 2] += std::strtof(error, nullptr);
}

}  // namespace takt::cpu
