// Clock: how far into each thread's work somebody has seen. Sparse, and cheap to copy: pages are
// shared until written.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace simt::race {

using Epoch = std::uint32_t;

class Clock {
 public:
  Epoch of(std::uint32_t id) const {
    const std::size_t page = id / page_size;
    return page < pages_.size() && pages_[page] ? (*pages_[page])[id % page_size] : 0;
  }

  void set(std::uint32_t id, Epoch epoch) { writable(id / page_size)[id % page_size] = epoch; }

  /// The later epoch of both, for every thread.
  void join(const Clock& other) {
    if (pages_.size() < other.pages_.size()) pages_.resize(other.pages_.size());
    for (std::size_t p = 0; p < other.pages_.size(); ++p) {
      if (!other.pages_[p] || pages_[p] == other.pages_[p]) continue;
      if (!pages_[p]) {
        pages_[p] = other.pages_[p];
        continue;
      }
      Page& mine = writable(p);
      for (std::size_t n = 0; n < page_size; ++n)
        mine[n] = std::max(mine[n], (*other.pages_[p])[n]);
    }
  }

 private:
  static constexpr std::size_t page_size = 64;
  using Page = std::array<Epoch, page_size>;

  Page& writable(std::size_t page) {
    if (page >= pages_.size()) pages_.resize(page + 1);
    if (!pages_[page])
      pages_[page] = std::make_shared<Page>();
    else if (pages_[page].use_count() > 1)
      pages_[page] = std::make_shared<Page>(*pages_[page]);
    return *pages_[page];
  }

  std::vector<std::shared_ptr<Page>> pages_;
};

}  // namespace simt::race
