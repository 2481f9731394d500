// The decision how to run a spec.
#include "plan.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "cpu/layout.hpp"
#include "cuda/layout.hpp"
#include "cuda/model.hpp"
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
/// against them. `why_not`: what is said of the others before what they are.
void take(Decision& decision, const RnnSpec& spec, std::string_view usual,
          const std::string& why_not = "") {
  const std::string_view wanted = spec.algorithm.empty() ? usual : std::string_view(spec.algorithm);
  std::string words;
  for (Candidate& candidate : decision.candidates) {
    words += (words.empty() ? "" : ", ") + std::string(candidate.algorithm);
    if (candidate.algorithm != wanted) {
      if (candidate.taken) candidate.reason = why_not + candidate.reason;
      continue;
    }
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

using cuda::PersistentForm;

/// A way to run a spec on a cuda device. One that has no shape backward goes backward by steps.
struct Way {
  Candidate candidate;
  std::optional<PersistentForm> form{};
  cuda::PersistentChoice forward{}, backward{};
  double call_us = 0;  // by the planner's model
};

class Ways {
 public:
  Ways(const RnnSpec& spec, const CellInfo& cell, Dims largest, Mode mode,
       const DeviceFacts& device)
      : spec_(spec),
        cell_(cell),
        largest_(largest),
        device_(device),
        trains_(mode == Mode::training) {}

  Way step() const {
    Way way{.candidate = {"step", true,
                          "W x as one product a chunk of steps; a product and a gate kernel each "
                          "step, " +
                              cuda::us_a_step(step_us())}};
    way.call_us = steps() * step_us() * (trains_ ? 2 : 1);
    return with_time(way);
  }

  Way persistent(PersistentForm form, const Room::Most& room) const {
    Way way{.candidate = {cuda::to_string(form), false, ""}, .form = form};
    way.forward = choose(form, false, room.forward);
    if (!way.forward.shape) {
      way.candidate.reason = way.forward.reason;
      return way;
    }
    way.candidate.taken = true;
    way.candidate.reason = cuda::describe(way.forward, largest_.B);
    way.call_us = call_us(way.forward);
    if (trains_) add_backward(way, room.backward);
    return with_time(way);
  }

 private:
  cuda::StepSize size() const { return {spec_, cell_, largest_.B}; }
  double steps() const { return static_cast<double>(largest_.T); }
  double step_us() const { return cuda::step_us(size(), device_); }
  cuda::PersistentChoice choose(PersistentForm form, bool backward, int most_blocks) const {
    return cuda::choose_persistent({form, backward, most_blocks}, spec_, cell_, largest_, device_);
  }
  double call_us(const cuda::PersistentChoice& choice) const {
    return cuda::persistent_call_us(*choice.shape, largest_.T, device_) + steps() * choice.step_us;
  }
  /// In the same form, or by steps: where it does not fit, or, unless the form was named, where the
  /// model finds that faster.
  void add_backward(Way& way, int most_blocks) const {
    const double by_steps_us = steps() * step_us();
    way.backward = choose(*way.form, true, most_blocks);
    if (way.backward.shape && spec_.algorithm.empty() && call_us(way.backward) > by_steps_us)
      way.backward = {.shape = {}, .reason = "that is faster by the model"};
    way.candidate.reason += way.backward.shape
                                ? "; backward " + cuda::describe(way.backward, largest_.B)
                                : "; backward by steps: " + way.backward.reason;
    way.call_us += way.backward.shape ? call_us(way.backward) : by_steps_us;
  }
  Way with_time(Way way) const {
    constexpr double most_integer = 1e15;
    way.candidate.reason +=
        ", " +
        (way.call_us < most_integer ? number(static_cast<std::int64_t>(std::llround(way.call_us)))
                                    : number(way.call_us)) +
        " us a call" + cuda::model_of(device_).by();
    return way;
  }

  const RnnSpec& spec_;
  const CellInfo& cell_;
  Dims largest_;
  const DeviceFacts& device_;
  bool trains_;
};

/// A persistent form is taken by itself only where its constants were measured: a guess of ours is
/// no reason to leave the algorithm that needs nothing of a device.
void decide_cuda(Decision& decision, const RnnSpec& spec, Dims largest, Mode mode,
                 const DeviceFacts& device, const Room& room) {
  if (const std::string why = why_not_cuda(device); !why.empty())
    unsupported("Plan", "device", " is " + describe(device) + "; " + why);
  const bool is_measured = cuda::model_of(device).is_measured();
  const Ways ways(spec, *decision.cell, largest, mode, device);
  std::vector<Way> all = {ways.step()};
  for (const PersistentForm form : cuda::persistent_forms)
    all.push_back(ways.persistent(form, room.of(form)));
  const Way* fastest = &all[0];
  for (const Way& way : all) {
    decision.candidates.push_back(way.candidate);
    if (is_measured && way.candidate.taken && way.call_us < fastest->call_us) fastest = &way;
  }
  decision.candidates.push_back({"cpu", false, "it runs on a cpu device"});
  take(decision, spec, fastest->candidate.algorithm,
       !spec.algorithm.empty() ? "another is named: "
       : is_measured           ? "slower by the model: "
                               : "only by name, since no constants of the device are measured: ");
  for (const Way& way : all)
    if (way.candidate.algorithm == decision.algorithm) {
      decision.form = way.form;
      decision.persistent = way.forward.shape;
      decision.persistent_backward = way.backward.shape;
    }
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

Decision decide_on(const RnnSpec& spec, Dims largest, Mode mode, const DeviceFacts& device,
                   const GroupsAtOnce& groups_at_once) {
  Room room;
  const auto smaller = [](const policy::PersistentShape& shape) {
    return shape.in_grid ? 0 : shape.blocks / 2;
  };
  while (true) {
    Decision decision = decide(spec, largest, mode, device, room);
    if (!decision.persistent) return decision;
    Room::Most& most = room.of(*decision.form);
    const auto ask = [&](const policy::PersistentShape& shape) {
      return groups_at_once(decision.cell_index, shape);
    };
    decision.groups_at_once = ask(*decision.persistent);
    if (decision.groups_at_once == 0) {
      most.forward = smaller(*decision.persistent);
      const cuda::PersistentPass less{*decision.form, false, most.forward};
      const bool is_named = !spec.algorithm.empty();
      if (is_named && !cuda::choose_persistent(less, spec, *decision.cell, largest, device).shape)
        cuda::refuse_room(*decision.persistent);
      continue;
    }
    if (!decision.persistent_backward) return decision;
    decision.backward_groups_at_once = ask(*decision.persistent_backward);
    if (decision.backward_groups_at_once > 0) return decision;
    most.backward = smaller(*decision.persistent_backward);
  }
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
