// Gradients of the biases: sums of the columns of the gates' gradients, over a chunk's rows.
//
// When     a chunk of backward whose bias gradients are wanted.
// Tensors  from [rows,columns] storage; sums [parts,columns] double, added to from chunk to chunk.
// Work     grid (columns across, parts, tensors), block (columns, lanes); a part's rows are dealt
// to
//          the lanes in turn.
// On chip  lanes * columns doubles of shared memory.
// Order    each lane's rows in order, then the lanes, then the chunks; the parts in the end
//          (kernels/store_sums.cuh). Depends on nothing but the number of rows in each chunk.
#pragma once

#include <cstdint>

#include <takt/kernels/policy/column_sums.hpp>
#include <takt/kernels/types.cuh>

namespace takt {

template <class Real>
struct ColumnSums {
  std::int64_t rows = 0, columns = 0;
  const Real* from[2]{};
  double* sums[2]{};
  bool first = false;  ///< chunk: `sums` holds nothing yet
};

template <class Real>
__global__ void __launch_bounds__(policy::ColumnSums::columns* policy::ColumnSums::lanes)
    column_sums_kernel(const ColumnSums<Real> p) {
  using Policy = policy::ColumnSums;
  TAKT_SHARED(double, of_lane, [Policy::lanes][Policy::columns]);
  const std::int64_t k = static_cast<std::int64_t>(blockIdx.x) * Policy::columns + threadIdx.x;
  const std::int64_t part_rows = (p.rows + gridDim.y - 1) / gridDim.y;
  const std::int64_t begin = blockIdx.y * part_rows;
  const std::int64_t end = begin + part_rows < p.rows ? begin + part_rows : p.rows;

  const Real* const from = blockIdx.z == 0 ? p.from[0] : p.from[1];
  double* const sums = blockIdx.z == 0 ? p.sums[0] : p.sums[1];
  double sum = 0;
  if (k < p.columns)
    for (std::int64_t row = begin + threadIdx.y; row < end; row += Policy::lanes)
      sum += static_cast<double>(widened(from[row * p.columns + k]));
  of_lane[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y != 0 || k >= p.columns) return;
  for (int lane = 1; lane < Policy::lanes; ++lane) sum += of_lane[lane][threadIdx.x];
  double& total = sums[blockIdx.y * p.columns + k];
  total = p.first ? sum : total + sum;
}

}  // namespace takt
