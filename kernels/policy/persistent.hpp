// Sizes of the persistent kernels: read by the kernels, by those who launch them, and by the
// planner, which asks here what fits.
#pragma once

#include <cstdint>

#include <takt/math.hpp>

namespace takt::policy {

/// How a persistent kernel's work lies on a group of blocks that share rows of the batch.
///
/// Units come in tiles of 16, each of one block; a tile's gates are as many matrix tiles of 16 rows
/// of R, permuted so that one thread ends with all gates of a unit. R and h meet in k blocks of 64
/// bytes of a row of h. Each warp has one unit tile and one of `parts` equal parts of the k blocks.
struct Persistent {
  static constexpr int unit_tile = 16;
  static constexpr int row_tile = 8;
  static constexpr int k_block_bytes = 64;
  static constexpr int fragment_bytes = 1024;  ///< of R: one matrix tile in one k block
  static constexpr int largest_cluster = 16;
  static constexpr int most_warps = 8;  ///< with up to 255 registers a thread
  /// Cells of one thread: a warp that has all k blocks of its units has one row tile; those that
  /// split them share the row tiles of their units.
  TAKT_CELL static constexpr int cells(bool split) { return split ? 2 : 4; }
  TAKT_CELL static constexpr int most_row_tiles(int parts) { return parts == 1 ? 1 : parts / 2; }
  /// K blocks of R that a thread keeps in registers, 8 registers each and gate. In a grid h comes
  /// from further away, and more of it is under way at once.
  TAKT_CELL static constexpr int register_blocks(int gates, bool wide_sums, bool in_grid) {
    return gates > 2 ? (wide_sums ? (in_grid ? 3 : 8) : 12) / gates : 8;
  }

  TAKT_CELL static constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
    return (a + b - 1) / b;
  }
  TAKT_CELL static constexpr std::int64_t unit_tiles(std::int64_t H) {
    return ceil_div(H, unit_tile);
  }
  TAKT_CELL static constexpr std::int64_t k_blocks(std::int64_t K, int element_bytes) {
    return ceil_div(K * element_bytes, k_block_bytes);
  }
  /// Bytes from one row of h to the next: an odd number of k blocks, so that two rows that are read
  /// at once lie in different banks.
  TAKT_CELL static constexpr std::int64_t h_pitch(std::int64_t K, int element_bytes) {
    return (k_blocks(K, element_bytes) | 1) * k_block_bytes;
  }
};

/// One choice of it, and what it needs. Every block has at least one unit tile: one that sends
/// nothing would not hold the others back from overwriting what it has not read yet.
struct PersistentShape {
  std::int64_t H = 0;
  int gates = 1;
  int element_bytes = 4;   ///< of h and R as they are multiplied
  bool wide_sums = false;  ///< f32 products
  int blocks = 1;          ///< of a group
  int parts = 1;           ///< of the k blocks
  int row_tiles = 1;       ///< of a group
  bool in_grid = false;    ///< h goes through global memory, not from block to block of a cluster

  TAKT_CELL constexpr int rows() const { return row_tiles * Persistent::row_tile; }
  TAKT_CELL constexpr std::int64_t tiles_of_block() const {
    return Persistent::ceil_div(Persistent::unit_tiles(H), blocks);
  }
  TAKT_CELL constexpr std::int64_t warps() const { return tiles_of_block() * parts; }
  TAKT_CELL constexpr std::int64_t threads() const { return warps() * 32; }
  /// K blocks of a warp at most.
  TAKT_CELL constexpr std::int64_t depth() const {
    return Persistent::ceil_div(Persistent::k_blocks(H, element_bytes), parts);
  }
  TAKT_CELL constexpr std::int64_t fragments_in_registers() const {
    const std::int64_t blocks_there = Persistent::register_blocks(gates, wide_sums, in_grid);
    return (depth() < blocks_there ? depth() : blocks_there) * gates;
  }
  TAKT_CELL constexpr std::int64_t packed_bytes() const {
    return Persistent::unit_tiles(H) * Persistent::k_blocks(H, element_bytes) * gates *
           Persistent::fragment_bytes;
  }
  /// Fragments of R in shared memory, of each warp.
  TAKT_CELL constexpr std::int64_t fragments_in_shared() const {
    return depth() * gates - fragments_in_registers();
  }

  // Dynamic shared memory, in this order, behind what the exchange keeps there: barriers, who gave
  // up, who makes a warp's part of h.
  static constexpr std::int64_t barrier_bytes = 128;
  /// All of h twice; in a grid the block's part of the next one.
  TAKT_CELL constexpr std::int64_t h_bytes() const {
    return in_grid ? rows() * tiles_of_block() * Persistent::unit_tile * element_bytes
                   : 2 * rows() * Persistent::h_pitch(H, element_bytes);
  }
  TAKT_CELL constexpr std::int64_t R_bytes() const {
    return warps() * fragments_in_shared() * Persistent::fragment_bytes;
  }
  TAKT_CELL constexpr std::int64_t bias_bytes() const {
    return tiles_of_block() * 2 * gates * Persistent::unit_tile * 4;
  }
  /// Sums of one warp: 16 rows of R by 8 of h, f32, each matrix tile and row tile.
  TAKT_CELL constexpr std::int64_t sums_bytes() const {
    return parts == 1 ? 0 : warps() * row_tiles * gates * 16 * Persistent::row_tile * 4;
  }
  // Global memory of a group of a grid: h twice, and an epoch of each block in a line of its own.
  static constexpr int epoch_bytes = 128;
  TAKT_CELL constexpr std::int64_t ring_pitch() const {
    return Persistent::k_blocks(H, element_bytes) * Persistent::k_block_bytes;
  }
  TAKT_CELL constexpr std::int64_t ring_bytes() const {
    return in_grid ? 2 * rows() * ring_pitch() : 0;
  }
  TAKT_CELL constexpr std::int64_t epochs_bytes() const {
    return in_grid ? blocks * epoch_bytes : 0;
  }

  TAKT_CELL constexpr std::int64_t shared_bytes() const {
    return barrier_bytes + h_bytes() + R_bytes() + bias_bytes() + sums_bytes();
  }
};

}  // namespace takt::policy
