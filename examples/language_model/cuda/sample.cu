// A byte drawn from softmax(logits / temperature).
//
// Tensors  logits [256]; byte [1].
// Work     one warp, whose halves do the same: weights as in softmax.cuh, then each lane goes
//          through all of them in their order.
#include "cuda/kernels.hpp"
#include "cuda/softmax.cuh"

namespace language_model::cuda {
namespace {

__device__ double largest(const RowPart<double>& row) {
  return reduced(row, [](double a, double b) { return a > b ? a : b; });
}

/// The first of the largest.
__device__ int likeliest(const RowPart<double>& row) {
  const double most = largest(row);
  int first = byte_values - 1;
  for (int n = per_lane - 1; n >= 0; --n)
    if (row[n] == most) first = n * softmax_lanes + lane() % softmax_lanes;
  return combined(first, [](int a, int b) { return a < b ? a : b; });
}

/// The byte in whose share `number` of all weights lies.
__device__ int drawn(RowPart<double>& row, double number) {
  double left = number * softmax(row).sum;
  int byte = 0;
  LANGUAGE_MODEL_UNROLL
  for (int n = 0; n < per_lane; ++n)
    for (int k = 0; k < softmax_lanes; ++k) {
      const double weight = __shfl_sync(all_lanes, row[n], k);
      const bool is_before = byte == n * softmax_lanes + k && left >= weight;
      if (is_before && byte < byte_values - 1) {
        left -= weight;
        ++byte;
      }
    }
  return byte;
}

template <class Real>
__global__ void sample_kernel(const Real* logits, double temperature, double number,
                              std::uint8_t* byte) {
  RowPart<double> row;
  for (int n = 0; n < per_lane; ++n)
    row[n] = static_cast<double>(logits[n * softmax_lanes + lane() % softmax_lanes]);
  if (temperature > 0) {
    const double most = largest(row);
    for (int n = 0; n < per_lane; ++n) row[n] = (row[n] - most) / temperature;  // may be -infinity
  }
  const int found = temperature > 0 ? drawn(row, number) : likeliest(row);
  if (lane() == 0) *byte = static_cast<std::uint8_t>(found);
}

}  // namespace

template <class Real>
void sample(const Real* logits, double temperature, double number, std::uint8_t* byte,
            cudaStream_t stream) {
  launch("sample_kernel", &sample_kernel<Real>, 1, warp_lanes, stream, logits, temperature, number,
         byte);
}

template void sample(const float*, double, double, std::uint8_t*, cudaStream_t);
template void sample(const double*, double, double, std::uint8_t*, cudaStream_t);

}  // namespace language_model::cuda
