// What a group of blocks hands on from step to step (a row of h, backward of drh, for each of its
// rows of the batch) in global memory, for groups that no cluster holds: every block writes its
// part there, then raises its epoch; who multiplies with a part waits for the epochs of those who
// made it, and for nobody else. Each warp then brings what it multiplies by into shared memory of
// its own, many k blocks at once: L2 is far away, and one after the other would take as long each.
//
// Two halves are enough: a block overwrites row s - 1 only after its warps, which meet before, have
// waited for all parts of row s between them; each of these was handed on after the threads of its
// block had met behind their product with row s - 1.
#pragma once

#include <takt/kernels/policy/persistent.hpp>
#include <takt/kernels/ptx/cp_async.cuh>
#include <takt/kernels/ptx/flag.cuh>
#include <takt/kernels/tile/patience.cuh>
#include <takt/kernels/tile/weight_stationary.cuh>

namespace takt {

struct GridExchange {
  unsigned char* part;       ///< [rows][my_bytes] of shared memory: what this block makes of it
  int* quits;                ///< [2] whether a thread of the block gave up, by the step's parity
  int2* producers;           ///< [warps] of shared memory: first and last of who makes its k blocks
  unsigned char* staged;     ///< [k blocks][row_tile][k_block_bytes] of shared memory, the warp's
  unsigned char* ring;       ///< [2][rows][pitch] of the group, in global memory
  std::uint32_t* epochs;     ///< [blocks] of the group, each in a line of its own
  std::uint32_t epoch;       ///< earlier launches left none that a row waited for has
  int pitch, rows;           ///< bytes of a row; rows of a half
  int blocks, rank;          ///< of the group
  int unit_tiles;            ///< of a row
  int tile_bytes;            ///< of a row: what a unit tile makes of it
  int first_byte, my_bytes;  ///< of a row: what this block makes of it
  int all_steps;             ///< that the group runs
  int steps = 0;             ///< done
  int first_staged = 0;      ///< the first k block in `staged`
  int first_sent = 0;        ///< where the first vector that the thread sends lies in a half

  /// Whole warps multiply by these k blocks. Where there is a row before the first step, the
  /// block's part of it is in `next`: hand it on.
  TAKT_DEVICE void begin(const Patience& patience, int first_block, int k_blocks, bool has_first) {
    constexpr int k_bytes = policy::Persistent::k_block_bytes;
    first_sent = place_of(static_cast<int>(threadIdx.x));
    if (threadIdx.x == 0) quits[0] = quits[1] = patience.gave_up ? 1 : 0;
    if (threadIdx.x % 32 == 0)
      producers[threadIdx.x / 32] =
          k_blocks == 0 ? make_int2(0, -1)
                        : make_int2(producer_of(first_block * k_bytes),
                                    producer_of((first_block + k_blocks) * k_bytes - 1));
    __syncthreads();
    if (has_first && quits[0] == 0 && all_steps > 0) send(steps);
  }

  /// Until the warp's k blocks are in the current half.
  TAKT_DEVICE void wait(Patience& patience) {
    const int2 mine = producers[threadIdx.x / 32];
    for (int r = mine.x + static_cast<int>(threadIdx.x) % 32; r <= mine.y; r += 32)
      patience.wait(
          [&] { return ptx::load_acquire<ptx::Scope::device>(epoch_of(r)) >= epoch_at(steps); });
    __syncwarp();  // whole warps multiply, and see what any of their lanes has seen
  }

  /// Where this block's part of the next row goes: counted from the row's begin.
  TAKT_DEVICE unsigned char* next(int row) const { return part + row * my_bytes - first_byte; }

  /// The warp loads these k blocks of a row tile of the current row from here on.
  TAKT_DEVICE void stage(int row_tile, int first_block, int k_blocks) {
    constexpr int k_bytes = policy::Persistent::k_block_bytes;
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const unsigned char* const from = half(steps) +
                                      (row_tile * policy::Persistent::row_tile + lane / 4) * pitch +
                                      first_block * k_bytes + 16 * (lane % 4);
    __syncwarp();  // nobody loads former ones any more
    for (int n = 0; n < k_blocks; ++n)
      ptx::cp_async<16>(staged + n * staged_bytes + 16 * lane, from + n * k_bytes);
    ptx::cp_async_wait_all();
    __syncwarp();
    first_staged = first_block;
  }

  /// A lane's 16 bytes of a k block of a row of the row tile.
  TAKT_DEVICE HFragment load(int /*row_tile*/, int row, int k_block) const {
    const int member = static_cast<int>(threadIdx.x) % 4;
    const uint4 read =
        *reinterpret_cast<const uint4*>(staged + (k_block - first_staged) * staged_bytes +
                                        row * policy::Persistent::k_block_bytes + 16 * member);
    return {{read.x, read.y, read.z, read.w}};
  }

  /// The block's part of the next row is written: hand it on. The threads of the block meet here.
  /// False where one of them gave up waiting: see ClusterExchange.
  TAKT_DEVICE bool publish(const Patience& patience) {
    if (patience.gave_up) atomicExch(&quits[steps % 2], 1);
    __syncthreads();
    const bool goes_on = quits[steps % 2] == 0;
    if (goes_on && steps + 1 < all_steps) send(steps + 1);
    ++steps;
    return goes_on;
  }

  TAKT_DEVICE void end(const Patience& /*patience*/) const {}

 private:
  static constexpr int staged_bytes =
      policy::Persistent::row_tile * policy::Persistent::k_block_bytes;  ///< a k block

  TAKT_DEVICE std::uint32_t* epoch_of(int r) const {
    return epochs + r * (policy::PersistentShape::epoch_bytes / 4);
  }
  TAKT_DEVICE std::uint32_t epoch_at(int step) const {
    return epoch + 1 + static_cast<std::uint32_t>(step);
  }
  /// The block that makes a byte of a row; the last one of what pads it.
  TAKT_DEVICE int producer_of(int byte) const {
    const int tile = byte / tile_bytes < unit_tiles ? byte / tile_bytes : unit_tiles - 1;
    return ((tile + 1) * blocks - 1) / unit_tiles;
  }
  TAKT_DEVICE unsigned char* half(int step) const {
    return ring + static_cast<std::int64_t>(step % 2 * rows) * pitch;
  }
  TAKT_DEVICE int place_of(int n) const {
    const int vectors = my_bytes / 16;
    return n / vectors * pitch + first_byte + n % vectors * 16;
  }
  /// By one warp, so that nobody waits for another before the epoch is raised.
  TAKT_DEVICE void send(int step) const {
    if (threadIdx.x >= 32) return;
    const int all = rows * (my_bytes / 16);
    int to = first_sent;
    for (int n = static_cast<int>(threadIdx.x); n < all;) {
      *reinterpret_cast<uint4*>(half(step) + to) = reinterpret_cast<const uint4*>(part)[n];
      n += 32;
      if (n < all) to = place_of(n);
    }
    __syncwarp();
    if (threadIdx.x == 0) ptx::store_release<ptx::Scope::device>(epoch_of(rank), epoch_at(step));
  }
};

}  // namespace takt
