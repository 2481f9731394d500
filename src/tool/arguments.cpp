// Options with values that are checked.
#include "tool/arguments.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <takt/cells.hpp>

#include "tool/text.hpp"

namespace takt::tool {
namespace {

template <class Value>
bool read_whole(const std::string& text, Value& value) {
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  return result.ec == std::errc() && result.ptr == end;
}

}  // namespace

std::optional<std::int64_t> read_integer(const std::string& text) {
  std::int64_t value = 0;
  return read_whole(text, value) ? std::optional(value) : std::nullopt;
}

void refuse_value(const std::string& option, const std::string& text, const std::string& what) {
  throw UsageError(option + " is '" + text + "'; it must be " + what);
}

std::int64_t parse_integer(const std::string& option, const std::string& text, std::int64_t least,
                           std::int64_t most) {
  const auto value = read_integer(text);
  if (!value || *value < least || *value > most)
    refuse_value(
        option, text,
        "a whole number between " + std::to_string(least) + " and " + std::to_string(most));
  return *value;
}

std::int64_t parse_whole(const std::string& option, const std::string& text) {
  const auto value = read_integer(text);
  if (!value) refuse_value(option, text, "a whole number of at most 63 bits");
  return *value;
}

double parse_number(const std::string& option, const std::string& text) {
  double value = 0;
  if (!read_whole(text, value) || !std::isfinite(value))
    refuse_value(option, text, "a finite number");
  return value;
}

double parse_number(const std::string& option, const std::string& text, double least, double most) {
  double value = 0;
  if (!read_whole(text, value) || !(value >= least && value <= most))
    refuse_value(option, text, format("a number between %g and %g", least, most));
  return value;
}

void check_one_of(const std::string& option, const std::string& text,
                  const std::vector<std::string>& words) {
  if (std::find(words.begin(), words.end(), text) == words.end())
    refuse_value(option, text, "one of: " + joined(words));
}

void check_cell(const std::string& option, const std::string& name) {
  std::vector<std::string> known;
  for (const CellInfo& cell : known_cells()) known.emplace_back(cell.name);
  check_one_of(option, name, known);
}

CLI::Option* add_integer(CLI::App& app, const std::string& name, std::int64_t& value,
                         std::int64_t least, std::int64_t most, const std::string& help) {
  return app
      .add_option_function<std::string>(
          name,
          [=, &value](const std::string& text) { value = parse_integer(name, text, least, most); },
          help)
      ->type_name("N")
      ->default_str(std::to_string(value));
}

CLI::Option* add_algorithm(CLI::App& app, std::string& algorithm) {
  return app
      .add_option("--algorithm", algorithm,
                  "Algorithm of the plans, as takt explain lists them [the planner's choice]")
      ->type_name("WORD");
}

}  // namespace takt::tool
