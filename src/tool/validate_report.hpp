// What validation prints and writes: a line a group of cases, counts, JSON.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tool/output.hpp"
#include "tool/text.hpp"
#include "validate/run.hpp"

namespace takt::tool {

struct Counts {
  std::int64_t cases = 0, inside = 0, outside = 0, loose = 0, refused = 0;
  std::int64_t loose_tolerances = 0;  ///< validate::ToleranceUses::loose(), not cases
  std::string reason{};               ///< of the first refused one
  void add(const validate::Outcome& outcome);
  Counts& operator+=(const Counts& other);
};

/// "1456 cases, 1456 inside tolerance, 0 outside, 0 not possible here".
std::string counts_line(const Counts& counts, bool reasons_shown);

Json counts_json(const Counts& counts);
Json report_head(const std::vector<Device>& devices);
Json case_json(const validate::Outcome& outcome, const Device& device);

/// Cases that share a line.
enum class Grouping { semantics, cell };

class Report {
 public:
  /// Prints the device and the table's head.
  Report(const Device& device, const std::vector<validate::Case>& cases, Grouping grouping,
         const Lines& print);

  /// Whether this outcome starts another group, so that `add` will print a line.
  bool completes_group(const validate::Outcome& outcome) const;
  void add(const validate::Outcome& outcome);
  void finish();
  void print_reasons() const;
  const Counts& counts() const { return counts_; }

 private:
  struct Group {
    std::vector<std::string> key;
    Counts counts;
    std::string algorithm;
    std::optional<validate::Outcome> worst;  ///< the case of the largest share or worst verdict
  };
  std::vector<std::string> key_of(const validate::Case& checked) const;
  Table make_table(const std::vector<validate::Case>& cases) const;
  void print_group() const;

  Grouping grouping_;
  const Lines& print_;
  Table table_;
  Group group_;
  Counts counts_;
  std::map<std::string, std::int64_t> reasons_;
};

}  // namespace takt::tool
