// Matrices packed into panels, in the order in which products read them.
//
// Packed: the units (columns of the result) in vectors; `block` vectors form a block; a block is a
// panel [K][gates][v][units of a vector], v the vectors of the block (the last one may have fewer).
// Padding units are zero.
#pragma once

#include <cstdint>

#include "cpu/tasks.hpp"
#include "cpu/transpose.hpp"
#include "cpu/vector.hpp"

namespace takt::cpu::TAKT_CPU_LEVEL {

/// to[k * stride + u] = from[u * row_stride + k] for u < rows, and 0 for the other lanes u of a
/// vector.
template <class Real>
TAKT_INLINE void pack_lanes(const Real* from, std::int64_t row_stride, int rows, std::int64_t depth,
                            Real* to, std::int64_t stride) {
  const auto store = [&](std::int64_t k, const Vec<Real>& lanes)
                         TAKT_INLINE_LAMBDA { return lanes.store(to + k * stride); };
  for_lanes(from, row_stride, rows, depth, store);
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

/// Packs the share's blocks of a matrix [K,N] whose columns are units, zero beyond N.
template <class Real, int block>
TAKT_INLINE void pack_columns(const PackTask<Real>& task, const Share& share) {
  using V = Vec<Real>;
  const std::int64_t unit_vectors = (task.N + V::size - 1) / V::size;
  for (std::int64_t n = share.block_begin; n < share.block_end; ++n) {
    const std::int64_t first = n * block, left = unit_vectors - first;
    const std::int64_t vectors = left < block ? left : block;
    Real* to = task.packed + first * V::size * task.K;
    for (std::int64_t k = 0; k < task.K; ++k)
      for (std::int64_t v = first; v < first + vectors; ++v, to += V::size) {
        const std::int64_t j = v * V::size, units = task.N - j;
        V::load(task.matrix + k * task.N + j, units < V::size ? static_cast<int>(units) : V::size)
            .store(to);
      }
  }
}

/// Packs the share's blocks of a matrix [gates * N,K] whose rows are units; some k at a time, so
/// that what is written stays in the first-level cache.
template <class Real, int gates, int block>
TAKT_INLINE void pack_rows(const PackTask<Real>& task, const Share& share) {
  constexpr std::int64_t width = Vec<Real>::size, most_depth = 64;
  const std::int64_t unit_vectors = (task.N + width - 1) / width;
  for (std::int64_t n = share.block_begin; n < share.block_end; ++n) {
    PanelOfRows place{.N = task.N, .K = task.K, .first = n * block};
    const std::int64_t left = unit_vectors - place.first;
    place.vectors = static_cast<int>(left < block ? left : block);
    Real* panel = task.packed + place.first * width * task.K * gates;
    for (place.k = 0; place.k < task.K; place.k += most_depth) {
      place.depth = task.K - place.k < most_depth ? task.K - place.k : most_depth;
      pack_panel<Real, gates>(task.matrix, place, panel);
      panel += place.depth * gates * place.vectors * width;
    }
  }
}

}  // namespace takt::cpu::TAKT_CPU_LEVEL
