// Sizes of the persistent kernels: read by the kernels, by those who launch them, and by the
// planner, which asks here what fits.
#pragma once

#include <cstdint>

#include <takt/math.hpp>

namespace takt::policy {

/// How a persistent kernel's work lies on a group of blocks that share rows of the batch.
///
/// Units come in tiles of 16, each of one block, which makes the row of each step that is handed
/// on: forward h, one value a unit, backward the gates' gradients drh, so many values a unit, unit
/// tile by unit tile and in each gate by gate. What stays is R: forward as many matrix tiles of 16
/// rows a unit tile as there are gates, permuted so that one thread ends with all gates of a unit;
/// backward R^T, one matrix tile. It meets the row in k blocks of 64 bytes. Each warp has one unit
/// tile and one of `parts` equal parts of the k blocks.
struct Persistent {
  static constexpr int unit_tile = 16;
  static constexpr int row_tile = 8;
  static constexpr int k_block_bytes = 64;
  static constexpr int fragment_bytes = 1024;  ///< one matrix tile in one k block
  static constexpr int largest_cluster = 16;
  static constexpr int most_chunks = 8;  ///< of one launch
  /// K blocks that a warp of a grid loads at once: 16 are all of a row of 1024 units' gates in f16
  /// where 8 warps share it, fewer than 4 wait for L2 as often as they multiply.
  static constexpr int most_staged = 16, least_staged = 4;
  static constexpr int most_warps = 8;  ///< with up to 255 registers a thread
  /// Cells of one thread: a warp that has all k blocks of its units has one row tile; those that
  /// split them share the row tiles of their units.
  TAKT_CELL static constexpr int cells(bool split) { return split ? 2 : 4; }
  TAKT_CELL static constexpr int most_row_tiles(int parts) { return parts == 1 ? 1 : parts / 2; }
  /// K blocks of R that a thread keeps in registers, 8 registers each and matrix tile: as many as
  /// ptxas has room for beside the rest: a grid's exchange has a few registers more.
  TAKT_CELL static constexpr int register_blocks(int tiles, bool wide_sums, bool in_grid) {
    if (wide_sums) return tiles > 2 ? (in_grid ? 6 : 8) / tiles : 8;
    return (in_grid && tiles > 3 ? 8 : 12) / tiles;
  }

  TAKT_CELL static constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
    return (a + b - 1) / b;
  }
  TAKT_CELL static constexpr std::int64_t unit_tiles(std::int64_t H) {
    return ceil_div(H, unit_tile);
  }
  /// Of a row with so many values of a unit.
  TAKT_CELL static constexpr std::int64_t k_blocks(std::int64_t H, int values, int element_bytes) {
    return ceil_div(unit_tiles(H) * unit_tile * values * element_bytes, k_block_bytes);
  }
};

/// One choice of it, and what it needs. Every block has at least one unit tile: one that sends
/// nothing would not hold the others back from overwriting what it has not read yet.
struct PersistentShape {
  std::int64_t H = 0;
  int gates = 1;
  bool backward = false;
  int element_bytes = 4;   ///< of the row and of R as they are multiplied
  bool wide_sums = false;  ///< f32 products
  int blocks = 1;          ///< of a group
  int parts = 1;           ///< of the k blocks
  int row_tiles = 1;       ///< of a group
  bool in_grid = false;    ///< rows go through global memory, not from block to block of a cluster
  /// K blocks of a warp at most that are kept in shared memory. Those that are kept nowhere are
  /// read from global memory in each step, in a grid.
  std::int64_t shared_k_blocks = std::int64_t{1} << 30;
  int staged_k_blocks = Persistent::most_staged;  ///< of a row, that a warp of a grid loads at once

  TAKT_CELL constexpr int matrix_tiles() const { return backward ? 1 : gates; }
  TAKT_CELL constexpr int values() const { return backward ? gates : 1; }
  TAKT_CELL constexpr std::int64_t k_blocks() const {
    return Persistent::k_blocks(H, values(), element_bytes);
  }
  TAKT_CELL constexpr int rows() const { return row_tiles * Persistent::row_tile; }
  TAKT_CELL constexpr std::int64_t groups(std::int64_t B) const {
    return Persistent::ceil_div(B, rows());
  }
  TAKT_CELL constexpr std::int64_t tiles_of_block() const {
    return Persistent::ceil_div(Persistent::unit_tiles(H), blocks);
  }
  TAKT_CELL constexpr std::int64_t warps() const { return tiles_of_block() * parts; }
  TAKT_CELL constexpr std::int64_t threads() const { return warps() * 32; }
  /// K blocks of a warp at most.
  TAKT_CELL constexpr std::int64_t depth() const { return Persistent::ceil_div(k_blocks(), parts); }
  TAKT_CELL constexpr std::int64_t depth_in_registers() const {
    const int most = Persistent::register_blocks(matrix_tiles(), wide_sums, in_grid);
    return depth() < most ? depth() : most;
  }
  TAKT_CELL constexpr std::int64_t depth_in_shared() const {
    const std::int64_t rest = depth() - depth_in_registers();
    return rest < shared_k_blocks ? rest : shared_k_blocks;
  }
  TAKT_CELL constexpr std::int64_t streamed_depth() const {
    return depth() - depth_in_registers() - depth_in_shared();
  }
  TAKT_CELL constexpr std::int64_t packed_bytes() const {
    return Persistent::unit_tiles(H) * k_blocks() * matrix_tiles() * Persistent::fragment_bytes;
  }
  /// Bytes of a row: a unit tile's, and from one row to the next. An odd number of k blocks, so
  /// that two rows that are read at once lie in different banks.
  TAKT_CELL constexpr std::int64_t tile_bytes() const {
    return Persistent::unit_tile * values() * element_bytes;
  }
  TAKT_CELL constexpr std::int64_t pitch() const {
    return (k_blocks() | 1) * Persistent::k_block_bytes;
  }

  // Dynamic shared memory, in this order, behind what the exchange keeps there: barriers, who gave
  // up, who makes a warp's part of a row.
  static constexpr std::int64_t barrier_bytes = 128;
  /// All rows twice; in a grid the block's part of the next ones.
  TAKT_CELL constexpr std::int64_t rows_bytes() const {
    return in_grid ? rows() * tiles_of_block() * tile_bytes() : 2 * rows() * pitch();
  }
  /// In a grid: what the warps multiply by at a time, each for itself.
  TAKT_CELL constexpr std::int64_t staged_bytes_of_warp() const {
    const std::int64_t k_blocks_at_once = depth() < staged_k_blocks ? depth() : staged_k_blocks;
    return k_blocks_at_once * Persistent::row_tile * Persistent::k_block_bytes;
  }
  /// In which a warp loads its part of a row tile.
  TAKT_CELL constexpr std::int64_t turns() const {
    return in_grid ? Persistent::ceil_div(depth(), staged_k_blocks) : 1;
  }
  TAKT_CELL constexpr std::int64_t staged_bytes() const {
    return in_grid ? warps() * staged_bytes_of_warp() : 0;
  }
  TAKT_CELL constexpr std::int64_t R_bytes() const {
    return warps() * depth_in_shared() * matrix_tiles() * Persistent::fragment_bytes;
  }
  /// Forward.
  TAKT_CELL constexpr std::int64_t bias_bytes() const {
    return backward ? 0 : tiles_of_block() * 2 * gates * Persistent::unit_tile * 4;
  }
  /// Sums of one warp: 16 of R's rows by 8 of the batch, f32, each matrix tile and row tile.
  TAKT_CELL constexpr std::int64_t sums_bytes() const {
    return parts == 1 ? 0 : warps() * row_tiles * matrix_tiles() * 16 * Persistent::row_tile * 4;
  }
  // Global memory of a group of a grid: rows twice, and an epoch of each block in a line of its
  // own.
  static constexpr int epoch_bytes = 128;
  TAKT_CELL constexpr std::int64_t ring_pitch() const {
    return k_blocks() * Persistent::k_block_bytes;
  }
  TAKT_CELL constexpr std::int64_t ring_bytes() const {
    return in_grid ? 2 * rows() * ring_pitch() : 0;
  }
  TAKT_CELL constexpr std::int64_t epochs_bytes() const {
    return in_grid ? blocks * epoch_bytes : 0;
  }

  TAKT_CELL constexpr std::int64_t shared_bytes() const {
    return barrier_bytes + rows_bytes() + staged_bytes() + R_bytes() + bias_bytes() + sums_bytes();
  }
};

}  // namespace takt::policy
