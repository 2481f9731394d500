// The decision how to run a spec.
#include "plan.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "cpu/layout.hpp"
#include "cuda/layout.hpp"
#include "cuda/persistent.hpp"
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

[[noreturn]] void refuse_memory(const RnnSpec& spec, Dims largest) {
  refuse("Plan", "T",
         " = " + number(largest.T) + " and 'B' = " + number(largest.B) +
             " are too large with I = " + number(spec.input_size) +
             ", H = " + number(spec.hidden_size) + "; the memory must be below 2^63 bytes");
}

void refuse_on_cpu(const RnnSpec& spec) {
  if (spec.type != DataType::f32 && spec.type != DataType::f64)
    unsupported(
        "Plan", "type",
        " is " + std::string(to_string(spec.type)) + "; on a cpu device takt has f32 and f64");
  if (spec.math != Math::strict)
    unsupported("Plan", "math", " is tf32; on a cpu device takt has strict only");
}

/// Takes the algorithm that the spec names, or `usual`, among the candidates that have no reason
/// against them.
void take(Decision& decision, const RnnSpec& spec, std::string_view usual) {
  const std::string_view wanted = spec.algorithm.empty() ? usual : std::string_view(spec.algorithm);
  std::string words;
  for (Candidate& candidate : decision.candidates) {
    words += (words.empty() ? "" : ", ") + std::string(candidate.algorithm);
    if (candidate.algorithm != wanted) continue;
    if (!candidate.taken)
      unsupported("Plan", "algorithm",
                  " is " + std::string(wanted) + ", which cannot run this: " + candidate.reason);
    decision.algorithm = candidate.algorithm;
  }
  if (decision.algorithm.empty())
    refuse("Plan", "algorithm",
           " is '" + spec.algorithm + "'; it must be empty or one of " + words);
  for (Candidate& candidate : decision.candidates)
    candidate.taken = candidate.taken && candidate.algorithm == decision.algorithm;
}

void decide_cpu(Decision& decision, const RnnSpec& spec, Dims largest, Mode mode,
                const DeviceFacts& device) {
  refuse_on_cpu(spec);
  try {
    const cpu::Sizes sizes = cpu::sizes_of(spec, *decision.cell, largest, device.vector_bytes);
    decision.scratch_bytes = cpu::ForwardLayout(sizes).bytes;
    if (largest.T > 0 && largest.B > 0) decision.packed_bytes = cpu::PackedLayout(sizes).bytes;
    if (mode == Mode::training) {
      decision.scratch_bytes = std::max(decision.scratch_bytes, cpu::BackwardLayout(sizes).bytes);
      decision.saved_bytes = cpu::SavedLayout(sizes).bytes;
    }
  } catch (const SizeOverflow&) {
    refuse_memory(spec, largest);
  }
  const std::string R = cpu::packs_R(largest.T, largest.B) ? "R packed" : "R read where it lies";
  decision.candidates = {
      {"cpu", true, R + ", gates fused into its product, one parallel region a chunk of steps"},
      {"step", false, "it runs on a cuda device"},
      {"block", false, "it runs on a cuda device"},
      {"cluster", false, "it runs on a cuda device"},
      {"grid", false, "it runs on a cuda device"}};
  take(decision, spec, "cpu");
}

/// Memory of the algorithm that was taken.
void size_cuda(Decision& decision, const RnnSpec& spec, Dims largest, Mode mode,
               const DeviceFacts& device) {
  try {
    cuda::Sizes sizes = cuda::sizes_of(spec, *decision.cell, largest, device);
    sizes.persistent = decision.persistent;
    sizes.persistent_backward = decision.persistent_backward;
    decision.scratch_bytes = cuda::ForwardLayout(sizes).bytes;
    if (mode == Mode::training) {
      decision.scratch_bytes = std::max(decision.scratch_bytes, cuda::BackwardLayout(sizes).bytes);
      decision.saved_bytes = cuda::SavedLayout(sizes).bytes;
    }
  } catch (const SizeOverflow&) {
    refuse_memory(spec, largest);
  }
}

/// A form's candidate, and its shapes where it is the one that the spec names. Where R^T does not
/// fit, backward is by steps.
Candidate persistent_candidate(Decision& decision, cuda::PersistentForm form, const RnnSpec& spec,
                               Dims largest, Mode mode, const DeviceFacts& device,
                               const Room& room) {
  const std::string word(cuda::to_string(form));
  const cuda::PersistentChoice forward =
      cuda::choose_persistent({form, false, room.forward}, spec, *decision.cell, largest, device);
  if (!forward.shape) return {cuda::to_string(form), false, forward.reason};
  std::string text = cuda::describe(forward, largest.B);
  cuda::PersistentChoice backward;
  if (mode == Mode::training) {
    backward =
        cuda::choose_persistent({form, true, room.backward}, spec, *decision.cell, largest, device);
    text += backward.shape ? "; backward " + cuda::describe(backward, largest.B)
                           : "; backward by steps: " + backward.reason;
  }
  if (spec.algorithm != word)
    return {cuda::to_string(form), true, "only by name, until it is measured: " + text};
  decision.persistent = forward.shape;
  decision.persistent_backward = backward.shape;
  return {cuda::to_string(form), true, text};
}

void decide_cuda(Decision& decision, const RnnSpec& spec, Dims largest, Mode mode,
                 const DeviceFacts& device, const Room& room) {
  if (const std::string why = why_not_cuda(device); !why.empty())
    unsupported("Plan", "device", " is " + describe(device) + "; " + why);
  const auto persistent = [&](cuda::PersistentForm form) {
    const bool was_asked = spec.algorithm == cuda::to_string(form);
    return persistent_candidate(decision, form, spec, largest, mode, device,
                                was_asked ? room : Room{});
  };
  decision.candidates = {
      {"step", true, "W x as one product a chunk of steps; a product and a gate kernel each step"},
      persistent(cuda::PersistentForm::block),
      persistent(cuda::PersistentForm::cluster),
      persistent(cuda::PersistentForm::grid),
      {"cpu", false, "it runs on a cpu device"}};
  take(decision, spec, "step");
  size_cuda(decision, spec, largest, mode, device);
}

/// Whether code for `architecture` ("80", "90a", "100f") runs on a device.
bool runs_on(std::string_view architecture, const DeviceFacts& device) {
  const bool exact = architecture.ends_with('a'), family = architecture.ends_with('f');
  if (exact || family) architecture.remove_suffix(1);
  int version = 0;
  const auto [end, error] =
      std::from_chars(architecture.data(), architecture.data() + architecture.size(), version);
  if (error != std::errc() || end != architecture.data() + architecture.size()) return false;
  const int major = version / 10, minor = version % 10;
  return major == device.major && (exact ? minor == device.minor : minor <= device.minor);
}

std::string with_unit(std::int64_t bytes) {
  const double mib = static_cast<double>(bytes) / (1 << 20);
  return mib < 1 ? number(bytes) + " bytes" : number(mib) + " MiB";
}

}  // namespace

std::string why_not_cuda(const DeviceFacts& device) {
  if (device.major < 8) return "takt's GPU code needs compute capability 8.0 or newer";
  std::string_view rest = device.architectures;
  while (!rest.empty()) {
    const std::string_view architecture = rest.substr(0, rest.find(' '));
    if (runs_on(architecture, device)) return "";
    rest.remove_prefix(std::min(rest.size(), architecture.size() + 1));
  }
  return "this takt was compiled for " + device.architectures + " (TAKT_CUDA_ARCHITECTURES)";
}

Decision decide(const RnnSpec& spec, Dims largest, Mode mode, const DeviceFacts& device,
                const Room& room) {
  Decision decision;
  decision.cell = &check_spec("Plan", spec);
  decision.cell_index = decision.cell - known_cells().data();
  check_dims(largest);
  if (mode != Mode::inference && mode != Mode::training)
    refuse("Plan", "mode", " is " + number(static_cast<int>(mode)) + "; it must be 0 or 1");
  if (device.kind == DeviceKind::cuda)
    decide_cuda(decision, spec, largest, mode, device, room);
  else
    decide_cpu(decision, spec, largest, mode, device);
  return decision;
}

std::string explain(const Decision& decision, const RnnSpec& spec, Dims largest, Mode mode,
                    const DeviceFacts& device) {
  std::string text = to_string(spec) + ", " + std::string(to_string(mode)) + ", T up to " +
                     number(largest.T) + ", B up to " + number(largest.B) + "\n";
  text += "device     " + describe(device) + "\n";
  for (const Candidate& candidate : decision.candidates)
    text += std::string(candidate.taken ? "taken      " : "refused    ") +
            std::string(candidate.algorithm) + ": " + candidate.reason + "\n";
  text += "memory     scratch " + with_unit(decision.scratch_bytes) + ", saved " +
          with_unit(decision.saved_bytes);
  if (decision.packed_bytes > 0)
    text += ", packed " + with_unit(decision.packed_bytes) + " (Plan::pack)";
  return text;
}

}  // namespace takt
