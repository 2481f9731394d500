// A product on the emulated device beside the same one in double, element by element; with the
// tests' own formats of numbers.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <cublasLt.h>
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include "simt.hpp"

namespace simt::test {

inline std::size_t bytes_of(cudaDataType_t type) {
  return type == CUDA_R_64F ? 8 : type == CUDA_R_32F ? 4 : 2;
}

/// To `digits` binary digits, ties to even; below 2^lowest to multiples of what that has.
inline double rounded(double value, int digits, int lowest, double largest) {
  if (value == 0 || !std::isfinite(value)) return value;
  const int exponent = std::max(std::ilogb(value), lowest) - digits + 1;
  const double result = std::ldexp(std::nearbyint(std::ldexp(value, -exponent)), exponent);
  return std::abs(result) > largest ? std::copysign(INFINITY, value) : result;
}
inline double rounded(cudaDataType_t type, double value) {
  switch (type) {
    case CUDA_R_32F: return static_cast<double>(static_cast<float>(value));
    case CUDA_R_16F: return rounded(value, 11, -14, 65504);
    case CUDA_R_16BF: return rounded(value, 8, -126, std::ldexp(255, 120));
    default: return value;
  }
}

/// The bits of a value that the type holds exactly.
inline std::uint64_t encoded(cudaDataType_t type, double value) {
  const auto single = static_cast<float>(value);
  std::uint64_t bits = 0;
  if (type == CUDA_R_64F) {
    std::memcpy(&bits, &value, 8);
  } else if (type != CUDA_R_16F) {
    std::memcpy(&bits, &single, 4);
    if (type == CUDA_R_16BF) bits >>= 16;
  } else {
    const std::uint64_t sign = std::signbit(value) ? 0x8000u : 0u;
    const double size = std::abs(value);
    if (std::isnan(value)) return 0x7e00u;
    if (std::isinf(value)) return sign | 0x7c00u;
    if (size < std::ldexp(1, -14)) return sign | static_cast<std::uint64_t>(std::ldexp(size, 24));
    const int exponent = std::ilogb(size);
    const auto fraction = static_cast<std::uint64_t>(std::ldexp(size, 10 - exponent)) - 1024;
    return sign | (static_cast<std::uint64_t>(exponent + 15) << 10) | fraction;
  }
  return bits;
}

/// Memory of the device, of exactly this size.
class Memory {
 public:
  explicit Memory(std::size_t bytes) : bytes_(bytes) {
    EXPECT_EQ(cudaMalloc(&data_, bytes), cudaSuccess);
  }
  explicit Memory(const std::vector<std::uint8_t>& bytes) : Memory(bytes.size()) { put(bytes); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() { cudaFree(data_); }
  void* at(std::size_t byte = 0) const { return static_cast<char*>(data_) + byte; }
  std::size_t bytes() const { return bytes_; }
  void put(const std::vector<std::uint8_t>& bytes) const {
    EXPECT_EQ(cudaMemcpy(data_, bytes.data(), bytes.size(), cudaMemcpyHostToDevice), cudaSuccess);
  }
  std::vector<std::uint8_t> get() const {
    std::vector<std::uint8_t> bytes(bytes_);
    EXPECT_EQ(cudaMemcpy(bytes.data(), data_, bytes_, cudaMemcpyDeviceToHost), cudaSuccess);
    return bytes;
  }

 private:
  void* data_ = nullptr;
  std::size_t bytes_;
};

/// A matrix on the host in double, and how it lies on the device; everything between is NaN.
struct Matrix {
  cudaDataType_t type = CUDA_R_32F;
  std::int64_t rows = 0, cols = 0, padding = 0;
  cublasLtOrder_t order = CUBLASLT_ORDER_COL;
  std::int64_t batches = 1;
  std::vector<double> values = {};

  std::int64_t ld() const { return (order == CUBLASLT_ORDER_COL ? rows : cols) + padding; }
  std::int64_t lines() const { return order == CUBLASLT_ORDER_COL ? cols : rows; }
  std::int64_t batch_stride() const { return ld() * lines() + padding; }
  /// To the end of the last line, so that an element further is outside.
  std::size_t bytes() const {
    const std::int64_t last = (batches - 1) * batch_stride() + ld() * lines() - padding;
    return static_cast<std::size_t>(last) * bytes_of(type);
  }
  std::size_t place(std::int64_t batch, std::int64_t row, std::int64_t col) const {
    const std::int64_t inside = order == CUBLASLT_ORDER_COL ? row + col * ld() : col + row * ld();
    return static_cast<std::size_t>(batch * batch_stride() + inside) * bytes_of(type);
  }
  double& value(std::int64_t batch, std::int64_t row, std::int64_t col) {
    return values[static_cast<std::size_t>((batch * rows + row) * cols + col)];
  }
  double value(std::int64_t batch, std::int64_t row, std::int64_t col) const {
    return values[static_cast<std::size_t>((batch * rows + row) * cols + col)];
  }
  void fill(const std::function<double()>& next) {
    values.resize(static_cast<std::size_t>(batches * rows * cols));
    for (double& value : values) value = next();
  }
  std::vector<std::uint8_t> image() const {
    std::vector<std::uint8_t> bytes(this->bytes(), 0xFF);
    for (std::int64_t batch = 0; batch < batches; ++batch)
      for (std::int64_t row = 0; row < rows; ++row)
        for (std::int64_t col = 0; col < cols; ++col) {
          const std::uint64_t bits = encoded(type, value(batch, row, col));
          std::memcpy(&bytes[place(batch, row, col)], &bits, bytes_of(type));
        }
    return bytes;
  }
};

/// Whole numbers from -4 to 4: sums of their products are exact in f32, in any order.
class Whole {
 public:
  double operator()() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>(state_ >> 60) - (state_ >> 60 > 8 ? 12.0 : 4.0);
  }

 private:
  std::uint64_t state_ = 1;
};

struct Types {
  cublasComputeType_t compute;
  cudaDataType_t scale, ab, cd;
};
inline constexpr Types f32_types{CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F};
inline constexpr Types f64_types{CUBLAS_COMPUTE_64F, CUDA_R_64F, CUDA_R_64F, CUDA_R_64F};
inline constexpr Types f16_types{CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_16F, CUDA_R_16F};

struct Spec {
  Types types = f32_types;
  std::int64_t m = 5, n = 3, k = 7;
  cublasOperation_t op_a = CUBLAS_OP_N, op_b = CUBLAS_OP_N;
  cublasLtOrder_t order_a = CUBLASLT_ORDER_COL, order_b = CUBLASLT_ORDER_COL,
                  order_d = CUBLASLT_ORDER_COL;
  std::int64_t batches = 1, padding = 2;
  double alpha = 0.5, beta = 0;
  bool in_place = false, bias = false, scalars_on_device = false;
};

inline std::string to_string(const Spec& s) {
  const auto text = [](auto value) { return std::to_string(static_cast<long long>(value)); };
  return "compute " + text(s.types.compute) + ", A and B " + text(s.types.ab) + ", D " +
         text(s.types.cd) + ", " + text(s.m) + "x" + text(s.n) + "x" + text(s.k) + ", op " +
         text(s.op_a) + text(s.op_b) + ", order " + text(s.order_a) + text(s.order_b) +
         text(s.order_d) + ", batches " + text(s.batches) + ", beta " + std::to_string(s.beta) +
         (s.in_place ? ", in place" : "") + (s.bias ? ", bias" : "") +
         (s.scalars_on_device ? ", scalars on the device" : "");
}

/// The descriptors, operands and pointers of one product: to be changed before `run`.
class Case {
 public:
  explicit Case(const Spec& spec = {})
      : spec(spec),
        A(operand(spec.types.ab, spec.m, spec.k, spec.op_a, spec.order_a)),
        B(operand(spec.types.ab, spec.k, spec.n, spec.op_b, spec.order_b)),
        C(operand(spec.types.cd, spec.m, spec.n, CUBLAS_OP_N, spec.order_d)),
        D(C),
        bias_values(static_cast<std::size_t>(spec.m)) {
    Whole next;
    A.fill([&next] { return next(); });
    B.fill([&next] { return next(); });
    if (!spec.in_place && spec.padding > 0) ++C.padding;  // another leading dimension than D's
    if (spec.beta == 0) C.fill([] { return NAN; });
    if (spec.beta != 0) C.fill([&next] { return next(); });
    D.values = C.values;
    for (double& value : bias_values) value = next();
    place();
    describe();
  }
  Case(const Case&) = delete;
  Case& operator=(const Case&) = delete;
  ~Case() {
    for (const auto layout : {a_layout, b_layout, c_layout, d_layout})
      cublasLtMatrixLayoutDestroy(layout);
    cublasLtMatmulDescDestroy(desc);
    cublasLtMatmulPreferenceDestroy(preference);
    cublasLtDestroy(handle);
  }

  cublasStatus_t run() {
    return cublasLtMatmul(handle, desc, alpha, a, a_layout, b, b_layout, beta, c, c_layout, d,
                          d_layout, algo, workspace, workspace_bytes, stream);
  }

  template <class Value>
  void set(cublasLtMatmulDescAttributes_t attribute, Value value) {
    EXPECT_EQ(cublasLtMatmulDescSetAttribute(desc, attribute, &value, sizeof value), 0);
  }
  template <class Value>
  static void set(cublasLtMatrixLayout_t layout, cublasLtMatrixLayoutAttribute_t attribute,
                  Value value) {
    EXPECT_EQ(cublasLtMatrixLayoutSetAttribute(layout, attribute, &value, sizeof value), 0);
  }
  template <class Value>
  void prefer(cublasLtMatmulPreferenceAttributes_t attribute, Value value) {
    EXPECT_EQ(cublasLtMatmulPreferenceSetAttribute(preference, attribute, &value, sizeof value), 0);
  }

  std::vector<cublasLtMatmulHeuristicResult_t> heuristic(int requested = 16,
                                                         int expected_status = 0) {
    std::vector<cublasLtMatmulHeuristicResult_t> results(static_cast<std::size_t>(requested));
    int count = -1;
    EXPECT_EQ(cublasLtMatmulAlgoGetHeuristic(handle, desc, a_layout, b_layout, c_layout, d_layout,
                                             preference, requested, results.data(), &count),
              expected_status);
    results.resize(static_cast<std::size_t>(count));
    return results;
  }

  /// Of D, as it must be: NaN where nothing is to be written.
  std::vector<std::uint8_t> expected() const {
    Matrix result = D;
    const auto element = [](const Matrix& of, cublasOperation_t op, std::int64_t batch,
                            std::int64_t row, std::int64_t col) {
      return op == CUBLAS_OP_N ? of.value(batch, row, col) : of.value(batch, col, row);
    };
    for (std::int64_t batch = 0; batch < spec.batches; ++batch)
      for (std::int64_t row = 0; row < spec.m; ++row)
        for (std::int64_t col = 0; col < spec.n; ++col) {
          double sum = 0;
          for (std::int64_t k = 0; k < spec.k; ++k)
            sum += element(A, spec.op_a, batch, row, k) * element(B, spec.op_b, batch, k, col);
          double value = spec.alpha * sum;
          if (spec.beta != 0) value += spec.beta * C.value(batch, row, col);
          if (spec.bias) value += bias_values[static_cast<std::size_t>(row)];
          result.value(batch, row, col) = rounded(D.type, value);
        }
    return result.image();
  }
  std::vector<std::uint8_t> result() const { return (spec.in_place ? in_C : in_D)->get(); }

  Spec spec;
  Matrix A, B, C, D;
  std::vector<double> bias_values;
  std::unique_ptr<Memory> in_A, in_B, in_C, in_D, in_bias, in_scalars;

  cublasLtHandle_t handle = nullptr;
  cublasLtMatmulDesc_t desc = nullptr;
  cublasLtMatmulPreference_t preference = nullptr;
  cublasLtMatrixLayout_t a_layout = nullptr, b_layout = nullptr, c_layout = nullptr,
                         d_layout = nullptr;
  const void *alpha = nullptr, *beta = nullptr;
  const void *a = nullptr, *b = nullptr, *c = nullptr;
  void* d = nullptr;
  const cublasLtMatmulAlgo_t* algo = nullptr;
  void* workspace = nullptr;
  std::size_t workspace_bytes = 0;
  cudaStream_t stream = nullptr;

 private:
  Matrix operand(cudaDataType_t type, std::int64_t rows, std::int64_t cols, cublasOperation_t op,
                 cublasLtOrder_t order) const {
    if (op != CUBLAS_OP_N) std::swap(rows, cols);
    return {type, rows, cols, spec.padding, order, spec.batches};
  }

  void place() {
    in_A = std::make_unique<Memory>(A.image());
    in_B = std::make_unique<Memory>(B.image());
    in_C = std::make_unique<Memory>(C.image());
    in_D = std::make_unique<Memory>(D.bytes());
    a = in_A->at();
    b = in_B->at();
    c = in_C->at();
    d = spec.in_place ? in_C->at() : in_D->at();
    Matrix bias{D.type, spec.m, 1};
    bias.values = bias_values;
    in_bias = std::make_unique<Memory>(bias.image());
    const std::size_t bytes = bytes_of(spec.types.scale);
    const std::uint64_t factors[] = {encoded(spec.types.scale, spec.alpha),
                                     encoded(spec.types.scale, spec.beta)};
    std::vector<std::uint8_t> scalars(2 * bytes);
    for (std::size_t n = 0; n < 2; ++n) std::memcpy(&scalars[n * bytes], &factors[n], bytes);
    in_scalars = std::make_unique<Memory>(scalars);
    std::memcpy(on_host_, factors, sizeof factors);
    alpha = spec.scalars_on_device ? in_scalars->at() : &on_host_[0];
    beta = spec.scalars_on_device ? in_scalars->at(bytes) : &on_host_[1];
  }

  cublasLtMatrixLayout_t layout_of(const Matrix& matrix) {
    cublasLtMatrixLayout_t layout = nullptr;
    EXPECT_EQ(
        cublasLtMatrixLayoutCreate(&layout, matrix.type, static_cast<std::uint64_t>(matrix.rows),
                                   static_cast<std::uint64_t>(matrix.cols), matrix.ld()),
        0);
    set(layout, CUBLASLT_MATRIX_LAYOUT_ORDER, static_cast<std::int32_t>(matrix.order));
    set(layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, static_cast<std::int32_t>(matrix.batches));
    set(layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, matrix.batch_stride());
    return layout;
  }

  void describe() {
    EXPECT_EQ(cublasLtCreate(&handle), 0);
    EXPECT_EQ(cublasLtMatmulDescCreate(&desc, spec.types.compute, spec.types.scale), 0);
    EXPECT_EQ(cublasLtMatmulPreferenceCreate(&preference), 0);
    a_layout = layout_of(A);
    b_layout = layout_of(B);
    c_layout = layout_of(C);
    d_layout = layout_of(D);
    set(CUBLASLT_MATMUL_DESC_TRANSA, static_cast<std::int32_t>(spec.op_a));
    set(CUBLASLT_MATMUL_DESC_TRANSB, static_cast<std::int32_t>(spec.op_b));
    if (spec.scalars_on_device)
      set(CUBLASLT_MATMUL_DESC_POINTER_MODE, std::int32_t{CUBLASLT_POINTER_MODE_DEVICE});
    if (spec.bias) {
      set(CUBLASLT_MATMUL_DESC_EPILOGUE, std::uint32_t{CUBLASLT_EPILOGUE_BIAS});
      set<const void*>(CUBLASLT_MATMUL_DESC_BIAS_POINTER, in_bias->at());
    }
  }

  std::uint64_t on_host_[2] = {};
};

/// Nothing is reported or left behind, unless the test takes it.
class Blas : public testing::Test {
 protected:
  void SetUp() override { reset_device(); }
  void TearDown() override {
    for (const Report& report : take_reports()) ADD_FAILURE() << report.kind << ": " << report.text;
    EXPECT_EQ(reset_device(), "");
  }
};

}  // namespace simt::test
