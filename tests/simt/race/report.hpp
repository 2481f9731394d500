// Accesses, and what is said of two that race.
#pragma once

#include <cstdint>
#include <utility>

#include "race/knowledge.hpp"

namespace simt::race {

/// Where an access stands in the source: a return address, or a Site.
struct Where {
  const void* pc = nullptr;
  const Site* site = nullptr;
  friend bool operator<(const Where& a, const Where& b) {
    return std::pair(a.pc, a.site) < std::pair(b.pc, b.site);
  }
};

struct Access {
  std::uint32_t id = nobody;
  Epoch epoch = 0;
  Where where;
  bool strong = false;
  bool writes = false;
  Scope scope = Scope::block;
  std::uint8_t bytes = 0;  // of the granule, as a mask
};

/// Once in a launch for each two places.
void report_race(const Access& earlier, const Access& later, bool only_the_fence_is_missing);
/// At the start of a launch.
void forget_races();

}  // namespace simt::race
