// Which shape a persistent kernel takes: what fits, and of that what the model finds fastest.
#include "cuda/persistent.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "say.hpp"

namespace takt::cuda {
namespace {

using policy::Persistent;
using policy::PersistentShape;

/// Constants of the model, for an H100 or H200. All are guesses from published figures; none was
/// measured here yet, so plans take a persistent form only by name.
namespace model {
constexpr double cycles_per_us = 1980;
constexpr double block_us = 0.10;      ///< barriers and gates of a step
constexpr double cluster_us = 0.30;    ///< until h of the last peer has come
constexpr double grid_us = 1.00;       ///< until the last epoch has been seen
constexpr double l2_bytes = 64;        ///< a cycle and multiprocessor, read
constexpr double shared_bytes = 128;   ///< a cycle and multiprocessor
constexpr double exchange_bytes = 32;  ///< a cycle and block, sent by all its threads
constexpr double warp_bytes = 16;      ///< a cycle, stored by one warp
constexpr double tensor_cycles = 4;    ///< of a fragment (16 x 64 bytes) times a row tile
constexpr double strict_cycles = 16;
constexpr double memory_bytes = 2200;  ///< a cycle, read by all, of what L2 does not keep
constexpr double l2_share = 0.7;       ///< of L2 that keeps what is streamed in each step
}  // namespace model

/// Cycles in which a multiprocessor reads from L2, or all from memory, what is kept nowhere.
double streaming_cycles(const PersistentShape& shape, std::int64_t groups_at_once,
                        const DeviceFacts& device) {
  const double of_block = static_cast<double>(shape.warps() * shape.streamed_depth()) *
                          shape.matrix_tiles() * Persistent::fragment_bytes;
  const double of_all = of_block * shape.blocks;  // groups read the same
  const bool in_L2 = of_all <= model::l2_share * static_cast<double>(device.l2_bytes);
  const double all = of_all * static_cast<double>(groups_at_once);
  return std::max(of_block / model::l2_bytes, in_L2 ? 0 : all / model::memory_bytes);
}

/// A step of all groups, where as many run at once as there is room for.
double step_us(const PersistentShape& shape, std::int64_t B, const DeviceFacts& device) {
  const std::int64_t all = groups(shape, B);
  const std::int64_t at_once =
      std::min<std::int64_t>(all, std::max(1, device.multiprocessors / shape.blocks));
  const double blocks_of_R = static_cast<double>(shape.warps() * shape.depth());
  const double products = blocks_of_R * shape.matrix_tiles() *
                          (shape.wide_sums ? model::strict_cycles : model::tensor_cycles);
  const double R_read = static_cast<double>(shape.warps() * shape.depth_in_shared()) *
                        shape.matrix_tiles() * Persistent::fragment_bytes;
  const double rows_read = blocks_of_R * Persistent::row_tile * Persistent::k_block_bytes;
  const double reads = shape.in_grid ? R_read / model::shared_bytes + rows_read / model::l2_bytes +
                                           streaming_cycles(shape, at_once, device)
                                     : (R_read + rows_read) / model::shared_bytes;
  double us = model::block_us + shape.row_tiles * std::max(products, reads) / model::cycles_per_us;
  const double made =
      static_cast<double>(shape.tiles_of_block() * shape.tile_bytes() * shape.rows());
  if (shape.in_grid)
    us += model::grid_us + made / model::warp_bytes / model::cycles_per_us;
  else if (shape.blocks > 1)
    us += model::cluster_us +
          made * (shape.blocks - 1) / model::exchange_bytes / model::cycles_per_us;
  return us * static_cast<double>(Persistent::ceil_div(all, at_once));
}

/// In a grid what has no room in shared memory is streamed.
PersistentShape fitted(PersistentShape shape, const DeviceFacts& device) {
  const std::int64_t over = shape.shared_bytes() - device.shared_bytes_per_block;
  if (!shape.in_grid || over <= 0) return shape;
  const std::int64_t of_k_block = shape.warps() * shape.matrix_tiles() * Persistent::fragment_bytes;
  shape.shared_k_blocks =
      std::max<std::int64_t>(0, shape.depth_in_shared() - Persistent::ceil_div(over, of_k_block));
  return shape;
}

std::string why_not(const PersistentPass& pass, const RnnSpec& spec, Dims largest,
                    const DeviceFacts& device) {
  if (spec.type == DataType::f64) return "it has no f64; step has";
  if (largest.T > most_persistent_steps)
    return "T is " + number(largest.T) + "; it takes at most " + number(most_persistent_steps);
  if (largest.B > most_persistent_rows)
    return "B is " + number(largest.B) + "; it takes at most " + number(most_persistent_rows);
  const bool block = pass.form == PersistentForm::block, grid = pass.form == PersistentForm::grid;
  if (grid && !device.cooperative_launches) return "the device has no cooperative launches";
  if (grid && device.multiprocessors < 2) return "the device has one multiprocessor";
  if (!block && !grid && device.largest_cluster < 2) return "the device has no clusters of blocks";
  if (!block && spec.hidden_size <= Persistent::unit_tile)
    return "H is " + number(spec.hidden_size) + "; two blocks share at least " +
           number(Persistent::unit_tile + 1) + " units";
  if (pass.most_blocks < (block ? 1 : 2)) return "the device has no room for it";
  return "";
}

/// The least that a form needs of a block.
struct Least {
  std::int64_t warps = std::numeric_limits<std::int64_t>::max(), bytes = warps;
};
std::string does_not_fit(const Least& least, const DeviceFacts& device) {
  if (least.warps > Persistent::most_warps)
    return "a block would need " + number(least.warps) + " warps for its units; it has at most " +
           number(Persistent::most_warps);
  return "R does not fit: a block would need " + number(least.bytes) +
         " bytes of shared memory; the device has " + number(device.shared_bytes_per_block);
}

/// Blocks of a group: of a grid, as many as share the multiprocessors with equal groups.
std::vector<int> sizes_of_groups(const PersistentPass& pass, std::int64_t H,
                                 const DeviceFacts& device) {
  const std::int64_t most = std::min<std::int64_t>(Persistent::unit_tiles(H), pass.most_blocks);
  std::vector<int> sizes;
  if (pass.form == PersistentForm::block) sizes.push_back(1);
  if (pass.form == PersistentForm::cluster)
    for (int blocks = 2; blocks <= std::min({most, std::int64_t{device.largest_cluster},
                                             std::int64_t{Persistent::largest_cluster}});
         blocks *= 2)
      sizes.push_back(blocks);
  if (pass.form == PersistentForm::grid)
    for (int beside = 1; device.multiprocessors / beside >= 2; beside *= 2)
      sizes.push_back(
          static_cast<int>(std::min<std::int64_t>(most, device.multiprocessors / beside)));
  return sizes;
}

}  // namespace

std::string_view to_string(PersistentForm form) {
  switch (form) {
    case PersistentForm::block: return "block";
    case PersistentForm::cluster: return "cluster";
    case PersistentForm::grid: break;
  }
  return "grid";
}

PersistentChoice choose_persistent(const PersistentPass& pass, const RnnSpec& spec,
                                   const CellInfo& cell, Dims largest, const DeviceFacts& device) {
  PersistentChoice choice;
  choice.reason = why_not(pass, spec, largest, device);
  if (!choice.reason.empty()) return choice;
  const bool strict = spec.type == DataType::f32 && spec.math == Math::strict;
  const bool in_grid = pass.form == PersistentForm::grid;
  Least least;
  for (const int blocks : sizes_of_groups(pass, spec.hidden_size, device))
    for (int parts = in_grid ? 2 : 1; parts <= Persistent::most_warps; parts *= 2)
      for (int row_tiles = 1; row_tiles <= Persistent::most_row_tiles(parts); row_tiles *= 2) {
        PersistentShape shape{.H = spec.hidden_size,
                              .gates = cell.gates,
                              .backward = pass.backward,
                              .element_bytes = static_cast<int>(size_of(spec.type)),
                              .wide_sums = strict,
                              .blocks = blocks,
                              .parts = parts,
                              .row_tiles = row_tiles,
                              .in_grid = in_grid};
        least.warps = std::min(least.warps, shape.warps());
        if (shape.warps() > Persistent::most_warps) continue;
        shape = fitted(shape, device);
        least.bytes = std::min(least.bytes, shape.shared_bytes());
        if (shape.shared_bytes() > device.shared_bytes_per_block) continue;
        const double us = step_us(shape, std::max<std::int64_t>(1, largest.B), device);
        if (choice.shape && us >= choice.step_us) continue;
        choice.shape = shape;
        choice.step_us = us;
      }
  if (!choice.shape) choice.reason = does_not_fit(least, device);
  return choice;
}

std::string describe(const PersistentChoice& choice, std::int64_t B) {
  const PersistentShape& shape = *choice.shape;
  const std::int64_t count = groups(shape, std::max<std::int64_t>(1, B));
  std::string text = number(shape.blocks) + (shape.blocks == 1 ? " block of " : " blocks of ") +
                     number(shape.threads()) + " threads a group, " + number(count) +
                     (count == 1 ? " group of " : " groups of ") + number(shape.rows()) +
                     " rows, " + number(shape.shared_bytes()) + " bytes of shared memory a block";
  if (shape.streamed_depth() > 0)
    text += ", " + number(100 * shape.streamed_depth() / shape.depth()) + " % of R streamed";
  return text + ", " + number(std::round(100 * choice.step_us) / 100) +
         " us a step by guessed constants";
}

void refuse_room(const PersistentShape& shape) {
  unsupported("Plan", "algorithm",
              " needs " + number(shape.blocks) +
                  (shape.blocks == 1 ? " block of " : " blocks of ") + number(shape.threads()) +
                  " threads and " + number(shape.shared_bytes()) +
                  " bytes of shared memory at once; the device has no room for them (other "
                  "processes, MPS or MIG may hold a part of it)");
}

}  // namespace takt::cuda
