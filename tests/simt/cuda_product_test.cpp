// Products of a plan on the emulated cuBLASLt: every kind and type, sizes below the plan's, rows
// with gaps, pointers that are aligned to one element only; and which algorithms are chosen.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include <takt/kernels/types.cuh>

#include "cuda/context.hpp"
#include "cuda/product.hpp"
#include "device_array.hpp"

namespace takt::cuda {
namespace {

using Kind = ProductSpec::Kind;

struct Types {
  std::string name;
  DataType in, out;
  Math math;
};

template <class Real>
std::vector<Real> numbers(std::int64_t count, int seed) {
  std::vector<Real> values;
  // Sums of some hundred products of these are exact in every type but 16-bit results.
  for (std::int64_t n = 0; n < count; ++n)
    values.push_back(static_cast<Real>(static_cast<float>((n * 7 + seed) % 9 - 4) / 4));
  return values;
}

template <class Real>
double value(Real x) {
  return static_cast<double>(widened(x));
}

/// Operands in host memory and what they give, row by row.
template <class In>
struct Operands {
  Operands(const ProductSpec& spec, const ProductShape& shape)
      : spec_(spec),
        shape_(shape),
        A(numbers<In>(rows_of_A() * stride_of_A(), 1)),
        M(numbers<In>(rows_of_M() * stride_of_M(), 2)) {}

  std::int64_t D_size() const {
    return spec_.kind == Kind::over_rows ? spec_.K * spec_.N : shape_.rows * spec_.N;
  }
  double expected(std::int64_t n) const {
    const std::int64_t row = n / spec_.N, col = n % spec_.N;
    double sum = 0;
    for (std::int64_t k = 0; k < (spec_.kind == Kind::over_rows ? shape_.rows : spec_.K); ++k)
      sum += a(row, k) * m(k, col);
    return sum;
  }

 private:
  bool sums_rows() const { return spec_.kind == Kind::over_rows; }
  std::int64_t rows_of_A() const { return shape_.rows; }
  std::int64_t stride_of_A() const { return sums_rows() ? spec_.K : shape_.row_stride; }
  std::int64_t rows_of_M() const {
    return spec_.kind == Kind::by_transposed ? spec_.N : sums_rows() ? shape_.rows : spec_.K;
  }
  std::int64_t stride_of_M() const {
    return spec_.kind == Kind::by_transposed ? spec_.K : sums_rows() ? shape_.row_stride : spec_.N;
  }
  double a(std::int64_t row, std::int64_t k) const {
    const std::int64_t at = sums_rows() ? k * stride_of_A() + row : row * stride_of_A() + k;
    return value(A[static_cast<std::size_t>(at)]);
  }
  double m(std::int64_t k, std::int64_t col) const {
    const std::int64_t at =
        spec_.kind == Kind::by_transposed ? col * stride_of_M() + k : k * stride_of_M() + col;
    return value(M[static_cast<std::size_t>(at)]);
  }

  ProductSpec spec_;
  ProductShape shape_;

 public:
  std::vector<In> A, M;
};

/// One element further than what is aligned.
template <class Element>
std::vector<Element> shifted(const std::vector<Element>& values) {
  std::vector<Element> more{Element{}};
  more.insert(more.end(), values.begin(), values.end());
  return more;
}

class CudaProduct : public testing::TestWithParam<std::tuple<Kind, Types>> {
 protected:
  static constexpr std::int64_t most_rows = 37, workspace_bytes = 1 << 20;

  ProductSpec spec(std::int64_t N, std::int64_t K) const {
    const auto& [kind, types] = GetParam();
    return {.kind = kind, .N = N, .K = K, .in = types.in, .out = types.out, .math = types.math};
  }

  template <class In, class Out>
  void run(const ProductSpec& spec, const ProductShape& shape, bool add) {
    const Context context(0);
    const Product product(context.blas, spec, most_rows, workspace_bytes);
    const simt::DeviceArray<char> workspace(workspace_bytes);
    const simt::TestStream stream;
    const Operands<In> operands(spec, shape);
    const std::size_t shift = shape.aligned ? 0 : 1;
    const auto placed = [&](const auto& values) { return shift == 0 ? values : shifted(values); };
    const std::vector<Out> old(static_cast<std::size_t>(operands.D_size()), static_cast<Out>(2.0F));
    const simt::DeviceArray<In> A(placed(operands.A)), M(placed(operands.M));
    const simt::DeviceArray<Out> D(placed(old));
    const BoundProduct bound = product.bind(shape, workspace.data());
    bound.run(A.data() + shift, M.data() + shift, D.data() + shift, add, stream);
    ASSERT_EQ(stream.wait(), cudaSuccess);
    const std::vector<Out> found = D.get();
    for (std::int64_t n = 0; n < operands.D_size(); ++n)
      ASSERT_EQ(
          value(found[shift + static_cast<std::size_t>(n)]),
          value(static_cast<Out>(static_cast<float>(operands.expected(n) + (add ? 2.0 : 0.0)))))
          << "element " << n << ", " << shape.rows << " rows, stride " << shape.row_stride;
  }

  void run(const ProductSpec& spec, const ProductShape& shape, bool add) {
    switch (spec.in) {
      case DataType::f32: return run<float, float>(spec, shape, add);
      case DataType::f64: return run<double, double>(spec, shape, add);
      case DataType::f16:
        return spec.out == DataType::f16 ? run<__half, __half>(spec, shape, add)
                                         : run<__half, float>(spec, shape, add);
      case DataType::bf16:
        return spec.out == DataType::bf16 ? run<__nv_bfloat16, __nv_bfloat16>(spec, shape, add)
                                          : run<__nv_bfloat16, float>(spec, shape, add);
    }
  }
};

constexpr const char* kind_names[] = {"by_transposed", "by_matrix", "over_rows"};

INSTANTIATE_TEST_SUITE_P(
    All, CudaProduct,
    testing::Combine(
        testing::Values(Kind::by_transposed, Kind::by_matrix, Kind::over_rows),
        testing::Values(Types{"f32", DataType::f32, DataType::f32, Math::strict},
                        Types{"tf32", DataType::f32, DataType::f32, Math::tf32},
                        Types{"f64", DataType::f64, DataType::f64, Math::strict},
                        Types{"f16", DataType::f16, DataType::f32, Math::strict},
                        Types{"f16_to_f16", DataType::f16, DataType::f16, Math::strict},
                        Types{"bf16", DataType::bf16, DataType::f32, Math::strict},
                        Types{"bf16_to_bf16", DataType::bf16, DataType::bf16, Math::strict})),
    [](const auto& info) {
      return std::string(kind_names[static_cast<int>(std::get<0>(info.param))]) + "_" +
             std::get<1>(info.param).name;
    });

TEST_P(CudaProduct, GivesTheSumsOfProducts) {
  for (const auto& [N, K] : {std::pair<std::int64_t, std::int64_t>{5, 3}, {16, 24}, {1, 130}})
    for (const std::int64_t rows :
         {std::int64_t{1}, std::int64_t{2}, std::int64_t{19}, most_rows}) {
      const ProductSpec checked = spec(N, K);
      const std::int64_t width = checked.kind == Kind::over_rows ? N : K;
      run(checked, {.rows = rows, .row_stride = width, .aligned = true}, false);
      run(checked, {.rows = rows, .row_stride = width + 5, .aligned = false}, true);
    }
}

/// 1 + 2^-12 in f32 is more than tf32 holds, whichever way it is rounded.
TEST(CudaProductMath, OnlyTf32RoundsOperands) {
  const float fine = 1 + 0x1p-12F;
  const Context context(0);
  for (const Math math : {Math::strict, Math::tf32}) {
    const ProductSpec spec{.kind = Kind::by_transposed,
                           .N = 4,
                           .K = 4,
                           .in = DataType::f32,
                           .out = DataType::f32,
                           .math = math};
    const Product product(context.blas, spec, 1, 0);
    const simt::DeviceArray<float> A(std::vector<float>{fine, 0, 0, 0}),
        M(std::vector<float>(16, 1)), D(std::vector<float>(4, 0));
    const simt::TestStream stream;
    product.bind({.rows = 1, .row_stride = 4}, nullptr)
        .run(A.data(), M.data(), D.data(), false, stream);
    ASSERT_EQ(stream.wait(), cudaSuccess);
    EXPECT_EQ(D.get(), std::vector<float>(4, math == Math::tf32 ? 1 : fine));
  }
}

/// A sum that is split has another order, and other bits, where it is split otherwise.
TEST_P(CudaProduct, SplitsNothingWhereItMayNot) {
  const Context context(0);
  ProductSpec checked = spec(64, 640);
  for (const bool split : {false, true}) {
    checked.split = split;
    const Product product(context.blas, checked, 640, 32 << 20);
    std::int64_t most = 0;
    for (const std::int64_t rows : {1, 17, 640}) {
      const bool sums_rows = checked.kind == Kind::over_rows;
      const BoundProduct bound =
          product.bind({.rows = rows, .row_stride = sums_rows ? 64 : 640}, nullptr);
      std::int32_t splits = 0;
      std::uint32_t scheme = 0;
      std::size_t written = 0;
      ASSERT_EQ(cublasLtMatmulAlgoConfigGetAttribute(&bound.algo(), CUBLASLT_ALGO_CONFIG_SPLITK_NUM,
                                                     &splits, sizeof splits, &written),
                CUBLAS_STATUS_SUCCESS);
      ASSERT_EQ(
          cublasLtMatmulAlgoConfigGetAttribute(&bound.algo(), CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME,
                                               &scheme, sizeof scheme, &written),
          CUBLAS_STATUS_SUCCESS);
      most = std::max<std::int64_t>(most, splits);
      // Never in the type of the result, which may have 16 bits.
      EXPECT_TRUE(scheme == CUBLASLT_REDUCTION_SCHEME_NONE ||
                  scheme == CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE);
    }
    EXPECT_EQ(most > 1, split);
  }
}

TEST_P(CudaProduct, MoreRowsThanPlannedAreRefused) {
  const Context context(0);
  const Product product(context.blas, spec(8, 8), most_rows, workspace_bytes);
  EXPECT_THROW(product.bind({.rows = most_rows + 1, .row_stride = 8}, nullptr), DeviceError);
}

}  // namespace
}  // namespace takt::cuda
