// Measures peak and bandwidths: each the best of many short tries, all threads at once.
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <new>
#include <stdexcept>
#include <thread>

#include "caches.hpp"
#include "roofline.hpp"
#include "roofline_loops.hpp"

namespace takt::bench {

#if defined(TAKT_CPU_HAS_generic)
namespace generic {
extern const RooflineLoops loops;
}
#endif
#if defined(TAKT_CPU_HAS_v2)
namespace v2 {
extern const RooflineLoops loops;
}
#endif
#if defined(TAKT_CPU_HAS_v3)
namespace v3 {
extern const RooflineLoops loops;
}
#endif
#if defined(TAKT_CPU_HAS_v4)
namespace v4 {
extern const RooflineLoops loops;
}
#endif

std::vector<const RooflineLoops*> roofline_loops(std::string_view instruction_set) {
  std::vector<const RooflineLoops*> loops;
#if defined(TAKT_CPU_HAS_generic)
  loops.push_back(&generic::loops);
  if (instruction_set == "generic") return loops;
#endif
#if defined(TAKT_CPU_HAS_v2)
  loops.push_back(&v2::loops);
  if (instruction_set == "x86-64-v2") return loops;
#endif
#if defined(TAKT_CPU_HAS_v3)
  loops.push_back(&v3::loops);
  if (instruction_set == "x86-64-v3") return loops;
#endif
#if defined(TAKT_CPU_HAS_v4)
  loops.push_back(&v4::loops);
  if (instruction_set == "x86-64-v4") return loops;
#endif
  throw std::invalid_argument("the benchmarks were not built for the instruction set '" +
                              std::string(instruction_set) + "'");
}

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The processors that this process may run on.
std::vector<std::size_t> usable_processors() {
  std::vector<std::size_t> processors;
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return processors;
  for (std::size_t n = 0; n < CPU_SETSIZE; ++n)
    if (CPU_ISSET(n, &set)) processors.push_back(n);
  return processors;
}

/// Keeps the calling thread on one processor; where that is refused it stays where it may be.
void stay_on(std::size_t processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor, &set);
  (void)sched_setaffinity(0, sizeof set, &set);
}

/// A thread's part of a try: does it `rounds` times and tells how much that was.
using Work = std::function<double(int thread, std::int64_t rounds)>;

/// Lets all threads go at once; they spin, since waking them takes longer than they may differ.
class Gate {
 public:
  explicit Gate(int threads) : threads_(threads) {}

  void pass() {
    const int turn = turn_.load();
    if (arrived_.fetch_add(1) + 1 == threads_) {
      arrived_ = 0;
      turn_ = turn + 1;
      return;
    }
    while (turn_.load() == turn) std::this_thread::yield();
  }

 private:
  const int threads_;
  std::atomic<int> arrived_{0}, turn_{0};
};

/// One measurement on all threads.
class Race {
 public:
  Race(int threads, double seconds, Work work)
      : threads_(threads),
        seconds_(seconds),
        work_(std::move(work)),
        gate_(threads),
        starts_(static_cast<std::size_t>(threads)),
        ends_(starts_.size()),
        amounts_(starts_.size()) {}

  /// Amount a second, of all threads together. Throws std::system_error where the system gives too
  /// few threads.
  double best() {
    const std::vector<std::size_t> processors = usable_processors();
    std::promise<bool> all_are_there;
    const std::shared_future<bool> go = all_are_there.get_future().share();
    std::vector<std::thread> threads;
    std::exception_ptr failure;
    try {
      for (int thread = 0; thread < threads_; ++thread)
        threads.emplace_back([&, go, thread] {
          if (!go.get()) return;
          // One on each: new threads share one at first, too long for a short measurement. With
          // fewer threads the system chooses better, which knows what processors share.
          if (processors.size() == static_cast<std::size_t>(threads_))
            stay_on(processors[static_cast<std::size_t>(thread)]);
          run(thread);
        });
    } catch (...) {
      failure = std::current_exception();
    }
    all_are_there.set_value(!failure);
    for (std::thread& thread : threads) thread.join();
    if (failure) std::rethrow_exception(failure);
    return best_;
  }

 private:
  // Long beside reading the clock, short beside a time slice.
  static constexpr double least_try = 1e-3;

  void run(int thread) {
    const auto n = static_cast<std::size_t>(thread);
    while (!done_) {
      gate_.pass();
      starts_[n] = seconds_since(begin_);
      amounts_[n] = work_(thread, rounds_);
      ends_[n] = seconds_since(begin_);
      gate_.pass();
      if (thread == 0) judge();
      gate_.pass();
    }
  }

  void judge() {
    const double start = *std::min_element(starts_.begin(), starts_.end()),
                 end = *std::max_element(ends_.begin(), ends_.end());
    double amount = 0;
    for (const double part : amounts_) amount += part;
    if (end - start < least_try)
      rounds_ *= 2;
    else
      best_ = std::max(best_, amount / (end - start));
    done_ = best_ > 0 && end > seconds_;
  }

  const int threads_;
  const double seconds_;
  const Work work_;
  Gate gate_;
  const Clock::time_point begin_ = Clock::now();
  std::vector<double> starts_, ends_, amounts_;
  // Written by thread 0 while the others wait at the gate.
  std::int64_t rounds_ = 1;
  double best_ = 0;
  bool done_ = false;
};

template <class Real>
double peak(int threads, double seconds,
            std::int64_t (*multiply)(std::int64_t, Real, Real, Real*)) {
  constexpr std::int64_t rounds_at_once = 1000;
  return Race(threads, seconds,
              [multiply](int, std::int64_t rounds) {
                Real sum = 0;
                return static_cast<double>(multiply(rounds * rounds_at_once, 1, 0, &sum));
              })
      .best();
}

/// Reading `bytes` in all, each thread its own part again and again; by the loops that are fastest,
/// which are not always those with the widest loads.
double bandwidth(int threads, double seconds, const std::vector<const RooflineLoops*>& loops,
                 const char* data, double bytes) {
  const auto part = static_cast<std::int64_t>(bytes) / threads / read_bytes * read_bytes;
  double best = 0;
  for (const RooflineLoops* each : loops) {
    const Work read = [each, data, part](int thread, std::int64_t rounds) {
      each->read(data + thread * part, part, rounds);
      return static_cast<double>(part) * static_cast<double>(rounds);
    };
    best = std::max(best, Race(threads, seconds / static_cast<double>(loops.size()), read).best());
  }
  return best;
}

struct Free {
  void operator()(char* memory) const { std::free(memory); }
};

/// Filled, so that all of it is there.
std::unique_ptr<char, Free> make_footprint(double bytes) {
  const auto size = static_cast<std::size_t>(bytes) / read_bytes * read_bytes;
  std::unique_ptr<char, Free> memory(
      static_cast<char*>(std::aligned_alloc(static_cast<std::size_t>(read_bytes), size)));
  if (memory == nullptr) throw std::bad_alloc();
  std::fill_n(memory.get(), size, char{1});
  return memory;
}

}  // namespace

MachineLimits measure_machine(int threads, const std::string& instruction_set, double seconds) {
  const std::vector<const RooflineLoops*> loops = roofline_loops(instruction_set);
  // More threads than processors do no more at a time.
  const auto processors = static_cast<int>(std::thread::hardware_concurrency());
  if (processors > 0) threads = std::min(threads, processors);
  const std::vector<Cache> caches = caches_of_this_machine();
  const std::vector<Footing> footings = footings_of(caches, threads);
  const double each = seconds / static_cast<double>(2 + footings.size());
  MachineLimits limits{.threads = threads,
                       .f32_per_second = peak<float>(threads, each, loops.back()->multiply_f32),
                       .f64_per_second = peak<double>(threads, each, loops.back()->multiply_f64),
                       .l1_bytes = l1_bytes(caches, threads)};
  if (footings.empty()) return limits;
  const auto data = make_footprint(footings.back().read_bytes);
  for (const Footing& footing : footings)
    limits.levels.push_back(
        {.name = footing.name,
         .bytes = footing.holds_bytes,
         .bytes_per_second = bandwidth(threads, each, loops, data.get(), footing.read_bytes)});
  return limits;
}

}  // namespace takt::bench
