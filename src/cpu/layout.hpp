// Where the CPU path keeps things in the caller's scratch and saved memory. Pure: read by the
// planner for sizes and by the driver for offsets.
#pragma once

#include <cstdint>

#include <takt/cells.hpp>
#include <takt/spec.hpp>
#include <takt/types.hpp>

#include "arithmetic.hpp"

namespace takt::cpu {

/// Scratch for whole-sequence products is kept near this, in chunks of steps.
inline constexpr std::int64_t chunk_bytes = std::int64_t{16} << 20;

/// Whether a forward call packs R into scratch: one of few steps and rows reads it where it lies.
bool packs_R(std::int64_t T, std::int64_t B);
/// The same of W: a call of few rows in all reads it where it lies.
bool packs_W(std::int64_t T, std::int64_t B);

struct Sizes {
  std::int64_t T = 0, B = 0, I = 0, H = 0;  // T, B: the plan's largest
  std::int64_t Ip = 0, Hp = 0, GHp = 0;     // I, H and G*H in whole vectors
  std::int64_t G = 0, S = 0, C = 0, V = 0;  // gates, states, inner states, saved values
  std::int64_t element_bytes = 0;
  bool shared_gradient = false;
  bool precomputed = false;  // x is W x: there is no W
};

Sizes sizes_of(const RnnSpec& spec, const CellInfo& cell, Dims largest, std::int64_t vector_bytes);

/// Offsets in bytes.
struct ForwardLayout {
  std::int64_t chunk_rows = 0;  // rows (of T * B) that a chunk may hold, at least B
  std::int64_t lengths = 0;     // int64 [B], sorted
  std::int64_t row_of = 0;      // int32 [B]
  std::int64_t R = 0;           // [G*H*Hp] packed, where the largest call packs it
  std::int64_t W = 0;           // [I*GHp] packed, where the largest call packs it
  std::int64_t bias = 0;        // [2,G,Hp]
  std::int64_t start = 0;       // [S,Hp]
  std::int64_t h = 0;           // [2,B,Hp]
  std::int64_t inner = 0;       // [C,B,Hp]
  std::int64_t x_rows = 0;      // pointers [chunk_rows], to rows of x
  std::int64_t Wx = 0;          // [chunk_rows,G*H]
  std::int64_t bytes = 0;

  explicit ForwardLayout(const Sizes& sizes);
};

/// What packed weights say of themselves.
struct PackedMark {
  static constexpr std::int64_t packed = 0x7061636b;
  std::int64_t written = 0;  // packed
  std::int64_t cell = 0;     // in AllCells
  std::int64_t I = 0, H = 0, element_bytes = 0, vector_bytes = 0, precomputed = 0;
  std::int64_t bias = 0;  // a Bias: those that a spec lacks are packed as zeros

  friend bool operator==(const PackedMark&, const PackedMark&) = default;
};

struct PackedLayout {
  std::int64_t mark = 0;  // PackedMark
  std::int64_t R = 0;     // [G*H*Hp]
  std::int64_t W = 0;     // [I*GHp]
  std::int64_t bias = 0;  // [2,G,Hp]
  std::int64_t bytes = 0;

  explicit PackedLayout(const Sizes& sizes);
};

struct BackwardLayout {
  std::int64_t chunk_rows = 0;
  std::int64_t lengths = 0, row_of = 0;
  std::int64_t R = 0;          // [G*H*Hp] packed, transposed
  std::int64_t W = 0;          // [G*H*Ip] packed
  std::int64_t start = 0;      // [S,Hp]
  std::int64_t zeros = 0;      // [G*H]
  std::int64_t carry = 0;      // [S,B,Hp]
  std::int64_t drh_after = 0;  // [B,G*H]
  std::int64_t dwx = 0;        // [chunk_rows,G*H]
  std::int64_t drh = 0;        // the same, where it differs from dwx
  std::int64_t rows = 0;       // pointers [chunk_rows], to rows of x, then h, then dx
  std::int64_t sums = 0;       // double [2,G*H], of dwx and of drh
  std::int64_t bytes = 0;

  explicit BackwardLayout(const Sizes& sizes);
};

/// What the forward that filled `saved` says of itself, for the backward that reads it.
struct SavedMark {
  static constexpr std::int64_t forward_ran = 0x74616b74;
  std::int64_t written = 0;  // forward_ran
  std::int64_t T = 0, B = 0;
};

struct SavedLayout {
  std::int64_t mark = 0;     // SavedMark
  std::int64_t initial = 0;  // [S,B,Hp]
  std::int64_t steps = 0;    // [T,B,V+C,Hp]
  std::int64_t bytes = 0;

  explicit SavedLayout(const Sizes& sizes);
};

}  // namespace takt::cpu
