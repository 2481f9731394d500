// Few rows of operands times a matrix where it lies [N,K], its rows being the units: for calls that
// read it too seldom to pack it. A sum runs over k in the order of a packed product, so that the
// bits are the same.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cpu/transpose.hpp"
#include "cpu/vector.hpp"

namespace takt::cpu::TAKT_CPU_LEVEL {

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
  for_lanes(matrix, K, units, K, [&](std::int64_t k, const V& weight) TAKT_INLINE_LAMBDA {
    for (int m = 0; m < rows_of_product; ++m) sum[m].v += V(rows[m][k]).v * weight.v;
  });
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

}  // namespace takt::cpu::TAKT_CPU_LEVEL
