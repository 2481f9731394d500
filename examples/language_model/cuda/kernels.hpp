// The example's kernels, as functions that enqueue them. Pointers are to the GPU's memory; Real is
// float or double; what is not said here is as in operations.hpp. All throw Failure.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

#include "adam.hpp"
#include "step_numbers.hpp"

namespace language_model::cuda {

/// Sums of which sums are made, [most_partials] doubles: dead after each call.
inline constexpr int most_partials = 1 << 14;

void set_numbers(const StepNumbers& numbers, StepNumbers* to, cudaStream_t stream);

/// Where the bytes of a call go, [T,B] each.
struct StreamBytes {
  std::uint8_t *inputs, *targets, *resets;
  std::int64_t T, B;
};
void read_streams(const std::uint8_t* text, std::int64_t text_size, const StepNumbers* numbers,
                  const StreamBytes& to, cudaStream_t stream);

/// rows [count,columns], table [256,columns].
template <class Real>
void embed(const std::uint8_t* indices, const Real* table, std::int64_t count, std::int64_t columns,
           Real* rows, cudaStream_t stream);
template <class Real>
void embed_gradient(const std::uint8_t* indices, const Real* rows, std::int64_t count,
                    std::int64_t columns, Real* table, cudaStream_t stream);

/// bias [columns], rows [count,columns].
template <class Real>
void add_bias(const Real* bias, std::int64_t count, std::int64_t columns, Real* rows,
              cudaStream_t stream);
template <class Real>
void bias_gradient(const Real* rows, std::int64_t count, std::int64_t columns, double* partials,
                   Real* bias, cudaStream_t stream);

template <class Real>
void dropout_mask(std::uint64_t sequence, double rate, const StepNumbers* numbers,
                  std::int64_t size, Real* mask, cudaStream_t stream);
template <class Real>
void multiply(const Real* from, std::int64_t size, const Real* mask, std::int64_t mask_size,
              Real* to, cudaStream_t stream);

/// logits and gradient [rows,256]; `gradient` may be null, or the logits.
template <class Real>
void cross_entropy(const Real* logits, const std::uint8_t* targets, std::int64_t rows,
                   double* partials, double* sum, Real* gradient, cudaStream_t stream);

template <class Real>
void norm(const Real* values, std::int64_t size, double* partials, double* norm,
          cudaStream_t stream);

/// A parameter of `size` numbers and what training keeps beside it.
template <class Real>
struct AdamArrays {
  Real *value, *mean, *square, *average;
  const Real* gradient;
  std::int64_t size;
};
template <class Real>
void adam(const AdamArrays<Real>& arrays, double decay, const AdamOptions& options,
          const StepNumbers* numbers, const double* norm, cudaStream_t stream);

/// logits [256].
template <class Real>
void sample(const Real* logits, double temperature, double number, std::uint8_t* byte,
            cudaStream_t stream);

}  // namespace language_model::cuda
