// Where the time of training goes.
#pragma once

#include <array>
#include <cstddef>

namespace language_model {

enum class Part : std::size_t { takt, products, rest };

/// Seconds spent in each part.
class TimeShares {
 public:
  void add(Part part, double seconds) { seconds_[static_cast<std::size_t>(part)] += seconds; }

  double seconds(Part part) const { return seconds_[static_cast<std::size_t>(part)]; }
  double seconds() const { return seconds_[0] + seconds_[1] + seconds_[2]; }
  /// Of all that was measured; 0 before anything was.
  double share(Part part) const { return seconds() > 0 ? seconds(part) / seconds() : 0; }

 private:
  std::array<double, 3> seconds_{};
};

}  // namespace language_model
