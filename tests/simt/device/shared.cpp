// Shared memory: exact sizes on the heap, so that a write past the end is found, and NaN until
// somebody writes.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

#include "device/operations.hpp"
#include "race/race.hpp"

namespace simt {
namespace {

constexpr std::size_t alignment = 128;

char* allocate(std::size_t bytes) {
  void* memory = nullptr;
  if (posix_memalign(&memory, alignment, bytes == 0 ? 1 : bytes) != 0) throw std::bad_alloc();
  std::memset(memory, 0xFF, bytes);
  race::watch(memory, bytes);
  return static_cast<char*>(memory);
}

bool inside(const void* place, const char* begin, std::size_t bytes) {
  const char* p = static_cast<const char*>(place);
  return begin != nullptr && p >= begin && p < begin + bytes;
}

SharedArray* find(Block& block, const void* key) {
  for (SharedArray& array : block.arrays)
    if (array.key == key) return &array;
  return nullptr;
}

bool holds(const Block& block, const void* address) {
  return inside(address, block.dynamic_shared, block.dynamic_shared_bytes) ||
         std::any_of(block.arrays.begin(), block.arrays.end(), [address](const SharedArray& array) {
           return inside(address, array.data, array.bytes);
         });
}

/// An access by a cluster address: to an aligned place in the memory of a block that lives.
void check_in_cluster(const void* place, unsigned bytes, const Site& site) {
  const std::string where = name_of(current()) + ", " + site.operation + " at " + name_of(site);
  const Block* owner = owner_of_shared(place);
  const char* last = static_cast<const char*>(place) + bytes - 1;
  if (owner == nullptr || owner_of_shared(last) != owner ||
      owner->cluster != current().block->cluster)
    grid().stop("cluster", where + ": the address is not in this cluster's shared memory");
  if (owner != current().block && owner->cluster->phase == 0)
    grid().stop("cluster", where + ": the cluster has not met yet, so that block " +
                               std::to_string(owner->rank) + " may not have begun");
  if (owner->live == 0)
    grid().stop("cluster", where + ": block " + std::to_string(owner->rank) +
                               " of the cluster has ended, and its shared memory with it");
  if (reinterpret_cast<std::uintptr_t>(place) % bytes != 0)
    grid().stop("cluster",
                where + ": the address is not aligned to " + std::to_string(bytes) + " bytes");
}

}  // namespace

void make_dynamic_shared(Block& block, std::size_t bytes) {
  block.dynamic_shared_bytes = bytes;
  if (bytes > 0) block.dynamic_shared = allocate(bytes);
}

void free_shared(Block& block) {
  race::forget(block.dynamic_shared, block.dynamic_shared_bytes);
  std::free(block.dynamic_shared);
  block.dynamic_shared = nullptr;
  for (const SharedArray& array : block.arrays) {
    race::forget(array.data, array.bytes);
    std::free(array.data);
  }
  block.arrays.clear();
}

void end_shared(Block& block) {
  if (block.dynamic_shared_bytes > 0)
    std::memset(block.dynamic_shared, 0xFF, block.dynamic_shared_bytes);
  for (const SharedArray& array : block.arrays) std::memset(array.data, 0xFF, array.bytes);
}

void* dynamic_shared() {
  return current().block->dynamic_shared;
}

void* shared_array(const void* key, std::size_t bytes) {
  Block& mine = *current().block;
  if (SharedArray* array = find(mine, key)) return array->data;
  std::size_t used = mine.dynamic_shared_bytes + bytes;
  for (const SharedArray& array : mine.arrays) used += array.bytes;
  if (const std::size_t limit = grid().shared_limit(); used > limit)
    grid().stop("shared memory", name_of(current()) + ": " + std::to_string(used) +
                                     " bytes with the declared arrays; this launch may have " +
                                     std::to_string(limit));
  for (Block* block : mine.cluster->blocks) block->arrays.push_back({key, bytes, allocate(bytes)});
  return find(mine, key)->data;
}

unsigned cluster_rank() {
  return current().block->rank;
}
unsigned cluster_size() {
  return static_cast<unsigned>(current().block->cluster->blocks.size());
}

void* map_to_rank(const void* place, unsigned rank, const Site& site) {
  Block& mine = *current().block;
  const std::string where = name_of(current()) + " at " + name_of(site);
  if (rank >= mine.cluster->blocks.size())
    grid().stop("cluster", where + ": rank " + std::to_string(rank) + " of a cluster of " +
                               std::to_string(mine.cluster->blocks.size()));
  Block& peer = *mine.cluster->blocks[rank];
  if (peer.live == 0)
    grid().stop("cluster", where + ": block " + std::to_string(rank) +
                               " of the cluster has ended, and its shared memory with it");
  if (inside(place, mine.dynamic_shared, mine.dynamic_shared_bytes))
    return peer.dynamic_shared + (static_cast<const char*>(place) - mine.dynamic_shared);
  for (const SharedArray& array : mine.arrays)
    if (inside(place, array.data, array.bytes))
      return find(peer, array.key)->data + (static_cast<const char*>(place) - array.data);
  grid().stop("cluster", where + ": the address is not in this block's shared memory");
}

void load_from_cluster(void* value, const void* from, unsigned bytes, const Site& site) {
  check_in_cluster(from, bytes, site);
  race::thread_reads(from, bytes, site);
  std::memcpy(value, from, bytes);
}

void store_to_cluster(void* to, const void* value, unsigned bytes, const Site& site) {
  check_in_cluster(to, bytes, site);
  race::thread_writes(to, bytes, site);
  std::memcpy(to, value, bytes);
}

Block* owner_of_shared(const void* address) {
  if (holds(*current().block, address)) return current().block;
  for (const auto& block : grid().blocks())
    if (holds(*block, address)) return block.get();
  return nullptr;
}

}  // namespace simt
