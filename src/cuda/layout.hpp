// Where the step algorithm keeps things in the caller's scratch and saved memory. Pure: read by the
// planner for sizes and by the driver for offsets.
#pragma once

#include <cstdint>
#include <optional>

#include <takt/cells.hpp>
#include <takt/kernels/policy/persistent.hpp>
#include <takt/spec.hpp>
#include <takt/types.hpp>

#include "arithmetic.hpp"
#include "facts.hpp"

namespace takt::cuda {

/// Elements of Wx and x (backward: of dwx, drh and one operand) in a chunk of steps, so that their
/// scratch does not grow with T. At f32 16 MiB, which stay in the L2 of an A100 or later.
inline constexpr std::int64_t chunk_elements = std::int64_t{4} << 20;
/// A persistent kernel has so many steps in a chunk at least, since each launch loads R anew,
/// unless those elements would be more than these (256 MiB at f32).
inline constexpr std::int64_t persistent_chunk_steps = 256;
inline constexpr std::int64_t most_chunk_elements = std::int64_t{64} << 20;

struct Sizes {
  std::int64_t T = 0, B = 0, I = 0, H = 0;  // T, B: the plan's largest
  std::int64_t G = 0, C = 0, V = 0;         // gates, inner states, saved values
  std::int64_t real_bytes = 0, acc_bytes = 0;
  std::int64_t workspace_bytes = 0;  // of cuBLASLt
  bool shared_gradient = false;
  bool precomputed = false;  // x is W x: there is no W
  std::optional<policy::PersistentShape> persistent{}, persistent_backward{};  // none: by steps
};

Sizes sizes_of(const RnnSpec& spec, const CellInfo& cell, Dims largest, const DeviceFacts& device);

/// Offsets in bytes of what a persistent kernel needs besides.
struct PersistentLayout {
  std::int64_t R = 0;           // as pack_fragments_kernel leaves it
  std::int64_t order = 0;       // int32 [B] rows by falling length
  std::int64_t epochs = 0;      // of each group PersistentShape::epochs_bytes(), in a grid
  std::int64_t ring = 0;        // of each group PersistentShape::ring_bytes(), behind them
};

/// Offsets in bytes. `status` comes first in both passes, where takt::status finds it.
struct ForwardLayout {
  std::int64_t chunk_rows = 0;  // rows (of T * B) that a chunk may hold, at least B
  std::int64_t status = 0;      // StatusWord
  std::int64_t lengths = 0;     // int32 [B]
  std::int64_t h = 0;           // Real [B,H]
  std::int64_t inner = 0;       // Acc [C,B,H], in inference
  std::int64_t x = 0;           // Real [chunk_rows,I], where an operand x cannot be read as it lies
  std::int64_t Wx = 0;          // Acc [chunk_rows,G*H]
  std::int64_t Rh = 0;          // Acc [B,G*H], by steps
  PersistentLayout persistent{};
  std::int64_t workspace = 0;
  std::int64_t bytes = 0;

  explicit ForwardLayout(const Sizes& sizes);
};

struct BackwardLayout {
  std::int64_t chunk_rows = 0;
  std::int64_t status = 0, lengths = 0;
  std::int64_t dh = 0;      // Acc [B,H]
  std::int64_t dinner = 0;  // Acc [C,B,H]
  std::int64_t dRh = 0;     // Acc [B,H]
  std::int64_t dwx = 0;     // Real [chunk_rows,G*H]
  std::int64_t drh = 0;     // the same, where it differs from dwx
  std::int64_t rows = 0;    // Real [chunk_rows,max(I,H)] x, then h, then dx; [chunk_rows,H] h
                            // alone where x is W x
  std::int64_t sums = 0;    // double [2,parts,G*H], of dwx and of drh
  std::int64_t dW = 0;      // Acc [G*H,I] and
  std::int64_t dR = 0;      // Acc [G*H,H], where the caller's have 16 bits
  PersistentLayout persistent{};
  std::int64_t workspace = 0;
  std::int64_t bytes = 0;

  explicit BackwardLayout(const Sizes& sizes);
};

struct SavedLayout {
  std::int64_t mark = 0;   // SavedMark
  std::int64_t h0 = 0;     // Real [B,H]
  std::int64_t inner = 0;  // Acc [T+1,C,B,H] in the order of steps, the initial ones first
  std::int64_t steps = 0;  // Real [T,V,B,H]
  std::int64_t bytes = 0;

  explicit SavedLayout(const Sizes& sizes);
};

}  // namespace takt::cuda
