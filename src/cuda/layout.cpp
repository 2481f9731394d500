// Where the step algorithm keeps things in the caller's scratch and saved memory.
#include "cuda/layout.hpp"

#include <algorithm>

#include <takt/kernels/policy/column_sums.hpp>
#include <takt/kernels/policy/status.hpp>
#include <takt/plan.hpp>

namespace takt::cuda {
namespace {

/// Parts are aligned so that every type of GPU loads and product may begin there.
using DeviceArena = BasicArena<Plan::alignment>;

/// cuBLAS's documentation recommends 32 MiB from compute capability 9.0 on, else 4 MiB; small
/// products are content with some copies of the largest of their results.
std::int64_t workspace_bytes(const Sizes& sizes, const DeviceFacts& device) {
  constexpr std::int64_t MiB = std::int64_t{1} << 20, copies = 16;
  const Checked GH = Checked{sizes.G} * Checked{sizes.H};
  const Checked weights = GH * Checked{sizes.precomputed ? sizes.H : std::max(sizes.I, sizes.H)};
  const Checked rows = Checked{std::max<std::int64_t>(sizes.B, 256)} * GH;
  const std::int64_t most = (device.major >= 9 ? 32 : 4) * MiB;
  const std::int64_t elements = std::min(std::max(weights.value, rows.value), most);
  return std::clamp(round_up(elements * copies * sizes.acc_bytes, MiB), MiB, most);
}

std::int64_t rows_in_chunk(const Sizes& sizes, Checked row_elements, bool persistent) {
  const std::int64_t all = (Checked{sizes.T} * Checked{sizes.B}).value;
  std::int64_t rows = std::max(sizes.B, chunk_elements / row_elements.value);
  if (persistent) {
    const std::int64_t wanted = (Checked{persistent_chunk_steps} * Checked{sizes.B}).value;
    rows = std::max(rows, std::min(wanted, most_chunk_elements / row_elements.value));
  }
  return std::min(all, rows);
}

PersistentLayout persistent_layout(DeviceArena& arena, const policy::PersistentShape& shape,
                                   std::int64_t B) {
  const Checked groups{policy::Persistent::ceil_div(B, shape.rows())};
  PersistentLayout layout;
  layout.R = arena.take(Checked{shape.packed_bytes()});
  layout.order = arena.take(Checked{B} * Checked{4});
  layout.epochs = arena.take(groups * Checked{shape.epochs_bytes()});
  layout.ring = arena.take(groups * Checked{shape.ring_bytes()});
  return layout;
}

}  // namespace

Sizes sizes_of(const RnnSpec& spec, const CellInfo& cell, Dims largest, const DeviceFacts& device) {
  Sizes sizes;
  sizes.T = largest.T;
  sizes.B = largest.B;
  sizes.I = spec.input_size;
  sizes.H = spec.hidden_size;
  sizes.G = cell.gates;
  sizes.C = cell.inner_states();
  sizes.V = cell.saved;
  sizes.real_bytes = static_cast<std::int64_t>(size_of(spec.type));
  sizes.acc_bytes = static_cast<std::int64_t>(size_of(inner_type(spec.type)));
  sizes.shared_gradient = cell.shared_gradient;
  sizes.precomputed = spec.input == InputMode::precomputed;
  sizes.workspace_bytes = workspace_bytes(sizes, device);
  return sizes;
}

ForwardLayout::ForwardLayout(const Sizes& sizes) {
  const Checked real{sizes.real_bytes}, acc{sizes.acc_bytes}, B{sizes.B}, I{sizes.I}, H{sizes.H},
      C{sizes.C}, GH = Checked{sizes.G} * H;
  chunk_rows = rows_in_chunk(sizes, sizes.precomputed ? GH : GH + I, sizes.persistent.has_value());
  const Checked rows{chunk_rows};
  DeviceArena arena;
  status = arena.take(Checked{sizeof(StatusWord)});
  lengths = arena.take(B * Checked{4});
  h = arena.take(B * H * real);
  inner = arena.take(C * B * H * acc);
  x = sizes.precomputed ? 0 : arena.take(rows * I * real);
  Wx = arena.take(rows * GH * acc);
  if (sizes.persistent)
    persistent = persistent_layout(arena, *sizes.persistent, sizes.B);
  else
    Rh = arena.take(B * GH * acc);
  workspace = arena.take(Checked{sizes.workspace_bytes});
  bytes = arena.size();
}

BackwardLayout::BackwardLayout(const Sizes& sizes) {
  const Checked real{sizes.real_bytes}, acc{sizes.acc_bytes}, B{sizes.B}, I{sizes.I}, H{sizes.H},
      C{sizes.C}, GH = Checked{sizes.G} * H,
                  wide{sizes.precomputed ? sizes.H : std::max(sizes.I, sizes.H)};
  const Checked copies{sizes.shared_gradient ? 1 : 2};
  chunk_rows = rows_in_chunk(sizes, copies * GH + wide, sizes.persistent_backward.has_value());
  const Checked chunk{chunk_rows};
  DeviceArena arena;
  status = arena.take(Checked{sizeof(StatusWord)});
  lengths = arena.take(B * Checked{4});
  dh = arena.take(B * H * acc);
  dinner = arena.take(C * B * H * acc);
  dRh = arena.take(B * H * acc);
  dwx = arena.take(chunk * GH * real);
  drh = sizes.shared_gradient ? dwx : arena.take(chunk * GH * real);
  rows = arena.take(chunk * wide * real);
  sums = arena.take(Checked{2 * policy::ColumnSums::most_parts} * GH * Checked{8});
  const bool narrow = sizes.real_bytes != sizes.acc_bytes;
  dW = narrow && !sizes.precomputed ? arena.take(GH * I * acc) : 0;
  dR = narrow ? arena.take(GH * H * acc) : 0;
  if (sizes.persistent_backward)
    persistent = persistent_layout(arena, *sizes.persistent_backward, sizes.B);
  workspace = arena.take(Checked{sizes.workspace_bytes});
  bytes = arena.size();
}

SavedLayout::SavedLayout(const Sizes& sizes) {
  const Checked real{sizes.real_bytes}, acc{sizes.acc_bytes}, T{sizes.T},
      BH = Checked{sizes.B} * Checked{sizes.H}, C{sizes.C}, V{sizes.V};
  DeviceArena arena;
  mark = arena.take(Checked{sizeof(SavedMark)});
  h0 = arena.take(BH * real);
  inner = arena.take((T + Checked{1}) * C * BH * acc);
  steps = arena.take(T * V * BH * real);
  bytes = arena.size();
}

}  // namespace takt::cuda
