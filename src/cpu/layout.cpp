// Where the CPU path keeps things in the caller's scratch and saved memory.
#include "cpu/layout.hpp"

#include <algorithm>

#include "cpu/tasks.hpp"

namespace takt::cpu {
namespace {

constexpr Checked pointer{sizeof(void*)};
// Both chosen by timing streaming shapes on an AMD EPYC (x86-64-v4, two threads), November 2026.
//
// Packing R transposes all of it into scratch, from where each step reads it. A step by R where it
// lies transposes it again, in registers, and writes nothing: better for so many steps of a call
// whose rows are one group of such a product.
constexpr std::int64_t most_steps_by_given_R = 2;
// W x is one product over the rows of all steps of a chunk. Without a packed W each panel of it is
// packed onto the stack, once for each group of rows that stays in the second-level cache
// (cpu/sequence_product.hpp). For rows up to about one group, packing it into scratch would be the
// same work and a matrix more to write and read.
constexpr std::int64_t most_rows_by_given_W = 512;

std::int64_t rows_in_chunk(const Sizes& sizes, Checked row_bytes) {
  const std::int64_t all = (Checked{sizes.T} * Checked{sizes.B}).value;
  return std::min(all, std::max(sizes.B, chunk_bytes / row_bytes.value));
}

/// Packed for forward.
Checked elements_of_W(const Sizes& sizes) {
  return sizes.precomputed ? Checked{0} : Checked{sizes.I} * Checked{sizes.GHp};
}

}  // namespace

bool packs_R(std::int64_t T, std::int64_t B) {
  return T > 0 && B > 0 && (T > most_steps_by_given_R || B > most_given_rows);
}

bool packs_W(std::int64_t T, std::int64_t B) {
  return T > 0 && B > 0 && T > most_rows_by_given_W / B;  // T * B may not fit
}

Sizes sizes_of(const RnnSpec& spec, const CellInfo& cell, Dims largest, std::int64_t vector_bytes) {
  Sizes sizes;
  sizes.T = largest.T;
  sizes.B = largest.B;
  sizes.I = spec.input_size;
  sizes.H = spec.hidden_size;
  sizes.element_bytes = static_cast<std::int64_t>(size_of(spec.type));
  sizes.Hp = round_up(spec.hidden_size, vector_bytes / sizes.element_bytes);
  sizes.G = cell.gates;
  sizes.Ip = round_up(sizes.I, vector_bytes / sizes.element_bytes);
  sizes.GHp =
      round_up((Checked{sizes.G} * Checked{sizes.H}).value, vector_bytes / sizes.element_bytes);
  sizes.S = cell.states;
  sizes.C = cell.inner_states();
  sizes.V = cell.saved;
  sizes.shared_gradient = cell.shared_gradient;
  sizes.precomputed = spec.input == InputMode::precomputed;
  return sizes;
}

ForwardLayout::ForwardLayout(const Sizes& sizes) {
  const Checked e{sizes.element_bytes}, B{sizes.B}, I{sizes.I}, H{sizes.H}, Hp{sizes.Hp},
      G{sizes.G}, S{sizes.S}, C{sizes.C};
  chunk_rows = rows_in_chunk(sizes, (G * H + I) * e);
  const Checked rows{chunk_rows};
  Arena arena;
  lengths = arena.take(B * Checked{8});
  row_of = arena.take(B * Checked{4});
  R = arena.take(packs_R(sizes.T, sizes.B) ? G * H * Hp * e : Checked{0});
  W = arena.take(packs_W(sizes.T, sizes.B) ? elements_of_W(sizes) * e : Checked{0});
  bias = arena.take(Checked{2} * G * Hp * e);
  start = arena.take(S * Hp * e);
  h = arena.take(Checked{2} * B * Hp * e);
  inner = arena.take(C * B * Hp * e);
  x_rows = arena.take(rows * pointer);
  Wx = arena.take(rows * G * H * e);
  bytes = arena.size();
}

PackedLayout::PackedLayout(const Sizes& sizes) {
  const Checked e{sizes.element_bytes}, H{sizes.H}, Hp{sizes.Hp}, G{sizes.G};
  Arena arena;
  mark = arena.take(Checked{sizeof(PackedMark)});
  R = arena.take(G * H * Hp * e);
  W = arena.take(elements_of_W(sizes) * e);
  bias = arena.take(Checked{2} * G * Hp * e);
  bytes = arena.size();
}

BackwardLayout::BackwardLayout(const Sizes& sizes) {
  const Checked e{sizes.element_bytes}, B{sizes.B}, H{sizes.H}, Hp{sizes.Hp}, G{sizes.G},
      S{sizes.S}, wide{std::max(sizes.I, sizes.H)};
  const Checked copies{sizes.shared_gradient ? 1 : 2};
  chunk_rows = rows_in_chunk(sizes, (copies * G * H + wide) * e);
  const Checked rows{chunk_rows};
  Arena arena;
  lengths = arena.take(B * Checked{8});
  row_of = arena.take(B * Checked{4});
  const bool has_rows = sizes.T > 0 && sizes.B > 0;
  R = arena.take(has_rows ? G * H * Hp * e : Checked{0});
  W = arena.take(has_rows && !sizes.precomputed ? G * H * Checked{sizes.Ip} * e : Checked{0});
  start = arena.take(S * Hp * e);
  zeros = arena.take(G * H * e);
  carry = arena.take(S * B * Hp * e);
  drh_after = arena.take(B * G * H * e);
  dwx = arena.take(rows * G * H * e);
  drh = sizes.shared_gradient ? dwx : arena.take(rows * G * H * e);
  this->rows = arena.take(rows * pointer);
  sums = arena.take(Checked{2} * G * H * Checked{8});
  bytes = arena.size();
}

SavedLayout::SavedLayout(const Sizes& sizes) {
  const Checked e{sizes.element_bytes}, T{sizes.T}, B{sizes.B}, Hp{sizes.Hp}, S{sizes.S},
      kept{sizes.V + sizes.C};
  Arena arena;
  mark = arena.take(Checked{sizeof(SavedMark)});
  initial = arena.take(S * B * Hp * e);
  steps = arena.take(T * B * kept * Hp * e);
  bytes = arena.size();
}

}  // namespace takt::cpu
