// All steps of a chunk in one launch, forward: R stays in registers and shared memory, h goes from
// step to step through an exchange, the states of a thread's units never leave its registers.
//
// When     the planner's model finds it faster than one product and one gate kernel a step: dense
//          cells of one product, f16, bf16, tf32, f32.
// Tensors  as kernels/step.cuh, but Wx [steps,B,G*H] accumulators of the whole chunk, R as
//          kernels/pack_fragments.cuh leaves it, and h, inner: the states before the chunk and
//          after it. Padding is not written.
// Work     a group of blocks (a cluster, or a part of a cooperative grid) owns `rows` rows of the
// batch and all units: see
//          policy/persistent.hpp. Blocks of PersistentShape::threads(); one warp 16 units and one
//          part of the k blocks, one thread some cells (a unit of a row of the batch).
// On chip  PersistentShape::shared_bytes() dynamic.
// Requires shape.blocks at most the unit tiles; shape.threads() and shape.shared_bytes() within the
//          device's limits; row_tiles at most Persistent::most_row_tiles(parts); T, B below 2^31.
// Order    sums over k: within a lane, k block by k block, then over parts in their order. Of a row
//          they depend on nothing but the shape.
#pragma once

#include <cstdint>

#include <takt/cell.hpp>
#include <takt/kernels/policy/persistent.hpp>
#include <takt/kernels/policy/status.hpp>
#include <takt/kernels/ptx/flag.cuh>
#include <takt/kernels/step.cuh>
#include <takt/kernels/tile/cluster_exchange.cuh>
#include <takt/kernels/tile/grid_exchange.cuh>
#include <takt/kernels/tile/weight_stationary.cuh>

namespace takt {

template <class Real>
struct PersistentForward {
  using Acc = Accumulator<Real>;
  policy::PersistentShape shape{};
  StepPlace place{};                    ///< of any step
  int begin = 0, end = 0;               ///< steps of the chunk
  bool in_time_order = false;           ///< whether Wx is in the order of time, not of steps
  const std::int32_t* order = nullptr;  ///< [B] rows by falling length; null: as they lie
  const Acc* Wx = nullptr;
  const uint4* R = nullptr;
  const Real* bW = nullptr;        ///< [G*H] or null
  const Real* bR = nullptr;        ///< [G*H] or null
  Real* h = nullptr;               ///< [B,H]; read and written
  const Acc* inner_old = nullptr;  ///< [C,B,H] before step `begin`
  Acc* inner_new = nullptr;        ///< [C,B,H] after step `end` - 1; may be inner_old
  Acc* inner_steps = nullptr;      ///< [end - begin,C,B,H] after each step; null: not wanted
  OverTime<Real> y{};
  OverTime<Acc> c_all{};          ///< null: not wanted
  Real* saved = nullptr;          ///< [end - begin,S,B,H]; null in inference
  int first_group = 0;            ///< of this launch
  unsigned char* ring = nullptr;  ///< of all groups, PersistentShape::ring_bytes() each; in a grid
  std::uint32_t* epochs = nullptr;  ///< [groups], PersistentShape::epochs_bytes() each; in a grid
  StatusWord* status = nullptr;     ///< gave_up is set, never cleared
  std::int64_t patience_ns = 0;     ///< of one wait
};

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
    const int k_blocks =
        static_cast<int>(policy::Persistent::k_blocks(shape.H, shape.element_bytes));
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
  /// Of a row of h: what the block makes.
  TAKT_DEVICE int first_byte(int tile_bytes) const { return first_tile * tile_bytes; }
  TAKT_DEVICE int my_bytes(int tile_bytes) const { return (end_tile - first_tile) * tile_bytes; }
};

/// A unit of a row of the batch, as one thread has it, and its states.
template <class Cell, class Real>
struct PersistentCell {
  using Acc = Accumulator<Real>;
  static constexpr int inner_states = CellTraits<Cell>::inner_states;

  int b = 0, j = 0;
  int row = 0;         ///< of the group
  int length = 0;      ///< steps that the row runs; 0 where the cell pads a tile
  bool valid = false;  ///< it pads none
  int reset = 0;       ///< not 0: the row starts anew before the step to come
  Acc h = 0;
  Acc inner[at_least_one(inner_states)] = {};

  TAKT_DEVICE int time(int s, bool reverse) const { return reverse ? length - 1 - s : s; }
};

/// One block's work.
template <class Cell, class Product, bool split, class Exchange>
struct PersistentForwardBlock {
  using Policy = policy::Persistent;
  using Real = typename Product::Real;
  using Acc = Accumulator<Real>;
  using Traits = CellTraits<Cell>;
  static constexpr int G = Traits::gates, C = Traits::inner_states, S = Traits::saved;
  static constexpr bool in_grid = std::is_same_v<Exchange, GridExchange>;
  // Between two parts of h that a block hands on, its threads meet in the product.
  static_assert(split || !in_grid);
  static constexpr int cells = Policy::cells(split);
  static constexpr int resident = Policy::register_blocks(G, Product::wide_sums, in_grid);
  static constexpr int tile_vectors = G * Policy::fragment_bytes / 16;  ///< of a k block

  const PersistentForward<Real>& p;
  const PersistentPlace at;
  const int lane, row_tiles, rows;
  int end;  ///< of the group's steps
  uint4* R_shared;
  float *biases, *sums_shared;
  Exchange exchange;
  Patience patience;
  RFragment R[at_least_one(resident)][G] = {};
  PersistentCell<Cell, Real> cell[cells];
  Acc Wx[cells][G] = {};  ///< of the step to come
  Acc Rh[cells][G] = {};
  Real saved[cells][at_least_one(S)] = {};

  TAKT_DEVICE PersistentForwardBlock(const PersistentForward<Real>& p_in, unsigned char* shared)
      : p(p_in),
        at(p.shape, split ? p.shape.parts : 1, p.first_group),
        lane(static_cast<int>(threadIdx.x) % 32),
        row_tiles(split ? p.shape.row_tiles : 1),
        rows(row_tiles * Policy::row_tile),
        end(p.end),
        patience{p.patience_ns, gave_up_before(p.status)} {
    // A group's steps end with its longest row.
    if (p.order != nullptr) {
      const int longest = p.place.lengths[p.order[at.slice * rows]];
      end = longest < end ? longest : end;
    }
    constexpr int bytes = Policy::unit_tile * static_cast<int>(sizeof(Real));
    unsigned char* const h = shared + policy::PersistentShape::barrier_bytes;
    R_shared = reinterpret_cast<uint4*>(h + p.shape.h_bytes());
    biases = reinterpret_cast<float*>(h + p.shape.h_bytes() + p.shape.R_bytes());
    sums_shared = biases + p.shape.bias_bytes() / 4;
    auto* const quits = reinterpret_cast<int*>(shared + 2 * sizeof(ptx::Mbarrier));
    const int tiles = static_cast<int>(Policy::unit_tiles(p.shape.H));
    if constexpr (in_grid)
      exchange = {.part = h,
                  .quits = quits,
                  .producers = reinterpret_cast<int2*>(quits + 2),
                  .ring = p.ring + at.slice * p.shape.ring_bytes(),
                  .epochs = p.epochs + at.slice * (p.shape.epochs_bytes() / 4),
                  .epoch = static_cast<std::uint32_t>(p.begin),
                  .pitch = static_cast<int>(p.shape.ring_pitch()),
                  .rows = rows,
                  .blocks = p.shape.blocks,
                  .rank = at.rank,
                  .unit_tiles = tiles,
                  .tile_bytes = bytes,
                  .first_byte = at.first_byte(bytes),
                  .my_bytes = at.my_bytes(bytes),
                  .all_steps = end - p.begin};
    else
      exchange = {.h = h,
                  .full = reinterpret_cast<ptx::Mbarrier*>(shared),
                  .quits = quits,
                  .pitch = static_cast<int>(Policy::h_pitch(p.shape.H, sizeof(Real))),
                  .rows = rows,
                  .blocks = p.shape.blocks,
                  .rank = at.rank,
                  .first_byte = at.first_byte(bytes),
                  .my_bytes = at.my_bytes(bytes),
                  .row_bytes = tiles * bytes,
                  .all_steps = end - p.begin};
  }

  /// Which item of its unit tile a thread's cell is: row tile, half of the 16 units, column.
  TAKT_DEVICE int item_of(int n) const { return split ? at.part + at.parts * n : n; }
  TAKT_DEVICE std::int64_t row_of(int slot) const {
    return p.order == nullptr ? slot : p.order[slot];
  }

  /// h before the chunk: all of it into the current half; in a grid the block's part, as if it had
  /// made it. What pads it is 0, now and later.
  TAKT_DEVICE void load_h() {
    const int size = static_cast<int>(sizeof(Real));
    const int first = in_grid ? exchange.first_byte / size : 0;
    const int elements = (in_grid ? exchange.my_bytes : exchange.pitch) / size;
    for (int n = static_cast<int>(threadIdx.x); n < rows * elements;
         n += static_cast<int>(blockDim.x)) {
      const int row = n / elements, j = first + n % elements, slot = at.slice * rows + row;
      const bool valid = slot < p.place.B && j < p.place.H;
      const Real zero = rounded<Real>(Acc(0));
      const Real h = valid ? Product::operand(p.h[row_of(slot) * p.place.H + j]) : zero;
      if constexpr (in_grid) {
        reinterpret_cast<Real*>(exchange.next(row))[j] = h;
      } else {
        reinterpret_cast<Real*>(exchange.current(row))[j] = h;
        reinterpret_cast<Real*>(exchange.next(row))[j] = zero;
      }
    }
  }

  /// The first of the warp's k blocks into registers, the rest into shared memory.
  TAKT_DEVICE void load_R() {
    const auto k_blocks = Policy::k_blocks(p.shape.H, sizeof(Real));
    const uint4* const from = p.R + (at.tile * k_blocks + at.first_block) * tile_vectors + lane;
    TAKT_UNROLL_ALL
    for (int block = 0; block < resident; ++block) TAKT_UNROLL_ALL
    for (int m = 0; m < G; ++m)
      if (block < at.blocks) R[block][m] = load_fragment(from + block * tile_vectors + m * 64);
    for (int n = resident * tile_vectors; n < at.blocks * tile_vectors; n += 32)
      R_of_warp()[n - resident * tile_vectors] = from[n];
  }
  TAKT_DEVICE uint4* R_of_warp() const {
    const int warp = static_cast<int>(threadIdx.x) / 32;
    return R_shared + warp * static_cast<int>(p.shape.fragments_in_shared()) * 64 + lane;
  }

  /// [tile of the block][bW, bR][G][16]
  TAKT_DEVICE void load_biases() {
    for (int n = static_cast<int>(threadIdx.x); n < (at.end_tile - at.first_tile) * 2 * G * 16;
         n += static_cast<int>(blockDim.x)) {
      const int gate = n / 16 % G, tile = n / (32 * G);
      const std::int64_t j = (at.first_tile + tile) * 16 + n % 16;
      const Real* const from = n / (16 * G) % 2 == 0 ? p.bW : p.bR;
      biases[n] = from == nullptr || j >= p.place.H ? Acc(0) : widened(from[gate * p.place.H + j]);
    }
  }
  TAKT_DEVICE Acc bias(int n, int which, int gate) const {
    return biases[(((at.tile - at.first_tile) * 2 + which) * G + gate) * 16 + cell[n].j % 16];
  }

  TAKT_DEVICE void load_cells() {
    TAKT_UNROLL_ALL
    for (int n = 0; n < cells; ++n) {
      auto& [b, j, row, length, valid, reset, h, inner] = cell[n];
      const int item = item_of(n);
      j = at.tile * Policy::unit_tile + item / 2 % 2 * 8 + lane / 4;
      row = item / 4 * Policy::row_tile + lane % 4 * 2 + item % 2;
      const int slot = at.slice * rows + row;
      valid = at.has_tile() && j < p.place.H && row < rows && slot < p.place.B;
      if (!valid) continue;
      b = static_cast<int>(row_of(slot));
      length = p.place.lengths == nullptr ? static_cast<int>(p.place.T) : p.place.lengths[b];
      const std::int64_t from = b * p.place.H + j;
      h = widened(p.h[from]);
      for (int state = 0; state < C; ++state)
        inner[state] = p.inner_old[state * p.place.B * p.place.H + from];
    }
  }

  /// What step s needs and no other thread makes, as it lies in memory: nothing waits for it yet.
  TAKT_DEVICE void fetch(int s) {
    const std::int64_t H = p.place.H, index = p.in_time_order ? p.end - 1 - s : s - p.begin;
    TAKT_UNROLL_ALL
    for (int n = 0; n < cells; ++n) {
      if (s >= cell[n].length) continue;
      if (p.place.resets.data != nullptr)
        cell[n].reset = *p.place.resets.at(cell[n].time(s, p.place.reverse), cell[n].b);
      const Acc* const from = p.Wx + (index * p.place.B + cell[n].b) * G * H + cell[n].j;
      TAKT_UNROLL_ALL
      for (int gate = 0; gate < G; ++gate) Wx[n][gate] = from[gate * H];
    }
  }

  /// R h of the warp's k blocks and one row tile.
  TAKT_DEVICE void multiply(ptx::FragmentC (&sums)[G], int row_tile) {
    typename Product::Sums wide[G] = {};
    const auto h_of = [&](int block) {
      return Product::read([&](int row) {
        return exchange.load(row_tile * Policy::row_tile + row, at.first_block + block);
      });
    };
    TAKT_UNROLL_ALL
    for (int block = 0; block < resident; ++block)
      if (block < at.blocks) {
        const auto h = h_of(block);
        TAKT_UNROLL_ALL
        for (int m = 0; m < G; ++m) Product::multiply(wide[m], R[block][m], h);
      }
    const uint4* from = R_of_warp();
    for (int block = resident; block < at.blocks; ++block, from += tile_vectors) {
      const auto h = h_of(block);
      TAKT_UNROLL_ALL
      for (int m = 0; m < G; ++m) Product::multiply(wide[m], load_fragment(from + m * 64), h);
    }
    TAKT_UNROLL_ALL
    for (int m = 0; m < G; ++m) sums[m] = Product::fold(wide[m]);
  }

  /// Where a matrix tile holds the sum of a gate of an item: tile and sum.
  struct SumOf {
    int tile, sum;
    TAKT_DEVICE SumOf(int item, int gate)
        : tile((item / 2 % 2 * G + gate) / 2), sum((item / 2 % 2 * G + gate) % 2 * 2 + item % 2) {}
  };

  /// R h of the thread's cells.
  TAKT_DEVICE void product() {
    ptx::FragmentC sums[G];
    if constexpr (!split) {
      multiply(sums, 0);
      TAKT_UNROLL_ALL
      for (int n = 0; n < cells; ++n) TAKT_UNROLL_ALL
      for (int gate = 0; gate < G; ++gate)
        Rh[n][gate] = sums[SumOf(n, gate).tile].sums[SumOf(n, gate).sum];
    } else {
      for (int row_tile = 0; row_tile < row_tiles; ++row_tile) {
        multiply(sums, row_tile);
        float* const to = sums_of(at.part, row_tile);
        TAKT_UNROLL_ALL
        for (int n = 0; n < G * 4; ++n) to[n * 32] = sums[n / 4].sums[n % 4];
      }
      __syncthreads();
      add_parts();
    }
  }

  /// [part][row tile][G][4][32] of the warps that share a unit tile.
  TAKT_DEVICE float* sums_of(int part, int row_tile) const {
    const int warp = static_cast<int>(threadIdx.x) / 32 - at.part + part;
    return sums_shared + (warp * row_tiles + row_tile) * G * 128 + lane;
  }

  TAKT_DEVICE void add_parts() {
    TAKT_UNROLL_ALL
    for (int n = 0; n < cells; ++n) TAKT_UNROLL_ALL
    for (int gate = 0; gate < G; ++gate) Rh[n][gate] = 0;
    for (int part = 0; part < at.parts; ++part) TAKT_UNROLL_ALL
    for (int n = 0; n < cells; ++n) {
      const int item = item_of(n);
      if (item / 4 >= row_tiles) continue;
      const float* const from = sums_of(part, item / 4);
      TAKT_UNROLL_ALL
      for (int gate = 0; gate < G; ++gate)
        Rh[n][gate] += from[(SumOf(item, gate).tile * 4 + SumOf(item, gate).sum) * 32];
    }
  }

  /// The cells' maths; rows that do not run keep their states.
  TAKT_DEVICE void run_cells(int s) {
    TAKT_UNROLL_ALL
    for (int n = 0; n < cells; ++n) {
      if (s >= cell[n].length) continue;
      const bool anew = cell[n].reset != 0;
      Forward<Cell, Scalar<Acc>> unit;
      TAKT_UNROLL_ALL
      for (int gate = 0; gate < G; ++gate) {
        unit.wx[gate] = Scalar<Acc>(Wx[n][gate] + bias(n, 0, gate));
        unit.rh[gate] = Scalar<Acc>((anew ? Acc(0) : Rh[n][gate]) + bias(n, 1, gate));
      }
      unit.state[0] = Scalar<Acc>(anew ? Acc(0) : cell[n].h);
      [&]<int... state>(std::integer_sequence<int, state...>) {
        ((unit.state[state + 1] =
              Scalar<Acc>(anew ? Acc(Traits::template start<state + 1>()) : cell[n].inner[state])),
         ...);
      }
      (std::make_integer_sequence<int, C>());
      cell_forward<Cell>(unit);
      cell[n].h = widened(rounded<Real>(unit.state[0].value));
      for (int state = 0; state < C; ++state) cell[n].inner[state] = unit.state[state + 1].value;
      for (int value = 0; value < S; ++value)
        saved[n][value] = rounded<Real>(unit.saved[value].value);
    }
  }

  /// False where the block's steps are over before their time.
  TAKT_DEVICE bool hand_on() {
    TAKT_UNROLL_ALL
    for (int n = 0; n < cells; ++n)
      if (cell[n].valid)
        reinterpret_cast<Real*>(exchange.next(cell[n].row))[cell[n].j] =
            Product::operand(rounded<Real>(cell[n].h));
    return exchange.publish(patience);
  }

  /// What nobody waits for.
  TAKT_DEVICE void store_step(int s) {
    const std::int64_t BH = p.place.B * p.place.H, step = s - p.begin;
    TAKT_UNROLL_ALL
    for (int n = 0; n < cells; ++n) {
      if (s >= cell[n].length) continue;
      const int t = cell[n].time(s, p.place.reverse);
      const std::int64_t of_step = cell[n].b * p.place.H + cell[n].j;
      if (p.y.data != nullptr) p.y.at(t, cell[n].b)[cell[n].j] = rounded<Real>(cell[n].h);
      for (int state = 0; state < C; ++state) {
        if (p.inner_steps != nullptr)
          p.inner_steps[(step * C + state) * BH + of_step] = cell[n].inner[state];
        if (p.c_all.data != nullptr)
          p.c_all.at(t, cell[n].b)[state * p.c_all.plane_stride + cell[n].j] = cell[n].inner[state];
      }
      for (int value = 0; value < S; ++value)
        if (p.saved != nullptr) p.saved[(step * S + value) * BH + of_step] = saved[n][value];
    }
  }

  TAKT_DEVICE void store_states() const {
    TAKT_UNROLL_ALL
    for (int n = 0; n < cells; ++n) {
      if (!cell[n].valid) continue;
      const std::int64_t to = cell[n].b * p.place.H + cell[n].j;
      p.h[to] = rounded<Real>(cell[n].h);
      for (int state = 0; state < C; ++state)
        p.inner_new[state * p.place.B * p.place.H + to] = cell[n].inner[state];
    }
    if (patience.gave_up) atomicExch(&p.status->gave_up, 1ULL);
  }
};

}  // namespace detail

/// `Exchange` is how h goes from block to block: ClusterExchange of a block or a cluster, or
/// GridExchange of a cooperative grid, with parts of k only.
template <class Cell, class Product, bool split, class Exchange>
__global__ void __launch_bounds__(policy::Persistent::most_warps * 32, 1)
    persistent_forward_kernel(const PersistentForward<typename Product::Real> p) {
  TAKT_DYNAMIC_SHARED(unsigned char, shared);
  detail::PersistentForwardBlock<Cell, Product, split, Exchange> block(p, shared);
  block.load_h();
  block.load_R();
  block.load_biases();
  block.load_cells();
  block.exchange.begin(block.patience, block.at.first_block, block.at.blocks);
  if (p.begin < block.end) block.fetch(p.begin);

  for (int s = p.begin; s < block.end; ++s) {
    block.exchange.wait(block.patience);
    block.product();
    block.run_cells(s);
    const bool goes_on = block.hand_on();
    block.store_step(s);
    if (!goes_on) break;
    if (s + 1 < block.end) block.fetch(s + 1);
  }
  block.store_states();
  block.exchange.end();
}

}  // namespace takt
