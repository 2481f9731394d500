// A device in one line.
#include "facts.hpp"

#include "say.hpp"

namespace takt {

std::string describe(const DeviceFacts& facts) {
  if (facts.kind == DeviceKind::cpu)
    return "cpu (" + facts.name + ", " + number(facts.threads) +
           (facts.threads == 1 ? " thread, " : " threads, ") + facts.instruction_set + ")";
  return to_string(Place{facts.kind, facts.ordinal}) + " (" + facts.name + ", compute capability " +
         number(facts.major) + "." + number(facts.minor) + ", " + number(facts.multiprocessors) +
         " SMs, " + number(facts.memory_bytes >> 30) + " GiB)";
}

}  // namespace takt
