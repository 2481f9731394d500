// The caches of this machine.
#include "caches.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "shape.hpp"

namespace takt::bench {
namespace {

namespace fs = std::filesystem;

constexpr double infinite = std::numeric_limits<double>::infinity();

std::string first_word(const fs::path& path) {
  std::string word;
  std::ifstream(path) >> word;
  return word;
}

/// "48K", "1M"; none for anything else.
std::optional<double> size_of_text(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  const std::string unit = end;
  if (!(value > 0) || (unit != "K" && unit != "M" && !unit.empty())) return std::nullopt;
  return value * (unit == "K" ? 1 << 10 : unit == "M" ? 1 << 20 : 1);
}

double held_by(const Cache& cache, int threads) {
  return cache.bytes * std::min(threads, cache.instances);
}

}  // namespace

std::vector<Cache> read_caches(const std::string& folder) {
  std::map<int, double> bytes;
  std::map<int, std::set<std::string>> instances;  // by the processors that share one
  std::error_code ignored;
  for (const auto& processor : fs::directory_iterator(folder, ignored))
    for (const auto& index : fs::directory_iterator(processor.path() / "cache", ignored)) {
      const std::string type = first_word(index.path() / "type");
      const auto size = size_of_text(first_word(index.path() / "size"));
      const int level = std::atoi(first_word(index.path() / "level").c_str());
      if ((type != "Data" && type != "Unified") || !size || level < 1) continue;
      // Of processors that differ, the larger one: a limit is the least.
      bytes[level] = std::max(bytes[level], *size);
      instances[level].insert(first_word(index.path() / "shared_cpu_list"));
    }
  std::vector<Cache> caches;
  for (const auto& [level, size] : bytes)
    caches.push_back({level, size, static_cast<int>(instances[level].size())});
  return caches;
}

std::vector<Cache> caches_of_this_machine() {
  return read_caches("/sys/devices/system/cpu");
}

double l1_bytes(const std::vector<Cache>& caches, int threads) {
  if (caches.empty() || caches.front().level != 1) return 0;
  return held_by(caches.front(), threads);
}

std::vector<Footing> footings_of(const std::vector<Cache>& caches, int threads) {
  std::vector<Footing> footings;
  double nearer = l1_bytes(caches, threads);
  for (const Cache& cache : caches) {
    const double holds = held_by(cache, threads);
    if (cache.level == 1 || holds <= nearer) continue;
    // Half of it, so that what else lies there does not push it out, but well more than the nearer
    // ones hold.
    const double read = std::max(holds / 2, std::min(2 * nearer, 0.9 * holds));
    footings.push_back({"L" + std::to_string(cache.level), holds, read, cache.instances < threads});
    nearer = holds;
  }
  if (footings.empty()) return footings;
  constexpr double most = 512 << 20;  // filling more takes longer than it is worth
  const double read = std::min({4 * nearer, std::max(most, 1.5 * nearer), available_bytes() / 4});
  if (read > nearer) footings.push_back({"memory", infinite, read, threads > 1});
  return footings;
}

}  // namespace takt::bench
