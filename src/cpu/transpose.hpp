// Panels of a matrix that lies the other way: rows of it become lanes of vectors, a square block at
// a time in registers.
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

/// A square block of rows, whose lanes are then their elements from k on: zero where there are
/// none.
template <class Real>
TAKT_INLINE void load_lanes(const Real* from, std::int64_t row_stride, int rows, int elements,
                            Vec<Real>* block) {
  using V = Vec<Real>;
  for (int u = 0; u < V::size; ++u)
    block[u] = u < rows ? V::load(from + u * row_stride, elements) : V(0);
  transpose<Real>(block);
}

/// to[k * stride + u] = from[u * row_stride + k] for u < rows, and 0 for the other lanes u of a
/// vector.
template <class Real>
TAKT_INLINE void pack_lanes(const Real* from, std::int64_t row_stride, int rows, std::int64_t depth,
                            Real* to, std::int64_t stride) {
  using V = Vec<Real>;
  std::int64_t k = 0;
  for (; k + V::size <= depth; k += V::size) {
    V block[std::size_t{V::size}];
    load_lanes<Real>(from + k, row_stride, rows, V::size, block);
    for (int u = 0; u < V::size; ++u) block[u].store(to + (k + u) * stride);
  }
  for (; k < depth; ++k)
    for (int u = 0; u < V::size; ++u)
      to[k * stride + u] = u < rows ? from[u * row_stride + k] : Real(0);
}

/// Where a panel of a matrix [gates * N,K] lies, whose rows are its units.
struct PanelOfRows {
  std::int64_t N = 0, K = 0;
  std::int64_t first = 0;  // vector of units
  int vectors = 0;
  std::int64_t k = 0, depth = 0;
};

/// panel [depth][gates][units] of the rows' elements k to k + depth.
template <class Real, int gates>
TAKT_INLINE void pack_panel(const Real* matrix, const PanelOfRows& place, Real* panel) {
  constexpr std::int64_t size = Vec<Real>::size;
  for (int g = 0; g < gates; ++g)
    for (int v = 0; v < place.vectors; ++v) {
      const std::int64_t j = (place.first + v) * size, left = place.N - j;
      pack_lanes<Real>(matrix + (g * place.N + j) * place.K + place.k, place.K,
                       static_cast<int>(left < size ? left : size), place.depth,
                       panel + (g * place.vectors + v) * size, gates * place.vectors * size);
    }
}

}  // namespace takt::cpu::TAKT_CPU_LEVEL
