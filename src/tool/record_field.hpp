// Fields of a record, refused by file and name where they are not what they must be.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tool/output.hpp"

namespace takt::tool {

/// A value in a JSON file with the way to it: "points[3].median_s". Getters throw UsageError:
/// "FILE: 'points[3].median_s' is missing; it must be a number".
class Field {
 public:
  /// The whole of a file.
  Field(std::string file, const Json& value) : file_(std::move(file)), value_(&value) {}

  /// A member of it; asked for its value, one that is not there is refused.
  Field operator[](const std::string& name) const;
  /// Whether it is there and not null.
  bool there() const { return value_ != nullptr && !value_->is_null(); }
  bool is_text() const { return there() && value_->is_string(); }
  /// Of one that may be absent.
  bool flag_or(bool absent) const { return there() ? flag() : absent; }

  /// On one line.
  std::string text() const;
  bool flag() const;
  double number() const;
  /// A number above 0, as times are.
  double above_zero() const;
  std::int64_t size() const;
  std::vector<Field> items() const;
  /// Of an object, by their names.
  std::vector<std::pair<std::string, Field>> members() const;
  /// As it is.
  const Json& json() const;

  const std::string& file() const { return file_; }
  /// "WHAT" follows "it must be ".
  [[noreturn]] void refuse(const std::string& what) const;

 private:
  Field(std::string file, std::string path, const Json* value)
      : file_(std::move(file)), path_(std::move(path)), value_(value) {}

  std::string file_, path_;
  const Json* value_;
};

}  // namespace takt::tool
