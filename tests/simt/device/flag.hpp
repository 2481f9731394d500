// Flags: strong loads, stores and updates of integers that threads poll, by meaning and scope.
#pragma once

#include <cstdint>

#include "race/race.hpp"

namespace simt {

/// Of 4 or 8 bytes, aligned to as many.
std::uint64_t load_flag(const void* address, unsigned bytes, race::Meaning meaning, Scope scope,
                        const Site& site);
void store_flag(void* address, std::uint64_t value, unsigned bytes, race::Meaning meaning,
                Scope scope, const Site& site);
/// Returns the value before.
std::uint64_t add_to_flag(void* address, std::uint64_t value, unsigned bytes, race::Meaning meaning,
                          Scope scope, const Site& site);

}  // namespace simt
