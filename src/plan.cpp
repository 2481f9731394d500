// The decision how to run a spec.
#include "plan.hpp"

#include <algorithm>
#include <limits>

#include "cpu/layout.hpp"
#include "say.hpp"

namespace takt {
namespace {

void check_dims(Dims largest) {
  constexpr std::int64_t most_rows = std::numeric_limits<std::int32_t>::max();
  if (largest.T < 0) refuse("Plan", "T", " is " + number(largest.T) + "; it must be at least 0");
  if (largest.B < 0 || largest.B > most_rows)
    refuse("Plan", "B",
           " is " + number(largest.B) + "; it must be between 0 and " + number(most_rows));
}

void refuse_on_cpu(const RnnSpec& spec) {
  if (spec.type != DataType::f32 && spec.type != DataType::f64)
    unsupported(
        "Plan", "type",
        " is " + std::string(to_string(spec.type)) + "; on a cpu device takt has f32 and f64");
  if (spec.math != Math::strict)
    unsupported("Plan", "math", " is tf32; on a cpu device takt has strict only");
}

void decide_cpu(Decision& decision, const RnnSpec& spec, Dims largest, Mode mode,
                const DeviceFacts& device) {
  refuse_on_cpu(spec);
  try {
    const cpu::Sizes sizes = cpu::sizes_of(spec, *decision.cell, largest, device.vector_bytes);
    decision.scratch_bytes = cpu::ForwardLayout(sizes).bytes;
    if (mode == Mode::training) {
      decision.scratch_bytes = std::max(decision.scratch_bytes, cpu::BackwardLayout(sizes).bytes);
      decision.saved_bytes = cpu::SavedLayout(sizes).bytes;
    }
  } catch (const SizeOverflow&) {
    refuse("Plan", "T",
           " = " + number(largest.T) + " and 'B' = " + number(largest.B) +
               " are too large with I = " + number(spec.input_size) +
               ", H = " + number(spec.hidden_size) + "; the memory must be below 2^63 bytes");
  }
  decision.algorithm = "cpu";
  decision.candidates = {
      {"cpu", true,
       "R packed, gates fused into its product, one parallel region a chunk of steps"}};
}

std::string with_unit(std::int64_t bytes) {
  const double mib = static_cast<double>(bytes) / (1 << 20);
  return mib < 1 ? number(bytes) + " bytes" : number(mib) + " MiB";
}

}  // namespace

Decision decide(const RnnSpec& spec, Dims largest, Mode mode, const DeviceFacts& device) {
  Decision decision;
  decision.cell = &check_spec("Plan", spec);
  decision.cell_index = decision.cell - known_cells().data();
  check_dims(largest);
  if (mode != Mode::inference && mode != Mode::training)
    refuse("Plan", "mode", " is " + number(static_cast<int>(mode)) + "; it must be 0 or 1");
  if (device.kind != DeviceKind::cpu)
    unsupported("Plan", "device", " is cuda; takt has no algorithm for it yet");
  decide_cpu(decision, spec, largest, mode, device);
  return decision;
}

std::string explain(const Decision& decision, const RnnSpec& spec, Dims largest, Mode mode,
                    const DeviceFacts& device) {
  std::string text = to_string(spec) + ", " + std::string(to_string(mode)) + ", T up to " +
                     number(largest.T) + ", B up to " + number(largest.B) + "\n";
  text += "device     " + std::string(to_string(device.kind)) + " (" + device.name + ", " +
          number(device.threads) + (device.threads == 1 ? " thread, " : " threads, ") +
          device.instruction_set + ")\n";
  for (const Candidate& candidate : decision.candidates)
    text += std::string(candidate.taken ? "taken      " : "refused    ") +
            std::string(candidate.algorithm) + ": " + candidate.reason + "\n";
  text += "memory     scratch " + with_unit(decision.scratch_bytes) + ", saved " +
          with_unit(decision.saved_bytes);
  return text;
}

}  // namespace takt
