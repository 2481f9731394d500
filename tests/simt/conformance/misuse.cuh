// Wrappers used as they must not be: undefined on a GPU, to be reported by the emulated device. All
// kernels take 64 words of zeros; never run them on hardware.
#pragma once

#include <cstdint>

#include <takt/kernels/device.cuh>
#include <takt/kernels/ptx/bulk_copy.cuh>
#include <takt/kernels/ptx/cluster.cuh>
#include <takt/kernels/ptx/cp_async.cuh>
#include <takt/kernels/ptx/flag.cuh>
#include <takt/kernels/ptx/ldmatrix.cuh>
#include <takt/kernels/ptx/mbarrier.cuh>
#include <takt/kernels/ptx/mma.cuh>
#include <takt/kernels/ptx/named_barrier.cuh>
#include <takt/kernels/ptx/st_async.cuh>

namespace misuse {

using takt::ptx::ClusterPointer;
using takt::ptx::map_to_rank;
using takt::ptx::Mbarrier;
using takt::ptx::Scope;

TAKT_DEVICE void cluster_sync() {
  takt::ptx::cluster_arrive();
  takt::ptx::cluster_wait();
}

// mma and ldmatrix.

/// 16 threads.
__global__ void mma_in_half_a_warp_kernel(std::uint32_t* words) {
  takt::ptx::FragmentA<__half> a{};
  takt::ptx::FragmentB<__half> b{};
  takt::ptx::FragmentC c{};
  takt::ptx::mma_m16n8k16(c, a, b);
  words[threadIdx.x] = __float_as_uint(c.sums[0]);
}

__global__ void mma_in_branches_kernel(std::uint32_t* words) {
  takt::ptx::FragmentA<takt::ptx::Tf32> a{};
  takt::ptx::FragmentB<takt::ptx::Tf32> b{};
  takt::ptx::FragmentC c{};
  if (threadIdx.x < 16)
    takt::ptx::mma_m16n8k8(c, a, b);
  else
    takt::ptx::mma_m16n8k8(c, a, b);
  words[threadIdx.x] = __float_as_uint(c.sums[0]);
}

__global__ void ldmatrix_misaligned_kernel(std::uint32_t* words) {
  TAKT_SHARED(uint4, rows, [9]);
  rows[threadIdx.x % 9] = {};
  __syncwarp();
  std::uint32_t taken[1];
  takt::ptx::ldmatrix_x1(taken, reinterpret_cast<const char*>(&rows[threadIdx.x % 8]) + 8);
  words[threadIdx.x] = taken[0];
}

__global__ void ldmatrix_of_global_kernel(std::uint32_t* words) {
  std::uint32_t taken[2];
  takt::ptx::ldmatrix_x2(taken, words + threadIdx.x % 16 * 4);
  words[threadIdx.x] = taken[0];
}

__global__ void ldmatrix_past_the_end_kernel(std::uint32_t* words) {
  TAKT_SHARED(uint4, rows, [31]);
  std::uint32_t taken[4];
  takt::ptx::ldmatrix_x4_transposed(taken, &rows[0] + threadIdx.x);
  words[threadIdx.x] = taken[0];
}

__global__ void ldmatrix_without_syncwarp_kernel(std::uint32_t* words) {
  TAKT_SHARED(uint4, rows, [8]);
  if (threadIdx.x >= 24) rows[threadIdx.x - 24] = {};
  std::uint32_t taken[1];
  takt::ptx::ldmatrix_x1(taken, &rows[threadIdx.x % 8]);
  words[threadIdx.x] = taken[0];
}

// cp.async.

__global__ void cp_async_misaligned_kernel(std::uint32_t* words) {
  TAKT_SHARED(uint4, target, [2]);
  takt::ptx::cp_async<16>(target, words + 1);
  takt::ptx::cp_async_wait_all();
}

__global__ void cp_async_to_global_kernel(std::uint32_t* words) {
  takt::ptx::cp_async<4>(words + 1, words);
  takt::ptx::cp_async_wait_all();
}

__global__ void cp_async_of_too_much_kernel(std::uint32_t* words) {
  TAKT_SHARED(uint4, target, [1]);
  takt::ptx::cp_async<8>(target, words, 12);
  takt::ptx::cp_async_wait_all();
}

__global__ void cp_async_without_barrier_kernel(std::uint32_t* words) {
  TAKT_SHARED(std::uint32_t, target, [32]);
  takt::ptx::cp_async<4>(target + threadIdx.x, words + threadIdx.x);
  takt::ptx::cp_async_wait_all();
  words[32 + threadIdx.x] = target[31 - threadIdx.x];
}

/// words[32 ..] becomes what is in shared memory before the copies have come.
__global__ void cp_async_without_wait_kernel(std::uint32_t* words) {
  TAKT_SHARED(std::uint32_t, target, [32]);
  takt::ptx::cp_async<4>(target + threadIdx.x, words + threadIdx.x);
  takt::ptx::cp_async_commit();
  takt::ptx::cp_async_wait<1>();
  words[32 + threadIdx.x] = target[threadIdx.x];
}

// Clusters, of 2 blocks.

__global__ void cluster_rank_too_large_kernel(std::uint32_t* words) {
  TAKT_SHARED(std::uint32_t, shared, [1]);
  words[0] = takt::ptx::load(map_to_rank(shared, 2));
}

/// Block 1 ends before block 0 asks.
__global__ void cluster_block_ended_kernel(std::uint32_t* words) {
  TAKT_SHARED(std::uint32_t, shared, [1]);
  const ClusterPointer<std::uint32_t> theirs = map_to_rank(shared, 1);
  cluster_sync();
  if (takt::ptx::cluster_rank() == 1) {
    takt::ptx::store_release<Scope::cluster>(words, 1);
    return;
  }
  while (takt::ptx::load_acquire<Scope::cluster>(words) == 0) {
  }
  takt::ptx::store(theirs, 3u);
}

__global__ void cluster_misaligned_kernel(std::uint32_t* words) {
  TAKT_SHARED(std::uint32_t, shared, [4]);
  const auto there = map_to_rank(shared + 1, 1 - takt::ptx::cluster_rank());
  cluster_sync();
  std::uint64_t taken;
#ifdef __CUDACC__
  taken = takt::ptx::load(ClusterPointer<std::uint64_t>{there.address});
#else
  taken = takt::ptx::load(
      ClusterPointer<std::uint64_t>{reinterpret_cast<std::uint64_t*>(there.address)});
#endif
  words[0] = static_cast<std::uint32_t>(taken);
  cluster_sync();
}

__global__ void cluster_arrive_twice_kernel(std::uint32_t*) {
  takt::ptx::cluster_arrive();
  takt::ptx::cluster_arrive();
  takt::ptx::cluster_wait();
}

__global__ void cluster_wait_alone_kernel(std::uint32_t*) {
  takt::ptx::cluster_wait();
}

__global__ void cluster_load_without_barrier_kernel(std::uint32_t* words) {
  TAKT_SHARED(std::uint32_t, shared, [1]);
  const unsigned rank = takt::ptx::cluster_rank();
  shared[0] = rank;
  words[rank] = takt::ptx::load(map_to_rank(shared, 1 - rank));
  cluster_sync();
}

// Transaction barriers, in clusters of 2 blocks of 1 thread where not said otherwise.

__global__ void mbarrier_uninitialised_kernel(std::uint32_t*) {
  TAKT_SHARED(Mbarrier, come, [1]);
  takt::ptx::mbarrier_arrive(come);
}

__global__ void mbarrier_initialised_twice_kernel(std::uint32_t*) {
  TAKT_SHARED(Mbarrier, come, [1]);
  takt::ptx::mbarrier_init(come, 1);
  takt::ptx::mbarrier_init(come, 2);
}

__global__ void mbarrier_without_fence_kernel(std::uint32_t*) {
  TAKT_SHARED(Mbarrier, come, [1]);
  takt::ptx::mbarrier_init(come, 1);
  cluster_sync();
  takt::ptx::mbarrier_arrive(map_to_rank(come, 1 - takt::ptx::cluster_rank()));
  takt::ptx::mbarrier_wait<Scope::cluster>(come, 0);
}

__global__ void mbarrier_too_many_arrivals_kernel(std::uint32_t*) {
  TAKT_SHARED(Mbarrier, come, [1]);
  takt::ptx::mbarrier_init(come, 1);
  takt::ptx::mbarrier_expect_tx(come, 16);
  takt::ptx::mbarrier_arrive(come);
  takt::ptx::mbarrier_arrive(come);
}

__global__ void mbarrier_nobody_arrives_kernel(std::uint32_t*) {
  TAKT_SHARED(Mbarrier, come, [1]);
  takt::ptx::mbarrier_init(come, 1);
  takt::ptx::mbarrier_wait<Scope::block>(come, 0);
}

__global__ void mbarrier_bytes_missing_kernel(std::uint32_t*) {
  TAKT_SHARED(Mbarrier, come, [1]);
  takt::ptx::mbarrier_init(come, 1);
  takt::ptx::mbarrier_arrive_expect_tx(come, 64);
}

__global__ void mbarrier_too_many_bytes_kernel(std::uint32_t*) {
  TAKT_SHARED(Mbarrier, come, [1]);
  takt::ptx::mbarrier_init(come, 1);
  takt::ptx::mbarrier_expect_tx(come, 1 << 20);
}

/// 2 warps: the second may arrive before the first has initialised.
__global__ void mbarrier_used_at_once_kernel(std::uint32_t* words) {
  TAKT_SHARED(Mbarrier, come, [1]);
  if (threadIdx.x == 0) {
    takt::ptx::mbarrier_init(come, 1);
    takt::ptx::store_relaxed<Scope::block>(words, 1);
  }
  if (threadIdx.x == 32) {
    while (takt::ptx::load_relaxed<Scope::block>(words) == 0) {
    }
    takt::ptx::mbarrier_arrive(come);
  }
}

/// What the other block wrote is read after a wait that looks at this block only.
__global__ void mbarrier_wait_at_block_scope_kernel(std::uint32_t* words) {
  TAKT_SHARED(Mbarrier, come, [1]);
  TAKT_SHARED(std::uint32_t, given, [1]);
  const unsigned rank = takt::ptx::cluster_rank();
  takt::ptx::mbarrier_init(come, 1);
  takt::ptx::fence_mbarrier_init();
  cluster_sync();
  takt::ptx::store(map_to_rank(given, 1 - rank), rank);
  takt::ptx::mbarrier_arrive(map_to_rank(come, 1 - rank));
  takt::ptx::mbarrier_wait<Scope::block>(come, 0);
  words[rank] = given[0];
  cluster_sync();
}

// Asynchronous stores and copies, in clusters of 2 blocks of 1 thread.

__global__ void st_async_to_two_blocks_kernel(std::uint32_t*) {
  TAKT_SHARED(Mbarrier, come, [1]);
  TAKT_SHARED(std::uint32_t, given, [1]);
  takt::ptx::mbarrier_init(come, 1);
  takt::ptx::fence_mbarrier_init();
  cluster_sync();
  takt::ptx::st_async(map_to_rank(given, 0), 5u, map_to_rank(come, 1));
  cluster_sync();
}

__global__ void st_async_unordered_read_kernel(std::uint32_t* words) {
  TAKT_SHARED(Mbarrier, come, [1]);
  TAKT_SHARED(std::uint32_t, given, [1]);
  const unsigned peer = 1 - takt::ptx::cluster_rank();
  takt::ptx::mbarrier_init(come, 1);
  takt::ptx::fence_mbarrier_init();
  cluster_sync();
  takt::ptx::mbarrier_arrive_expect_tx(come, 4);
  takt::ptx::st_async(map_to_rank(given, peer), 5u, map_to_rank(come, peer));
  words[peer] = given[0];
  takt::ptx::mbarrier_wait<Scope::cluster>(come, 0);
  cluster_sync();
}

/// What the other block sent is read after a wait that looks at this block only.
__global__ void st_async_wait_at_block_scope_kernel(std::uint32_t* words) {
  TAKT_SHARED(Mbarrier, come, [1]);
  TAKT_SHARED(std::uint32_t, given, [1]);
  const unsigned peer = 1 - takt::ptx::cluster_rank();
  takt::ptx::mbarrier_init(come, 1);
  takt::ptx::fence_mbarrier_init();
  cluster_sync();
  takt::ptx::mbarrier_arrive_expect_tx(come, 4);
  takt::ptx::st_async(map_to_rank(given, peer), 5u, map_to_rank(come, peer));
  takt::ptx::mbarrier_wait<Scope::block>(come, 0);
  words[peer] = given[0];
  cluster_sync();
}

/// Block 1 ends before block 0 sends it something.
__global__ void st_async_to_ended_block_kernel(std::uint32_t* words) {
  TAKT_SHARED(Mbarrier, come, [1]);
  TAKT_SHARED(std::uint32_t, given, [1]);
  takt::ptx::mbarrier_init(come, 1);
  takt::ptx::fence_mbarrier_init();
  const auto to = map_to_rank(given, 1);
  const auto barrier = map_to_rank(come, 1);
  cluster_sync();
  if (takt::ptx::cluster_rank() == 1) {
    takt::ptx::store_release<Scope::cluster>(words, 1);
    return;
  }
  while (takt::ptx::load_acquire<Scope::cluster>(words) == 0) {
  }
  takt::ptx::st_async(to, 5u, barrier);
}

enum class BulkMistake { size, no_fence, source_changes };

template <BulkMistake mistake>
__global__ void bulk_copy_kernel(std::uint32_t* words) {
  TAKT_SHARED(Mbarrier, come, [1]);
  TAKT_SHARED(uint4, source, [2]);
  TAKT_SHARED(uint4, target, [2]);
  const unsigned rank = takt::ptx::cluster_rank();
  takt::ptx::mbarrier_init(come, 1);
  takt::ptx::fence_mbarrier_init();
  source[0] = source[1] = {rank, rank, rank, rank};
  if constexpr (mistake != BulkMistake::no_fence) takt::ptx::fence_proxy_async();
  cluster_sync();
  constexpr std::uint32_t bytes = mistake == BulkMistake::size ? 20 : 32;
  takt::ptx::mbarrier_arrive_expect_tx(come, bytes);
  takt::ptx::bulk_copy(map_to_rank(&target[0], 1 - rank), &source[0], bytes,
                       map_to_rank(come, 1 - rank));
  if constexpr (mistake == BulkMistake::source_changes) source[1].x = 7;
  takt::ptx::mbarrier_wait<Scope::cluster>(come, 0);
  words[rank] = target[0].x;
  cluster_sync();
}

// Flags, between 2 blocks of 1 thread.

__global__ void flag_never_set_kernel(std::uint32_t* words) {
  if (blockIdx.x == 0)
    while (takt::ptx::load_acquire<Scope::device>(words) == 0) {
    }
}

/// Two flags, looked at by turns, of which one is set.
__global__ void flags_never_set_kernel(std::uint32_t* words) {
  if (blockIdx.x == 1) takt::ptx::store_release<Scope::device>(words, 1);
  while (takt::ptx::load_acquire<Scope::device>(words) +
             takt::ptx::load_acquire<Scope::device>(words + 1) <
         2) {
  }
}

__global__ void flag_misaligned_kernel(std::uint32_t* words) {
  takt::ptx::store_relaxed<Scope::device>(reinterpret_cast<std::uint64_t*>(words + 1), 1);
}

enum class FlagMistake {
  relaxed_store,
  relaxed_load,
  store_at_block_scope,
  load_at_block_scope,
  relaxed_add,
  no_fence_before_store,
  no_fence_after_load,
  fence_at_block_scope
};

template <FlagMistake mistake>
__global__ void flag_kernel(std::uint32_t* words) {
  constexpr bool fences = mistake == FlagMistake::no_fence_before_store ||
                          mistake == FlagMistake::no_fence_after_load ||
                          mistake == FlagMistake::fence_at_block_scope;
  constexpr Scope fence_scope =
      mistake == FlagMistake::fence_at_block_scope ? Scope::block : Scope::device;
  constexpr Scope load_scope =
      mistake == FlagMistake::load_at_block_scope ? Scope::block : Scope::device;
  if (blockIdx.x == 0) {
    words[1] = 42;
    if constexpr (fences && mistake != FlagMistake::no_fence_before_store)
      takt::ptx::fence_acquire_release<Scope::device>();
    if constexpr (fences || mistake == FlagMistake::relaxed_store)
      takt::ptx::store_relaxed<Scope::device>(words, 1);
    else if constexpr (mistake == FlagMistake::relaxed_add)
      takt::ptx::add_relaxed<Scope::device>(words, 1);
    else if constexpr (mistake == FlagMistake::store_at_block_scope)
      takt::ptx::store_release<Scope::block>(words, 1);
    else
      takt::ptx::store_release<Scope::device>(words, 1);
  } else {
    if constexpr (fences || mistake == FlagMistake::relaxed_load) {
      while (takt::ptx::load_relaxed<Scope::device>(words) == 0) {
      }
    } else {
      while (takt::ptx::load_acquire<load_scope>(words) == 0) {
      }
    }
    if constexpr (fences && mistake != FlagMistake::no_fence_after_load)
      takt::ptx::fence_acquire_release<fence_scope>();
    words[2] = words[1];
  }
}

// Named barriers, of 64 threads where not said otherwise.

__global__ void named_barrier_16_kernel(std::uint32_t*) {
  takt::ptx::named_barrier_sync(16, 64);
}

__global__ void named_barrier_of_40_kernel(std::uint32_t*) {
  takt::ptx::named_barrier_arrive(1, 40);
}

__global__ void named_barrier_of_more_kernel(std::uint32_t*) {
  takt::ptx::named_barrier_sync(1, 96);
}

/// 128 threads.
__global__ void named_barrier_counts_differ_kernel(std::uint32_t*) {
  takt::ptx::named_barrier_sync(1, threadIdx.x < 64 ? 128 : 96);
}

__global__ void named_barrier_of_one_warp_kernel(std::uint32_t*) {
  if (threadIdx.x < 32) takt::ptx::named_barrier_sync(1, 64);
}

/// The first warp does not wait, and reads all the same.
__global__ void named_barrier_arrive_only_kernel(std::uint32_t* words) {
  TAKT_SHARED(std::uint32_t, shared, [64]);
  shared[threadIdx.x] = threadIdx.x;
  if (threadIdx.x < 32)
    takt::ptx::named_barrier_arrive(1, 64);
  else
    takt::ptx::named_barrier_sync(1, 64);
  words[threadIdx.x] = shared[63 - threadIdx.x];
}

}  // namespace misuse
