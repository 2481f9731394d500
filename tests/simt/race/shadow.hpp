// For each address of the device's memory, who touched it last.
#pragma once

#include <cstddef>
#include <cstdint>

#include "race/report.hpp"

namespace simt::race {

/// An access to these bytes: reported where an earlier one races with it, then remembered.
void touch(const void* address, std::size_t bytes, Access access, const Clock* seen = nullptr);

inline Access access_of(std::uint32_t id, bool writes, Where where) {
  return {.id = id, .where = where, .writes = writes};
}
inline Access strong_access_of(std::uint32_t id, bool writes, const Site& site, Scope scope) {
  return {.id = id, .where = {nullptr, &site}, .strong = true, .writes = writes, .scope = scope};
}

}  // namespace simt::race
