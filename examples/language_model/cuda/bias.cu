// A bias added to rows, and its gradient, the sums of their columns.
//
// Tensors  bias [columns]; rows [count,columns]; partials [parts,columns] double.
// Work     forward a thread an element. Gradient a thread a column of a part of the rows; then a
//          thread a column of the parts.
// Order    the rows of a part in theirs, then the parts; parts depend on count and columns alone.
#include "cuda/kernels.hpp"
#include "cuda/launch.cuh"

namespace language_model::cuda {
namespace {

constexpr std::int64_t rows_of_part = 32, most_parts = 64;

template <class Real>
__global__ void add_bias_kernel(const Real* bias, std::int64_t count, std::int64_t columns,
                                Real* rows) {
  for (std::int64_t n = first_item(); n < count * columns; n += items_at_once())
    rows[n] += bias[n % columns];
}

template <class From, class To>
__global__ void column_sums_kernel(const From* rows, std::int64_t count, std::int64_t columns,
                                   To* sums) {
  const std::int64_t part_rows = (count + gridDim.y - 1) / gridDim.y;
  const std::int64_t begin = blockIdx.y * part_rows;
  const std::int64_t end = begin + part_rows < count ? begin + part_rows : count;
  for (std::int64_t k = first_item(); k < columns; k += items_at_once()) {
    double sum = 0;
    for (std::int64_t r = begin; r < end; ++r) sum += static_cast<double>(rows[r * columns + k]);
    sums[blockIdx.y * columns + k] = static_cast<To>(sum);
  }
}

template <class From, class To>
void column_sums(const From* rows, std::int64_t count, std::int64_t columns, std::int64_t parts,
                 To* sums, cudaStream_t stream) {
  dim3 grid = blocks_over(columns);
  grid.y = static_cast<unsigned>(parts);
  launch("column_sums_kernel", &column_sums_kernel<From, To>, grid, threads, stream, rows, count,
         columns, sums);
}

}  // namespace

template <class Real>
void add_bias(const Real* bias, std::int64_t count, std::int64_t columns, Real* rows,
              cudaStream_t stream) {
  launch("add_bias_kernel", &add_bias_kernel<Real>, blocks_over(count * columns), threads, stream,
         bias, count, columns, rows);
}

template <class Real>
void bias_gradient(const Real* rows, std::int64_t count, std::int64_t columns, double* partials,
                   Real* bias, cudaStream_t stream) {
  const std::int64_t parts =
      std::min({(count + rows_of_part - 1) / rows_of_part, most_parts, most_partials / columns});
  if (parts < 2) return column_sums(rows, count, columns, 1, bias, stream);
  column_sums(rows, count, columns, parts, partials, stream);
  column_sums(partials, parts, columns, 1, bias, stream);
}

template void add_bias(const float*, std::int64_t, std::int64_t, float*, cudaStream_t);
template void add_bias(const double*, std::int64_t, std::int64_t, double*, cudaStream_t);
template void bias_gradient(const float*, std::int64_t, std::int64_t, double*, float*,
                            cudaStream_t);
template void bias_gradient(const double*, std::int64_t, std::int64_t, double*, double*,
                            cudaStream_t);

}  // namespace language_model::cuda
