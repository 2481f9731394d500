// The race checker: two accesses to one address, one of them a write, must be ordered by barriers,
// by release and acquire of sufficient scope, or by a transaction barrier. Kernels compiled with
// -fsanitize=thread tell their accesses (race/hooks.cpp); the emulated operations tell what orders
// them. Where kernels are not compiled so, nothing here does anything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "device/operations.hpp"

namespace simt::race {

/// Set by programs whose kernels are compiled for it.
extern bool checking;

void begin_launch(unsigned threads);
void end_launch();
void enter(const Thread& thread);
void leave();
/// Memory of the device: accesses elsewhere are the emulation's own, since the linker may give it
/// library functions that were compiled for the checker.
void watch(const void* begin, std::size_t bytes);
/// Memory that is freed: what was done to it orders nothing any more.
void forget(const void* begin, std::size_t bytes);
/// Of memory that is watched.
std::size_t pages_kept();

// Accesses of the current thread.
void access_at(const void* address, std::size_t bytes, bool writes, const void* pc);
void thread_reads(const void* address, std::size_t bytes, const Site& site);
void thread_writes(const void* address, std::size_t bytes, const Site& site);

/// What the current thread has seen, for work that begins now and touches memory at any time until
/// `thread_copied`.
std::shared_ptr<const View> seen_now();
void thread_copied(const View* seen, const void* to, std::size_t bytes, const void* from,
                   std::size_t source_bytes, const Site& site);

// Barriers: what everybody did before arriving is seen by everybody who leaves.
void arrive_block(Block& block, unsigned id);
void complete_block(Block& block, unsigned id);
void leave_block(Block& block, unsigned id);
void arrive_warp(Warp& warp, unsigned mask);
void complete_warp(Warp& warp, unsigned mask);
void leave_warp(Warp& warp, unsigned mask);
void arrive_cluster(Cluster& cluster);
void complete_cluster(Cluster& cluster);
void leave_cluster(Cluster& cluster);
void arrive_grid();
void complete_grid();
void leave_grid();

// Transaction barriers. What comes from another block is seen by waits at cluster scope only.
void make_mbarrier(const void* barrier, const Site& site);
void arrive_mbarrier(const void* barrier, bool from_elsewhere, const Site& site);
void complete_mbarrier(const void* barrier);
void leave_mbarrier(const void* barrier, Scope scope, const Site& site);

// Flags: strong accesses, at a scope.
enum class Meaning : std::uint8_t { relaxed, acquire, release, acquire_release };
void flag_load(const void* address, std::size_t bytes, Meaning meaning, Scope scope,
               const Site& site);
void flag_store(const void* address, std::size_t bytes, Meaning meaning, Scope scope,
                const Site& site);
void flag_update(const void* address, std::size_t bytes, Meaning meaning, Scope scope,
                 const Site& site);
/// fence.acq_rel: makes earlier relaxed loads acquire and later relaxed stores release.
void fence(Scope scope);

/// Who carries an asynchronous store: ordered after its issuer's earlier work, and before nobody
/// but those who wait for its transaction barrier. What it reads must have been written before a
/// fence.proxy.async that is ordered before it.
struct Agent {
  std::uint32_t id = 0;
};
Agent start_agent();
void agent_copies(const Agent& agent, const void* to, const void* from, std::size_t bytes,
                  const Site& site);
/// It has done its work: its number may be another's.
void agent_arrives(const Agent& agent, const void* barrier, bool from_elsewhere, const Site& site);
void fence_async();

}  // namespace simt::race
