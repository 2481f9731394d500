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
};

/// Every set of semantics that is validated.
const std::vector<Semantics>& all_semantics();

struct Case {
  std::string cell;
  DataType type = DataType::f32;
  CaseShape shape;
  Semantics semantics;
};

/// Cells x types x odd shapes x semantics. Empty filters take everything.
struct Filter {
  std::vector<std::string> cells;
  std::vector<DataType> types;
};
std::vector<Case> all_cases(const Filter& filter = {});

}  // namespace takt::validate
