// Flags and fences: what a release hands on, and what an acquire takes in.
#include <algorithm>
#include <unordered_map>
#include <vector>

#include "race/shadow.hpp"

namespace simt::race {
namespace {

std::unordered_map<std::uintptr_t, std::vector<Published>> flags;

bool acquires(Meaning meaning) {
  return meaning == Meaning::acquire || meaning == Meaning::acquire_release;
}
bool releases(Meaning meaning) {
  return meaning == Meaning::release || meaning == Meaning::acquire_release;
}

/// Takes in what was published at an address, or keeps it for a later fence.
void take(std::uintptr_t address, Meaning meaning, Scope scope) {
  const auto found = flags.find(address);
  if (found == flags.end()) return;
  for (const Published& published : found->second) {
    if (!reaches(published.scope, published.id, now) || !reaches(scope, now, published.id))
      continue;
    if (acquires(meaning))
      mine().view.join(published.view);
    else
      mine().seen_by_loads.push_back(published);
  }
}

/// Publishes at an address what a release, or an earlier fence, hands on.
void publish(std::uintptr_t address, Meaning meaning, Scope scope, bool replaces) {
  std::vector<Published>& published = flags[address];
  if (replaces) std::erase_if(published, [](const Published& each) { return each.id != now; });
  Knowledge& of = mine();
  if (releases(meaning)) {
    published.push_back({release(of, now), scope, now});
    next_epoch(of, now);
    return;
  }
  for (const Scope fenced : {Scope::block, Scope::cluster, Scope::device})
    if (const auto& view = of.fenced[static_cast<std::size_t>(fenced)])
      published.push_back({*view, std::min(fenced, scope), now});
}

}  // namespace

void forget_flags() {
  flags.clear();
}

void flag_load(const void* address, std::size_t bytes, Meaning meaning, Scope scope,
               const Site& site) {
  if (!checking || now == nobody) return;
  take(reinterpret_cast<std::uintptr_t>(address), meaning, scope);
  touch(address, bytes, strong_access_of(now, false, site, scope));
}

void flag_store(const void* address, std::size_t bytes, Meaning meaning, Scope scope,
                const Site& site) {
  if (!checking || now == nobody) return;
  touch(address, bytes, strong_access_of(now, true, site, scope));
  publish(reinterpret_cast<std::uintptr_t>(address), meaning, scope, true);
}

void flag_update(const void* address, std::size_t bytes, Meaning meaning, Scope scope,
                 const Site& site) {
  if (!checking || now == nobody) return;
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  take(at, meaning, scope);
  touch(address, bytes, strong_access_of(now, true, site, scope));
  publish(at, meaning, scope, false);
}

void fence(Scope scope) {
  if (!checking || now == nobody) return;
  Knowledge& of = mine();
  std::erase_if(of.seen_by_loads, [&](const Published& published) {
    if (!reaches(scope, now, published.id)) return false;
    of.view.join(published.view);
    return true;
  });
  of.fenced[static_cast<std::size_t>(scope)] = std::make_unique<View>(release(of, now));
  next_epoch(of, now);
}

void fence_async() {
  if (!checking || now == nobody) return;
  mine().view.by_copies = release(mine(), now).clock;
  next_epoch(mine(), now);
}

}  // namespace simt::race
