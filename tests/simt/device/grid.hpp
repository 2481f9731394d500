// A launch on the emulated device: its clusters, blocks, warps and threads, and who waits for what.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <vector_types.h>

#include "device/fiber.hpp"
#include "simt.hpp"

namespace simt {

namespace race {
struct View;
}

inline constexpr unsigned warp_size = 32;
inline constexpr unsigned named_barriers = 16;

/// A place in device code where a thread waits or that took part in something.
struct Site {
  const char* operation = "";
  const char* file = "";
  int line = 0;
};

struct LaunchShape {
  dim3 grid, block, cluster{1, 1, 1};
  std::size_t dynamic_shared_bytes = 0;
  bool cooperative = false;
  const char* kernel = "";
  std::size_t shared_limit = std::size_t{48} << 10;  ///< for dynamic bytes and declared arrays
};

enum class State : std::uint8_t { ready, in_barrier, in_warp, in_cluster, in_grid, polling, done };

struct Block;
struct Warp;

/// One asynchronous copy into shared memory by a thread (cp.async).
struct AsyncCopy {
  void* to;
  const void* from;
  unsigned bytes;
  unsigned source_bytes;  ///< the rest becomes zero
  std::int64_t group;
  const Site* site;
  std::shared_ptr<const race::View> seen;  ///< by the thread when it began; null: not checked
};

struct Thread {
  Fiber fiber;
  State state = State::ready;
  uint3 index{};
  unsigned in_block = 0;
  unsigned lane = 0;
  std::uint32_t id = 0;  ///< in the launch
  Block* block = nullptr;
  Warp* warp = nullptr;
  const Site* site = nullptr;  ///< where it waits

  // What it brought to a warp's operation.
  unsigned mask = 0;
  const void* in = nullptr;
  void* out = nullptr;
  unsigned barrier = 0;             ///< at which it waits, of its block
  std::uint64_t cluster_phase = 0;  ///< that it is to wait for, since it arrived; else 0

  // Asynchronous copies that it issued, and how many groups it closed.
  std::deque<AsyncCopy> copies;
  std::int64_t copy_groups = 0;

  // What it saw where it polled, and when: seen again, with no change anywhere, it spins.
  struct Seen {
    std::uint64_t value, changes;
  };
  std::unordered_map<const void*, Seen> polled;
};

/// Lanes that meet at one place.
struct WarpGroup {
  const Site* site;
  unsigned mask;
  unsigned arrived;
};

struct Warp {
  std::array<Thread*, warp_size> lanes{};
  unsigned exists = 0;  ///< lanes with a thread
  unsigned live = 0;    ///< those that have not ended
  std::vector<WarpGroup> groups;
};

struct SharedArray {
  const void* key;  ///< of its declaration
  std::size_t bytes;
  char* data;
};

struct NamedBarrier {
  unsigned arrived = 0;
  unsigned expected = 0;  ///< 0: all live threads
};

struct Cluster;

struct Block {
  uint3 index{};
  unsigned linear = 0;
  unsigned rank = 0;  ///< in its cluster
  Cluster* cluster = nullptr;
  std::vector<Warp> warps;
  std::vector<std::unique_ptr<Thread>> threads;
  unsigned live = 0;
  std::array<NamedBarrier, named_barriers> barriers{};
  char* dynamic_shared = nullptr;
  std::size_t dynamic_shared_bytes = 0;
  std::vector<SharedArray> arrays;
};

struct Cluster {
  std::vector<Block*> blocks;
  unsigned arrived = 0;
  std::uint64_t phase = 0;  ///< how often the barrier has opened
};

/// One launch, from its first thread to its last.
class Grid {
 public:
  Grid(const LaunchShape& shape, std::function<void()> body);
  ~Grid();
  Grid(const Grid&) = delete;
  Grid& operator=(const Grid&) = delete;

  /// Runs all threads. False where something was reported that ends a launch.
  bool run();

  const LaunchShape& shape() const { return shape_; }
  const std::vector<std::unique_ptr<Block>>& blocks() const { return blocks_; }
  unsigned live() const { return live_; }

  // For the operations of threads, on the fiber of `current()`.
  void make_ready(Thread& thread);
  /// Gives the device to others until somebody makes this thread ready.
  void wait(State state, const Site& site);
  /// Goes to the end of the queue.
  void yield();
  /// Waits for others to change memory; ends the launch where all are idle, so that nobody can.
  void poll(const Site& site, bool idle = true);
  /// Says that memory changes which polling threads may wait for.
  void progress() {
    idle_polls_ = 0;
    ++changes_;
  }
  std::uint64_t changes() const { return changes_; }
  std::size_t shared_limit() const { return shape_.shared_limit; }
  /// Ends the launch after a report, from the scheduler.
  void abandon() { stopped_ = true; }
  /// Reports and ends the launch, from a thread.
  [[noreturn]] void stop(std::string kind, std::string text);

  unsigned arrived_at_grid = 0;
  std::function<void()> body;

 private:
  void add_cluster(unsigned number);
  void drain();
  Thread* next();
  void finish(Thread& thread);
  void report_deadlock();
  void release_all();
  static void thread_main();

  LaunchShape shape_;
  std::vector<std::unique_ptr<Cluster>> clusters_;
  std::vector<std::unique_ptr<Block>> blocks_;
  std::deque<Thread*> ready_;
  std::deque<Thread*> polling_;
  unsigned live_ = 0;
  std::uint64_t idle_polls_ = 0;
  std::uint64_t changes_ = 0;
  bool stopped_ = false;
};

/// The launch that runs, and its thread that runs; null on the host.
extern Grid* current_grid;
extern Thread* current_thread;
inline Grid& grid() {
  return *current_grid;
}
inline Thread& current() {
  return *current_thread;
}

/// The one Site of a place in the source, for functions that learn theirs by __builtin_FILE.
const Site& site_of(const char* operation, const char* file, int line);
/// The last parameters of such functions.
#define SIMT_CALLED_FROM const char *file = __builtin_FILE(), int line = __builtin_LINE()

/// "0x0000ffff".
std::string hex(unsigned mask);
/// "block (1,0,0), thread (37,0,0)".
std::string name_of(const Thread& thread);
/// "tests/simt/clients/lstm.cuh:41".
std::string name_of(const Site& site);

/// A number below `bound` from the schedule's generator; and whether Order::random wants a switch
/// at a point where one is allowed.
std::uint64_t draw(std::uint64_t bound);
bool wants_switch();

void report(std::string kind, std::string text);
Counters& mutable_counters();

}  // namespace simt
