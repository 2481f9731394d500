// Running what a benchmark measures.
#include "runner.cuh"

#include <algorithm>
#include <cmath>

#include "pattern.cuh"

namespace takt::micro {
namespace {

struct PatternParams {
  std::uint32_t* words;
  std::int64_t count;
  std::int64_t spoiled;  ///< a word whose lowest bit is turned; -1: none
};

__global__ void pattern_kernel(PatternParams p) {
  const std::int64_t threads = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t n = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; n < p.count;
       n += threads)
    p.words[n] = pattern_word(static_cast<std::uint32_t>(n)) ^ (n == p.spoiled ? 1u : 0u);
}

struct CheckParams {
  const std::uint32_t* words;
  std::int64_t count;
  std::uint32_t added;
  Outcome* outcome;
};

__global__ void check_pattern_kernel(CheckParams p) {
  const std::int64_t threads = std::int64_t{gridDim.x} * blockDim.x;
  std::uint32_t wrong = 0;
  for (std::int64_t n = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; n < p.count;
       n += threads)
    wrong += p.words[n] != pattern_word(static_cast<std::uint32_t>(n)) + p.added ? 1 : 0;
  add_wrong(wrong, p.outcome);
  if (blockIdx.x == 0 && threadIdx.x == 0) p.outcome->done = 1;
}

std::string counted(std::uint32_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

}  // namespace

Runner::Runner(const Setup& setup, const Listener& listener)
    : setup_(setup), listener_(listener), outcome_(1) {
  check("cudaDeviceGetAttribute",
        cudaDeviceGetAttribute(&multiprocessors_, cudaDevAttrMultiProcessorCount, 0));
  check("cudaStreamCreate", cudaStreamCreate(&stream_));
  check("cudaEventCreate", cudaEventCreate(&begin_));
  check("cudaEventCreate", cudaEventCreate(&end_));
}

Runner::~Runner() {
  if (begin_ != nullptr) (void)cudaEventDestroy(begin_);
  if (end_ != nullptr) (void)cudaEventDestroy(end_);
  if (stream_ != nullptr) (void)cudaStreamDestroy(stream_);
  (void)cudaGetLastError();
}

int Runner::blocks() const {
  return std::min(multiprocessors_, sizes().most_blocks);
}

void Runner::run(const Benchmark& benchmark) {
  benchmark_ = &benchmark;
  benchmark.run(*this);
}

void Runner::measure(const Parameters& parameters,
                     const std::function<std::vector<double>()>& body) {
  if (const std::string reason = listener_.begin(benchmark_->name); !reason.empty())
    throw Stopped(reason);
  Result result{benchmark_->name, parameters, benchmark_->unit, {}, {}};
  try {
    result.samples = body();
    for (const double sample : result.samples)
      if (!std::isfinite(sample)) throw WrongResult("a sample is not a finite number");
  } catch (const std::exception& error) {
    result.samples.clear();
    result.failure = error.what();
  }
  listener_.result(result);
  if (!result.failed()) return;
  const cudaError_t status = cudaDeviceSynchronize();
  if (status != cudaSuccess)
    throw DeviceLost(result.name + ": the device is lost: " + cudaGetErrorString(status));
}

std::vector<double> Runner::repeated(const std::function<double()>& once) const {
  once();
  std::vector<double> samples;
  for (int n = 0; n < sizes().repetitions; ++n) samples.push_back(once());
  return samples;
}

Outcome Runner::timed(const std::function<void(Outcome*)>& launch) const {
  outcome_.clear(stream_);
  launch(outcome_.data());
  Outcome outcome;
  check("cudaMemcpyAsync", cudaMemcpyAsync(&outcome, outcome_.data(), sizeof outcome,
                                           cudaMemcpyDeviceToHost, stream_));
  wait();
  if (outcome.gave_up != 0)
    throw WrongResult(counted(outcome.gave_up, "thread") + " waited for what never came");
  if (outcome.wrong != 0) throw WrongResult(counted(outcome.wrong, "wrong word"));
  if (outcome.done == 0) throw WrongResult("the kernel did not get to its end");
  return outcome;
}

double Runner::elapsed_ns(const std::function<void()>& work) const {
  check("cudaEventRecord", cudaEventRecord(begin_, stream_));
  work();
  check("cudaEventRecord", cudaEventRecord(end_, stream_));
  wait();
  float milliseconds = 0;
  check("cudaEventElapsedTime", cudaEventElapsedTime(&milliseconds, begin_, end_));
  return 1e6 * static_cast<double>(milliseconds);
}

void Runner::wait() const {
  check("cudaStreamSynchronize", cudaStreamSynchronize(stream_));
}

DeviceArray<std::uint32_t> Runner::pattern(std::int64_t words) const {
  DeviceArray<std::uint32_t> array(words);
  launch(pattern_kernel, {.blocks = blocks(), .threads = sizes().threads}, stream_,
         PatternParams{array.data(), words, spoiled() ? words / 2 : -1});
  wait();
  return array;
}

void Runner::check_pattern(const DeviceArray<std::uint32_t>& words, std::uint32_t added) const {
  timed([&](Outcome* outcome) {
    const auto count = static_cast<std::int64_t>(words.bytes() / sizeof(std::uint32_t));
    launch(check_pattern_kernel, {.blocks = blocks(), .threads = sizes().threads}, stream_,
           CheckParams{words.data(), count, added, outcome});
  });
}

void require_sum(std::uint32_t sum, std::uint32_t expected) {
  if (sum != expected)
    throw WrongResult("what was read sums to " + std::to_string(sum) + ", not to " +
                      std::to_string(expected));
}

}  // namespace takt::micro
