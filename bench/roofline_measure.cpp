// Measures peak and bandwidths: the best of many short tries, all threads at once.
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
#include "roofline_tries.hpp"

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

/// Whether a thread's rate depends on what the others do at that time.
enum class Use : std::uint8_t {
  own,     ///< each has its own: the sum of each thread's best try, whichever that is
  shared,  ///< the best try of all together, or of one thread while the system held up the others
};

/// One measurement on all threads.
class Race {
 public:
  /// Takes so many seconds, at most four times as many where the best two tries do not agree.
  Race(int threads, Use use, double seconds, Work work)
      : threads_(threads),
        use_(use),
        seconds_(seconds),
        work_(std::move(work)),
        gate_(threads),
        starts_(static_cast<std::size_t>(threads)),
        ends_(starts_.size()),
        amounts_(starts_.size()),
        each_(starts_.size()) {}

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
    double sum = 0, fastest = 0;
    for (const Tries& tries : each_) {
      sum += tries.best();
      fastest = std::max(fastest, tries.best());
    }
    return use_ == Use::own ? sum : std::max(together_.best(), fastest);
  }

 private:
  // Long beside reading the clock, short beside a time slice.
  static constexpr double least_try = 1e-3;
  static constexpr double patience = 4;

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
    bool long_enough = true;
    for (std::size_t n = 0; n < each_.size(); ++n) {
      const double seconds = ends_[n] - starts_[n];
      amount += amounts_[n];
      if (seconds >= least_try)
        each_[n].add(amounts_[n] / seconds);
      else
        long_enough = false;
    }
    if (long_enough)
      together_.add(amount / (end - start));
    else
      rounds_ *= 2;
    done_ = end > seconds_ && together_.best() > 0 && (agree() || end > patience * seconds_);
  }

  bool agree() const {
    if (use_ == Use::shared) return together_.agree();
    return std::all_of(each_.begin(), each_.end(),
                       [](const Tries& tries) { return tries.agree(); });
  }

  const int threads_;
  const Use use_;
  const double seconds_;
  const Work work_;
  Gate gate_;
  const Clock::time_point begin_ = Clock::now();
  std::vector<double> starts_, ends_, amounts_;
  // Written by thread 0 while the others wait at the gate.
  std::int64_t rounds_ = 1;
  std::vector<Tries> each_;
  Tries together_;
  bool done_ = false;
};

template <class Real>
double peak(int threads, double seconds,
            std::int64_t (*multiply)(std::int64_t, Real, Real, Real*)) {
  constexpr std::int64_t rounds_at_once = 1000;
  return Race(threads, Use::own, seconds,
              [multiply](int, std::int64_t rounds) {
                Real sum = 0;
                return static_cast<double>(multiply(rounds * rounds_at_once, 1, 0, &sum));
              })
      .best();
}

/// Reading `bytes` in all, each thread its own part again and again; by the loops that are fastest,
/// which are not always those with the widest loads.
double bandwidth(int threads, double seconds, const std::vector<const RooflineLoops*>& loops,
                 const char* data, const Footing& footing) {
  const auto part =
      static_cast<std::int64_t>(footing.read_bytes) / threads / read_bytes * read_bytes;
  double best = 0;
  for (const RooflineLoops* each : loops) {
    const Work read = [each, data, part](int thread, std::int64_t rounds) {
      each->read(data + thread * part, part, rounds);
      return static_cast<double>(part) * static_cast<double>(rounds);
    };
    const double share = seconds / static_cast<double>(loops.size());
    best =
        std::max(best, Race(threads, footing.shared ? Use::shared : Use::own, share, read).best());
  }
  return best;
}

/// f32 has twice the lanes of f64: peaks that say otherwise are measured again.
void measure_peaks(MachineLimits& limits, double seconds, const RooflineLoops& loops) {
  constexpr int most_tries = 4;
  for (int n = 0; n < most_tries && limits.f32_per_second <= limits.f64_per_second; ++n) {
    limits.f32_per_second =
        std::max(limits.f32_per_second, peak<float>(limits.threads, seconds, loops.multiply_f32));
    limits.f64_per_second =
        std::max(limits.f64_per_second, peak<double>(limits.threads, seconds, loops.multiply_f64));
  }
  limits.f32_per_second = std::max(limits.f32_per_second, limits.f64_per_second);
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
  MachineLimits limits{.threads = threads, .l1_bytes = l1_bytes(caches, threads)};
  measure_peaks(limits, each, *loops.back());
  if (footings.empty()) return limits;
  const auto data = make_footprint(footings.back().read_bytes);
  for (const Footing& footing : footings)
    limits.levels.push_back(
        {.name = footing.name,
         .bytes = footing.holds_bytes,
         .bytes_per_second = bandwidth(threads, each, loops, data.get(), footing)});
  // What lies nearer comes no slower.
  for (std::size_t n = limits.levels.size() - 1; n > 0; --n)
    limits.levels[n - 1].bytes_per_second =
        std::max(limits.levels[n - 1].bytes_per_second, limits.levels[n].bytes_per_second);
  return limits;
}

}  // namespace takt::bench
