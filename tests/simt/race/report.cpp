// Races in words: both accesses, with thread, operation, file and line.
#include "race/report.hpp"

#include <set>
#include <string>

#include "runtime/source.hpp"

namespace simt::race {
namespace {

std::set<std::pair<Where, Where>> reported;

std::string describe(const Access& access) {
  std::string text = access.writes ? "write" : "read";
  if (access.strong) text = "strong " + text;
  text +=
      access.where.site != nullptr ? " (" + std::string(access.where.site->operation) + ")" : "";
  const std::uint32_t thread = thread_behind(access.id);
  text += " by block " + std::to_string(thread / launch.threads_per_block) + ", thread " +
          std::to_string(thread % launch.threads_per_block);
  if (access.id >= launch.threads) text += ", asynchronously";
  return text + " at " +
         (access.where.site != nullptr ? name_of(*access.where.site) : source_of(access.where.pc));
}

}  // namespace

void report_race(const Access& earlier, const Access& later, bool only_the_fence_is_missing) {
  if (!reported.insert({earlier.where, later.where}).second) return;
  report("race", "kernel " + std::string(grid().shape().kernel) +
                     (only_the_fence_is_missing ? ": no fence.proxy.async between\n  "
                                                : ": nothing orders\n  ") +
                     describe(earlier) + "\nand\n  " + describe(later));
}

void forget_races() {
  reported.clear();
}

}  // namespace simt::race
