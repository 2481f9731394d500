// Bandwidth of global memory and of L2: reads of footprints that lie in one or the other, by all
// multiprocessors together (global_read) or by each of them alone (broadcast_read), and a copy.
//
// Parameter: bytes, of the footprint. The sum of all that was read must be right.
#include <algorithm>

#include "pattern.cuh"
#include "runner.cuh"

namespace takt::micro {
namespace {

struct ReadParams {
  const uint4* data;
  std::int64_t units;  // of 16 bytes
  std::int64_t passes;
  bool whole;  // each block reads all of it, else its share
  Outcome* outcome;
};

TAKT_DEVICE std::uint32_t sum_of(const uint4& v) {
  return v.x + v.y + v.z + v.w;
}

/// The sums of all threads go into that of the outcome.
TAKT_DEVICE void add_sum(std::uint32_t sum, Outcome* outcome) {
  for (int lanes = 16; lanes > 0; lanes /= 2) sum += __shfl_xor_sync(~0u, sum, lanes);
  if (threadIdx.x % 32 == 0) atomicAdd(&outcome->sum, sum);
}

constexpr int batch = 8;  // loads that are under way in each thread

/// Loads pass L1 by. A thread's are `stride` units apart, as if the passes lay one behind another:
/// a batch may begin in one and end in the next, and only a thread's last ones are less than one.
__global__ void __launch_bounds__(1024, 1) read_kernel(ReadParams p) {
  const std::int64_t stride = p.whole ? blockDim.x : std::int64_t{gridDim.x} * blockDim.x;
  const std::int64_t begin =
      p.whole ? threadIdx.x : std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  std::int64_t left = (p.passes * p.units - begin + stride - 1) / stride;
  const auto units = static_cast<std::uint32_t>(p.units);
  const auto step = static_cast<std::uint32_t>(stride % p.units);
  auto at = static_cast<std::uint32_t>(begin % p.units);
  const auto next = [&] {
    const uint4* const unit = p.data + at;
    at += step;
    if (at >= units) at -= units;
    return __ldcg(unit);
  };
  std::uint32_t sum = 0;
  Stopwatch watch;
  watch.start();
  for (; left >= batch; left -= batch) {
    uint4 v[batch];
    TAKT_UNROLL(batch)
    for (int k = 0; k < batch; ++k) v[k] = next();
    TAKT_UNROLL(batch)
    for (int k = 0; k < batch; ++k) sum += sum_of(v[k]);
  }
  for (; left > 0; --left) sum += sum_of(next());
  __syncthreads();
  watch.stop(p.outcome);
  add_sum(sum, p.outcome);
}

/// As many as the traffic asked for has, and as give each thread its batches.
std::int64_t passes_of(const Runner& runner, std::int64_t bytes, bool whole) {
  const Sizes& sizes = runner.sizes();
  const std::int64_t readers = whole ? 1 : runner.blocks();  // that share a footprint
  const std::int64_t traffic = sizes.traffic_bytes * readers / runner.blocks();
  const std::int64_t least = 16 * batch * sizes.least_batches * readers * sizes.wide_threads;
  return std::max(traffic / bytes, (least + bytes - 1) / bytes);
}

struct Reading {
  Outcome outcome;
  double ns, bytes;  ///< of one block where each reads all, else of all
};

std::vector<double> measure_read(Runner& runner, std::int64_t bytes, bool whole,
                                 const std::function<double(const Reading&)>& rate) {
  const int blocks = runner.blocks();
  const std::int64_t passes = passes_of(runner, bytes, whole);
  const auto data = runner.pattern(bytes / 4);
  const std::uint32_t expected = pattern_sum(bytes / 4) * static_cast<std::uint32_t>(passes) *
                                 static_cast<std::uint32_t>(whole ? blocks : 1);
  return runner.repeated([&] {
    Reading reading{{}, 0, static_cast<double>(bytes * passes)};
    reading.outcome = runner.timed([&](Outcome* there) {
      reading.ns = runner.elapsed_ns([&] {
        launch(read_kernel, {.blocks = blocks, .threads = runner.sizes().wide_threads},
               runner.stream(),
               ReadParams{reinterpret_cast<const uint4*>(data.data()), bytes / 16, passes, whole,
                          there});
      });
    });
    require_sum(reading.outcome.sum, expected);
    return rate(reading);
  });
}

struct SharedReadParams {
  const uint4* data;  // [loads, threads]
  int stride;         // 0, which the compiler cannot know, so that it must load again
  int iterations;
  Outcome* outcome;
};

constexpr int shared_loads = 8;

/// All threads read 16 bytes at a time, neighbours beside each other.
__global__ void __launch_bounds__(1024) shared_read_kernel(SharedReadParams p) {
  TAKT_DYNAMIC_SHARED(uint4, shared);
  const int threads = static_cast<int>(blockDim.x);
  for (int n = static_cast<int>(threadIdx.x); n < shared_loads * threads; n += threads)
    shared[n] = p.data[n];
  __syncthreads();
  std::uint32_t sum = 0;
  int from = static_cast<int>(threadIdx.x);
  Stopwatch watch;
  watch.start();
  for (int iteration = 0; iteration < p.iterations; ++iteration) {
    TAKT_UNROLL(shared_loads)
    for (int k = 0; k < shared_loads; ++k) sum += sum_of(shared[from + k * threads]);
    from += p.stride;
  }
  __syncthreads();
  watch.stop(p.outcome);
  add_sum(sum, p.outcome);
}

std::vector<double> measure_shared_read(Runner& runner, int threads) {
  const int blocks = runner.blocks(), iterations = std::max(1, runner.sizes().instructions / 8);
  const std::int64_t bytes = std::int64_t{16} * shared_loads * threads;
  const auto data = runner.pattern(bytes / 4);
  const std::uint32_t expected = pattern_sum(bytes / 4) * static_cast<std::uint32_t>(iterations) *
                                 static_cast<std::uint32_t>(blocks);
  return runner.repeated([&] {
    const Outcome outcome = runner.timed([&](Outcome* there) {
      launch(shared_read_kernel,
             {.blocks = blocks, .threads = threads, .shared_bytes = static_cast<int>(bytes)},
             runner.stream(),
             SharedReadParams{reinterpret_cast<const uint4*>(data.data()), 0, iterations, there});
    });
    require_sum(outcome.sum, expected);
    return static_cast<double>(bytes) * iterations / static_cast<double>(outcome.cycles);
  });
}

}  // namespace

void run_global_read(Runner& runner) {
  for (const std::int64_t bytes : runner.sizes().read_bytes)
    runner.measure({{"bytes", bytes}}, [&] {
      return measure_read(runner, bytes, false,
                          [](const Reading& reading) { return reading.bytes / reading.ns; });
    });
}

void run_broadcast_read(Runner& runner) {
  for (const std::int64_t bytes : runner.sizes().broadcast_bytes)
    runner.measure({{"bytes", bytes}}, [&] {
      return measure_read(runner, bytes, true, [](const Reading& reading) {
        return reading.bytes / static_cast<double>(reading.outcome.cycles);
      });
    });
}

void run_shared_read(Runner& runner) {
  const int widest = runner.sizes().wide_threads;
  for (int threads = std::min(128, widest); threads <= widest; threads *= 2)
    runner.measure({{"threads", threads}}, [&] { return measure_shared_read(runner, threads); });
}

void run_copy_bandwidth(Runner& runner) {
  const std::int64_t bytes = runner.sizes().copy_bytes;
  runner.measure({{"bytes", bytes}}, [&] {
    const auto from = runner.pattern(bytes / 4);
    const DeviceArray<std::uint32_t> to(bytes / 4);
    to.clear(runner.stream());
    const auto samples = runner.repeated([&] {
      const double ns = runner.elapsed_ns([&] {
        check("cudaMemcpyAsync", cudaMemcpyAsync(to.data(), from.data(), from.bytes(),
                                                 cudaMemcpyDeviceToDevice, runner.stream()));
      });
      return 2.0 * static_cast<double>(bytes) / ns;
    });
    runner.check_pattern(to, 0);
    return samples;
  });
}

}  // namespace takt::micro
