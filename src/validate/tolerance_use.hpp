// How much of the tolerances a set of cases has used: whether they are tight enough to say
// anything.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "validate/run.hpp"

namespace takt::validate {

/// The most that any case of a cell and precision has used of a tensor's tolerance.
struct ToleranceUse {
  std::string cell;
  Precision precision = DataType::f32;
  std::string_view tensor;
  double share = 0;
  CaseShape shape;  ///< of the case that used most

  bool is_loose() const;
};

/// "dbW of lstm f32 uses 1.3 % of its tolerance at most, in T5 B3 I2 H1".
std::string to_string(const ToleranceUse& use);

class ToleranceUses {
 public:
  /// A case that had to be exact, or was refused, has no tolerances and says nothing.
  void add(const Outcome& outcome);
  /// In the order in which they came up first.
  const std::vector<ToleranceUse>& all() const { return uses_; }
  std::vector<ToleranceUse> loose() const;

 private:
  std::vector<ToleranceUse> uses_;
};

}  // namespace takt::validate
