// Softmax cross-entropy of rows, and its gradient.
//
// Tensors  logits, gradient [rows,256]; targets [rows] bytes; partials [halves] and sum [1] double.
// Work     half a warp a row, walking over the rest; then one warp for the sum.
// On chip  16 logits a lane.
// Order    a row's as on the CPU; the rows of half a warp in theirs, then partials.cuh's.
#include "cuda/kernels.hpp"
#include "cuda/partials.cuh"
#include "cuda/softmax.cuh"

namespace language_model::cuda {
namespace {

constexpr std::int64_t most_halves = 4096;
static_assert(most_halves <= most_partials);

/// Loss of a row, in all lanes of its half; `row` becomes the gradient.
template <class Real>
__device__ double row_loss(RowPart<Real>& row, int target, Real scale) {
  const int own = lane() % softmax_lanes;
  Real aimed = 0;
  for (int n = 0; n < per_lane; ++n)
    if (n * softmax_lanes + own == target) aimed = row[n];
  const Real logit = __shfl_sync(all_lanes, aimed, lane() - own + target % softmax_lanes);
  const auto [most, sum] = softmax(row);
  for (int n = 0; n < per_lane; ++n) {
    row[n] *= scale / sum;
    if (n * softmax_lanes + own == target) row[n] -= scale;
  }
  return std::log(static_cast<double>(sum)) + static_cast<double>(most - logit);
}

template <class Real>
__global__ void cross_entropy_kernel(const Real* logits, const std::uint8_t* targets,
                                     std::int64_t rows, Real scale, double* partials,
                                     Real* gradient) {
  const int own = lane() % softmax_lanes;
  const std::int64_t half = first_item() / softmax_lanes, halves = items_at_once() / softmax_lanes;
  double loss = 0;
  // Both halves of a warp stay together, also where one of them has no row.
  for (std::int64_t r = half; r - half % 2 < rows; r += halves) {
    const bool has_row = r < rows;
    const std::int64_t first = r * byte_values + own;
    RowPart<Real> row;
    for (int n = 0; n < per_lane; ++n)
      row[n] = has_row ? logits[first + n * softmax_lanes] : Real{0};
    const double of_row = row_loss(row, has_row ? targets[r] : 0, scale);
    if (!has_row) continue;
    loss += of_row;
    for (int n = 0; n < per_lane && gradient != nullptr; ++n)
      gradient[first + n * softmax_lanes] = row[n];
  }
  if (own == 0) partials[half] = loss;
}

__global__ void add_partials_kernel(const double* partials, int count, double* sum) {
  const double added = sum_of(partials, count);
  if (lane() == 0) *sum += added;
}

}  // namespace

template <class Real>
void cross_entropy(const Real* logits, const std::uint8_t* targets, std::int64_t rows,
                   double* partials, double* sum, Real* gradient, cudaStream_t stream) {
  const dim3 grid = blocks_over(std::min(rows, most_halves) * softmax_lanes);
  const int halves = static_cast<int>(grid.x) * threads / softmax_lanes;
  launch("cross_entropy_kernel", &cross_entropy_kernel<Real>, grid, threads, stream, logits,
         targets, rows, 1 / static_cast<Real>(rows), partials, gradient);
  launch("add_partials_kernel", &add_partials_kernel, 1, warp_lanes, stream, partials, halves, sum);
}

template void cross_entropy(const float*, const std::uint8_t*, std::int64_t, double*, double*,
                            float*, cudaStream_t);
template void cross_entropy(const double*, const std::uint8_t*, std::int64_t, double*, double*,
                            double*, cudaStream_t);

}  // namespace language_model::cuda
