// Rows of operands times a panel of a packed matrix (cpu/pack.hpp).
//
// One thread computes a panel for a few rows with all sums in registers, adding over k in order, so
// that the bits of a row depend on nothing but the row.
#pragma once

#include <cstddef>
#include <cstdint>

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

}  // namespace takt::cpu::TAKT_CPU_LEVEL
