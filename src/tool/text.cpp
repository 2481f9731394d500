// Text for people.
#include "tool/text.hpp"

#include <algorithm>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <initializer_list>

namespace takt::tool {

std::string format(const char* form, ...) {
  std::va_list arguments, again;
  va_start(arguments, form);
  va_copy(again, arguments);
  const int size = std::vsnprintf(nullptr, 0, form, arguments);
  va_end(arguments);
  std::string text(size > 0 ? static_cast<std::size_t>(size) : 0, '\0');
  std::vsnprintf(text.data(), text.size() + 1, form, again);
  va_end(again);
  return text;
}

namespace {

/// Three digits: 1.23, 12.3, 123.
std::string three_digits(double value) {
  return format("%.*f", value < 9.995 ? 2 : value < 99.95 ? 1 : 0, value);
}

/// The unit in which a value lies below `step`; units are `step` apart.
std::string with_unit(double value, double step, std::initializer_list<const char*> units) {
  const char* const* unit = units.begin();
  for (; value >= step * 0.9995 && unit + 1 < units.end(); ++unit) value /= step;
  return three_digits(value) + *unit;
}

}  // namespace

std::string with_time_unit(double seconds) {
  return with_unit(1e6 * seconds, 1000, {" us", " ms", " s"});
}

std::string with_byte_unit(double bytes) {
  return with_unit(bytes / 1024, 1024, {" KiB", " MiB", " GiB", " TiB", " PiB", " EiB"});
}

std::string with_prefix(double value) {
  return with_unit(value, 1000, {"", " k", " M", " G", " T"});
}

std::string error_text(double error) {
  // printf shows the sign of a NaN, which says nothing.
  if (std::isnan(error)) return "nan";
  return error == 0 ? "0" : format("%.2e", error);
}

std::string percent(double share) {
  if (std::isnan(share)) return "nan";
  if (std::isinf(share)) return format("%g", share);
  return share < 10 ? format("%.0f %%", 100 * share) : format("%.3g x", share);
}

std::string joined(const std::vector<std::string>& words, const char* between) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {
  for (Column& column : columns_) column.width = std::max(column.width, column.title.size());
}

void Table::widen(const std::vector<std::string>& cells) {
  for (std::size_t n = 0; n < columns_.size(); ++n)
    columns_[n].width = std::max(columns_[n].width, cells[n].size());
}

std::string Table::header() const {
  std::vector<std::string> titles;
  for (const Column& column : columns_) titles.push_back(column.title);
  return row(titles);
}

std::string Table::row(const std::vector<std::string>& cells) const {
  std::string line;
  for (std::size_t n = 0; n < columns_.size(); ++n) {
    const Column& column = columns_[n];
    const std::size_t missing = column.width - std::min(column.width, cells[n].size());
    if (n > 0) line += "  ";
    line +=
        column.left ? cells[n] + std::string(missing, ' ') : std::string(missing, ' ') + cells[n];
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace takt::tool
