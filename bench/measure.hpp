// Times a function with Google Benchmark.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace takt::bench {

struct Timing {
  std::vector<double> samples;  ///< seconds of one call, the mean of each repetition
  std::int64_t iterations = 0;  ///< calls in a repetition

  double median() const;
  double least() const;
  double most() const;
};

/// `seconds` in all, over the repetitions; a slow call runs once a repetition, however long that
/// is. The caller has run it before, so that nothing is cold.
Timing measure(const std::string& name, const std::function<void()>& call, double seconds,
               int repetitions);

/// Repetitions that suit a call of this length.
int repetitions_for(double call_seconds, double seconds);

/// "Google Benchmark 1.7.1".
std::string benchmark_version();

}  // namespace takt::bench
