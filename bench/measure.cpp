// Times a function with Google Benchmark.
#include "measure.hpp"

#include <algorithm>
#include <exception>
#include <stdexcept>

#include <benchmark/benchmark.h>

namespace takt::bench {
namespace {

/// Keeps every repetition and prints nothing.
class Collector : public benchmark::BenchmarkReporter {
 public:
  explicit Collector(Timing& timing) : timing_(timing) {}

  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration || run.iterations == 0) continue;
      timing_.iterations = run.iterations;
      timing_.samples.push_back(run.real_accumulated_time / static_cast<double>(run.iterations));
    }
  }

 private:
  Timing& timing_;
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

Timing measure(const std::string& name, const std::function<void()>& call, double seconds,
               int repetitions) {
  Timing timing;
  std::exception_ptr failure;
  const auto loop = [&](benchmark::State& state) {
    try {
      for ([[maybe_unused]] auto _ : state) call();
    } catch (...) {
      failure = std::current_exception();
      state.SkipWithError("failed");
    }
  };
  benchmark::RegisterBenchmark(name.c_str(), loop)
      ->UseRealTime()
      ->MinTime(seconds / repetitions)
      ->Repetitions(repetitions);
  Collector collector(timing);
  benchmark::RunSpecifiedBenchmarks(&collector, ".");
  benchmark::ClearRegisteredBenchmarks();
  if (failure) std::rethrow_exception(failure);
  if (timing.samples.empty()) throw std::runtime_error("Google Benchmark gave no time of " + name);
  return timing;
}

int repetitions_for(double call_seconds, double seconds) {
  return static_cast<int>(std::clamp(seconds / std::max(call_seconds, 1e-9), 3.0, 9.0));
}

std::string benchmark_version() {
  return std::string("Google Benchmark ") + TAKT_BENCHMARK_VERSION;
}

}  // namespace takt::bench
