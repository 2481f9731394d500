// The caches of this machine, and what to read to measure each of them.
#pragma once

#include <string>
#include <vector>

namespace takt::bench {

struct Cache {
  int level = 1;
  double bytes = 0;   ///< of one
  int instances = 1;  ///< how many of them the machine has
};

/// Data caches as Linux tells them of each processor, nearest first; empty where it does not.
/// `folder` is /sys/devices/system/cpu.
std::vector<Cache> read_caches(const std::string& folder);
std::vector<Cache> caches_of_this_machine();

/// Of the first-level caches that `threads` threads can have; 0 where there is none.
double l1_bytes(const std::vector<Cache>& caches, int threads);

/// A level to be measured by reading.
struct Footing {
  std::string name;
  double holds_bytes = 0;  ///< all those that the threads can have; infinite for memory
  double read_bytes = 0;   ///< lies in this level and not in a nearer one
  bool shared = false;     ///< by some of the threads
};

/// The caches behind L1 that `threads` threads see, and memory behind those. A cache no larger than
/// a nearer one is left out: nothing that is read says how fast it is.
std::vector<Footing> footings_of(const std::vector<Cache>& caches, int threads);

}  // namespace takt::bench
