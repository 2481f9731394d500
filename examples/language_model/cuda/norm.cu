// The Euclidean norm of all gradients.
//
// Tensors  values [size]; partials [warps] and norm [1] double.
// Work     threads walk over values; a partial sum a warp; then one warp.
// Order    a thread's values in theirs, then partials.cuh's; depends on size alone.
#include "cuda/kernels.hpp"
#include "cuda/partials.cuh"

namespace language_model::cuda {
namespace {

constexpr std::int64_t most_threads = std::int64_t{1} << 15;
static_assert(most_threads / warp_lanes <= most_partials);

template <class Real>
__global__ void squares_kernel(const Real* values, std::int64_t size, double* partials) {
  double sum = 0;
  for (std::int64_t n = first_item(); n < size; n += items_at_once()) {
    const auto value = static_cast<double>(values[n]);
    sum += value * value;
  }
  sum = warp_sum(sum);
  if (lane() == 0) partials[first_item() / warp_lanes] = sum;
}

__global__ void norm_kernel(const double* partials, int count, double* norm) {
  const double sum = sum_of(partials, count);
  if (lane() == 0) *norm = std::sqrt(sum);
}

}  // namespace

template <class Real>
void norm(const Real* values, std::int64_t size, double* partials, double* norm,
          cudaStream_t stream) {
  const dim3 grid = blocks_over(std::min(size, most_threads));
  launch("squares_kernel", &squares_kernel<Real>, grid, threads, stream, values, size, partials);
  launch("norm_kernel", &norm_kernel, 1, warp_lanes, stream, partials,
         static_cast<int>(grid.x) * threads / warp_lanes, norm);
}

template void norm(const float*, std::int64_t, double*, double*, cudaStream_t);
template void norm(const double*, std::int64_t, double*, double*, cudaStream_t);

}  // namespace language_model::cuda
