// Enumerators by their names, as options and shape lists spell them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <takt/types.hpp>

#include "shape.hpp"

namespace takt::bench {

template <class Enum>
inline constexpr Enum last_of{};
template <>
inline constexpr DataType last_of<DataType> = DataType::bf16;
template <>
inline constexpr Math last_of<Math> = Math::tf32;
template <>
inline constexpr Mode last_of<Mode> = Mode::training;
template <>
inline constexpr Timed last_of<Timed> = Timed::training;
template <>
inline constexpr Direction last_of<Direction> = Direction::bidirectional;
template <>
inline constexpr Merge last_of<Merge> = Merge::sum;
template <>
inline constexpr Bias last_of<Bias> = Bias::both;
template <>
inline constexpr Layout last_of<Layout> = Layout::batch_major;

template <class Enum, class Visit>
void for_words(const Visit& visit) {
  for (int n = 0; n <= static_cast<int>(last_of<Enum>); ++n) visit(static_cast<Enum>(n));
}

template <class Enum>
std::optional<Enum> find_word(std::string_view text) {
  std::optional<Enum> found;
  for_words<Enum>([&](Enum value) {
    if (to_string(value) == text) found = value;
  });
  return found;
}

/// "f32, f64, f16, bf16".
template <class Enum>
std::string all_words() {
  std::string text;
  for_words<Enum>(
      [&](Enum value) { text += (text.empty() ? "" : ", ") + std::string(to_string(value)); });
  return text;
}

}  // namespace takt::bench
