// Which shape a persistent kernel takes, if any: pure, from the sizes of a problem and facts of the
// device.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include <takt/cells.hpp>
#include <takt/kernels/policy/persistent.hpp>
#include <takt/spec.hpp>
#include <takt/types.hpp>

#include "facts.hpp"

namespace takt::cuda {

/// How h, backward drh, goes from step to step: within one block, between the blocks of a cluster,
/// or through global memory between blocks that are all on the device. The word is that of the
/// algorithm.
enum class PersistentForm { block, cluster, grid };
inline constexpr PersistentForm persistent_forms[] = {
    PersistentForm::block, PersistentForm::cluster, PersistentForm::grid};
std::string_view to_string(PersistentForm form);

/// What a shape is wanted for.
struct PersistentPass {
  PersistentForm form = PersistentForm::block;
  bool backward = false;
  int most_blocks = std::numeric_limits<int>::max();  ///< of a group
};

/// The best shape by the model, or why there is none.
struct PersistentChoice {
  std::optional<policy::PersistentShape> shape{};
  double step_us = 0;  ///< by the model, all groups of rows
  std::string reason{};
};

/// Steps and rows beyond these are the step algorithm's.
inline constexpr std::int64_t most_persistent_steps = (std::int64_t{1} << 31) - 1;
inline constexpr std::int64_t most_persistent_rows = 65'536;

PersistentChoice choose_persistent(const PersistentPass& pass, const RnnSpec& spec,
                                   const CellInfo& cell, Dims largest, const DeviceFacts& device);

/// What one launch runs of chunks of one shape.
struct LaunchPart {
  std::int64_t first_chunk = 0, chunks = 1;
  std::int64_t first_group = 0, groups = 1;  ///< of each of these chunks
};

/// Visits the launches that run `groups` groups of each of `chunks` chunks, at most `at_once` of
/// them, which is not 0, in one launch: whole chunks where there is room for one, else a part of
/// one.
template <class Visit>
void for_each_launch(std::int64_t chunks, std::int64_t groups, std::int64_t at_once,
                     const Visit& visit) {
  constexpr std::int64_t most = policy::Persistent::most_chunks;
  if (groups == 0) return;
  for (LaunchPart part; part.first_chunk < chunks; part.first_chunk += part.chunks) {
    part.chunks =
        std::clamp<std::int64_t>(at_once / groups, 1, std::min(most, chunks - part.first_chunk));
    for (part.first_group = 0; part.first_group < groups; part.first_group += at_once) {
      part.groups = std::min(at_once, groups - part.first_group);
      visit(part);
    }
  }
}

/// Throws UnsupportedError: the device has no room for such a group now.
[[noreturn]] void refuse_room(const policy::PersistentShape& shape);

/// "4 blocks of 256 threads a group, 3 groups of 8 rows, 62668 bytes of shared memory a block, 1.05
/// us a step". Of a choice that has a shape.
std::string describe(const PersistentChoice& choice, std::int64_t B);

}  // namespace takt::cuda
