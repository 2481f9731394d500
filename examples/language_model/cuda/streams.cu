// What begins a step: its numbers, and the bytes that its streams read.
//
// Tensors  text [size]; inputs, targets, resets [T,B] bytes; numbers [1].
// Work     one thread; one thread a byte of the call.
#include "cuda/kernels.hpp"
#include "cuda/launch.cuh"

namespace language_model::cuda {
namespace {

__global__ void set_numbers_kernel(const StepNumbers numbers, StepNumbers* to) {
  *to = numbers;
}

__global__ void read_streams_kernel(const std::uint8_t* text, std::int64_t text_size,
                                    const StepNumbers* numbers, const StreamBytes to) {
  for (std::int64_t n = first_item(); n < to.T * to.B; n += items_at_once()) {
    const std::int64_t t = n / to.B, b = n % to.B;
    const std::int64_t at = numbers->start + b * (text_size / to.B) + t;
    to.inputs[n] = text[at % text_size];
    to.targets[n] = text[(at + 1) % text_size];
    if (t == 0) to.resets[n] = numbers->fresh ? 1 : 0;
  }
}

}  // namespace

void set_numbers(const StepNumbers& numbers, StepNumbers* to, cudaStream_t stream) {
  launch("set_numbers_kernel", &set_numbers_kernel, 1, 1, stream, numbers, to);
}

void read_streams(const std::uint8_t* text, std::int64_t text_size, const StepNumbers* numbers,
                  const StreamBytes& to, cudaStream_t stream) {
  launch("read_streams_kernel", &read_streams_kernel, blocks_over(to.T * to.B), threads, stream,
         text, text_size, numbers, to);
}

}  // namespace language_model::cuda
