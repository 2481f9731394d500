// Few rows of operands times a matrix where it lies [N,K], its rows being the units: for calls that
// read it too seldom to pack it. A sum runs over k in the order of a packed product, so that the
// bits are the same.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cpu/product.hpp"
#include "cpu/tasks.hpp"
#include "cpu/transpose.hpp"
#include "cpu/vector.hpp"

namespace takt::cpu::TAKT_CPU_LEVEL {

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

/// The share's rows and blocks of a task; a block is `block` vectors of units.
template <class Real, int block>
void given_product(const GivenProductTask<Real>& task, const Share& share) {
  constexpr std::int64_t size = Vec<Real>::size, width = block * size;
  const std::int64_t last = share.block_end * width, end = last < task.N ? last : task.N;
  const Real* operand[std::size_t{most_given_rows}];
  alignas(64) Real sums[std::size_t{most_given_rows * size}];
  int rows = 0;
  for (std::int64_t row = share.row_begin; row < share.row_end; row += rows) {
    rows = rows_of_group(share.row_end - row, most_given_rows);
    for (int m = 0; m < rows; ++m) operand[m] = task.A.row(row + m);
    for (std::int64_t n = share.block_begin * width; n < end; n += size) {
      const int units = static_cast<int>(task.N - n < size ? task.N - n : size);
      lanes_product<Real>(rows, task.B + n * task.K, task.K, units, operand, sums, size);
      for (int m = 0; m < rows; ++m)
        Vec<Real>::load(sums + m * size).store(task.C.row(row + m) + n, units);
    }
  }
}

}  // namespace takt::cpu::TAKT_CPU_LEVEL
