// A lower bound of the time that this machine's processors need for a problem, to print beside what
// is measured.
//
// The largest of three times:
//   products  the operations of all products, at the peak of multiply-adds of all threads;
//   weights   R, read once in every step that any row runs, forward and backward;
//   memory    what a call reads or writes at least once in each pass, whichever is more.
// Of bytes count those that nearer levels cannot hold, at the bandwidth of a level: the largest of
// such times over all levels. L1 takes no time, from which a multiply-add reads about as fast as it
// runs. docs/limit.md has the units, what is left out, and when it is no bound.
#pragma once

#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "shape.hpp"

namespace takt::bench {

/// A level of memory as all threads see it together.
struct MemoryLevel {
  std::string name;         ///< "L2", "L3", "memory"
  double bytes = 0;         ///< what it holds; infinite for memory
  double bytes_per_second;  ///< of reads
};

struct MachineLimits {
  int threads = 1;
  double f32_per_second = 0, f64_per_second = 0;  ///< operations, a multiply-add being two
  double l1_bytes = 0;                            ///< of all threads together
  std::vector<MemoryLevel> levels{};              ///< behind L1; empty: nothing tells the caches
};

struct CpuLimit {
  double products = 0, weights = 0, memory = 0;  ///< seconds of a call

  double seconds() const;
  /// The largest of them: "products", "weights" or "memory".
  std::string_view bound_by() const;
};

/// For types that a cpu device has: f32 and f64.
CpuLimit cpu_limit(const Shape& shape, const Footprint& bytes, const MachineLimits& machine);

/// With as many threads as a device has and the instructions of its level ("x86-64-v3"). Of many
/// short tries the best counts, since a limit is no average; they go on until the best two agree,
/// on a quiet machine for about so many seconds, on a busy one for some times as many at most.
MachineLimits measure_machine(int threads, const std::string& instruction_set, double seconds);

}  // namespace takt::bench
