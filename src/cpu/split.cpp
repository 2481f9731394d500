// How a region's threads divide the rows and the blocks of units.
#include "cpu/call.hpp"

namespace takt::cpu {
namespace {

// Below this many multiply-adds a step, waiting for a second thread costs more than it saves.
constexpr std::int64_t least_products = 20'000;
// R of this size stays in a core's second-level cache, so that each thread may read all of it.
constexpr std::int64_t cached_bytes = std::int64_t{512} << 10;
// Rows for which a thread reads a panel once: enough work to hide reading it from farther away.
constexpr std::int64_t rows_worth_a_group = 16;

}  // namespace

Split split(int threads, std::int64_t rows, std::int64_t blocks, std::int64_t weight_bytes,
            std::int64_t step_products) {
  const auto most = static_cast<std::int64_t>(threads);
  const std::int64_t rows_of_group = weight_bytes <= cached_bytes ? 1 : rows_worth_a_group;
  // Groups of rows never wait for each other, so they may be many even where steps are small.
  const std::int64_t row_groups = std::clamp<std::int64_t>(rows / rows_of_group, 1, most);
  std::int64_t unit_groups = std::min(most / row_groups, blocks);
  if (step_products / row_groups < least_products) unit_groups = 1;
  return {static_cast<int>(row_groups), static_cast<int>(std::max<std::int64_t>(unit_groups, 1))};
}

}  // namespace takt::cpu
