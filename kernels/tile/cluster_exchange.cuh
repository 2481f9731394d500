// What a group of blocks hands on from step to step (a row of h, backward of drh, for each of its
// rows of the batch) in their shared memory: every block of the cluster holds all of it, twice, and
// each block pushes what it made to all, where it counts on a barrier.
//
// A block writes its part of the next row into its own half first; once its threads have met, they
// send it on, 16 bytes a thread and block. Two halves are enough: what a block sends as row s + 1
// falls on row s - 1, and it sends only after it has all of row s, which its peers sent after their
// threads had met behind the product with row s - 1. So each must send something.
#pragma once

#include <takt/kernels/policy/persistent.hpp>
#include <takt/kernels/ptx/cluster.cuh>
#include <takt/kernels/ptx/mbarrier.cuh>
#include <takt/kernels/ptx/st_async.cuh>
#include <takt/kernels/tile/patience.cuh>
#include <takt/kernels/tile/weight_stationary.cuh>

namespace takt {

struct ClusterExchange {
  unsigned char* halves;     ///< [2][rows][pitch] of shared memory
  ptx::Mbarrier* full;       ///< [2]
  int* quits;                ///< [2] whether a thread of the block gave up, by the step's parity
  int pitch, rows;           ///< bytes of a row; rows of a half
  int blocks, rank;          ///< of the cluster
  int first_byte, my_bytes;  ///< of a row: what this block makes of it
  int row_bytes;             ///< what all blocks make
  std::int64_t all_steps;    ///< that the group runs
  std::int64_t steps = 0;    ///< done
  // Of the thread: its first peer, the step to the next, and where its first vector lies in a half.
  int peers_at_once = 1, first_peer = 0, first_sent = 0;

  /// All blocks' barriers are there after it, and each half waits for its first phase. Warps wait
  /// for all of a row, whichever k blocks they multiply by.
  TAKT_DEVICE void begin(const Patience& patience, int /*first_block*/, int /*k_blocks*/,
                         bool /*has_first*/) {
    if constexpr (TAKT_HAS_CLUSTERS) {
      if (blocks > 1) {
        const int all = rows * (my_bytes / 16), thread = static_cast<int>(threadIdx.x);
        peers_at_once = static_cast<int>(blockDim.x) > all ? static_cast<int>(blockDim.x) / all : 1;
        first_peer = thread / all < peers_at_once ? thread / all : blocks;
        first_sent = place_of(thread % all);
        if (threadIdx.x == 0) {
          quits[0] = quits[1] = 0;
          ptx::mbarrier_init(&full[0], 1);
          ptx::mbarrier_init(&full[1], 1);
          ptx::fence_mbarrier_init();
          if (!patience.gave_up) expect(1);
          if (!patience.gave_up) expect(2);
        }
        ptx::cluster_arrive();
        ptx::cluster_wait();
        return;
      }
    }
    __syncthreads();
  }

  /// Until all of the row is in the current half. The first one is filled by the block itself.
  TAKT_DEVICE void wait(Patience& patience) {
    if constexpr (TAKT_HAS_CLUSTERS)
      if (blocks > 1 && steps > 0) {
        patience.wait([&] { return is_full(); });
        if (threadIdx.x == 0 && !patience.gave_up) expect(steps + 2);
      }
    __syncwarp();  // whole warps multiply
  }

  TAKT_DEVICE unsigned char* current(int row) const { return half(steps) + row * pitch; }
  TAKT_DEVICE unsigned char* next(int row) const { return half(steps + 1) + row * pitch; }

  /// A lane's 16 bytes of a k block of a row of a row tile.
  TAKT_DEVICE HFragment load(int row_tile, int row, int k_block) const {
    const int member = static_cast<int>(threadIdx.x) % 4;
    const auto* const from =
        reinterpret_cast<const uint4*>(current(row_tile * policy::Persistent::row_tile + row) +
                                       k_block * policy::Persistent::k_block_bytes + 16 * member);
    const uint4 read = *from;
    return {{read.x, read.y, read.z, read.w}};
  }

  /// The block's part of the next half is written: hand it on. The threads of the block meet here.
  /// False where one of them gave up waiting: nothing is handed on, and the block's steps are over,
  /// as soon will be those of the others, who get nothing more.
  TAKT_DEVICE bool publish(const Patience& patience) {
    bool goes_on = true;
    if constexpr (TAKT_HAS_CLUSTERS)
      if (patience.gave_up && blocks > 1) atomicExch(&quits[steps % 2], 1);
    __syncthreads();
    if constexpr (TAKT_HAS_CLUSTERS) {
      if (blocks > 1) {
        goes_on = quits[steps % 2] == 0;
        if (goes_on && steps + 1 < all_steps) send();
      }
    }
    ++steps;
    return goes_on;
  }

  /// No block ends while another may still write to it: what has come for the last row tells so, or
  /// to who gave up, what comes while all others have ended their steps.
  TAKT_DEVICE void end(const Patience& patience) const {
    if constexpr (TAKT_HAS_CLUSTERS) {
      if (blocks == 1) return;
      ptx::cluster_arrive();
      ptx::cluster_wait();
      constexpr std::int64_t under_way_ns = 1'000'000;
      Patience more{.limit_ns = under_way_ns};
      if (patience.gave_up && steps > 0) more.wait([&] { return is_full(); });
    }
  }

 private:
  TAKT_DEVICE bool is_full() const {
    return ptx::mbarrier_try_wait<ptx::Scope::cluster>(&full[steps % 2],
                                                       static_cast<unsigned>((steps - 1) / 2 % 2));
  }
  /// A thread loads a vector once and sends it to some of the others, or, where there are more
  /// vectors than threads, several to all. Where its first one lies was divided out in `begin`.
  TAKT_DEVICE void send() const {
    if (first_peer >= blocks - 1) return;
    const int threads = static_cast<int>(blockDim.x), all = rows * (my_bytes / 16);
    int from = first_sent;
    for (int n = static_cast<int>(threadIdx.x) - first_peer * all; n < all;) {
      auto* const vector = reinterpret_cast<uint4*>(half(steps + 1) + from);
      const uint4 value = *vector;
      for (int to = first_peer; to < blocks - 1; to += peers_at_once) {
        const auto peer = static_cast<unsigned>(to < rank ? to : to + 1);
        ptx::st_async(ptx::map_to_rank(vector, peer), value,
                      ptx::map_to_rank(&full[(steps + 1) % 2], peer));
      }
      n += threads > all ? all : threads;
      if (n < all) from = place_of(n);
    }
  }
  TAKT_DEVICE int place_of(int n) const {
    const int vectors = my_bytes / 16;
    return n / vectors * pitch + first_byte + n % vectors * 16;
  }
  TAKT_DEVICE unsigned char* half(std::int64_t step) const {
    return halves + static_cast<int>(step % 2) * rows * pitch;
  }
  /// The row of a step, in the phase that its half comes to next.
  TAKT_DEVICE void expect(std::int64_t step) const {
    if (step >= all_steps) return;
    ptx::mbarrier_arrive_expect_tx(&full[step % 2],
                                   static_cast<std::uint32_t>(rows * (row_bytes - my_bytes)));
  }
};

}  // namespace takt
