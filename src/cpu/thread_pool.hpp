// The threads of a cpu device, and the barrier at which they meet between steps.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace takt::cpu {

/// A barrier for threads that meet every few microseconds: spins first, then yields. Reusable.
class alignas(64) Barrier {
 public:
  /// Not while anybody waits.
  void set_members(int members) noexcept { members_ = members; }
  void wait() noexcept;

 private:
  int members_ = 1;
  std::atomic<int> arrived_{0};
  std::atomic<std::uint32_t> round_{0};
};

/// A fixed team of threads; the calling thread is member 0. Regions of several host threads run one
/// after another. Running a region allocates nothing.
class ThreadPool {
 public:
  explicit ThreadPool(int threads);
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool();

  int threads() const noexcept { return static_cast<int>(workers_.size()) + 1; }
  Barrier& barrier(int group) noexcept { return barriers_[static_cast<std::size_t>(group)]; }

  /// Holds the pool for one call, its barriers included.
  std::unique_lock<std::mutex> reserve() { return std::unique_lock(calls_); }

  /// Runs function(context, member) on members 0 to members - 1 and waits for all. The caller holds
  /// `reserve()`.
  void run(int members, void (*function)(const void* context, int member),
           const void* context) noexcept;

  template <class F>
  void run(int members, const F& f) noexcept {
    run(
        members, [](const void* g, int member) { (*static_cast<const F*>(g))(member); }, &f);
  }

 private:
  void work(int member) noexcept;

  std::mutex calls_;
  std::mutex mutex_;
  std::condition_variable start_;
  std::atomic<std::uint64_t> region_{0};
  std::atomic<int> unfinished_{0};
  bool stop_ = false;
  int members_ = 0;
  int caller_cpu_ = -1;  // where the region was begun; -1: unknown
  void (*function_)(const void*, int) = nullptr;
  const void* context_ = nullptr;
  std::unique_ptr<Barrier[]> barriers_;
  std::vector<std::thread> workers_;
};

}  // namespace takt::cpu
