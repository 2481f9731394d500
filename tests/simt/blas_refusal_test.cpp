// The emulated cuBLASLt refuses what the documented one does, and reports memory that is not a
// product's to touch.
#include "blas_case.hpp"

namespace simt::test {
namespace {

constexpr int invalid = CUBLAS_STATUS_INVALID_VALUE, unsupported = CUBLAS_STATUS_NOT_SUPPORTED;

/// The call and the heuristic both refuse; nothing has run.
void expect_types_refused(const Types& types, cudaDataType_t b, cudaDataType_t c) {
  SCOPED_TRACE(testing::Message() << "compute " << types.compute << ", scale " << types.scale
                                  << ", A " << types.ab << ", B " << b << ", C " << c << ", D "
                                  << types.cd);
  Case product;
  cublasLtMatmulDescDestroy(product.desc);
  ASSERT_EQ(cublasLtMatmulDescCreate(&product.desc, types.compute, types.scale), 0);
  const std::pair<cublasLtMatrixLayout_t, cudaDataType_t> layouts[] = {
      {product.a_layout, types.ab},
      {product.b_layout, b},
      {product.c_layout, c},
      {product.d_layout, types.cd}};
  for (const auto& [layout, type] : layouts)
    Case::set(layout, CUBLASLT_MATRIX_LAYOUT_TYPE, static_cast<std::uint32_t>(type));
  EXPECT_EQ(product.run(), unsupported);
  EXPECT_EQ(product.heuristic(1, unsupported).size(), 0u);
}

class BlasRefusals : public Blas {};

TEST_F(BlasRefusals, TypesThatAreNotInTheTable) {
  constexpr auto f64 = CUDA_R_64F, f32 = CUDA_R_32F, f16 = CUDA_R_16F, bf16 = CUDA_R_16BF;
  constexpr auto c32 = CUBLAS_COMPUTE_32F, c64 = CUBLAS_COMPUTE_64F;
  constexpr auto tf32 = CUBLAS_COMPUTE_32F_FAST_TF32;
  const struct {
    Types types;
    cudaDataType_t b, c;
  } combinations[] = {
      // Compute type and operands do not go together.
      {{c32, f64, f64, f64}, f64, f64},
      {{c32, f32, f64, f64}, f64, f64},
      {{c64, f64, f32, f32}, f32, f32},
      {{c64, f64, f32, f64}, f32, f64},
      {{c64, f64, f16, f16}, f16, f16},
      // Scale types.
      {{c32, f16, f16, f16}, f16, f16},
      {{c32, bf16, bf16, bf16}, bf16, bf16},
      {{c32, f64, f32, f32}, f32, f32},
      {{c64, f32, f64, f64}, f64, f64},
      // Outputs.
      {{c32, f32, f32, f16}, f32, f16},
      {{c32, f32, f32, bf16}, f32, bf16},
      {{c32, f32, f32, f64}, f32, f64},
      {{c32, f32, f16, bf16}, f16, bf16},
      {{c32, f32, bf16, f16}, bf16, f16},
      {{c32, f32, f16, f64}, f16, f64},
      // A and B, or C and D, of different types.
      {{c32, f32, f16, f32}, bf16, f32},
      {{c32, f32, f16, f32}, f32, f32},
      {{c32, f32, f32, f32}, f16, f32},
      {{c32, f32, f16, f16}, f16, f32},
      {{c32, f32, f16, f32}, f16, f16},
      {{c32, f32, bf16, bf16}, bf16, f32},
      // tf32 is of f32.
      {{tf32, f32, f16, f16}, f16, f16},
      {{tf32, f32, bf16, f32}, bf16, f32},
      {{tf32, f32, f64, f64}, f64, f64},
      {{tf32, f64, f32, f32}, f32, f32},
      {{tf32, f32, f32, bf16}, f32, bf16},
      // In the documented table, not emulated.
      {{CUBLAS_COMPUTE_16F, f16, f16, f16}, f16, f16},
      {{CUBLAS_COMPUTE_32F_FAST_16F, f32, f32, f32}, f32, f32},
      {{CUBLAS_COMPUTE_32F_FAST_16BF, f32, f32, f32}, f32, f32},
      {{CUBLAS_COMPUTE_32I, CUDA_R_32I, CUDA_R_8I, CUDA_R_32I}, CUDA_R_8I, CUDA_R_32I},
      {{c32, CUDA_C_32F, CUDA_C_32F, CUDA_C_32F}, CUDA_C_32F, CUDA_C_32F},
      {{c32, f32, CUDA_R_8F_E4M3, bf16}, CUDA_R_8F_E4M3, bf16},
  };
  for (const auto& combination : combinations)
    expect_types_refused(combination.types, combination.b, combination.c);
}

/// One change to a product that is right without it.
struct Refusal {
  const char* name;
  int status;
  std::function<void(Case&)> change;
};

template <class Value>
std::function<void(Case&)> layout(cublasLtMatrixLayout_t Case::*which,
                                  cublasLtMatrixLayoutAttribute_t attribute, Value value) {
  return [=](Case& product) { Case::set(product.*which, attribute, value); };
}
template <class Value>
std::function<void(Case&)> desc(cublasLtMatmulDescAttributes_t attribute, Value value) {
  return [=](Case& product) { product.set(attribute, value); };
}

const Refusal sizes[] = {
    {"m of 0", invalid,
     [](Case& product) {
       for (const auto which : {product.a_layout, product.c_layout, product.d_layout})
         Case::set(which, CUBLASLT_MATRIX_LAYOUT_ROWS, 0ull);
     }},
    {"n of 0", invalid,
     [](Case& product) {
       for (const auto which : {product.b_layout, product.c_layout, product.d_layout})
         Case::set(which, CUBLASLT_MATRIX_LAYOUT_COLS, 0ull);
     }},
    {"k of 0", invalid,
     [](Case& product) {
       Case::set(product.a_layout, CUBLASLT_MATRIX_LAYOUT_COLS, 0ull);
       Case::set(product.b_layout, CUBLASLT_MATRIX_LAYOUT_ROWS, 0ull);
     }},
    {"rows past int", unsupported,
     [](Case& product) {
       for (const auto which : {product.a_layout, product.c_layout, product.d_layout}) {
         Case::set(which, CUBLASLT_MATRIX_LAYOUT_ROWS, 1ull << 31);
         Case::set(which, CUBLASLT_MATRIX_LAYOUT_LD, 1ll << 31);
       }
     }},
    {"rows of A", invalid, layout(&Case::a_layout, CUBLASLT_MATRIX_LAYOUT_ROWS, 4ull)},
    {"columns of B", invalid, layout(&Case::b_layout, CUBLASLT_MATRIX_LAYOUT_COLS, 4ull)},
    {"k of A and B", invalid, layout(&Case::a_layout, CUBLASLT_MATRIX_LAYOUT_COLS, 6ull)},
    {"rows of C", invalid, layout(&Case::c_layout, CUBLASLT_MATRIX_LAYOUT_ROWS, 4ull)},
    {"ld of A", invalid, layout(&Case::a_layout, CUBLASLT_MATRIX_LAYOUT_LD, 4ll)},
    {"ld of B", invalid, layout(&Case::b_layout, CUBLASLT_MATRIX_LAYOUT_LD, 6ll)},
    {"ld of C", invalid, layout(&Case::c_layout, CUBLASLT_MATRIX_LAYOUT_LD, 4ll)},
    {"ld of D", invalid, layout(&Case::d_layout, CUBLASLT_MATRIX_LAYOUT_LD, 4ll)},
    {"ld of 0 but for C", invalid, layout(&Case::d_layout, CUBLASLT_MATRIX_LAYOUT_LD, 0ll)},
    {"negative ld", invalid, layout(&Case::a_layout, CUBLASLT_MATRIX_LAYOUT_LD, -5ll)},
    {"past all memory", invalid, layout(&Case::a_layout, CUBLASLT_MATRIX_LAYOUT_LD, 1ll << 61)},
    {"ld by row", invalid,
     [](Case& product) {  // 7 columns need more than 5
       Case::set(product.a_layout, CUBLASLT_MATRIX_LAYOUT_ORDER, std::int32_t{CUBLASLT_ORDER_ROW});
       Case::set(product.a_layout, CUBLASLT_MATRIX_LAYOUT_LD, 5ll);
     }},
    {"orders of C and D", invalid,
     [](Case& product) {
       Case::set(product.c_layout, CUBLASLT_MATRIX_LAYOUT_ORDER, std::int32_t{CUBLASLT_ORDER_ROW});
       Case::set(product.c_layout, CUBLASLT_MATRIX_LAYOUT_LD, 9ll);
     }},
    {"tiled order", unsupported,
     layout(&Case::a_layout, CUBLASLT_MATRIX_LAYOUT_ORDER, std::int32_t{CUBLASLT_ORDER_COL32})},
    {"no batch", invalid, layout(&Case::d_layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, 0)},
    {"batches of A", invalid, layout(&Case::a_layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, 2)},
    {"batches of C", invalid, layout(&Case::c_layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, 2)},
    {"batches past 16 bits", unsupported,
     [](Case& product) {
       for (const auto which :
            {product.a_layout, product.b_layout, product.c_layout, product.d_layout})
         Case::set(which, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, 65536);
     }},
    {"planes", unsupported, layout(&Case::a_layout, CUBLASLT_MATRIX_LAYOUT_PLANE_OFFSET, 64ll)},
    {"arrays of pointers", unsupported,
     layout(&Case::a_layout, CUBLASLT_MATRIX_LAYOUT_BATCH_MODE,
            std::uint32_t{CUBLASLT_BATCH_MODE_POINTER_ARRAY})},
};

const Refusal operations[] = {
    {"operation of A", invalid, desc(CUBLASLT_MATMUL_DESC_TRANSA, 3)},
    {"operation of B", invalid, desc(CUBLASLT_MATMUL_DESC_TRANSB, -1)},
    {"transposed C", unsupported, desc(CUBLASLT_MATMUL_DESC_TRANSC, int{CUBLAS_OP_T})},
    {"a triangle", unsupported, desc(CUBLASLT_MATMUL_DESC_FILL_MODE, int{CUBLAS_FILL_MODE_LOWER})},
    {"vector of alphas", unsupported,
     desc(CUBLASLT_MATMUL_DESC_POINTER_MODE, int{CUBLASLT_POINTER_MODE_DEVICE_VECTOR})},
    {"ReLU", unsupported,
     desc(CUBLASLT_MATMUL_DESC_EPILOGUE, std::uint32_t{CUBLASLT_EPILOGUE_RELU})},
    {"ReLU and bias", unsupported,
     desc(CUBLASLT_MATMUL_DESC_EPILOGUE, std::uint32_t{CUBLASLT_EPILOGUE_RELU_BIAS})},
    {"gradient of a bias", unsupported,
     desc(CUBLASLT_MATMUL_DESC_EPILOGUE, std::uint32_t{CUBLASLT_EPILOGUE_BGRADB})},
    {"a scale of A", unsupported, desc(CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, 256ll)},
    {"fast accumulation", unsupported, desc(CUBLASLT_MATMUL_DESC_FAST_ACCUM, std::int8_t{1})},
    {"conjugation with one row order", unsupported,
     [](Case& product) {
       product.set(CUBLASLT_MATMUL_DESC_TRANSB, int{CUBLAS_OP_C});
       Case::set(product.b_layout, CUBLASLT_MATRIX_LAYOUT_ORDER, std::int32_t{CUBLASLT_ORDER_ROW});
     }},
};

const Refusal biases[] = {
    {"bias type", unsupported, desc(CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, int{CUDA_R_16BF})},
    {"bias stride", invalid, desc(CUBLASLT_MATMUL_DESC_BIAS_BATCH_STRIDE, -1ll)},
    {"bias by row", unsupported,
     [](Case& product) {
       for (const auto which : {product.c_layout, product.d_layout}) {
         Case::set(which, CUBLASLT_MATRIX_LAYOUT_ORDER, std::int32_t{CUBLASLT_ORDER_ROW});
         Case::set(which, CUBLASLT_MATRIX_LAYOUT_LD, 8ll);
       }
     }},
};

const Refusal pointers[] = {
    {"no bias", invalid, desc<const void*>(CUBLASLT_MATMUL_DESC_BIAS_POINTER, nullptr)},
    {"A", invalid, [](Case& product) { product.a = nullptr; }},
    {"B", invalid, [](Case& product) { product.b = nullptr; }},
    {"C", invalid, [](Case& product) { product.c = nullptr; }},
    {"D", invalid, [](Case& product) { product.d = nullptr; }},
    {"alpha", invalid, [](Case& product) { product.alpha = nullptr; }},
    {"beta", invalid, [](Case& product) { product.beta = nullptr; }},
    {"in place with two layouts", invalid, [](Case& product) { product.d = product.in_C->at(); }},
    {"no workspace", invalid, [](Case& product) { product.workspace_bytes = 256; }},
    {"workspace at 128", invalid,
     [](Case& product) {
       product.workspace = product.in_A->at(128);
       product.workspace_bytes = 1;
     }},
    {"misaligned A", invalid, [](Case& product) { product.a = product.in_A->at(2); }},
    {"no handle", CUBLAS_STATUS_NOT_INITIALIZED,
     [](Case& product) {
       cublasLtDestroy(product.handle);
       product.handle = nullptr;
     }},
    {"unknown stream", invalid,
     [](Case& product) { product.stream = reinterpret_cast<cudaStream_t>(&product); }},
};

template <std::size_t count>
void expect_refused(const Refusal (&refusals)[count], const Spec& spec, bool by_heuristic = true) {
  for (const Refusal& refusal : refusals) {
    SCOPED_TRACE(refusal.name);
    Case product(spec);
    EXPECT_FALSE(product.heuristic().empty());
    refusal.change(product);
    EXPECT_EQ(product.run(), refusal.status);
    if (by_heuristic) {
      EXPECT_TRUE(product.heuristic(4, refusal.status).empty());
    }
    ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
    EXPECT_EQ(product.in_D->get(), std::vector<std::uint8_t>(product.D.bytes(), 0xFF));
  }
}

TEST_F(BlasRefusals, Sizes) {
  expect_refused(sizes, {});
}
TEST_F(BlasRefusals, Operations) {
  expect_refused(operations, {});
}
TEST_F(BlasRefusals, Biases) {
  expect_refused(biases, {.bias = true});
}
TEST_F(BlasRefusals, Pointers) {
  expect_refused(pointers, {.bias = true}, false);  // of which the heuristic knows none
}

TEST_F(BlasRefusals, MissingDescriptors) {
  Case product;
  const auto expect = [&](cublasLtMatmulDesc_t desc, cublasLtMatrixLayout_t a,
                          cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t d) {
    EXPECT_EQ(cublasLtMatmul(product.handle, desc, product.alpha, product.a, a, product.b, b,
                             product.beta, product.c, product.c_layout, product.d, d, nullptr,
                             nullptr, 0, nullptr),
              CUBLAS_STATUS_INVALID_VALUE);
  };
  expect(nullptr, product.a_layout, product.b_layout, product.d_layout);
  expect(product.desc, nullptr, product.b_layout, product.d_layout);
  expect(product.desc, product.a_layout, nullptr, product.d_layout);
  expect(product.desc, product.a_layout, product.b_layout, nullptr);
  cublasLtMatrixLayoutOpaque_t never_made = {};
  expect(product.desc, product.a_layout, &never_made, product.d_layout);
}

TEST_F(BlasRefusals, ADestroyedHandle) {
  Case product;
  const cublasLtHandle_t kept = product.handle;
  ASSERT_EQ(cublasLtCreate(&product.handle), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(cublasLtDestroy(product.handle), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(product.run(), CUBLAS_STATUS_NOT_INITIALIZED);
  cublasLtMatmulHeuristicResult_t result;
  int count = 0;
  EXPECT_EQ(cublasLtMatmulAlgoGetHeuristic(product.handle, product.desc, product.a_layout,
                                           product.b_layout, product.c_layout, product.d_layout,
                                           product.preference, 1, &result, &count),
            CUBLAS_STATUS_NOT_INITIALIZED);
  product.handle = kept;
}

TEST_F(BlasRefusals, TheDefaultStreamDuringACapture) {
  Case product;
  cudaStream_t stream = nullptr;
  cudaGraph_t graph = nullptr;
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  ASSERT_EQ(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal), cudaSuccess);
  EXPECT_EQ(product.run(), CUBLAS_STATUS_EXECUTION_FAILED);
  ASSERT_EQ(cudaStreamEndCapture(stream, &graph), cudaSuccess);
  cudaGraphDestroy(graph);
  cudaStreamDestroy(stream);
}

TEST_F(BlasRefusals, ADeviceFactorInHostMode) {
  Case product;
  product.alpha = product.in_scalars->at();
  EXPECT_EQ(product.run(), CUBLAS_STATUS_INVALID_VALUE);
  const std::vector<Report> reports = take_reports();
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_NE(reports[0].text.find("alpha lies in device memory"), std::string::npos);
}

// Memory. ---------------------------------------------------------------------------------------

/// The product is taken, and at its turn reported and left; the device is lost.
void expect_report(Case& product, const std::string& first, const std::string& second = "") {
  ASSERT_EQ(product.run(), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaErrorLaunchFailure);
  EXPECT_EQ(product.run(), CUBLAS_STATUS_EXECUTION_FAILED);
  const std::vector<Report> reports = take_reports();
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports[0].kind, "product");
  for (const std::string& part : {first, second})
    EXPECT_NE(reports[0].text.find(part), std::string::npos) << reports[0].text;
  const auto left = reset_device();
  EXPECT_NE(left.find("allocation"), std::string::npos);
}

class BlasReports : public Blas {};

/// Each operand in memory that is one byte too short: 5 x 3 x 7 with leading dimensions 2 larger.
TEST_F(BlasReports, OperandsOutsideTheirAllocation) {
  const struct {
    const char *name, *text;
    std::int64_t elements;
    void (*put)(Case&, void*);
  } operands[] = {
      {"matrix A", "(f32 5 x 7, column-major, leading dimension 7, 2 of them 51 apart", 98,
       [](Case& product, void* memory) { product.a = memory; }},
      {"matrix B", "(f32 7 x 3, column-major, leading dimension 9, 2 of them 29 apart", 54,
       [](Case& product, void* memory) { product.b = memory; }},
      {"matrix C", "(f32 5 x 3, column-major, leading dimension 8, 2 of them 27 apart", 48,
       [](Case& product, void* memory) { product.c = memory; }},
      {"matrix D", "(f32 5 x 3, column-major, leading dimension 7, 2 of them 23 apart", 42,
       [](Case& product, void* memory) { product.d = memory; }},
      {"the bias", "(5 elements)", 5,
       [](Case& product, void* memory) {
         product.set<const void*>(CUBLASLT_MATMUL_DESC_BIAS_POINTER, memory);
       }},
  };
  for (const auto& operand : operands) {
    SCOPED_TRACE(operand.name);
    const auto bytes = static_cast<std::size_t>(operand.elements) * 4;
    Case product({.batches = 2, .beta = 1, .bias = true});
    const Memory enough(bytes);
    operand.put(product, enough.at());
    ASSERT_EQ(product.run(), CUBLAS_STATUS_SUCCESS);
    ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
    const Memory small(bytes - 1);
    operand.put(product, small.at());
    expect_report(
        product,
        std::string(operand.name) + " " + (operand.text[0] == '(' ? "" : "(") + operand.text,
        "byte 0 of an allocation of " + std::to_string(bytes - 1) + " bytes");
  }
}

TEST_F(BlasReports, FactorsOutsideTheirAllocation) {
  Case product({.scalars_on_device = true});
  const Memory small(3);
  product.beta = small.at();
  expect_report(product, "beta in device memory takes 4 bytes", "an allocation of 3 bytes");
}

TEST_F(BlasReports, TheWorkspaceOutsideItsAllocation) {
  Case product;
  const Memory small(1000);
  product.workspace = small.at();
  product.workspace_bytes = 1024;
  expect_report(product, "the workspace takes 1024 bytes", "an allocation of 1000 bytes");
}

TEST_F(BlasReports, HostMemory) {
  Case product;
  alignas(256) static float elsewhere[64];
  product.b = elsewhere;
  expect_report(product, "matrix B", "no allocation holds the pointer");
}

/// C is not looked at where beta is 0.
TEST_F(BlasReports, NothingOfAnUnusedC) {
  Case product;
  static const double on_host = 0;
  product.c = &on_host;
  EXPECT_EQ(product.run(), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(product.result(), product.expected());
}

TEST_F(BlasReports, OperandsUnderTheResult) {
  for (const bool is_a : {true, false}) {
    Case product({.m = 4, .n = 4, .k = 4, .padding = 0});
    (is_a ? product.a : product.b) = product.d;
    expect_report(product, "matrix D", is_a ? "overlaps matrix A" : "overlaps matrix B");
  }
  {
    Case product({.m = 4, .n = 4, .k = 4, .padding = 0, .beta = 1});
    product.c = product.in_D->at(16);
    product.set(product.c_layout, CUBLASLT_MATRIX_LAYOUT_LD, std::int64_t{0});
    expect_report(product, "matrix D", "overlaps matrix C");
  }
  {
    Case product({.m = 4, .n = 4, .k = 4, .padding = 0, .bias = true});
    product.set<const void*>(CUBLASLT_MATMUL_DESC_BIAS_POINTER, product.in_D->at(48));
    expect_report(product, "matrix D", "overlaps the bias");
  }
}

/// Columns of A between columns of D touch nothing of it.
TEST_F(BlasReports, NothingOfInterleavedOperands) {
  Case product({.m = 4, .n = 4, .k = 4, .padding = 0});
  const Memory both(128);
  Matrix image{.rows = 8, .cols = 4};
  image.fill([] { return NAN; });
  for (std::int64_t row = 0; row < 4; ++row)
    for (std::int64_t col = 0; col < 4; ++col)
      image.value(0, row, col) = product.A.value(0, row, col);
  both.put(image.image());
  product.a = both.at();
  product.d = both.at(16);
  for (const auto layout : {product.a_layout, product.d_layout})
    product.set(layout, CUBLASLT_MATRIX_LAYOUT_LD, std::int64_t{8});
  ASSERT_EQ(product.run(), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  const std::vector<std::uint8_t> result = both.get(), expected = product.expected();
  for (std::size_t col = 0; col < 4; ++col)
    EXPECT_EQ(std::memcmp(&result[32 * col + 16], &expected[16 * col], 16), 0);
}

TEST_F(BlasReports, ABatchOnTopOfItself) {
  Case product({.batches = 2});
  product.set(product.d_layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, std::int64_t{4});
  expect_report(product, "matrix D", "the matrices of the batch overlap one another");
}

TEST_F(BlasReports, AWorkspaceOnTopOfOperands) {
  const struct {
    void* (*place)(Case&);
    const char* text;
  } places[] = {{[](Case& product) { return product.in_A->at(); }, "overlaps matrix A"},
                {[](Case& product) { return product.in_D->at(); }, "overlaps matrix D"},
                {[](Case& product) { return product.in_bias->at(); }, "overlaps the bias"}};
  for (const auto& place : places) {
    Case product({.bias = true});
    product.workspace = place.place(product);
    product.workspace_bytes = 8;
    expect_report(product, "the workspace", place.text);
  }
}

/// All of it, whatever the algorithm needs: what else lies there is lost.
TEST_F(BlasReports, NothingOfTheWorkspaceItself) {
  Case product;
  const Memory memory(std::vector<std::uint8_t>(1024, 1));
  product.workspace = memory.at(256);
  product.workspace_bytes = 512;
  ASSERT_EQ(product.run(), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(product.result(), product.expected());
  std::vector<std::uint8_t> expected(1024, 1);
  std::fill(expected.begin() + 256, expected.begin() + 768, std::uint8_t{0xFF});
  EXPECT_EQ(memory.get(), expected);
}

}  // namespace
}  // namespace simt::test
