// Fields of a record.
#include "tool/record_field.hpp"

#include <algorithm>

#include "tool/failure.hpp"

namespace takt::tool {

Field Field::operator[](const std::string& name) const {
  if (value_ == nullptr || !value_->is_object()) refuse("an object");
  const auto found = value_->find(name);
  return {file_, path_ + (path_.empty() ? "" : ".") + name,
          found == value_->end() ? nullptr : &*found};
}

void Field::refuse(const std::string& what) const {
  constexpr std::size_t most_shown = 60;
  std::string got = " is missing";
  if (value_ != nullptr) {
    got = value_->dump(-1, ' ', false, Json::error_handler_t::replace);
    got = " is " + (got.size() > most_shown ? got.substr(0, most_shown) + "..." : got);
  }
  throw UsageError(file_ + ": " + (path_.empty() ? "the record" : "'" + path_ + "'") + got +
                   "; it must be " + what);
}

std::string Field::text() const {
  if (value_ == nullptr || !value_->is_string()) refuse("a text");
  const auto text = value_->get<std::string>();
  if (text.empty()) refuse("a text that is not empty");
  if (std::any_of(text.begin(), text.end(),
                  [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }))
    refuse("a text without line breaks and other control characters");
  return text;
}

bool Field::flag() const {
  if (value_ == nullptr || !value_->is_boolean()) refuse("true or false");
  return value_->get<bool>();
}

double Field::number() const {
  if (value_ == nullptr || !value_->is_number()) refuse("a number");
  return value_->get<double>();
}

double Field::above_zero() const {
  if (value_ == nullptr || !value_->is_number() || !(value_->get<double>() > 0))
    refuse("a number above 0");
  return value_->get<double>();
}

std::int64_t Field::size() const {
  if (value_ == nullptr || !value_->is_number_integer() || value_->get<std::int64_t>() < 1)
    refuse("a whole number above 0");
  return value_->get<std::int64_t>();
}

std::vector<Field> Field::items() const {
  if (value_ == nullptr || !value_->is_array()) refuse("a list");
  std::vector<Field> all;
  for (std::size_t n = 0; n < value_->size(); ++n)
    all.push_back({file_, path_ + "[" + std::to_string(n) + "]", &(*value_)[n]});
  return all;
}

std::vector<std::pair<std::string, Field>> Field::members() const {
  if (value_ == nullptr || !value_->is_object()) refuse("an object");
  std::vector<std::pair<std::string, Field>> all;
  for (const auto& member : value_->items()) all.emplace_back(member.key(), (*this)[member.key()]);
  return all;
}

const Json& Field::json() const {
  if (value_ == nullptr) refuse("there");
  return *value_;
}

}  // namespace takt::tool
