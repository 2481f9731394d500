// Which shape a persistent kernel takes: what fits, and of that what the model finds fastest.
#include "cuda/persistent.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "cuda/model.hpp"
#include "say.hpp"

namespace takt::cuda {
namespace {

using policy::Persistent;
using policy::PersistentShape;

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

/// What kernels take, wherever it fits.
std::vector<PersistentShape> possible_shapes(PersistentShape shape,
                                             const std::vector<int>& sizes_of_groups) {
  std::vector<PersistentShape> all;
  const int least_staged = shape.in_grid ? Persistent::least_staged : Persistent::most_staged;
  for (const int blocks : sizes_of_groups)
    for (int parts = shape.in_grid ? 2 : 1; parts <= Persistent::most_warps; parts *= 2)
      for (int row_tiles = 1; row_tiles <= Persistent::most_row_tiles(parts); row_tiles *= 2) {
        shape.blocks = blocks;
        shape.parts = parts;
        shape.row_tiles = row_tiles;
        for (int staged = Persistent::most_staged; staged >= least_staged; staged /= 2) {
          shape.staged_k_blocks = staged;
          all.push_back(shape);
        }
      }
  return all;
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
  Least least;
  const PersistentShape wanted{.H = spec.hidden_size,
                               .gates = cell.gates,
                               .backward = pass.backward,
                               .element_bytes = static_cast<int>(size_of(spec.type)),
                               .wide_sums = strict,
                               .in_grid = pass.form == PersistentForm::grid};
  const std::vector<int> sizes = sizes_of_groups(pass, spec.hidden_size, device);
  for (const PersistentShape& possible : possible_shapes(wanted, sizes)) {
    least.warps = std::min(least.warps, possible.warps());
    if (possible.warps() > Persistent::most_warps) continue;
    const PersistentShape shape = fitted(possible, device);
    least.bytes = std::min(least.bytes, shape.shared_bytes());
    if (shape.shared_bytes() > device.shared_bytes_per_block) continue;
    const double us = persistent_step_us(shape, {spec, cell, largest.B}, device);
    if (choice.shape && us >= choice.step_us) continue;
    choice.shape = shape;
    choice.step_us = us;
  }
  if (choice.shape) return choice;
  PersistentPass anywhere = pass;
  anywhere.most_blocks = PersistentPass{}.most_blocks;
  const bool is_for_room = pass.most_blocks < anywhere.most_blocks &&
                           choose_persistent(anywhere, spec, cell, largest, device).shape;
  choice.reason = is_for_room ? "the device has no room for as many blocks as R needs"
                              : does_not_fit(least, device);
  return choice;
}

std::string describe(const PersistentChoice& choice, std::int64_t B) {
  const PersistentShape& shape = *choice.shape;
  const std::int64_t count = shape.groups(std::max<std::int64_t>(1, B));
  std::string text = number(shape.blocks) + (shape.blocks == 1 ? " block of " : " blocks of ") +
                     number(shape.threads()) + " threads a group, " + number(count) +
                     (count == 1 ? " group of " : " groups of ") + number(shape.rows()) +
                     " rows, " + number(shape.shared_bytes()) + " bytes of shared memory a block";
  if (shape.turns() > 1) text += ", a row in " + number(shape.turns()) + " turns";
  if (shape.streamed_depth() > 0)
    text += ", " + number(100 * shape.streamed_depth() / shape.depth()) + " % of R streamed";
  return text + ", " + us_a_step(choice.step_us);
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
