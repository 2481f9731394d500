// The threads of a cpu device, and the barrier at which they meet between steps.
#include "cpu/thread_pool.hpp"

#include "cpu/tasks.hpp"

namespace takt::cpu {
namespace {

constexpr int spins_before_yield = 2000;  // a few microseconds: longer than a step of a small cell

inline void relax() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
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
    {
      std::unique_lock lock(mutex_);
      start_.wait(lock, [&] { return stop_ || region_.load(std::memory_order_relaxed) != seen; });
      if (stop_) return;
      seen = region_.load(std::memory_order_relaxed);
      if (member >= members_) continue;
      function = function_;
      context = context_;
    }
    function(context, member);
    unfinished_.fetch_sub(1, std::memory_order_release);
  }
}

}  // namespace takt::cpu
