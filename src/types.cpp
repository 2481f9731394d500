// Names of the enumerations.
#include <takt/types.hpp>

namespace takt {

std::string_view to_string(DataType type) noexcept {
  switch (type) {
    case DataType::f32: return "f32";
    case DataType::f64: return "f64";
    case DataType::f16: return "f16";
    case DataType::bf16: return "bf16";
  }
  return "?";
}

std::string_view to_string(Math math) noexcept {
  switch (math) {
    case Math::strict: return "strict";
    case Math::tf32: return "tf32";
  }
  return "?";
}

std::string_view to_string(Mode mode) noexcept {
  switch (mode) {
    case Mode::inference: return "inference";
    case Mode::training: return "training";
  }
  return "?";
}

std::string_view to_string(Direction direction) noexcept {
  switch (direction) {
    case Direction::forward: return "forward";
    case Direction::reverse: return "reverse";
    case Direction::bidirectional: return "bidirectional";
  }
  return "?";
}

std::string_view to_string(Merge merge) noexcept {
  switch (merge) {
    case Merge::concat: return "concat";
    case Merge::sum: return "sum";
  }
  return "?";
}

std::string_view to_string(Bias bias) noexcept {
  switch (bias) {
    case Bias::none: return "none";
    case Bias::input: return "input";
    case Bias::recurrent: return "recurrent";
    case Bias::both: return "both";
  }
  return "?";
}

std::string_view to_string(InputMode input) noexcept {
  switch (input) {
    case InputMode::product: return "product";
    case InputMode::precomputed: return "precomputed";
  }
  return "?";
}

std::string_view to_string(Layout layout) noexcept {
  switch (layout) {
    case Layout::time_major: return "time_major";
    case Layout::batch_major: return "batch_major";
  }
  return "?";
}

std::string to_string(const Place& place) {
  std::string text(to_string(place.kind));
  return place.kind == DeviceKind::cpu ? text : text + ":" + std::to_string(place.ordinal);
}

std::string_view to_string(DeviceKind kind) noexcept {
  switch (kind) {
    case DeviceKind::cpu: return "cpu";
    case DeviceKind::cuda: return "cuda";
  }
  return "?";
}

}  // namespace takt
