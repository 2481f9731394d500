// The decision how to run a spec: pure, printable, tested without any device.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <takt/cells.hpp>
#include <takt/kernels/policy/persistent.hpp>
#include <takt/plan.hpp>
#include <takt/spec.hpp>
#include <takt/types.hpp>

#include "cuda/persistent.hpp"
#include "facts.hpp"

namespace takt {

struct Decision {
  const CellInfo* cell = nullptr;
  std::int64_t cell_index = 0;  // in AllCells
  std::vector<Candidate> candidates;
  std::string_view algorithm;
  /// Which persistent form that is, if it is one.
  std::optional<cuda::PersistentForm> form{};
  /// Of the algorithms "block", "cluster" and "grid"; backward is by steps where it has none. And
  /// how many groups of them the device runs at once, where it was asked.
  std::optional<policy::PersistentShape> persistent{}, persistent_backward{};
  int groups_at_once = 0, backward_groups_at_once = 0;
  std::int64_t scratch_bytes = 0;
  std::int64_t saved_bytes = 0;
  std::int64_t packed_bytes = 0;
};

/// Why takt's GPU code cannot run on this cuda device; empty where it can.
std::string why_not_cuda(const DeviceFacts& device);

/// takt::find_cell, refusing in the name of `where`.
const CellInfo& find_cell(const char* where, std::string_view name);

/// Throws ArgumentError or UnsupportedError in the name of `where` for a spec that is wrong, or
/// that nothing serves yet.
const CellInfo& check_spec(const char* where, const RnnSpec& spec);

/// Blocks of a group of a persistent kernel, in each pass: more had no room on the device.
struct Room {
  struct Most {
    int forward = std::numeric_limits<int>::max(), backward = forward;
  };
  std::array<Most, std::size(cuda::persistent_forms)> forms{};

  Most& of(cuda::PersistentForm form) { return forms[static_cast<std::size_t>(form)]; }
  const Most& of(cuda::PersistentForm form) const { return forms[static_cast<std::size_t>(form)]; }
};

/// Throws as check_spec does, and for sizes that are out of range.
Decision decide(const RnnSpec& spec, Dims largest, Mode mode, const DeviceFacts& device,
                const Room& room = {});

/// How many groups of a cell's shape a device runs at once; 0: it has no room for any now.
using GroupsAtOnce =
    std::function<int(std::int64_t cell_index, const policy::PersistentShape& shape)>;
/// Decides for a device that is asked. Where it has no room for a cluster (MPS, MIG, groups of few
/// multiprocessors), the next smaller ones are tried; for want of one backward is by steps. Throws
/// UnsupportedError where there is none of the algorithm that the spec names.
Decision decide_on(const RnnSpec& spec, Dims largest, Mode mode, const DeviceFacts& device,
                   const GroupsAtOnce& groups_at_once);

/// Several lines for a reader.
std::string explain(const Decision& decision, const RnnSpec& spec, Dims largest, Mode mode,
                    const DeviceFacts& device);

}  // namespace takt
