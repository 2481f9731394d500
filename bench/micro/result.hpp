// One result of a micro benchmark: its name and parameters are what later readers find it by.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace takt::micro {

using Parameter = std::variant<std::int64_t, std::string>;
using Parameters = std::vector<std::pair<std::string, Parameter>>;

struct Result {
  std::string name;
  Parameters parameters;
  std::string unit;
  std::vector<double> samples;  ///< in the order in which they were taken
  std::string failure;          ///< why there are none; empty where there are

  bool failed() const { return !failure.empty(); }
  double median() const;  ///< of at least one sample
};

}  // namespace takt::micro
