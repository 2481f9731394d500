// Rows of a matrix as lanes of vectors: a square block at a time, transposed in registers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "cpu/vector.hpp"

namespace takt::cpu::TAKT_CPU_LEVEL {

/// Lanes e of `a` that have the bit `distance` change places with lanes e - distance of `b`.
template <class Real, int distance, std::size_t... lane>
TAKT_INLINE void exchange(Vec<Real>& a, Vec<Real>& b, std::index_sequence<lane...>) {
  constexpr std::size_t size = sizeof...(lane), d = distance;
  const auto low = __builtin_shufflevector(a.v, b.v, ((lane & d) ? lane - d + size : lane)...);
  b.v = __builtin_shufflevector(a.v, b.v, ((lane & d) ? lane + size : lane + d)...);
  a.v = low;
}

template <class Real, int distance, std::size_t... row>
TAKT_INLINE void exchange_rows(Vec<Real>* block, std::index_sequence<row...> rows) {
  ((row & distance ? void() : exchange<Real, distance>(block[row], block[(row | distance)], rows)),
   ...);
}

/// Row n of a square block becomes its column n.
template <class Real, int distance = Vec<Real>::size / 2>
TAKT_INLINE void transpose(Vec<Real>* block) {
  exchange_rows<Real, distance>(block, std::make_index_sequence<std::size_t{Vec<Real>::size}>());
  if constexpr (distance > 1) transpose<Real, distance / 2>(block);
}

/// block[k][u] = from[u * row_stride + k] for u < rows and k < depth, at most a vector each, and 0
/// elsewhere.
template <class Real>
TAKT_INLINE void load_lanes(const Real* from, std::int64_t row_stride, int rows, int depth,
                            Vec<Real>* block) {
  using V = Vec<Real>;
  for (int u = 0; u < V::size; ++u)
    block[u] = u < rows ? V::load(from + u * row_stride, depth) : V(0);
  transpose<Real>(block);
}

/// visit(k, lanes) for each k < depth in order: lane u is from[u * row_stride + k] for u < rows,
/// and 0 for the others.
template <class Real, class Visit>
TAKT_INLINE void for_lanes(const Real* from, std::int64_t row_stride, int rows, std::int64_t depth,
                           const Visit& visit) {
  using V = Vec<Real>;
  V block[std::size_t{V::size}];
  std::int64_t k = 0;
  for (; k + V::size <= depth; k += V::size) {
    load_lanes<Real>(from + k, row_stride, rows, V::size, block);
    for (int u = 0; u < V::size; ++u) visit(k + u, block[u]);
  }
  if (k == depth) return;
  load_lanes<Real>(from + k, row_stride, rows, static_cast<int>(depth - k), block);
  for (int u = 0; k + u < depth; ++u) visit(k + u, block[u]);
}

}  // namespace takt::cpu::TAKT_CPU_LEVEL
