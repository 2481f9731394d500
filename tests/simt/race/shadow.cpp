// The shadow of watched memory: what was last done to each granule, and what that does not speak
// for.
#include "race/shadow.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <memory>
#include <unordered_map>
#include <vector>

namespace simt::race {
namespace {

constexpr std::size_t granule = 2;
constexpr std::size_t page_bytes = 4096;
constexpr std::size_t kept_reads = 4;
constexpr std::size_t most_more = 64;

struct Cell {
  std::uint32_t launch = 0;
  Access write;
  std::array<Access, kept_reads> reads;
  std::vector<Access> more;  // for which neither the write nor another read speaks
};
struct Page {
  std::bitset<page_bytes / granule> watched;
  std::unique_ptr<std::array<Cell, page_bytes / granule>> cells;  // once somebody touches it
};

std::unordered_map<std::uintptr_t, Page> pages;
std::uintptr_t last_page = 0;
Page* last = nullptr;

/// Null where memory is not watched.
Cell* cell_of(std::uintptr_t address) {
  const std::uintptr_t number = address / page_bytes;
  if (last == nullptr || number != last_page) {
    const auto found = pages.find(number);
    if (found == pages.end()) return nullptr;
    last = &found->second;
    last_page = number;
  }
  Page& page = *last;
  const std::size_t place = address % page_bytes / granule;
  if (!page.watched[place]) return nullptr;
  if (!page.cells) page.cells = std::make_unique<std::array<Cell, page_bytes / granule>>();
  Cell& cell = (*page.cells)[place];
  if (cell.launch != launch.number) {
    cell = Cell{};
    cell.launch = launch.number;
  }
  return &cell;
}

/// Calls `each` with all granules of a range, as pages and places in them.
template <class Each>
void for_granules(const void* begin, std::size_t bytes, Each each) {
  const auto first = reinterpret_cast<std::uintptr_t>(begin);
  for (std::uintptr_t at = first & ~(granule - 1); at < first + bytes; at += granule)
    each(pages[at / page_bytes], at % page_bytes / granule);
}

bool ordered(const Access& earlier, std::uint32_t id, const Clock& seen) {
  return earlier.id == id || seen.of(earlier.id) >= earlier.epoch;
}

bool conflict(const Access& earlier, const Access& later, const Clock& seen) {
  if (earlier.id == nobody || (earlier.bytes & later.bytes) == 0) return false;
  if (ordered(earlier, later.id, seen)) return false;
  const bool both_strong = earlier.strong && later.strong &&
                           reaches(earlier.scope, earlier.id, later.id) &&
                           reaches(later.scope, later.id, earlier.id);
  return !both_strong;
}

/// Whether whoever races with `earlier` also races with `later`, so that `earlier` may be
/// forgotten.
bool speaks_for(const Access& later, const Access& earlier, const Clock& seen) {
  return earlier.id == nobody ||
         (ordered(earlier, later.id, seen) && (earlier.bytes & ~later.bytes) == 0 &&
          (earlier.strong || !later.strong));
}

void keep_also(Cell& cell, const Access& access) {
  if (cell.more.size() < most_more)
    cell.more.push_back(access);
  else
    cell.more[access.id % most_more] = access;
}

void keep_read(Cell& cell, const Access& access, const Clock& seen) {
  for (Access& read : cell.reads)
    if (speaks_for(access, read, seen)) {
      read = access;
      return;
    }
  for (Access& each : cell.more)
    if (!each.writes && speaks_for(access, each, seen)) {
      each = access;
      return;
    }
  keep_also(cell, access);
}

void keep_write(Cell& cell, const Access& access, const Clock& seen) {
  std::erase_if(cell.more, [&](const Access& each) { return speaks_for(access, each, seen); });
  if (!speaks_for(access, cell.write, seen)) keep_also(cell, cell.write);
  for (Access& read : cell.reads)
    if (!speaks_for(access, read, seen)) keep_also(cell, read);
  cell.write = access;
  cell.reads = {};
}

}  // namespace

void touch(const void* address, std::size_t bytes, Access access, const Clock* seen_before) {
  const Knowledge& of = knowledge(access.id);
  const bool copies_from = access.id >= launch.threads && !access.writes;
  const Clock& seen = seen_before != nullptr ? *seen_before
                      : copies_from          ? of.view.by_copies
                                             : of.view.clock;
  access.epoch = of.epoch;
  bool checked = false;
  const auto begin = reinterpret_cast<std::uintptr_t>(address);
  for (std::uintptr_t at = begin & ~(granule - 1); at < begin + bytes; at += granule) {
    const bool first = at >= begin, second = at + 1 < begin + bytes;
    access.bytes = static_cast<std::uint8_t>((first ? 1 : 0) | (second ? 2 : 0));
    Cell* const found = cell_of(at);
    if (found == nullptr) continue;
    Cell& cell = *found;
    checked = true;
    const auto check = [&](const Access& earlier) {
      if ((earlier.writes || access.writes) && conflict(earlier, access, seen))
        report_race(earlier, access, copies_from && ordered(earlier, access.id, of.view.clock));
    };
    check(cell.write);
    if (access.writes) std::for_each(cell.reads.begin(), cell.reads.end(), check);
    std::for_each(cell.more.begin(), cell.more.end(), check);
    if (access.writes)
      keep_write(cell, access, of.view.clock);
    else
      keep_read(cell, access, of.view.clock);
  }
  if (checked) ++mutable_counters().accesses_checked;
}

void watch(const void* begin, std::size_t bytes) {
  if (!checking) return;
  for_granules(begin, bytes, [](Page& page, std::size_t place) { page.watched[place] = true; });
}

void forget(const void* begin, std::size_t bytes) {
  if (!checking || begin == nullptr) return;
  for_granules(begin, bytes, [](Page& page, std::size_t place) {
    page.watched[place] = false;
    if (page.cells) (*page.cells)[place] = Cell{};
  });
  // A page's cells take a hundred times its own memory.
  last = nullptr;
  const auto first = reinterpret_cast<std::uintptr_t>(begin);
  for (std::uintptr_t number = first / page_bytes; number * page_bytes < first + bytes; ++number)
    if (const auto found = pages.find(number); found != pages.end() && found->second.watched.none())
      pages.erase(found);
}

std::size_t pages_kept() {
  return pages.size();
}

void access_at(const void* address, std::size_t bytes, bool writes, const void* pc) {
  if (!checking || now == nobody || current().fiber.on_stack(address)) return;
  touch(address, bytes, access_of(now, writes, {pc, nullptr}));
}
void thread_reads(const void* address, std::size_t bytes, const Site& site) {
  if (checking && now != nobody) touch(address, bytes, access_of(now, false, {nullptr, &site}));
}
void thread_writes(const void* address, std::size_t bytes, const Site& site) {
  if (checking && now != nobody) touch(address, bytes, access_of(now, true, {nullptr, &site}));
}

std::shared_ptr<const View> seen_now() {
  return checking && now != nobody ? std::make_shared<const View>(mine().view) : nullptr;
}
void thread_copied(const View* seen, const void* to, std::size_t bytes, const void* from,
                   std::size_t source_bytes, const Site& site) {
  if (seen == nullptr) return;
  touch(from, source_bytes, access_of(now, false, {nullptr, &site}), &seen->clock);
  touch(to, bytes, access_of(now, true, {nullptr, &site}), &seen->clock);
}

void agent_copies(const Agent& agent, const void* to, const void* from, std::size_t bytes,
                  const Site& site) {
  if (!checking) return;
  if (from != nullptr) touch(from, bytes, access_of(agent.id, false, {nullptr, &site}));
  touch(to, bytes, access_of(agent.id, true, {nullptr, &site}));
}

}  // namespace simt::race
