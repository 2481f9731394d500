// Masks of dropout, and what goes through them.
//
// Tensors  mask [mask_size]; from, to [size], a multiple of it.
// Work     a thread an element.
#include "cuda/kernels.hpp"
#include "cuda/launch.cuh"
#include "random.hpp"

namespace language_model::cuda {
namespace {

template <class Real>
__global__ void dropout_mask_kernel(std::uint64_t sequence, double rate, const StepNumbers* numbers,
                                    std::int64_t size, Real* mask) {
  const std::uint64_t draws = mixed(sequence + static_cast<std::uint64_t>(numbers->step));
  const Real kept = static_cast<Real>(1 / (1 - rate));
  for (std::int64_t n = first_item(); n < size; n += items_at_once()) {
    const double number = unit_interval(random_bits(draws, static_cast<std::uint64_t>(n)));
    mask[n] = number < rate ? Real{0} : kept;
  }
}

template <class Real>
__global__ void multiply_kernel(const Real* from, std::int64_t size, const Real* mask,
                                std::int64_t mask_size, Real* to) {
  for (std::int64_t n = first_item(); n < size; n += items_at_once())
    to[n] = from[n] * mask[n % mask_size];
}

}  // namespace

template <class Real>
void dropout_mask(std::uint64_t sequence, double rate, const StepNumbers* numbers,
                  std::int64_t size, Real* mask, cudaStream_t stream) {
  launch("dropout_mask_kernel", &dropout_mask_kernel<Real>, blocks_over(size), threads, stream,
         sequence, rate, numbers, size, mask);
}

template <class Real>
void multiply(const Real* from, std::int64_t size, const Real* mask, std::int64_t mask_size,
              Real* to, cudaStream_t stream) {
  launch("multiply_kernel", &multiply_kernel<Real>, blocks_over(size), threads, stream, from, size,
         mask, mask_size, to);
}

template void dropout_mask(std::uint64_t, double, const StepNumbers*, std::int64_t, float*,
                           cudaStream_t);
template void dropout_mask(std::uint64_t, double, const StepNumbers*, std::int64_t, double*,
                           cudaStream_t);
template void multiply(const float*, std::int64_t, const float*, std::int64_t, float*,
                       cudaStream_t);
template void multiply(const double*, std::int64_t, const double*, std::int64_t, double*,
                       cudaStream_t);

}  // namespace language_model::cuda
