// Times functions with Google Benchmark.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace takt::bench {

class DeviceClock;

/// What is timed; others in the same measurement have other names.
struct Contestant {
  std::string name;
  std::function<void()> call;  ///< on a GPU it enqueues, else it is done when it returns
};

struct Timing {
  std::vector<double> samples;  ///< seconds of one call, the mean of each repetition
  std::int64_t iterations = 0;  ///< calls in a repetition

  double median() const;
  double least() const;
  double most() const;
};

/// A contestant's call threw.
struct ContestantFailure : std::exception {
  ContestantFailure(std::size_t contestant, std::exception_ptr why)
      : contestant(contestant), why(std::move(why)) {}
  const char* what() const noexcept override { return "a call that is timed threw"; }

  std::size_t contestant;  ///< its place among them
  std::exception_ptr why;
};

/// At least as many, so that a median says something.
inline constexpr int least_repetitions = 30;

/// One timing each. `seconds` for each in all, over the repetitions; a slow call runs once a
/// repetition, however long that is. Repetitions of several contestants take turns in random order,
/// each after a call that is not counted; where threads of the host compute, also after a pause in
/// which those of the one before go to sleep. The caller has run all before, so that nothing is
/// cold. `clock`: of the GPU's stream on which they enqueue; null: the host's steady clock. Throws
/// ContestantFailure at the first call that throws.
std::vector<Timing> measure(const std::vector<Contestant>& contestants, double seconds,
                            int repetitions, DeviceClock* clock = nullptr);

/// "Google Benchmark 1.7.1".
std::string benchmark_version();

}  // namespace takt::bench
