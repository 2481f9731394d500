// Memory that threads poll: whoever sees nothing new gives way to others.
#include "device/flag.hpp"

#include <cstring>

#include "device/operations.hpp"

namespace simt {
namespace {

void check(const void* address, unsigned bytes, const Site& site) {
  if (reinterpret_cast<std::uintptr_t>(address) % bytes != 0)
    grid().stop("flag", name_of(current()) + ", " + site.operation + " at " + name_of(site) +
                            ": the address is not aligned to " + std::to_string(bytes) + " bytes");
}

std::uint64_t value_at(const void* address, unsigned bytes) {
  std::uint64_t value = 0;
  std::memcpy(&value, address, bytes);
  return value;
}

}  // namespace

void loaded_by_poll(const void* address, std::uint64_t value, const Site& site) {
  Thread& thread = current();
  const auto [seen, first] = thread.polled.try_emplace(address, Thread::Seen{value, 0});
  const bool new_value = !first && seen->second.value != value;
  if (new_value) grid().progress();
  const bool nothing_changed = seen->second.changes == grid().changes();
  seen->second = {value, grid().changes()};
  if (!first && !new_value)
    grid().poll(site, nothing_changed);
  else if (wants_switch())
    grid().yield();
}

void published() {
  grid().progress();
  if (wants_switch()) grid().yield();
}

void note_atomic(const void* address, std::size_t bytes, const Site& site) {
  published();
  race::flag_update(address, bytes, race::Meaning::relaxed, Scope::device, site);
}

void fence(Scope scope) {
  race::fence(scope);
}

std::uint64_t load_flag(const void* address, unsigned bytes, race::Meaning meaning, Scope scope,
                        const Site& site) {
  check(address, bytes, site);
  const std::uint64_t value = value_at(address, bytes);
  race::flag_load(address, bytes, meaning, scope, site);
  loaded_by_poll(address, value, site);
  return value;
}

void store_flag(void* address, std::uint64_t value, unsigned bytes, race::Meaning meaning,
                Scope scope, const Site& site) {
  check(address, bytes, site);
  published();
  race::flag_store(address, bytes, meaning, scope, site);
  std::memcpy(address, &value, bytes);
}

std::uint64_t add_to_flag(void* address, std::uint64_t value, unsigned bytes, race::Meaning meaning,
                          Scope scope, const Site& site) {
  check(address, bytes, site);
  published();
  race::flag_update(address, bytes, meaning, scope, site);
  const std::uint64_t before = value_at(address, bytes);
  const std::uint64_t after = before + value;
  std::memcpy(address, &after, bytes);
  return before;
}

}  // namespace simt
