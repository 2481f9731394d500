// What each thread of a launch, and each asynchronous copy under way, has seen of the others' work.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "race/clock.hpp"
#include "race/race.hpp"

namespace simt::race {

inline constexpr std::uint32_t nobody = ~0u;

/// What somebody has seen of everybody's work; and how much of that an asynchronous copy sees.
struct View {
  Clock clock;
  Clock by_copies;
  void join(const View& other) {
    clock.join(other.clock);
    by_copies.join(other.by_copies);
  }
};

/// One release to an address, as those may see it that acquire it.
struct Published {
  View view;
  Scope scope;
  std::uint32_t id;
};

/// What a thread knows, and what its fences hold back or hand on.
struct Knowledge {
  View view;
  Epoch epoch = 1;
  // By fences: what relaxed loads saw, and what a relaxed store hands on.
  std::vector<Published> seen_by_loads;
  std::array<std::unique_ptr<View>, 3> fenced;  // by Scope
};

/// The launch that runs. Threads have the numbers from 0, agents those after them.
struct Launch {
  std::uint32_t number = 0;
  unsigned threads = 0;
  unsigned threads_per_block = 1;
  unsigned blocks_per_cluster = 1;
  std::vector<Knowledge> of_thread;
  std::vector<Knowledge> of_agent;
  std::vector<std::uint32_t> issuer_of_agent;
  std::deque<std::uint32_t> arrived_agents;  // whose numbers are free, the first to come first
};
extern Launch launch;
extern constinit thread_local std::uint32_t now;  ///< the thread that runs; of this host thread

inline Knowledge& knowledge(std::uint32_t id) {
  return id < launch.threads ? launch.of_thread[id] : launch.of_agent[id - launch.threads];
}
inline Knowledge& mine() {
  return launch.of_thread[now];
}
inline std::uint32_t thread_behind(std::uint32_t id) {
  return id < launch.threads ? id : launch.issuer_of_agent[id - launch.threads];
}

/// Publishes all of a thread's work so far: its later work has another epoch.
inline const View& release(Knowledge& of, std::uint32_t id) {
  of.view.clock.set(id, of.epoch);
  return of.view;
}
inline void next_epoch(Knowledge& of, std::uint32_t id) {
  of.view.clock.set(id, of.epoch);
  ++of.epoch;
}

/// Whether a strong operation of `a` at this scope reaches `b`.
bool reaches(Scope scope, std::uint32_t a, std::uint32_t b);

// At the end of a launch.
void forget_meetings();
void forget_flags();

}  // namespace simt::race
