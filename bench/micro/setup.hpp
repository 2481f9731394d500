// What a run of the micro benchmarks is given, sizes first: one struct that all of them read.
#pragma once

#include <cstdint>
#include <vector>

namespace takt::micro {

struct Sizes {
  int repetitions = 10;  ///< timed, after one that is not
  int warm_rounds = 64;  ///< of a kernel's loop, before its clock starts
  int rounds = 2000;     ///< of exchanges and barriers, timed
  /// Of a block's barriers, each maybe 5 ns: a clock that steps by 1 us is then wrong by 1 %.
  int block_rounds = 20000;
  int chain = 500;  ///< kernels in a chain
  int instructions = 16384;
  int threads = 256;          ///< of a block, where the block is not what is varied
  int wide_threads = 1024;    ///< of a block that is to fill a multiprocessor
  int most_blocks = 1 << 20;  ///< of a grid; fewer where the device has fewer multiprocessors
  int most_clusters = 1 << 20;
  std::int64_t clock_cycles = 20'000'000;
  std::vector<int> blocks_of_clusters = {2, 4, 8, 16};
  std::vector<int> bytes_of_grids = {16, 64, 256};       ///< that each block sends
  std::vector<int> bytes_of_clusters = {64, 256, 1024};  ///< that each block sends
  int shared_bytes_of_clusters = 200 << 10;              ///< holds one block a multiprocessor
  std::vector<std::int64_t> read_bytes = {4 << 20,  16 << 20,  32 << 20,
                                          48 << 20, 128 << 20, std::int64_t{2} << 30};
  /// Of the widest block: what its threads have under way is no more than the least of these.
  std::vector<std::int64_t> broadcast_bytes = {128 << 10, 256 << 10, 1 << 20};
  std::int64_t traffic_bytes = std::int64_t{16} << 30;  ///< of one repetition of a read
  int least_batches = 100;  ///< of loads, in each thread, so that those behind them count little
  std::int64_t copy_bytes = std::int64_t{2} << 30;
  std::vector<std::int64_t> chase_bytes = {1 << 20, 32 << 20, std::int64_t{1} << 30};
  std::vector<int> warps = {4, 8, 16};
  int points = 1 << 20;  ///< at which a function's error is looked for
};

/// At which the emulated device is through in seconds; nothing is measured by them.
inline Sizes tiny_sizes() {
  return {.warm_rounds = 2,
          .rounds = 3,
          .block_rounds = 3,
          .chain = 4,
          .instructions = 4,
          .threads = 64,
          .wide_threads = 64,
          .most_blocks = 3,
          .most_clusters = 2,
          .clock_cycles = 1000,
          .blocks_of_clusters = {2, 16},
          .bytes_of_grids = {16, 64},
          .bytes_of_clusters = {64},
          .read_bytes = {4096, 20000},
          .broadcast_bytes = {4096},
          .traffic_bytes = 40000,
          .least_batches = 1,
          .copy_bytes = 20000,
          .chase_bytes = {4096},
          .warps = {2},
          .points = 256};
}

struct Setup {
  Sizes sizes = {};
  bool emulated = false;
  /// One bit of whatever is moved is wrong: what shows that each check can fail.
  bool spoiled = false;
  double hang_seconds = 30;  ///< that a measurement may take before the device is given up
};

}  // namespace takt::micro
