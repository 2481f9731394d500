// Barriers of blocks, warps, clusters and grids, and transaction barriers.
#include <map>
#include <utility>

#include "race/shadow.hpp"

namespace simt::race {
namespace {

/// A barrier's clock: that of those who came, and that of the last time it opened.
struct Meeting {
  View arriving, opened;
};

std::map<std::pair<const void*, unsigned>, Meeting> meetings;

void arrive(const void* place, unsigned mask = 0) {
  if (!checking || now == nobody) return;
  meetings[{place, mask}].arriving.join(release(mine(), now));
  next_epoch(mine(), now);
}
void complete(const void* place, unsigned mask = 0) {
  if (!checking) return;
  Meeting& at = meetings[{place, mask}];
  at.opened = std::exchange(at.arriving, View{});
}
void depart(const void* place, unsigned mask = 0) {
  if (!checking || now == nobody) return;
  mine().view.join(meetings[{place, mask}].opened);
}

/// Where those meet a transaction barrier's waiters that arrive from other blocks.
const void* elsewhere(const void* barrier) {
  return static_cast<const char*>(barrier) + 4;
}

}  // namespace

void forget_meetings() {
  meetings.clear();
}

void arrive_block(Block& block, unsigned id) {
  arrive(&block.barriers[id]);
}
void complete_block(Block& block, unsigned id) {
  complete(&block.barriers[id]);
}
void leave_block(Block& block, unsigned id) {
  depart(&block.barriers[id]);
}
void arrive_warp(Warp& warp, unsigned mask) {
  arrive(&warp, mask);
}
void complete_warp(Warp& warp, unsigned mask) {
  complete(&warp, mask);
}
void leave_warp(Warp& warp, unsigned mask) {
  depart(&warp, mask);
}
void arrive_cluster(Cluster& cluster) {
  arrive(&cluster);
}
void complete_cluster(Cluster& cluster) {
  complete(&cluster);
}
void leave_cluster(Cluster& cluster) {
  depart(&cluster);
}
void arrive_grid() {
  arrive(&grid());
}
void complete_grid() {
  complete(&grid());
}
void leave_grid() {
  depart(&grid());
}
void make_mbarrier(const void* barrier, const Site& site) {
  if (!checking) return;
  thread_writes(barrier, 8, site);
  meetings[{barrier, 0}] = {};
  meetings[{elsewhere(barrier), 0}] = {};
}
void arrive_mbarrier(const void* barrier, bool from_elsewhere, const Site& site) {
  if (!checking) return;
  touch(barrier, 8, strong_access_of(now, true, site, Scope::cluster));
  arrive(from_elsewhere ? elsewhere(barrier) : barrier);
}
void complete_mbarrier(const void* barrier) {
  complete(barrier);
  complete(elsewhere(barrier));
}
void leave_mbarrier(const void* barrier, Scope scope, const Site& site) {
  if (!checking) return;
  touch(barrier, 8, strong_access_of(now, false, site, Scope::cluster));
  depart(barrier);
  if (scope != Scope::block) depart(elsewhere(barrier));
}

void agent_arrives(const Agent& agent, const void* barrier, bool from_elsewhere, const Site& site) {
  if (!checking) return;
  Knowledge& of = knowledge(agent.id);
  touch(barrier, 8, strong_access_of(agent.id, true, site, Scope::cluster));
  const void* const meeting = from_elsewhere ? elsewhere(barrier) : barrier;
  meetings[{meeting, 0}].arriving.join(release(of, agent.id));
  next_epoch(of, agent.id);
  launch.arrived_agents.push_back(agent.id - launch.threads);
}

}  // namespace simt::race
