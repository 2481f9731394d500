// Operations of a warp's lanes: the last lane to come does the work for all.
#include <cstring>
#include <utility>

#include "device/operations.hpp"
#include "race/race.hpp"

namespace simt {
namespace {

template <class Each>
void for_lanes(unsigned mask, Each each) {
  for (; mask != 0; mask &= mask - 1) each(static_cast<unsigned>(__builtin_ctz(mask)));
}

std::string at(const Thread& thread, const Site& site) {
  return name_of(thread) + ", " + site.operation + " at " + name_of(site);
}

/// Refuses what the hardware leaves undefined.
void check_mask(const Thread& thread, unsigned mask, const Site& site) {
  if (!(mask >> thread.lane & 1))
    grid().stop("warp operation", at(thread, site) + ": lane " + std::to_string(thread.lane) +
                                      " is not in its own mask " + hex(mask));
  const unsigned ended = mask & thread.warp->exists & ~thread.warp->live;
  if (ended != 0)
    grid().stop("warp operation", at(thread, site) + ": mask " + hex(mask) +
                                      " names lanes that have ended: " + hex(ended));
}

/// The group of lanes that meets here; a new one where nobody waits yet. Lanes that wait elsewhere
/// for this thread, or for which it would wait, never meet it.
WarpGroup& group_of(Thread& thread, unsigned mask, const Site& site) {
  for (WarpGroup& group : thread.warp->groups) {
    if (group.site == &site && group.mask == mask) return group;
    if ((group.mask >> thread.lane & 1) != 0 || (group.arrived & mask) != 0)
      grid().stop("divergent warp operation",
                  at(thread, site) + ", mask " + hex(mask) + ", while lanes " + hex(group.arrived) +
                      " wait in " + group.site->operation + " at " + name_of(*group.site) +
                      ", mask " + hex(group.mask));
  }
  return thread.warp->groups.emplace_back(WarpGroup{&site, mask, 0});
}

struct Shuffled {
  unsigned source;
  unsigned char bytes[16];
};

void exchange(Thread* const* lanes, unsigned mask, const void*) {
  for_lanes(mask, [&](unsigned lane) {
    const unsigned source = static_cast<const Shuffled*>(lanes[lane]->in)->source % warp_size;
    if (mask >> source & 1)
      std::memcpy(lanes[lane]->out, static_cast<const Shuffled*>(lanes[source]->in)->bytes, 16);
    else
      std::memset(lanes[lane]->out, 0xFF, 16);
  });
}

void collect_votes(Thread* const* lanes, unsigned mask, const void*) {
  unsigned votes = 0;
  for_lanes(mask, [&](unsigned lane) {
    if (*static_cast<const bool*>(lanes[lane]->in)) votes |= 1u << lane;
  });
  for_lanes(mask, [&](unsigned lane) { *static_cast<unsigned*>(lanes[lane]->out) = votes; });
}

}  // namespace

void warp_collective(const WarpOperation& operation, const void* in, void* out, const Site& site) {
  Thread& thread = current();
  Warp& warp = *thread.warp;
  check_mask(thread, operation.mask, site);
  thread.mask = operation.mask;
  thread.in = in;
  thread.out = out;
  if (operation.orders_memory) race::arrive_warp(warp, operation.mask);

  WarpGroup& group = group_of(thread, operation.mask, site);
  group.arrived |= 1u << thread.lane;
  const unsigned mask = operation.mask & warp.exists;
  if (group.arrived == mask) {
    std::swap(group, warp.groups.back());
    warp.groups.pop_back();
    if (operation.combine != nullptr) operation.combine(warp.lanes.data(), mask, operation.extra);
    if (operation.orders_memory) race::complete_warp(warp, operation.mask);
    for_lanes(mask & ~(1u << thread.lane),
              [&](unsigned lane) { grid().make_ready(*warp.lanes[lane]); });
    if (wants_switch()) grid().yield();
  } else {
    grid().wait(State::in_warp, site);
  }
  if (operation.orders_memory) race::leave_warp(warp, operation.mask);
}

void sync_warp(unsigned mask, const Site& site) {
  warp_collective({.mask = mask, .orders_memory = true}, nullptr, nullptr, site);
}

void shuffle(unsigned mask, void* value, std::size_t bytes, unsigned source, const Site& site) {
  Shuffled given{source, {}};
  unsigned char taken[16];
  std::memcpy(given.bytes, value, bytes);
  warp_collective({.mask = mask, .combine = exchange}, &given, taken, site);
  std::memcpy(value, taken, bytes);
}

unsigned vote(unsigned mask, bool predicate, const Site& site) {
  unsigned votes = 0;
  warp_collective({.mask = mask, .combine = collect_votes}, &predicate, &votes, site);
  return votes;
}

}  // namespace simt
