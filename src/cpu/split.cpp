// How a region's threads divide the rows and the blocks of units.
#include "cpu/call.hpp"

namespace takt::cpu {
namespace {

// Below this many multiply-adds a step, waiting for a second thread costs more than it saves.
constexpr std::int64_t least_products = 20'000;
// R of this size stays in a core's second-level cache, so that each thread may read all of it.
constexpr std::int64_t cached_bytes = std::int64_t{512} << 10;
// Below this many multiply-adds, or elements of a pass, waking a second thread costs more than it
// saves.
constexpr std::int64_t least_sequence_products = 2'000'000;
constexpr std::int64_t least_pass = 50'000;
// Rows of a thread, enough to use a packed panel well.
constexpr std::int64_t least_rows = 8;
// Rows for which a thread reads a panel once: enough work to hide reading it from farther away.
constexpr std::int64_t rows_worth_a_group = 16;

}  // namespace

Split split(int threads, std::int64_t rows, std::int64_t blocks, std::int64_t weight_bytes,
            std::int64_t step_products) {
  const auto most = static_cast<std::int64_t>(threads);
  std::int64_t row_groups, unit_groups;
  if (weight_bytes <= cached_bytes) {
    // Groups of rows never wait for each other, so they may be many even where steps are small.
    row_groups = std::clamp<std::int64_t>(rows, 1, most);
    unit_groups = std::min(most / row_groups, blocks);
  } else {
    unit_groups = std::min(most, blocks);
    row_groups = std::clamp<std::int64_t>(rows / rows_worth_a_group, 1, most / unit_groups);
  }
  if (step_products / row_groups < least_products) unit_groups = 1;
  return {static_cast<int>(row_groups), static_cast<int>(std::max<std::int64_t>(unit_groups, 1))};
}

Split split_product(int threads, std::int64_t rows, std::int64_t blocks, std::int64_t products) {
  if (threads == 1 || products < least_sequence_products) return {1, 1};
  // By columns each thread packs only what it multiplies; by rows the shares are more even.
  if (blocks % threads == 0 || blocks >= 4 * std::int64_t{threads}) return {1, threads};
  if (rows >= least_rows * threads) return {threads, 1};
  return {1, static_cast<int>(std::min<std::int64_t>(threads, blocks))};
}

Split split_pass(int threads, std::int64_t blocks, std::int64_t elements) {
  if (elements < least_pass) return {1, 1};
  return {1, static_cast<int>(std::min<std::int64_t>(threads, blocks))};
}

}  // namespace takt::cpu
