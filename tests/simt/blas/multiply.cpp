// The arithmetic of a product: operands packed as they are multiplied, OpenBLAS, and the epilogue.
#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include <cblas.h>
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "blas/product.hpp"

namespace simt::blas {
namespace {

template <class Element>
Element element_at(const void* memory, std::int64_t index) {
  Element element;
  std::memcpy(&element, static_cast<const char*>(memory) + index * std::int64_t{sizeof element},
              sizeof element);
  return element;
}
template <class Element>
void put(void* memory, std::int64_t index, Element element) {
  std::memcpy(static_cast<char*>(memory) + index * std::int64_t{sizeof element}, &element,
              sizeof element);
}

template <class Acc>
Acc read(int type, const void* memory, std::int64_t index) {
  switch (type) {
    case CUDA_R_64F: return static_cast<Acc>(element_at<double>(memory, index));
    case CUDA_R_32F: return static_cast<Acc>(element_at<float>(memory, index));
    case CUDA_R_16F: return static_cast<Acc>(__half2float(element_at<__half>(memory, index)));
    default: return static_cast<Acc>(__bfloat162float(element_at<__nv_bfloat16>(memory, index)));
  }
}
template <class Acc>
void write(int type, void* memory, std::int64_t index, Acc value) {
  const auto single = static_cast<float>(value);
  switch (type) {
    case CUDA_R_64F: return put(memory, index, static_cast<double>(value));
    case CUDA_R_32F: return put(memory, index, single);
    case CUDA_R_16F: return put(memory, index, __float2half_rn(single));
    default: return put(memory, index, __float2bfloat16_rn(single));
  }
}
template <class Acc>
Acc rounded(int type, Acc value) {
  double memory;
  write(type, &memory, 0, value);
  return read<Acc>(type, &memory, 0);
}

/// Ten bits of fraction, to nearest, ties away from zero, as cvt.rna.tf32.f32 does.
float to_tf32(float value) {
  constexpr std::uint32_t exponent = 0x7f800000u, dropped = 0x1fffu, half = 0x1000u;
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return (bits & exponent) == exponent ? value : std::bit_cast<float>((bits + half) & ~dropped);
}

/// rows x cols, column-major without gaps, as the multiplication takes it.
template <class Acc>
std::vector<Acc> packed(const Operand& operand, const void* memory, std::int64_t batch,
                        int compute_type) {
  std::vector<Acc> matrix(static_cast<std::size_t>(operand.rows * operand.cols));
  auto next = matrix.begin();
  for (std::int64_t col = 0; col < operand.cols; ++col)
    for (std::int64_t row = 0; row < operand.rows; ++row) {
      const auto value = read<Acc>(
          operand.layout.type, memory,
          batch * operand.batch_stride + row * operand.row_stride + col * operand.col_stride);
      *next++ = compute_type == CUBLAS_COMPUTE_32F_FAST_TF32
                    ? static_cast<Acc>(to_tf32(static_cast<float>(value)))
                    : value;
    }
  return matrix;
}

/// OpenBLAS sums in another order where it has other threads.
class OneThread {
 public:
  OneThread() { openblas_set_num_threads(1); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;
  ~OneThread() { openblas_set_num_threads(before_); }

 private:
  const int before_ = openblas_get_num_threads();
};

void gemm(int m, int n, int k, const float* A, int lda, const float* B, int ldb, float* C) {
  cblas_sgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, A, lda, B, ldb, 0, C, m);
}
void gemm(int m, int n, int k, const double* A, int lda, const double* B, int ldb, double* C) {
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, A, lda, B, ldb, 0, C, m);
}

/// op(A) op(B) of one batch, m x n, in as many parts of k as the algorithm has, and joined in its
/// way: partial sums keep the accumulator's type, or are rounded to that of D.
template <class Acc>
std::vector<Acc> multiplied(const Call& call, std::int64_t batch) {
  const Product& product = call.product;
  const int compute_type = product.desc.compute_type, type = product.d.layout.type;
  const std::vector<Acc> A = packed<Acc>(product.a, call.a, batch, compute_type);
  const std::vector<Acc> B = packed<Acc>(product.b, call.b, batch, compute_type);
  const auto size = static_cast<std::size_t>(product.m * product.n);
  const int m = static_cast<int>(product.m), k = static_cast<int>(product.k);
  const std::uint32_t scheme = call.algo.reduction_scheme;
  std::vector<Acc> sum(size), part(size);
  for (std::int64_t split = 0; split < call.algo.splits; ++split) {
    const std::int64_t first = product.k * split / call.algo.splits;
    const std::int64_t last = product.k * (split + 1) / call.algo.splits;
    gemm(m, static_cast<int>(product.n), static_cast<int>(last - first),
         A.data() + first * product.m, m, B.data() + first, k, part.data());
    for (std::size_t n = 0; n < size; ++n) {
      const Acc added =
          scheme == CUBLASLT_REDUCTION_SCHEME_OUTPUT_TYPE ? rounded(type, part[n]) : part[n];
      sum[n] = split == 0 ? added : sum[n] + added;
      if (scheme == CUBLASLT_REDUCTION_SCHEME_INPLACE) sum[n] = rounded(type, sum[n]);
    }
  }
  return sum;
}

template <class Acc>
void multiply_in(const Call& call) {
  const Product& product = call.product;
  const Operand &c = product.c, &d = product.d;
  const auto alpha = static_cast<Acc>(value_of(call.alpha, product.desc.scale_type));
  const auto beta = static_cast<Acc>(value_of(call.beta, product.desc.scale_type));
  for (std::int64_t batch = 0; batch < product.batches; ++batch) {
    const std::vector<Acc> sum = multiplied<Acc>(call, batch);
    auto next = sum.begin();
    for (std::int64_t col = 0; col < product.n; ++col)
      for (std::int64_t row = 0; row < product.m; ++row) {
        Acc value = alpha * *next++;
        if (beta != 0)
          value +=
              beta * read<Acc>(c.layout.type, call.c,
                               batch * c.batch_stride + row * c.row_stride + col * c.col_stride);
        if (product.has_bias())
          value += read<Acc>(d.layout.type, product.desc.bias,
                             batch * product.desc.bias_batch_stride + row);
        write(d.layout.type, call.d,
              batch * d.batch_stride + row * d.row_stride + col * d.col_stride, value);
      }
  }
}

}  // namespace

double value_of(const Scalar& scalar, int scale_type) {
  return scalar.on_device == nullptr ? scalar.value : read<double>(scale_type, scalar.on_device, 0);
}

void multiply(const Call& call) {
  const OneThread one_thread;
  // The workspace is the library's for all of the call: whatever else lies there is lost.
  if (call.workspace_bytes > 0) std::memset(call.workspace, 0xFF, call.workspace_bytes);
  if (call.product.desc.scale_type == CUDA_R_64F)
    multiply_in<double>(call);
  else
    multiply_in<float>(call);
}

}  // namespace simt::blas
