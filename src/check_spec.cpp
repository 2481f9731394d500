// What a spec may be: ranges, contradictions, and what is named but not there yet.
#include <cmath>
#include <limits>

#include "plan.hpp"
#include "say.hpp"

namespace takt {

namespace {

// Row counts and leading dimensions of a GPU's products are 32-bit integers.
constexpr std::int64_t largest_size = std::numeric_limits<std::int32_t>::max();

void check_size(const char* where, const char* name, std::int64_t value, std::int64_t most) {
  if (value < 1 || value > most)
    refuse(where, name, " is " + number(value) + "; it must be between 1 and " + number(most));
}

void check_probability(const char* where, const char* name, double p) {
  if (!(p >= 0 && p < 1))
    refuse(where, name, " is " + number(p) + "; it must be at least 0 and less than 1");
  if (p != 0) unsupported(where, name, " is " + number(p) + "; takt has none yet, only 0");
}

template <class Enum>
void check_enum(const char* where, const char* name, Enum value, Enum last) {
  if (value > last)
    refuse(where, name,
           " is " + number(static_cast<int>(value)) + "; it must be between 0 and " +
               number(static_cast<int>(last)));
}

void check_enums(const char* where, const RnnSpec& spec) {
  check_enum(where, "direction", spec.direction, Direction::bidirectional);
  check_enum(where, "merge", spec.merge, Merge::sum);
  check_enum(where, "input", spec.input, InputMode::precomputed);
  check_enum(where, "bias", spec.bias, Bias::both);
  check_enum(where, "type", spec.type, DataType::bf16);
  check_enum(where, "math", spec.math, Math::tf32);
  check_enum(where, "layout", spec.layout, Layout::batch_major);
}

/// The largest finite value of a type.
double largest_value(DataType type) {
  switch (type) {
    case DataType::f32: return std::numeric_limits<float>::max();
    case DataType::f16: return 65504;
    case DataType::bf16: return 0x1.FEp127;
    case DataType::f64: break;
  }
  return std::numeric_limits<double>::max();
}

void check_fill(const char* where, const RnnSpec& spec) {
  const double most = largest_value(spec.type);
  if (std::isfinite(spec.fill) && std::abs(spec.fill) > most)
    refuse(where, "fill",
           " is " + number(spec.fill) + "; it must lie within " + number(most) + " of 0, as type " +
               std::string(to_string(spec.type)) + " does, or be infinite or NaN");
}

void check_structure(const char* where, const RnnSpec& spec) {
  if (spec.projection_size < 0)
    refuse(where, "projection_size",
           " is " + number(spec.projection_size) + "; it must be at least 0");
  if (spec.projection_size > spec.hidden_size)
    refuse(where, "projection_size",
           " is " + number(spec.projection_size) + "; it must be at most hidden_size = " +
               number(spec.hidden_size) + ", or 0 for none");
  if (spec.projection_size != 0)
    unsupported(where, "projection_size",
                " is " + number(spec.projection_size) + "; takt has no projection yet, only 0");
  if (spec.layers < 1)
    refuse(where, "layers", " is " + number(spec.layers) + "; it must be at least 1");
  if (spec.layers != 1)
    unsupported(where, "layers", " is " + number(spec.layers) + "; takt runs one layer a plan yet");
  if (spec.direction == Direction::bidirectional)
    unsupported(where, "direction",
                " is bidirectional; takt runs forward or reverse yet, one a plan");
  if (spec.merge != Merge::concat)
    refuse(where, "merge", " is sum; it means something only for a bidirectional spec");
  if (spec.heads < 1 || spec.hidden_size % spec.heads != 0)
    refuse(
        where, "heads",
        " is " + number(spec.heads) + "; it must divide hidden_size = " + number(spec.hidden_size));
  if (spec.heads != 1)
    unsupported(where, "heads", " is " + number(spec.heads) + "; no cell of takt has heads yet");
}

void check_regularisers(const char* where, const RnnSpec& spec) {
  check_probability(where, "dropout", spec.dropout);
  check_probability(where, "recurrent_dropout", spec.recurrent_dropout);
  check_probability(where, "weight_dropout", spec.weight_dropout);
  check_probability(where, "zoneout_h", spec.zoneout_h);
  check_probability(where, "zoneout_c", spec.zoneout_c);
  if (!(spec.cell_clip.lo <= spec.cell_clip.hi))
    refuse(where, "cell_clip",
           " is [" + number(spec.cell_clip.lo) + ", " + number(spec.cell_clip.hi) +
               "]; lo must be at most hi");
  if (spec.cell_clip != CellClip{})
    unsupported(where, "cell_clip", " is set; takt does not clip yet");
  if (!(spec.recurrent_gradient_clip > 0))
    refuse(where, "recurrent_gradient_clip",
           " is " + number(spec.recurrent_gradient_clip) + "; it must be greater than 0");
  if (!std::isinf(spec.recurrent_gradient_clip))
    unsupported(where, "recurrent_gradient_clip", " is set; takt does not clip yet");
  constexpr std::int64_t day_ms = 86'400'000;
  if (spec.wait_limit_ms < 1 || spec.wait_limit_ms > day_ms)
    refuse(where, "wait_limit_ms",
           " is " + number(spec.wait_limit_ms) + "; it must be 1 to " + number(day_ms));
  if (!(spec.layer_norm_epsilon > 0))
    refuse(where, "layer_norm_epsilon",
           " is " + number(spec.layer_norm_epsilon) + "; it must be greater than 0");
  if (spec.layer_norm) unsupported(where, "layer_norm", " is set; takt has no layer norm yet");
}

}  // namespace

const CellInfo& check_spec(const char* where, const RnnSpec& spec) {
  const CellInfo& cell = find_cell(where, spec.cell);
  check_enums(where, spec);
  check_size(where, "input_size", spec.input_size, largest_size);
  check_size(where, "hidden_size", spec.hidden_size, largest_size / cell.gates);
  if (spec.input == InputMode::precomputed && spec.input_size != cell.gates * spec.hidden_size)
    refuse(where, "input_size",
           " is " + number(spec.input_size) + " and 'input' precomputed; it must be G*H = " +
               number(cell.gates * spec.hidden_size));
  check_fill(where, spec);
  check_structure(where, spec);
  check_regularisers(where, spec);
  if (spec.math == Math::tf32 && spec.type != DataType::f32)
    refuse(where, "math", " is tf32; it means something only for type f32");
  return cell;
}

}  // namespace takt
