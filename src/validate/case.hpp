// A case of validation: a cell, a type, a shape and the semantics that it exercises.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <takt/types.hpp>

namespace takt::validate {

struct CaseShape {
  std::int64_t T = 0, B = 0, I = 0, H = 0;
  friend bool operator==(const CaseShape&, const CaseShape&) = default;
};
std::string to_string(const CaseShape& shape);

/// How numbers are stored and how their products are computed. Its word is that of the type, or
/// "tf32" for f32 whose products round their inputs to tf32.
struct Precision {
  DataType type = DataType::f32;
  Math math = Math::strict;

  constexpr Precision(DataType type_in, Math math_in = Math::strict)  // NOLINT
      : type(type_in), math(math_in) {}
  friend bool operator==(const Precision&, const Precision&) = default;

  /// Whether forward rounds more than f32 does.
  bool is_reduced() const { return size_of(type) < 4 || math != Math::strict; }
};
std::string to_string(const Precision& precision);

/// Every precision that is validated.
const std::vector<Precision>& all_precisions();

/// What a case does beside the plain call.
struct Semantics {
  std::string_view name = "plain";
  bool reverse = false;
  bool lengths = false;
  bool resets = false;
  bool null_states = false;
  bool strides = false;
  bool accumulate = false;
  Layout layout = Layout::time_major;
  Bias bias = Bias::both;
  InputMode input = InputMode::product;
};

/// Every set of semantics that is validated.
const std::vector<Semantics>& all_semantics();

struct Case {
  std::string cell;
  DataType type = DataType::f32;
  Math math = Math::strict;
  CaseShape shape;
  Semantics semantics;
  std::string algorithm{};  ///< as RnnSpec::algorithm

  Precision precision() const { return {type, math}; }
};

/// Cells x precisions x odd shapes x semantics. Empty filters take everything.
struct Filter {
  std::vector<std::string> cells;
  std::vector<Precision> types;
  std::string algorithm{};  ///< of every case
};
std::vector<Case> all_cases(const Filter& filter = {});

}  // namespace takt::validate
