// The threads of a cpu device, and the barrier at which they meet between steps.
#include "cpu/thread_pool.hpp"

#include <sched.h>

#include "cpu/tasks.hpp"

namespace takt::cpu {
namespace {

// A few microseconds. Where two threads share a core, each spin of one keeps the other from what it
// waits for.
constexpr int spins_before_yield = 200;
constexpr int spins_before_sleep = 1200;  // yields all but the first

inline void relax() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

int current_cpu() noexcept {
#if defined(__linux__)
  return sched_getcpu();
#else
  return -1;
#endif
}

/// A thread that was woken where its waker runs would share that core with it for milliseconds:
/// moves to another one that it may run on, at once.
void leave_cpu([[maybe_unused]] int cpu) noexcept {
#if defined(__linux__)
  cpu_set_t allowed, others;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  others = allowed;
  CPU_CLR(static_cast<std::size_t>(cpu), &others);
  if (CPU_COUNT(&others) == 0 || sched_setaffinity(0, sizeof others, &others) != 0) return;
  (void)sched_setaffinity(0, sizeof allowed, &allowed);
#endif
}

template <class Done>
void spin_until(const Done& done) noexcept {
  for (int spin = 0; !done(); ++spin) {
    if (spin < spins_before_yield)
      relax();
    else
      std::this_thread::yield();
  }
}

}  // namespace

void Barrier::wait() noexcept {
  const std::uint32_t round = round_.load(std::memory_order_relaxed);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == members_) {
    arrived_.store(0, std::memory_order_relaxed);
    round_.store(round + 1, std::memory_order_release);
    return;
  }
  spin_until([&] { return round_.load(std::memory_order_acquire) != round; });
}

void meet(Barrier& barrier) noexcept {
  barrier.wait();
}

ThreadPool::ThreadPool(int threads)
    : barriers_(std::make_unique<Barrier[]>(static_cast<std::size_t>(threads))) {
  try {
    for (int member = 1; member < threads; ++member)
      workers_.emplace_back([this, member] { work(member); });
  } catch (...) {  // no more threads to be had: end those that were started
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    start_.notify_all();
    for (std::thread& worker : workers_) worker.join();
    throw;
  }
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  start_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::run(int members, void (*function)(const void*, int),
                     const void* context) noexcept {
  if (members > 1) {
    const std::lock_guard lock(mutex_);
    function_ = function;
    context_ = context;
    members_ = members;
    caller_cpu_ = current_cpu();
    unfinished_.store(members - 1, std::memory_order_relaxed);
    region_.fetch_add(1, std::memory_order_release);
    start_.notify_all();
  }
  function(context, 0);
  if (members > 1) spin_until([&] { return unfinished_.load(std::memory_order_acquire) == 0; });
}

void ThreadPool::work(int member) noexcept {
  std::uint64_t seen = 0;
  for (;;) {
    void (*function)(const void*, int) = nullptr;
    const void* context = nullptr;
    int caller_cpu = -1;
    // Regions, and calls, follow each other sooner than a thread wakes up; and where it wakes up,
    // the scheduler may put it beside the thread that woke it.
    for (int spin = 0; spin < spins_before_sleep && region_.load(std::memory_order_acquire) == seen;
         ++spin)
      spin < spins_before_yield ? relax() : std::this_thread::yield();
    {
      std::unique_lock lock(mutex_);
      start_.wait(lock, [&] { return stop_ || region_.load(std::memory_order_relaxed) != seen; });
      if (stop_) return;
      seen = region_.load(std::memory_order_relaxed);
      if (member >= members_) continue;
      function = function_;
      context = context_;
      caller_cpu = caller_cpu_;
    }
    if (caller_cpu >= 0 && current_cpu() == caller_cpu) leave_cpu(caller_cpu);
    function(context, member);
    unfinished_.fetch_sub(1, std::memory_order_release);
  }
}

}  // namespace takt::cpu
