// The recurrent product: rows of operands times a packed matrix, a block of units at a time.
//
// Packed: the units (columns of the result) in vectors; `block` vectors form a block; a block is a
// panel [K][G][v][units of a vector], v the vectors of the block (the last one may have fewer).
// Padding units are zero. One thread computes a panel for a few rows with all sums in registers,
// adding over k in order, so that the bits of a row depend on nothing but the row.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cpu/tasks.hpp"
#include "cpu/transpose.hpp"
#include "cpu/vector.hpp"

namespace takt::cpu::TAKT_CPU_LEVEL {

inline constexpr int most_rows = 8;  // rows of a panel product, where registers allow as many

/// Rows that fit into the registers beside `vectors` vectors of a panel.
constexpr int rows_for(int vectors) {
  const int rows = accumulators / vectors;
  return rows > most_rows ? most_rows : rows;
}

/// How many of `left` rows to take next, at most `most`: shares that are about even, since few rows
/// use a panel badly.
constexpr int rows_of_group(std::int64_t left, int most) {
  const std::int64_t groups = (left + most - 1) / most;
  return static_cast<int>((left + groups - 1) / groups);
}

template <class V, int count>
using Registers = V[std::size_t{count}];

/// Whether a product of some depth is the first of its sums, or goes on with what they hold.
enum class Sums : bool { begin, go_on };

/// sums[m][n] = sum over k of rows[m][k * step] * panel[k][n], for n in `vectors` vectors.
template <class Real, int vectors, int rows_of_panel>
void panel_product(const Real* panel, std::int64_t K, const Real* const* rows, std::int64_t step,
                   Real* sums, Sums from) {
  using V = Vec<Real>;
  Registers<V, vectors> sum[std::size_t{rows_of_panel}];
  for (int m = 0; m < rows_of_panel; ++m)
    for (int n = 0; n < vectors; ++n)
      sum[m][n] = from == Sums::begin ? V(0) : V::load(sums + (m * vectors + n) * V::size);
  for (std::int64_t k = 0, at = 0; k < K; ++k, at += step, panel += vectors * V::size) {
    Registers<V, vectors> weight;
    for (int n = 0; n < vectors; ++n) weight[n] = V::load(panel + n * V::size);
    for (int m = 0; m < rows_of_panel; ++m) {
      const V operand(rows[m][at]);
      for (int n = 0; n < vectors; ++n) sum[m][n].v += operand.v * weight[n].v;
    }
  }
  for (int m = 0; m < rows_of_panel; ++m)
    for (int n = 0; n < vectors; ++n) sum[m][n].store(sums + (m * vectors + n) * V::size);
}

/// The same for a number of rows known only at run time, at most rows_for(vectors).
template <class Real, int vectors, int rows_of_panel = rows_for(vectors)>
TAKT_INLINE void panel_product_of(int rows_now, const Real* panel, std::int64_t K,
                                  const Real* const* rows, std::int64_t step, Real* sums,
                                  Sums from) {
  if constexpr (rows_of_panel > 1) {
    if (rows_now < rows_of_panel)
      return panel_product_of<Real, vectors, rows_of_panel - 1>(rows_now, panel, K, rows, step,
                                                                sums, from);
  }
  panel_product<Real, vectors, rows_of_panel>(panel, K, rows, step, sums, from);
}

/// The same for a block whose number of unit vectors is known only at run time, 1 to `block`.
template <class Real, int gates, int block>
TAKT_INLINE void block_product(int unit_vectors, int rows_now, const Real* panel, std::int64_t K,
                               const Real* const* rows, std::int64_t step, Real* sums,
                               Sums from = Sums::begin) {
  if constexpr (block > 1) {
    if (unit_vectors < block)
      return block_product<Real, gates, block - 1>(unit_vectors, rows_now, panel, K, rows, step,
                                                   sums, from);
  }
  panel_product_of<Real, gates * block>(rows_now, panel, K, rows, step, sums, from);
}

/// Rows that every block of this shape, the last one included, can take at once.
template <int gates, int block>
inline constexpr int rows_at_once = rows_for(gates* block);

// Rows that a product by a matrix where it lies takes at once.
inline constexpr int most_given_rows = 4;

/// sums[m * stride + u] = sum over k of rows[m][k] * matrix[u * K + k], for u < units; in the order
/// of a packed product.
template <class Real, int rows_of_product>
void lanes_product_of(const Real* matrix, std::int64_t K, int units, const Real* const* rows,
                      Real* sums, std::int64_t stride) {
  using V = Vec<Real>;
  V sum[std::size_t{rows_of_product}];
  for (int m = 0; m < rows_of_product; ++m) sum[m] = V(0);
  V block[std::size_t{V::size}];
  std::int64_t k = 0;
  for (; k + V::size <= K; k += V::size) {
    load_lanes<Real>(matrix + k, K, units, V::size, block);
    for (int u = 0; u < V::size; ++u)
      for (int m = 0; m < rows_of_product; ++m) sum[m].v += V(rows[m][k + u]).v * block[u].v;
  }
  load_lanes<Real>(matrix + k, K, units, static_cast<int>(K - k), block);
  for (int u = 0; k + u < K; ++u)
    for (int m = 0; m < rows_of_product; ++m) sum[m].v += V(rows[m][k + u]).v * block[u].v;
  for (int m = 0; m < rows_of_product; ++m) sum[m].store(sums + m * stride);
}

/// The same for a number of rows known only at run time, at most most_given_rows.
template <class Real, int rows_of_product = most_given_rows>
TAKT_INLINE void lanes_product(int rows_now, const Real* matrix, std::int64_t K, int units,
                               const Real* const* rows, Real* sums, std::int64_t stride) {
  if constexpr (rows_of_product > 1) {
    if (rows_now < rows_of_product)
      return lanes_product<Real, rows_of_product - 1>(rows_now, matrix, K, units, rows, sums,
                                                      stride);
  }
  lanes_product_of<Real, rows_of_product>(matrix, K, units, rows, sums, stride);
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
