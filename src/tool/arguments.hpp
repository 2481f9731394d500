// Options with values that are checked, and refused in sentences that name the option.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "tool/failure.hpp"
#include "words.hpp"

namespace takt::tool {

inline constexpr std::int64_t most_int32 = std::numeric_limits<std::int32_t>::max();

/// None where the text is anything else.
std::optional<std::int64_t> read_integer(const std::string& text);

/// Throws UsageError: "OPTION is 'TEXT'; it must be WHAT".
[[noreturn]] void refuse_value(const std::string& option, const std::string& text,
                               const std::string& what);

std::int64_t parse_integer(const std::string& option, const std::string& text, std::int64_t least,
                           std::int64_t most);

/// Any; for what takt itself judges.
std::int64_t parse_whole(const std::string& option, const std::string& text);
double parse_number(const std::string& option, const std::string& text);

double parse_number(const std::string& option, const std::string& text, double least, double most);

void check_one_of(const std::string& option, const std::string& text,
                  const std::vector<std::string>& words);

/// Throws UsageError, listing the known cells, for another name.
void check_cell(const std::string& option, const std::string& name);

/// `name` may be "--threads"; the range goes into the help.
CLI::Option* add_integer(CLI::App& app, const std::string& name, std::int64_t& value,
                         std::int64_t least, std::int64_t most, const std::string& help);

/// The algorithm of a plan, by its word; Plan judges it.
CLI::Option* add_algorithm(CLI::App& app, std::string& algorithm);

/// A size whose range is the plan's to judge.
template <class Value>
CLI::Option* add_size(CLI::App& app, const std::string& name, Value& value,
                      const std::string& help) {
  return app
      .add_option_function<std::string>(
          name, [name, &value](const std::string& text) { value = parse_whole(name, text); }, help)
      ->type_name("N");
}

/// The input size where only the hidden size was given; within range, so that it is H itself that
/// is refused where that is not.
inline std::int64_t input_like(std::int64_t H) {
  return std::clamp<std::int64_t>(H, 1, most_int32);
}

template <class Enum>
Enum parse_word(const std::string& option, const std::string& text) {
  if (const auto found = bench::find_word<Enum>(text)) return *found;
  refuse_value(option, text, "one of: " + bench::all_words<Enum>());
}

/// An option whose value is the name of an enumerator.
template <class Enum>
CLI::Option* add_word(CLI::App& app, const std::string& name, Enum& value,
                      const std::string& help) {
  return app
      .add_option_function<std::string>(
          name, [name, &value](const std::string& text) { value = parse_word<Enum>(name, text); },
          help + ": " + bench::all_words<Enum>())
      ->type_name("WORD")
      ->default_str(std::string(to_string(value)));
}

}  // namespace takt::tool
