// All steps of chunks in one launch, forward: R stays in registers and shared memory, h goes from
// step to step through an exchange, the states of a thread's units never leave its registers.
//
// When     the planner's model finds it faster than one product and one gate kernel a step: dense
//          cells of one product, f16, bf16, tf32, f32.
// Tensors  as kernels/step.cuh, but Wx [steps,B,G*H] accumulators of the whole chunk, R as
//          kernels/pack_fragments.cuh leaves it, and h, inner: the states before the chunk and
//          after it. Padding is not written.
// Work     grid (groups x blocks of a group, chunks). A group of blocks (a cluster, or a part of a
//          cooperative grid) owns `rows` rows of the batch of one chunk and all units: see
//          policy/persistent.hpp. Blocks of PersistentShape::threads();
//          one warp 16 units and one part of the k blocks, one thread some cells (a unit of a row
//          of the batch).
// On chip  PersistentShape::shared_bytes() dynamic.
// Requires shape.blocks at most the unit tiles; shape.threads() and shape.shared_bytes() within the
//          device's limits; row_tiles at most Persistent::most_row_tiles(parts), staged_k_blocks
//          at least 1; at most Persistent::most_chunks chunks; T, B below 2^31.
// Order    of sums as in kernels/tile/persistent_block.cuh.
#pragma once

#include <cstdint>

#include <takt/cell.hpp>
#include <takt/kernels/step.cuh>
#include <takt/kernels/tile/persistent_block.cuh>

namespace takt {

template <class Real>
struct PersistentForward : PersistentChunk {
  using Acc = Accumulator<Real>;
  const Acc* Wx = nullptr;
  const Real* bW = nullptr;        ///< [G*H] or null
  const Real* bR = nullptr;        ///< [G*H] or null
  Real* h = nullptr;               ///< [B,H]; read and written
  const Acc* inner_old = nullptr;  ///< [C,B,H] before step `begin`
  Acc* inner_new = nullptr;        ///< [C,B,H] after step `end` - 1; may be inner_old
  Acc* inner_steps = nullptr;      ///< [end - begin,C,B,H] after each step; null: not wanted
  OverTime<Real> y{};
  OverTime<Acc> c_all{};  ///< null: not wanted
  Real* saved = nullptr;  ///< [end - begin,S,B,H]; null in inference
};

namespace detail {

/// A thread's unit of a row, and its states.
template <class Cell, class Real>
struct PersistentCell : CellPlace {
  using Acc = Accumulator<Real>;
  int reset = 0;  ///< not 0: the row starts anew before the step to come
  Acc h = 0;
  Acc inner[at_least_one(CellTraits<Cell>::inner_states)] = {};
};

/// One block's work.
template <class Cell, class Product, bool split, class Exchange>
struct PersistentForwardBlock : PersistentBlock<Product, CellTraits<Cell>::gates, split, Exchange> {
  using Traits = CellTraits<Cell>;
  static constexpr int G = Traits::gates, C = Traits::inner_states, S = Traits::saved;
  using Base = PersistentBlock<Product, G, split, Exchange>;
  using Base::at, Base::cells, Base::end, Base::exchange, Base::in_grid, Base::patience, Base::rows;
  using typename Base::Acc, typename Base::Policy, typename Base::Real;

  const PersistentForward<Real>& p;
  float* biases;
  PersistentCell<Cell, Real> cell[cells];
  Acc Wx[cells][G] = {};  ///< of the step to come
  Real saved[cells][at_least_one(S)] = {};

  TAKT_DEVICE PersistentForwardBlock(const PersistentLaunch<PersistentForward<Real>>& launch,
                                     unsigned char* shared)
      : Base(launch, shared), p(launch.chunks[blockIdx.y]) {
    biases = this->sums_shared - this->shape.bias_bytes() / 4;
    this->connect(shared, end - p.begin, p.begin);
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
      const Real h = valid ? Product::operand(p.h[this->row_of(slot) * p.place.H + j]) : zero;
      if constexpr (in_grid) {
        reinterpret_cast<Real*>(exchange.next(row))[j] = h;
      } else {
        reinterpret_cast<Real*>(exchange.current(row))[j] = h;
        reinterpret_cast<Real*>(exchange.next(row))[j] = zero;
      }
    }
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
      static_cast<CellPlace&>(cell[n]) = this->place_of(n);
      if (!cell[n].valid) continue;
      const std::int64_t from = cell[n].b * p.place.H + cell[n].j;
      cell[n].h = widened(p.h[from]);
      for (int state = 0; state < C; ++state)
        cell[n].inner[state] = p.inner_old[state * p.place.B * p.place.H + from];
    }
  }

  /// What step s needs and no other thread makes, as it lies in memory: nothing waits for it yet.
  TAKT_DEVICE void fetch(int s) {
    const std::int64_t H = p.place.H, index = this->index_of(s);
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
        unit.rh[gate] = Scalar<Acc>((anew ? Acc(0) : this->sums[n][gate]) + bias(n, 1, gate));
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
__global__ void __launch_bounds__(policy::Persistent::most_warps * 32, 1) persistent_forward_kernel(
    const __grid_constant__ PersistentLaunch<PersistentForward<typename Product::Real>> launch) {
  TAKT_DYNAMIC_SHARED(unsigned char, shared);
  static_assert(sizeof launch <= most_parameter_bytes);
  detail::PersistentForwardBlock<Cell, Product, split, Exchange> block(launch, shared);
  block.load_h();
  block.load_R();
  block.load_biases();
  block.load_cells();
  block.exchange.begin(block.patience, block.at.first_block, block.at.blocks, true);
  if (block.p.begin < block.end) block.fetch(block.p.begin);

  for (int s = block.p.begin; s < block.end; ++s) {
    block.exchange.wait(block.patience);
    block.product();
    block.run_cells(s);
    const bool goes_on = block.hand_on();
    block.store_step(s);
    if (!goes_on) break;
    if (s + 1 < block.end) block.fetch(s + 1);
  }
  block.store_states();
  block.exchange.end(block.patience);
}

}  // namespace takt
