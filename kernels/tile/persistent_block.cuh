// What the persistent kernels of both passes share: which part of the work a warp has, R of its
// part in registers and shared memory, the product by the row that the blocks of a group hand on
// (forward h, backward drh), the sums of a thread's cells.
//
// Order    sums over k: within a lane, k block by k block, then over parts in their order. Of a row
//          they depend on nothing but the shape.
#pragma once

#include <cstdint>
#include <type_traits>

#include <takt/cell.hpp>
#include <takt/kernels/policy/persistent.hpp>
#include <takt/kernels/policy/status.hpp>
#include <takt/kernels/ptx/flag.cuh>
#include <takt/kernels/step.cuh>
#include <takt/kernels/tile/cluster_exchange.cuh>
#include <takt/kernels/tile/grid_exchange.cuh>
#include <takt/kernels/tile/weight_stationary.cuh>

namespace takt {

/// What both passes are given of a chunk of steps, of one direction of one layer.
struct PersistentChunk {
  StepPlace place{};                    ///< of any step
  int begin = 0, end = 0;               ///< steps of the chunk
  bool in_time_order = false;           ///< whether tensors of the chunk are in the order of time
  const std::int32_t* order = nullptr;  ///< [B] rows by falling length; null: as they lie
  const uint4* R = nullptr;             ///< as kernels/pack_fragments.cuh leaves it
  unsigned char* ring = nullptr;  ///< of all groups, PersistentShape::ring_bytes() each; in a grid
  std::uint32_t* epochs = nullptr;  ///< [groups], PersistentShape::epochs_bytes() each; in a grid
  StatusWord* status = nullptr;     ///< gave_up is set, never cleared
  std::int64_t patience_ns = 0;     ///< of one wait
};

/// What one launch runs: a chunk of each of gridDim.y directions or layers of equal size, which
/// know nothing of each other and so may be anywhere in time: both directions of a layer, or layers
/// of a stack, each a chunk behind the one below. Blocks of one blockIdx.y have one of them.
template <class Chunk>
struct PersistentLaunch {
  policy::PersistentShape shape{};
  int first_group = 0;  ///< of each chunk's groups, of which gridDim.x has some
  Chunk chunks[policy::Persistent::most_chunks] = {};
};
inline constexpr std::size_t most_parameter_bytes = 4096;  ///< of a kernel, on any device

namespace detail {

/// A lane's part of a packed fragment, both halves of which are 32 vectors.
TAKT_DEVICE RFragment load_fragment(const uint4* from) {
  const uint4 upper = from[0], lower = from[32];
  return {{{upper.x, upper.y, upper.z, upper.w}, {lower.x, lower.y, lower.z, lower.w}}};
}

/// Another group may say so at this moment.
TAKT_DEVICE bool gave_up_before(const StatusWord* status) {
  return ptx::load_relaxed<ptx::Scope::device>(&status->gave_up) != 0;
}

/// Which rows of the batch, which units and which k blocks a warp has.
struct PersistentPlace {
  int rank, slice;           ///< of the block: in its group, of its group
  int first_tile, end_tile;  ///< units of the block
  int tile;                  ///< of the warp
  int part, parts;
  int first_block, blocks;  ///< of the warp's k blocks; none without a tile

  TAKT_DEVICE PersistentPlace(const policy::PersistentShape& shape, int parts_in, int first_group)
      : parts(parts_in) {
    const int tiles = static_cast<int>(policy::Persistent::unit_tiles(shape.H));
    const int k_blocks = static_cast<int>(shape.k_blocks());
    const int warp = static_cast<int>(threadIdx.x) / 32;
    rank = shape.in_grid ? static_cast<int>(blockIdx.x) % shape.blocks : 0;
    if constexpr (TAKT_HAS_CLUSTERS)
      if (shape.blocks > 1 && !shape.in_grid) rank = static_cast<int>(ptx::cluster_rank());
    slice = first_group + static_cast<int>(blockIdx.x) / shape.blocks;
    first_tile = rank * tiles / shape.blocks;
    end_tile = (rank + 1) * tiles / shape.blocks;
    tile = first_tile + warp / parts;
    part = warp % parts;
    first_block = part * k_blocks / parts;
    blocks = has_tile() ? (part + 1) * k_blocks / parts - first_block : 0;
  }
  TAKT_DEVICE bool has_tile() const { return tile < end_tile; }
};

/// A unit of a row of the batch, as one thread has it.
struct CellPlace {
  int b = 0, j = 0;
  int row = 0;         ///< of the group
  int length = 0;      ///< steps that the row runs; 0 where the cell pads a tile
  bool valid = false;  ///< it pads none

  TAKT_DEVICE int time(int s, bool reverse) const { return reverse ? length - 1 - s : s; }
};

/// One block's work, less its cells'.
template <class Product, int tiles, bool split, class Exchange>
struct PersistentBlock {
  using Policy = policy::Persistent;
  using Real = typename Product::Real;
  using Acc = Accumulator<Real>;
  static constexpr bool in_grid = std::is_same_v<Exchange, GridExchange>;
  // Between two parts of a row that a block hands on, its threads meet in the product.
  static_assert(split || !in_grid);
  static constexpr int cells = Policy::cells(split);
  static constexpr int resident = Policy::register_blocks(tiles, Product::wide_sums, in_grid);
  static constexpr int tile_vectors = tiles * Policy::fragment_bytes / 16;  ///< of a k block

  const policy::PersistentShape& shape;
  const PersistentChunk& chunk;
  const PersistentPlace at;
  const int lane, row_tiles, rows;
  int end;  ///< of the group's steps in this chunk
  Exchange exchange;
  Patience patience;
  uint4* R_shared;  ///< the lane's
  int kept;         ///< of the warp's k blocks, in registers and shared memory
  float* sums_shared;
  RFragment R[at_least_one(resident)][tiles] = {};
  Acc sums[cells][tiles] = {};  ///< of the product, of the thread's cells

  template <class Chunk>
  TAKT_DEVICE PersistentBlock(const PersistentLaunch<Chunk>& launch, unsigned char* shared)
      : shape(launch.shape),
        chunk(launch.chunks[blockIdx.y]),
        at(shape, split ? shape.parts : 1, launch.first_group),
        lane(static_cast<int>(threadIdx.x) % 32),
        row_tiles(split ? shape.row_tiles : 1),
        rows(row_tiles * Policy::row_tile),
        end(chunk.end),
        patience{chunk.patience_ns, gave_up_before(chunk.status)} {
    // A group's steps end with its longest row.
    if (chunk.order != nullptr) {
      const int longest = chunk.place.lengths[chunk.order[at.slice * rows]];
      end = longest < end ? longest : end;
    }
    const int in_shared = static_cast<int>(shape.depth_in_shared());
    const int warp = static_cast<int>(threadIdx.x) / 32;
    unsigned char* const R_of_block =
        rows_shared(shared) + shape.rows_bytes() + shape.staged_bytes();
    R_shared = reinterpret_cast<uint4*>(R_of_block) + warp * in_shared * tile_vectors + lane;
    kept = resident + in_shared < at.blocks ? resident + in_shared : at.blocks;
    sums_shared = reinterpret_cast<float*>(R_of_block + shape.R_bytes() + shape.bias_bytes());
  }
  TAKT_DEVICE static unsigned char* rows_shared(unsigned char* shared) {
    return shared + policy::PersistentShape::barrier_bytes;
  }

  /// `all_steps` that the group hands on or begins with; `epoch` as GridExchange has it.
  TAKT_DEVICE void connect(unsigned char* shared, int all_steps, int epoch) {
    const int tile_bytes = static_cast<int>(shape.tile_bytes());
    const int all_tiles = static_cast<int>(Policy::unit_tiles(shape.H));
    auto* const quits = reinterpret_cast<int*>(shared + 2 * sizeof(ptx::Mbarrier));
    if constexpr (in_grid)
      exchange = {.part = rows_shared(shared),
                  .quits = quits,
                  .producers = reinterpret_cast<int2*>(quits + 2),
                  .staged = rows_shared(shared) + shape.rows_bytes() +
                            static_cast<int>(threadIdx.x) / 32 * shape.staged_bytes_of_warp(),
                  .ring = chunk.ring + at.slice * shape.ring_bytes(),
                  .epochs = chunk.epochs + at.slice * (shape.epochs_bytes() / 4),
                  .epoch = static_cast<std::uint32_t>(epoch),
                  .pitch = static_cast<int>(shape.ring_pitch()),
                  .rows = rows,
                  .blocks = shape.blocks,
                  .rank = at.rank,
                  .unit_tiles = all_tiles,
                  .tile_bytes = tile_bytes,
                  .first_byte = at.first_tile * tile_bytes,
                  .my_bytes = (at.end_tile - at.first_tile) * tile_bytes,
                  .all_steps = all_steps};
    else
      exchange = {.halves = rows_shared(shared),
                  .full = reinterpret_cast<ptx::Mbarrier*>(shared),
                  .quits = quits,
                  .pitch = static_cast<int>(shape.pitch()),
                  .rows = rows,
                  .blocks = shape.blocks,
                  .rank = at.rank,
                  .first_byte = at.first_tile * tile_bytes,
                  .my_bytes = (at.end_tile - at.first_tile) * tile_bytes,
                  .row_bytes = all_tiles * tile_bytes,
                  .all_steps = all_steps};
  }

  /// Which item of its unit tile a thread's n-th cell is: row tile, half of the 16 units, column.
  TAKT_DEVICE int item_of(int n) const { return split ? at.part + at.parts * n : n; }
  TAKT_DEVICE CellPlace place_of(int n) const {
    const int item = item_of(n);
    CellPlace place;
    place.j = at.tile * Policy::unit_tile + item / 2 % 2 * 8 + lane / 4;
    place.row = item / 4 * Policy::row_tile + lane % 4 * 2 + item % 2;
    place.valid = at.has_tile() && place.j < chunk.place.H && place.row < rows &&
                  slot_of(place.row) < chunk.place.B;
    if (!place.valid) return place;
    place.b = static_cast<int>(row_of(slot_of(place.row)));
    place.length = chunk.place.lengths == nullptr ? static_cast<int>(chunk.place.T)
                                                  : chunk.place.lengths[place.b];
    return place;
  }
  TAKT_DEVICE std::int64_t slot_of(int row) const {
    return static_cast<std::int64_t>(at.slice) * rows + row;
  }
  /// Of the batch.
  TAKT_DEVICE std::int64_t row_of(std::int64_t slot) const {
    return chunk.order == nullptr ? slot : chunk.order[slot];
  }
  /// Step s of tensors of the chunk.
  TAKT_DEVICE std::int64_t index_of(int s) const {
    return chunk.in_time_order ? chunk.end - 1 - s : s - chunk.begin;
  }

  /// The first of the warp's k blocks into registers, those after them into shared memory.
  TAKT_DEVICE void load_R() {
    const uint4* const from = R_in_memory();
    TAKT_UNROLL_ALL
    for (int block = 0; block < resident; ++block) TAKT_UNROLL_ALL
    for (int m = 0; m < tiles; ++m)
      if (block < at.blocks) R[block][m] = load_fragment(from + block * tile_vectors + m * 64);
    for (int n = resident * tile_vectors; n < kept * tile_vectors; n += 32)
      R_shared[n - resident * tile_vectors] = from[n];
  }
  TAKT_DEVICE const uint4* R_in_memory() const {
    return chunk.R + (at.tile * shape.k_blocks() + at.first_block) * tile_vectors + lane;
  }

  /// R by the current row: the sums of the thread's cells.
  TAKT_DEVICE void product() {
    ptx::FragmentC fragments[tiles];
    if constexpr (!split) {
      multiply(fragments, 0);
      TAKT_UNROLL_ALL
      for (int n = 0; n < cells; ++n) TAKT_UNROLL_ALL
      for (int m = 0; m < tiles; ++m)
        sums[n][m] = fragments[SumOf(n, m).tile].sums[SumOf(n, m).sum];
    } else {
      for (int row_tile = 0; row_tile < row_tiles; ++row_tile) {
        multiply(fragments, row_tile);
        float* const to = sums_of(at.part, row_tile);
        TAKT_UNROLL_ALL
        for (int n = 0; n < tiles * 4; ++n) to[n * 32] = fragments[n / 4].sums[n % 4];
      }
      __syncthreads();
      add_parts();
    }
  }

 private:
  /// Of the warp's k blocks and one row tile.
  TAKT_DEVICE void multiply(ptx::FragmentC (&fragments)[tiles], int row_tile) {
    typename Product::Sums wide[tiles] = {};
    const auto row_of = [&](int block) {
      return Product::read(
          [&](int row) { return exchange.load(row_tile, row, at.first_block + block); });
    };
    if constexpr (in_grid) {
      for (int begin = 0; begin < at.blocks; begin += shape.staged_k_blocks) {
        const int staged = begin + shape.staged_k_blocks;
        const int end = staged < at.blocks ? staged : at.blocks;
        exchange.stage(row_tile, at.first_block + begin, end - begin);
        multiply_resident(wide, row_of, begin, end);
        multiply_range(wide, row_of, R_shared, resident, begin < resident ? resident : begin,
                       end < kept ? end : kept);
        multiply_range(wide, row_of, R_in_memory(), 0, begin < kept ? kept : begin, end);
      }
    } else {
      multiply_resident(wide, row_of, 0, at.blocks);
      multiply_range(wide, row_of, R_shared, resident, resident, at.blocks);
    }
    TAKT_UNROLL_ALL
    for (int m = 0; m < tiles; ++m) fragments[m] = Product::fold(wide[m]);
  }

  template <class RowOf>
  TAKT_DEVICE void multiply_resident(typename Product::Sums (&wide)[tiles], const RowOf& row_of,
                                     int begin, int end) {
    TAKT_UNROLL_ALL
    for (int block = 0; block < resident; ++block)
      if (block >= begin && block < end) {
        const auto row = row_of(block);
        TAKT_UNROLL_ALL
        for (int m = 0; m < tiles; ++m) Product::multiply(wide[m], R[block][m], row);
      }
  }

  /// By k blocks of R that lie one behind the other, `first` at `from`.
  template <class RowOf>
  TAKT_DEVICE void multiply_range(typename Product::Sums (&wide)[tiles], const RowOf& row_of,
                                  const uint4* from, int first, int block, int end_block) {
    from += (block - first) * tile_vectors;
    [[maybe_unused]] constexpr int rounds = tiles > 2 ? 1 : 4;
    TAKT_UNROLL(rounds)
    for (; block < end_block; ++block) {
      const auto row = row_of(block);
      TAKT_UNROLL_ALL
      for (int m = 0; m < tiles; ++m) Product::multiply(wide[m], load_fragment(from + m * 64), row);
      from += tile_vectors;
    }
  }

  /// Where a matrix tile holds a sum of an item (forward, of a gate): tile and sum.
  struct SumOf {
    int tile, sum;
    TAKT_DEVICE SumOf(int item, int gate)
        : tile((item / 2 % 2 * tiles + gate) / 2),
          sum((item / 2 % 2 * tiles + gate) % 2 * 2 + item % 2) {}
  };

  /// [part][row tile][tiles][4][32] of the warps that share a unit tile.
  TAKT_DEVICE float* sums_of(int part, int row_tile) const {
    const int warp = static_cast<int>(threadIdx.x) / 32 - at.part + part;
    return sums_shared + (warp * row_tiles + row_tile) * tiles * 128 + lane;
  }

  TAKT_DEVICE void add_parts() {
    TAKT_UNROLL_ALL
    for (int n = 0; n < cells; ++n) TAKT_UNROLL_ALL
    for (int m = 0; m < tiles; ++m) sums[n][m] = 0;
    for (int part = 0; part < at.parts; ++part) TAKT_UNROLL_ALL
    for (int n = 0; n < cells; ++n) {
      const int item = item_of(n);
      if (item / 4 >= row_tiles) continue;
      const float* const from = sums_of(part, item / 4);
      TAKT_UNROLL_ALL
      for (int m = 0; m < tiles; ++m)
        sums[n][m] += from[(SumOf(item, m).tile * 4 + SumOf(item, m).sum) * 32];
    }
  }
};

}  // namespace detail

}  // namespace takt
