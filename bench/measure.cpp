// Times functions with Google Benchmark.
#include "measure.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <map>
#include <stdexcept>
#include <thread>

#include <benchmark/benchmark.h>

#include "device_clock.hpp"

namespace takt::bench {
namespace {

// Threads of OpenMP and of OpenBLAS spin for some milliseconds after a call, on cores that the next
// contestant needs.
constexpr auto pause = std::chrono::milliseconds(40);

/// Keeps every repetition and prints nothing.
class Collector : public benchmark::BenchmarkReporter {
 public:
  explicit Collector(std::map<std::string, Timing>& timings) : timings_(timings) {}

  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration || run.iterations == 0) continue;
      Timing& timing = timings_[run.run_name.function_name];
      timing.iterations = run.iterations;
      timing.samples.push_back(run.real_accumulated_time / static_cast<double>(run.iterations));
    }
  }

 private:
  std::map<std::string, Timing>& timings_;
};

/// Before its repetition: the traces of the contestant before are gone, and its own are there.
void take_turn(const Contestant& contestant, DeviceClock* clock) {
  if (clock != nullptr) {
    (void)clock->seconds(contestant.call);
    return;
  }
  std::this_thread::sleep_for(pause);
  contestant.call();
}

/// Google Benchmark takes this from a command line only.
void interleave_repetitions() {
  static const bool done = [] {
    char name[] = "takt", option[] = "--benchmark_enable_random_interleaving=true";
    char* arguments[] = {name, option, nullptr};
    int count = 2;
    benchmark::Initialize(&count, arguments);
    return true;
  }();
  (void)done;
}

/// Leaves no benchmark behind.
struct Registration {
  Registration() = default;
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;
  ~Registration() { benchmark::ClearRegisteredBenchmarks(); }
};

}  // namespace

double Timing::median() const {
  std::vector<double> sorted = samples;
  std::sort(sorted.begin(), sorted.end());
  const std::size_t n = sorted.size();
  return n == 0 ? 0 : (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
}

double Timing::least() const {
  return *std::min_element(samples.begin(), samples.end());
}

double Timing::most() const {
  return *std::max_element(samples.begin(), samples.end());
}

std::vector<Timing> measure(const std::vector<Contestant>& contestants, double seconds,
                            int repetitions, DeviceClock* clock) {
  std::map<std::string, Timing> timings;
  const Registration registration;
  for (const Contestant& contestant : contestants) {
    // What is thrown goes through Google Benchmark: a run that it is told to skip ends the process
    // where other repetitions have times.
    const auto loop = [&](benchmark::State& state) {
      try {
        if (contestants.size() > 1) take_turn(contestant, clock);
        if (clock == nullptr)
          for ([[maybe_unused]] auto _ : state) contestant.call();
        else
          for ([[maybe_unused]] auto _ : state)
            state.SetIterationTime(clock->seconds(contestant.call));
      } catch (...) {
        throw ContestantFailure(static_cast<std::size_t>(&contestant - contestants.data()),
                                std::current_exception());
      }
    };
    auto* const registered = benchmark::RegisterBenchmark(contestant.name.c_str(), loop)
                                 ->MinTime(seconds / repetitions)
                                 ->Repetitions(repetitions);
    clock == nullptr ? registered->UseRealTime() : registered->UseManualTime();
  }
  interleave_repetitions();
  Collector collector(timings);
  benchmark::RunSpecifiedBenchmarks(&collector, ".");
  std::vector<Timing> found;
  for (const Contestant& contestant : contestants) {
    if (timings[contestant.name].samples.empty())
      throw std::runtime_error("Google Benchmark gave no time of " + contestant.name);
    found.push_back(timings[contestant.name]);
  }
  return found;
}

std::string benchmark_version() {
  return std::string("Google Benchmark ") + TAKT_BENCHMARK_VERSION;
}

}  // namespace takt::bench
