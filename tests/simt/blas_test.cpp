// The emulated cuBLASLt multiplies as a plain loop in double does, in every type, order and
// stride, at its turn on the stream.
#include <cblas.h>

#include "blas_case.hpp"

namespace simt::test {
namespace {

constexpr Types all_types[] = {
    f64_types,
    {CUBLAS_COMPUTE_64F_PEDANTIC, CUDA_R_64F, CUDA_R_64F, CUDA_R_64F},
    f32_types,
    {CUBLAS_COMPUTE_32F_PEDANTIC, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F},
    {CUBLAS_COMPUTE_32F_FAST_TF32, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F},
    f16_types,
    {CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_16F, CUDA_R_32F},
    {CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_16BF, CUDA_R_16BF},
    {CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_16BF, CUDA_R_32F},
    {CUBLAS_COMPUTE_32F_PEDANTIC, CUDA_R_32F, CUDA_R_16F, CUDA_R_16F},
    {CUBLAS_COMPUTE_32F_PEDANTIC, CUDA_R_32F, CUDA_R_16F, CUDA_R_32F},
    {CUBLAS_COMPUTE_32F_PEDANTIC, CUDA_R_32F, CUDA_R_16BF, CUDA_R_16BF},
    {CUBLAS_COMPUTE_32F_PEDANTIC, CUDA_R_32F, CUDA_R_16BF, CUDA_R_32F},
};

class BlasTypes : public Blas, public testing::WithParamInterface<Types> {};

void expect_product(const Spec& spec) {
  SCOPED_TRACE(to_string(spec));
  Case product(spec);
  ASSERT_EQ(product.run(), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(product.result(), product.expected());
}

/// Whatever the operands' form, every bit of D and around it is as expected.
TEST_P(BlasTypes, MultipliesEveryForm) {
  constexpr cublasLtOrder_t orders[] = {CUBLASLT_ORDER_COL, CUBLASLT_ORDER_ROW};
  for (const auto op_a : {CUBLAS_OP_N, CUBLAS_OP_T})
    for (const auto op_b : {CUBLAS_OP_N, CUBLAS_OP_T})
      for (const auto order_a : orders)
        for (const auto order_b : orders)
          for (const auto order_d : orders)
            for (const std::int64_t batches : {1, 3})
              expect_product({.types = GetParam(),
                              .op_a = op_a,
                              .op_b = op_b,
                              .order_a = order_a,
                              .order_b = order_b,
                              .order_d = order_d,
                              .batches = batches});
}

TEST_P(BlasTypes, AddsCAndTheBias) {
  for (const double beta : {0.0, -2.0})
    for (const bool in_place : {false, true})
      for (const bool bias : {false, true})
        for (const bool scalars_on_device : {false, true})
          for (const std::int64_t batches : {1, 2}) {
            Spec spec{.types = GetParam(), .m = 9, .n = 4, .k = 3, .op_a = CUBLAS_OP_T};
            spec.batches = batches;
            spec.beta = beta;
            spec.in_place = in_place;
            spec.bias = bias;
            spec.scalars_on_device = scalars_on_device;
            expect_product(spec);
          }
}

TEST_P(BlasTypes, MultipliesEverySize) {
  for (const std::int64_t m : {1, 2, 17})
    for (const std::int64_t n : {1, 8})
      for (const std::int64_t k : {1, 31, 130})
        for (const std::int64_t padding : {0, 5})
          expect_product({.types = GetParam(), .m = m, .n = n, .k = k, .padding = padding});
}

INSTANTIATE_TEST_SUITE_P(All, BlasTypes, testing::ValuesIn(all_types));

TEST_F(Blas, ConjugatesNothing) {
  expect_product({.op_a = CUBLAS_OP_C, .op_b = CUBLAS_OP_C});
}

/// A column of C for every column of D: a leading dimension of 0.
TEST_F(Blas, RepeatsAColumnOfC) {
  Case product({.beta = 3});
  product.set(product.c_layout, CUBLASLT_MATRIX_LAYOUT_LD, std::int64_t{0});
  for (std::int64_t row = 0; row < product.spec.m; ++row)
    for (std::int64_t col = 1; col < product.spec.n; ++col)
      product.C.value(0, row, col) = product.C.value(0, row, 0);
  ASSERT_EQ(product.run(), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(product.result(), product.expected());
}

/// Without a layout of C, it is D's.
TEST_F(Blas, TakesTheLayoutOfDForC) {
  Case product({.beta = 3, .in_place = true});
  cublasLtMatrixLayoutDestroy(product.c_layout);
  product.c_layout = nullptr;
  ASSERT_EQ(product.run(), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(product.result(), product.expected());
}

/// A leading dimension that no int holds, where no second column makes it cost memory.
TEST_F(Blas, TakesLargeLeadingDimensions) {
  Case product({.n = 1});
  for (const auto layout : {product.b_layout, product.c_layout, product.d_layout})
    product.set(layout, CUBLASLT_MATRIX_LAYOUT_LD, std::int64_t{1} << 40);
  ASSERT_EQ(product.run(), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(product.result(), product.expected());
}

/// The second matrix's bias lies a stride behind the first's.
TEST_F(Blas, TakesABiasForEachMatrix) {
  Case product({.m = 3, .n = 2, .k = 1, .batches = 2, .bias = true});
  const Matrix biases{.rows = 7, .cols = 1, .values = {1, 2, 3, NAN, 4, 5, 6}};
  const Memory memory(biases.image());
  product.set<const void*>(CUBLASLT_MATMUL_DESC_BIAS_POINTER, memory.at());
  product.set(CUBLASLT_MATMUL_DESC_BIAS_BATCH_STRIDE, std::int64_t{4});
  ASSERT_EQ(product.run(), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  const std::vector<std::uint8_t> result = product.result();
  for (std::int64_t batch = 0; batch < 2; ++batch)
    for (std::int64_t row = 0; row < 3; ++row)
      for (std::int64_t col = 0; col < 2; ++col) {
        float value;
        std::memcpy(&value, &result[product.D.place(batch, row, col)], 4);
        const double term = product.A.value(batch, row, 0) * product.B.value(batch, 0, col);
        EXPECT_EQ(value, 0.5 * term + static_cast<double>(4 * batch + 1 + row - batch));
      }
}

// Rounding. -------------------------------------------------------------------------------------

/// The product of one element by one, as the device has it.
double one_by_one(const Types& types, double a, double b, double c = 0) {
  Case product({.types = types, .m = 1, .n = 1, .k = 1, .alpha = 1, .beta = c == 0 ? 0.0 : 1.0});
  product.A.values = {a};
  product.B.values = {b};
  product.in_A->put(product.A.image());
  product.in_B->put(product.B.image());
  if (c != 0) {
    product.C.values = {c};
    product.in_C->put(product.C.image());
  }
  EXPECT_EQ(product.run(), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  const std::vector<std::uint8_t> bytes = product.result();
  float single = 0;
  std::uint32_t bits = 0;
  switch (types.cd) {
    case CUDA_R_32F: std::memcpy(&single, bytes.data(), 4); break;
    case CUDA_R_16BF:
      std::memcpy(reinterpret_cast<char*>(&bits) + 2, bytes.data(), 2);
      std::memcpy(&single, &bits, 4);
      break;
    default:
      std::memcpy(&bits, bytes.data(), 2);
      for (const double sign : {1.0, -1.0}) {
        const std::uint32_t size = bits & 0x7fffu;
        const double scale = std::ldexp(1.0 + (size & 1023u) / 1024.0, int(size >> 10) - 15);
        const double value = size == 0x7c00u ? INFINITY
                             : size < 1024u  ? std::ldexp(size, -24)
                                             : scale;
        if ((bits >> 15 == 0) == (sign > 0)) return sign * value;
      }
  }
  return static_cast<double>(single);
}

/// All its bits are set, as in memory that nobody wrote: no addition to them may carry.
double largest_nan() {
  const std::uint64_t bits = ~std::uint64_t{0};
  double value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

constexpr double ulp10 = 1.0 / 1024;  // of 1, in f16 and tf32
constexpr double ulp7 = 1.0 / 128;    // of 1, in bf16

TEST_F(Blas, RoundsInputsToTf32) {
  const Types types{CUBLAS_COMPUTE_32F_FAST_TF32, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F};
  const double tiny = std::ldexp(1, -23);
  EXPECT_EQ(one_by_one(types, 1 + ulp10, 1), 1 + ulp10);
  EXPECT_EQ(one_by_one(types, 1 + ulp10 / 2 - tiny, 1), 1);
  EXPECT_EQ(one_by_one(types, 1 + ulp10 / 2, 1), 1 + ulp10);
  EXPECT_EQ(one_by_one(types, 1 + 3 * ulp10 / 2, 1), 1 + 2 * ulp10);
  EXPECT_EQ(one_by_one(types, 1, -1 - ulp10 / 2), -1 - ulp10);
  // The product of two roundings is exact; C is not rounded.
  EXPECT_EQ(one_by_one(types, 1 + ulp10, 1 + ulp10), (1 + ulp10) * (1 + ulp10));
  EXPECT_EQ(one_by_one(types, 1, 1, tiny), 1 + tiny);
  EXPECT_TRUE(std::isnan(one_by_one(types, NAN, 1)));
  EXPECT_TRUE(std::isnan(one_by_one(types, 1, largest_nan())));
  EXPECT_EQ(one_by_one(types, INFINITY, 1), INFINITY);
  EXPECT_EQ(one_by_one(f32_types, 1 + ulp10 / 2, 1), 1 + ulp10 / 2);
}

TEST_F(Blas, RoundsOutputsOnce) {
  EXPECT_EQ(one_by_one(f16_types, 1, 1, ulp10), 1 + ulp10);
  EXPECT_EQ(one_by_one(f16_types, 1, 1, ulp10 / 2), 1);                      // tie to even
  EXPECT_EQ(one_by_one(f16_types, 1 + ulp10, 1, ulp10 / 2), 1 + 2 * ulp10);  // tie to even
  EXPECT_EQ(one_by_one(f16_types, 1, 1, ulp10 / 2 + std::ldexp(1, -20)), 1 + ulp10);
  EXPECT_EQ(one_by_one(f16_types, 256, 255, 224), 65504);
  EXPECT_EQ(one_by_one(f16_types, 256, 256), INFINITY);
  EXPECT_EQ(one_by_one(f16_types, std::ldexp(1, -12), std::ldexp(3, -13)), std::ldexp(2, -24));
  const Types bf16{CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_16BF, CUDA_R_16BF};
  EXPECT_EQ(one_by_one(bf16, 1, 1, ulp7 / 2), 1);
  EXPECT_EQ(one_by_one(bf16, 1 + ulp7, 1, ulp7 / 2), 1 + 2 * ulp7);
  EXPECT_EQ(one_by_one(bf16, 1, 1, ulp7 / 2 + std::ldexp(1, -15)), 1 + ulp7);
  // With f32 output nothing is lost.
  const Types wide{CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_16F, CUDA_R_32F};
  EXPECT_EQ(one_by_one(wide, 1 + ulp10, 1 + ulp10), (1 + ulp10) * (1 + ulp10));
}

/// 2^24 + 1 is 2^24 in f32, in whatever order, and the 1 is there in f64.
TEST_F(Blas, AccumulatesInTheComputeType) {
  for (const Types& types : {f32_types, f64_types}) {
    Case product({.types = types, .m = 1, .n = 1, .k = 2, .alpha = 1, .beta = 1});
    product.A.values = {16777216, 1};
    product.B.values = {1, 1};
    product.C.values = {-16777216};
    product.in_A->put(product.A.image());
    product.in_B->put(product.B.image());
    product.in_C->put(product.C.image());
    ASSERT_EQ(product.run(), CUBLAS_STATUS_SUCCESS);
    ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
    product.D.values = {types.scale == CUDA_R_64F ? 1.0 : 0.0};
    EXPECT_EQ(product.result(), product.D.image());
  }
}

// Order, captures, faults. ----------------------------------------------------------------------

TEST_F(Blas, RunsAtItsTurn) {
  Case first({.m = 4, .n = 4, .k = 4, .padding = 0, .alpha = 1});
  Case second({.m = 4, .n = 4, .k = 4, .padding = 0, .alpha = 1});
  second.A.values.assign(16, 1);
  second.B.values.assign(16, 0);
  for (std::int64_t n = 0; n < 4; ++n) second.B.value(0, n, n) = 1;
  second.in_B->put(second.B.image());
  second.a = first.d;
  cudaStream_t stream = nullptr;
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  first.stream = second.stream = stream;
  ASSERT_EQ(first.run(), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(second.run(), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(cudaStreamQuery(stream), cudaErrorNotReady);
  ASSERT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
  EXPECT_EQ(second.result(), first.expected());
  cudaStreamDestroy(stream);
}

/// Factors in host memory are taken at the call, those on the device at each replay.
TEST_F(Blas, IsCaptured) {
  for (const bool on_device : {false, true}) {
    Case product({.scalars_on_device = on_device});
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t executable = nullptr;
    ASSERT_EQ(cudaStreamCreate(&product.stream), cudaSuccess);
    ASSERT_EQ(cudaStreamBeginCapture(product.stream, cudaStreamCaptureModeThreadLocal), 0);
    float factor = 0.5f;
    if (!on_device) product.alpha = &factor;
    ASSERT_EQ(product.run(), CUBLAS_STATUS_SUCCESS);
    ASSERT_EQ(cudaStreamEndCapture(product.stream, &graph), cudaSuccess);
    ASSERT_EQ(cudaGraphInstantiate(&executable, graph, 0), cudaSuccess);
    const std::vector<std::uint8_t> untouched(product.D.bytes(), 0xFF);
    ASSERT_EQ(cudaStreamSynchronize(product.stream), cudaSuccess);
    EXPECT_EQ(product.result(), untouched);
    factor = 9;
    for (const double alpha : {0.5, 2.0}) {
      if (on_device) {
        const auto bits = static_cast<std::uint32_t>(encoded(CUDA_R_32F, alpha));
        ASSERT_EQ(cudaMemcpy(product.in_scalars->at(), &bits, 4, cudaMemcpyHostToDevice), 0);
        product.spec.alpha = alpha;
      }
      product.in_D->put(untouched);
      ASSERT_EQ(cudaGraphLaunch(executable, product.stream), cudaSuccess);
      ASSERT_EQ(cudaStreamSynchronize(product.stream), cudaSuccess);
      EXPECT_EQ(product.result(), product.expected());
    }
    cudaGraphExecDestroy(executable);
    cudaGraphDestroy(graph);
    cudaStreamDestroy(product.stream);
  }
}

TEST_F(Blas, FailsWhereToldAndCounts) {
  Case product;
  fail_at(simt::Call::product, 1, CUBLAS_STATUS_INTERNAL_ERROR);
  EXPECT_EQ(product.run(), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  const std::vector<std::uint8_t> untouched(product.D.bytes(), 0xFF);
  product.in_D->put(untouched);
  EXPECT_EQ(product.run(), CUBLAS_STATUS_INTERNAL_ERROR);
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(product.result(), untouched);
  EXPECT_EQ(product.run(), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(calls_made(simt::Call::product), 3);
}

/// OpenBLAS's threads change no bit, and are as many afterwards as before.
TEST_F(Blas, KeepsOpenblasThreads) {
  const int before = openblas_get_num_threads();
  std::vector<std::uint8_t> results[2];
  for (const int threads : {1, 4}) {
    openblas_set_num_threads(threads);
    Case product({.m = 192, .n = 160, .k = 300, .padding = 0});
    std::uint64_t state = 1;
    for (Matrix* matrix : {&product.A, &product.B}) {
      matrix->fill([&state] {
        state = state * 6364136223846793005u + 1442695040888963407u;
        return static_cast<double>(static_cast<float>(state >> 40) / 16777216.0f - 0.5f);
      });
    }
    product.in_A->put(product.A.image());
    product.in_B->put(product.B.image());
    ASSERT_EQ(product.run(), CUBLAS_STATUS_SUCCESS);
    ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
    EXPECT_EQ(openblas_get_num_threads(), threads);
    results[threads == 1 ? 0 : 1] = product.result();
  }
  openblas_set_num_threads(before);
  EXPECT_EQ(results[0], results[1]);
}

}  // namespace
}  // namespace simt::test
