// A step of Adam on one parameter.
//
// Tensors  value, mean, square, average, gradient [size]; numbers [1]; norm [1] double.
// Work     a thread a number of the parameter.
#include "cuda/kernels.hpp"
#include "cuda/launch.cuh"

namespace language_model::cuda {
namespace {

template <class Real>
__global__ void adam_kernel(const AdamArrays<Real> arrays, double decay, const AdamOptions options,
                            const StepNumbers* numbers, const double* norm) {
  const AdamFactors<Real> by = adam_factors<Real>(*numbers, *norm, decay, options);
  for (std::int64_t n = first_item(); n < arrays.size; n += items_at_once()) {
    const AdamNumber<Real> at =
        adam_step<Real>({arrays.value[n], arrays.mean[n], arrays.square[n], arrays.average[n]},
                        arrays.gradient[n], by);
    arrays.value[n] = at.value;
    arrays.mean[n] = at.mean;
    arrays.square[n] = at.square;
    arrays.average[n] = at.average;
  }
}

}  // namespace

template <class Real>
void adam(const AdamArrays<Real>& arrays, double decay, const AdamOptions& options,
          const StepNumbers* numbers, const double* norm, cudaStream_t stream) {
  launch("adam_kernel", &adam_kernel<Real>, blocks_over(arrays.size), threads, stream, arrays,
         decay, options, numbers, norm);
}

template void adam(const AdamArrays<float>&, double, const AdamOptions&, const StepNumbers*,
                   const double*, cudaStream_t);
template void adam(const AdamArrays<double>&, double, const AdamOptions&, const StepNumbers*,
                   const double*, cudaStream_t);

}  // namespace language_model::cuda
