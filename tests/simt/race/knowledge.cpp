// The launch that is checked: from its first thread to its last.
#include "race/knowledge.hpp"

#include "race/report.hpp"

namespace simt::race {
namespace {

constexpr std::size_t agents = 4096;  // before the number of one that has arrived is used again

}  // namespace

bool checking = false;
Launch launch;
constinit thread_local std::uint32_t now = nobody;

bool reaches(Scope scope, std::uint32_t a, std::uint32_t b) {
  const std::uint32_t block_a = thread_behind(a) / launch.threads_per_block;
  const std::uint32_t block_b = thread_behind(b) / launch.threads_per_block;
  switch (scope) {
    case Scope::block: return block_a == block_b;
    case Scope::cluster:
      return block_a / launch.blocks_per_cluster == block_b / launch.blocks_per_cluster;
    case Scope::device: break;
  }
  return true;
}

void begin_launch(unsigned threads) {
  if (!checking) return;
  ++launch.number;
  forget_races();
  launch.threads = threads;
  const dim3& block = grid().shape().block;
  const dim3& cluster = grid().shape().cluster;
  launch.threads_per_block = block.x * block.y * block.z;
  launch.blocks_per_cluster = cluster.x * cluster.y * cluster.z;
  launch.of_thread = std::vector<Knowledge>(threads);
  launch.of_agent.clear();
  launch.issuer_of_agent.clear();
  launch.arrived_agents.clear();
}

void end_launch() {
  forget_meetings();
  forget_flags();
  launch.of_thread.clear();
  launch.of_agent.clear();
}

void enter(const Thread& thread) {
  now = thread.id;
}
void leave() {
  now = nobody;
}

Agent start_agent() {
  if (!checking) return {};
  auto slot = static_cast<std::uint32_t>(launch.of_agent.size());
  if (launch.of_agent.size() < agents || launch.arrived_agents.empty()) {
    launch.of_agent.emplace_back();
    launch.issuer_of_agent.push_back(now);
  } else {
    slot = launch.arrived_agents.front();
    launch.arrived_agents.pop_front();
    launch.issuer_of_agent[slot] = now;
  }
  const Agent agent{launch.threads + slot};
  Knowledge& of = launch.of_agent[slot];
  of.view = release(mine(), now);
  next_epoch(mine(), now);
  of.view.clock.set(agent.id, of.epoch);
  return agent;
}

}  // namespace simt::race
