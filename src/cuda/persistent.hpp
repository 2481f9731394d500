// Which shape a persistent kernel takes, if any: pure, from the sizes of a problem and facts of the
// device.
#pragma once

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

/// Throws UnsupportedError: the device has no room for such a group now.
[[noreturn]] void refuse_room(const policy::PersistentShape& shape);

/// "4 blocks of 256 threads a group, 3 groups of 8 rows, 62668 bytes of shared memory a block, 1.05
/// us a step". Of a choice that has a shape.
std::string describe(const PersistentChoice& choice, std::int64_t B);

}  // namespace takt::cuda
