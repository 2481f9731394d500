// Descriptors of the emulated cuBLASLt, and the algorithms its heuristic names.
#include "blas_case.hpp"

namespace simt::test {
namespace {

class BlasAlgorithms : public Blas {};

template <class Value>
Value config(const cublasLtMatmulAlgo_t& algo, cublasLtMatmulAlgoConfigAttributes_t attribute) {
  Value value = -1;
  std::size_t written = 0;
  EXPECT_EQ(cublasLtMatmulAlgoConfigGetAttribute(&algo, attribute, &value, sizeof value, &written),
            0);
  EXPECT_EQ(written, sizeof value);
  return value;
}
int splits(const cublasLtMatmulHeuristicResult_t& result) {
  return config<std::int32_t>(result.algo, CUBLASLT_ALGO_CONFIG_SPLITK_NUM);
}
int scheme(const cublasLtMatmulHeuristicResult_t& result) {
  return config<std::int32_t>(result.algo, CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME);
}

constexpr std::uint64_t plenty = 1 << 20;

TEST_F(BlasAlgorithms, AreAtMostAsManyAsAsked) {
  Case product({.k = 512});
  product.prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, plenty);
  const std::size_t all = product.heuristic().size();
  EXPECT_GE(all, 4u);
  for (const int requested : {1, 2, 3})
    EXPECT_EQ(product.heuristic(requested).size(), static_cast<std::size_t>(requested));
  std::vector<cublasLtMatmulHeuristicResult_t> one(1);
  int count = 7;
  for (const int requested : {0, -1})
    EXPECT_EQ(cublasLtMatmulAlgoGetHeuristic(product.handle, product.desc, product.a_layout,
                                             product.b_layout, product.c_layout, product.d_layout,
                                             product.preference, requested, one.data(), &count),
              CUBLAS_STATUS_INVALID_VALUE);
}

TEST_F(BlasAlgorithms, AreTheSameEachTime) {
  Case product({.k = 512});
  product.prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, plenty);
  const auto first = product.heuristic(), second = product.heuristic();
  ASSERT_EQ(first.size(), second.size());
  for (std::size_t n = 0; n < first.size(); ++n) {
    EXPECT_EQ(std::memcmp(first[n].algo.data, second[n].algo.data, sizeof first[n].algo.data), 0);
    EXPECT_EQ(first[n].workspaceSize, second[n].workspaceSize);
  }
}

/// Each of them runs with the workspace it names, and with no byte less.
TEST_F(BlasAlgorithms, RunWithinTheirWorkspace) {
  for (const std::int64_t k : {7, 512}) {
    Case product({.m = 8, .n = 4, .k = k, .padding = 0});
    const Memory memory(plenty);
    for (const std::uint64_t most : {std::uint64_t{0}, std::uint64_t{256}, plenty}) {
      product.prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, most);
      for (const auto& result : product.heuristic()) {
        EXPECT_EQ(result.state, CUBLAS_STATUS_SUCCESS);
        EXPECT_LE(result.workspaceSize, most);
        EXPECT_GT(result.wavesCount, 0);
        product.algo = &result.algo;
        product.workspace = memory.at();
        product.workspace_bytes = result.workspaceSize;
        ASSERT_EQ(product.run(), CUBLAS_STATUS_SUCCESS);
        ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
        EXPECT_EQ(product.result(), product.expected());
        if (result.workspaceSize > 0) {
          product.workspace_bytes = result.workspaceSize - 1;
          EXPECT_EQ(product.run(), CUBLAS_STATUS_INVALID_VALUE);
        }
        cublasLtMatmulHeuristicResult_t checked = {};
        EXPECT_EQ(cublasLtMatmulAlgoCheck(product.handle, product.desc, product.a_layout,
                                          product.b_layout, product.c_layout, product.d_layout,
                                          &result.algo, &checked),
                  CUBLAS_STATUS_SUCCESS);
        EXPECT_EQ(checked.workspaceSize, result.workspaceSize);
      }
    }
    product.algo = nullptr;
  }
}

/// Who takes the first choice for a large k, or lets the library choose, gets split-K.
TEST_F(BlasAlgorithms, SplitLargeK) {
  Case product({.k = 512});
  product.prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, plenty);
  const auto results = product.heuristic();
  EXPECT_GT(splits(results.front()), 1);
  int schemes = 0, whole = 0;
  for (const auto& result : results) {
    EXPECT_EQ(splits(result) > 1, scheme(result) != CUBLASLT_REDUCTION_SCHEME_NONE);
    schemes |= scheme(result);
    whole += splits(result) == 1 ? 1 : 0;
  }
  EXPECT_EQ(schemes, CUBLASLT_REDUCTION_SCHEME_MASK);
  EXPECT_GT(whole, 0);

  product.prefer(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
                 std::uint32_t{CUBLASLT_REDUCTION_SCHEME_NONE});
  for (const auto& result : product.heuristic()) EXPECT_EQ(splits(result), 1);
  product.prefer(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
                 std::uint32_t{CUBLASLT_REDUCTION_SCHEME_INPLACE});
  for (const auto& result : product.heuristic())
    EXPECT_TRUE(scheme(result) == 0 || scheme(result) == CUBLASLT_REDUCTION_SCHEME_INPLACE);

  Case small;
  small.prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, plenty);
  for (const auto& result : small.heuristic()) EXPECT_EQ(splits(result), 1);
}

/// 2048 and seven times 1: the sum is 2055, which f16 rounds to 2056, but partial sums in f16 lose
/// each 1.
TEST_F(BlasAlgorithms, RoundPartialSumsAsTheirSchemeSays) {
  Case product({.types = f16_types, .m = 1, .n = 1, .k = 512, .padding = 0, .alpha = 1});
  product.prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, plenty);
  const Memory memory(plenty);
  product.workspace = memory.at();
  product.workspace_bytes = plenty;
  product.A.fill([] { return 0; });
  product.B.fill([] { return 1; });
  for (std::int64_t part = 0; part < 8; ++part) product.A.value(0, 0, 64 * part) = 1;
  product.A.value(0, 0, 0) = 2048;
  product.in_A->put(product.A.image());
  product.in_B->put(product.B.image());
  int seen = 0;
  for (const auto& result : product.heuristic()) {
    product.algo = &result.algo;
    ASSERT_EQ(product.run(), CUBLAS_STATUS_SUCCESS);
    ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
    const bool loses = scheme(result) == CUBLASLT_REDUCTION_SCHEME_INPLACE;
    product.D.values = {loses ? 2048.0 : 2056.0};
    EXPECT_EQ(product.result(), product.D.image()) << scheme(result);
    seen |= scheme(result);
  }
  EXPECT_EQ(seen, CUBLASLT_REDUCTION_SCHEME_MASK);

  // Parts that f16 does not hold: 2049 + 2049 is 4098, and 2048 + 2048 in parts of f16.
  product.A.fill([] { return 0; });
  product.A.value(0, 0, 0) = product.A.value(0, 0, 64) = 2048;
  product.A.value(0, 0, 1) = product.A.value(0, 0, 65) = 1;
  product.A.value(0, 0, 128) = 2;
  product.in_A->put(product.A.image());
  for (const auto& result : product.heuristic()) {
    product.algo = &result.algo;
    ASSERT_EQ(product.run(), CUBLAS_STATUS_SUCCESS);
    ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
    const bool loses = scheme(result) == CUBLASLT_REDUCTION_SCHEME_OUTPUT_TYPE ||
                       scheme(result) == CUBLASLT_REDUCTION_SCHEME_INPLACE;
    // 4100 is a multiple of 4, as f16 has them here; so is 4096, and 4098 ties to it.
    product.D.values = {loses ? 4096.0 : 4100.0};
    EXPECT_EQ(product.result(), product.D.image()) << scheme(result);
  }
}

/// 2^24 and fourteen times 1, always two of them in one part: added to 2^24 each of them is lost,
/// and as twos they are not.
TEST_F(BlasAlgorithms, SumInTheOrderOfTheirParts) {
  Case product({.m = 1, .n = 1, .k = 512, .padding = 0, .alpha = 1});
  product.prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, plenty);
  const Memory memory(plenty);
  product.workspace = memory.at();
  product.A.fill([] { return 0; });
  product.B.fill([] { return 1; });
  for (std::int64_t part = 1; part < 8; ++part)
    product.A.value(0, 0, 64 * part) = product.A.value(0, 0, 64 * part + 32) = 1;
  product.A.value(0, 0, 0) = 16777216;
  product.in_A->put(product.A.image());
  product.in_B->put(product.B.image());
  product.D.values = {16777216 + 14};
  const std::vector<std::uint8_t> in_parts = product.D.image();
  const auto result = [&](const cublasLtMatmulAlgo_t* algo, std::uint64_t workspace_bytes) {
    product.algo = algo;
    product.workspace_bytes = workspace_bytes;
    EXPECT_EQ(product.run(), CUBLAS_STATUS_SUCCESS);
    EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
    return product.result();
  };
  for (const auto& choice : product.heuristic())
    EXPECT_EQ(result(&choice.algo, plenty) == in_parts, splits(choice) == 8);
  // Left to choose, the library splits where the workspace lets it.
  EXPECT_EQ(result(nullptr, plenty), in_parts);
  EXPECT_NE(result(nullptr, 0), in_parts);
}

/// The default promises pointers aligned to 256 bytes: who has others must say so.
TEST_F(BlasAlgorithms, NeedTheAlignmentThatWasPromised) {
  Case product({.m = 8, .n = 4, .k = 8, .padding = 0});
  const Memory shifted(product.A.bytes() + 4);
  product.a = shifted.at(4);
  const auto promised = product.heuristic();
  product.algo = &promised.front().algo;
  EXPECT_EQ(product.run(), CUBLAS_STATUS_INVALID_VALUE);
  product.prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, std::uint32_t{4});
  for (const auto& result : product.heuristic()) {
    product.algo = &result.algo;
    EXPECT_EQ(product.run(), CUBLAS_STATUS_SUCCESS);
  }
  product.algo = nullptr;
  EXPECT_EQ(product.run(), CUBLAS_STATUS_SUCCESS);
  product.prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, std::uint32_t{2});
  EXPECT_TRUE(product.heuristic(4, CUBLAS_STATUS_NOT_SUPPORTED).empty());
}

TEST_F(BlasAlgorithms, NeedTheAlignmentOfTheBiasThatWasThere) {
  Case product({.m = 8, .n = 4, .k = 8, .padding = 0, .bias = true});
  const Memory shifted(36);
  const auto aligned = product.heuristic();
  product.set<const void*>(CUBLASLT_MATMUL_DESC_BIAS_POINTER, shifted.at(4));
  product.algo = &aligned.front().algo;
  EXPECT_EQ(product.run(), CUBLAS_STATUS_INVALID_VALUE);
  const auto results = product.heuristic();
  product.algo = &results.front().algo;
  EXPECT_EQ(product.run(), CUBLAS_STATUS_SUCCESS);
}

TEST_F(BlasAlgorithms, AreOfTheirTypesAndLayouts) {
  Case wide({.m = 8, .n = 4, .k = 8, .padding = 0});
  const auto results = wide.heuristic();
  Case other({.types = {CUBLAS_COMPUTE_32F_FAST_TF32, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F},
              .m = 8,
              .n = 4,
              .k = 8,
              .padding = 0});
  other.algo = &results.front().algo;
  EXPECT_EQ(other.run(), CUBLAS_STATUS_INVALID_VALUE);
  const cublasLtMatmulAlgo_t never_made = {};
  wide.algo = &never_made;
  EXPECT_EQ(wide.run(), CUBLAS_STATUS_INVALID_VALUE);

  // One reads vectors of 16 bytes, another needs no more than whole elements.
  for (const auto layout : {wide.a_layout, wide.b_layout, wide.c_layout, wide.d_layout})
    for (const bool strides : {false, true}) {
      const auto attribute =
          strides ? CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET : CUBLASLT_MATRIX_LAYOUT_LD;
      for (const auto each : {wide.a_layout, wide.b_layout, wide.c_layout, wide.d_layout})
        Case::set(each, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, 2);
      std::int64_t before = 0;
      std::size_t written = 0;
      cublasLtMatrixLayoutGetAttribute(layout, attribute, &before, sizeof before, &written);
      const auto check = [&](const cublasLtMatmulAlgo_t& algo) {
        cublasLtMatmulHeuristicResult_t result = {};
        return cublasLtMatmulAlgoCheck(wide.handle, wide.desc, wide.a_layout, wide.b_layout,
                                       wide.c_layout, wide.d_layout, &algo, &result);
      };
      EXPECT_EQ(check(results.front().algo), CUBLAS_STATUS_SUCCESS);
      Case::set(layout, attribute, before + 1);
      EXPECT_EQ(check(results.front().algo), CUBLAS_STATUS_INVALID_VALUE);
      EXPECT_EQ(check(results.back().algo), CUBLAS_STATUS_SUCCESS);
      Case::set(layout, attribute, before);
    }
}

TEST_F(BlasAlgorithms, AreConfiguredAsTheyCanBe) {
  Case product({.k = 512});
  product.prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, plenty);
  cublasLtMatmulAlgo_t algo = product.heuristic().front().algo;
  const auto set = [&](cublasLtMatmulAlgoConfigAttributes_t attribute, std::int32_t value) {
    return cublasLtMatmulAlgoConfigSetAttribute(&algo, attribute, &value, sizeof value);
  };
  const auto check = [&] {
    cublasLtMatmulHeuristicResult_t result = {};
    return cublasLtMatmulAlgoCheck(product.handle, product.desc, product.a_layout, product.b_layout,
                                   product.c_layout, product.d_layout, &algo, &result);
  };
  EXPECT_EQ(set(CUBLASLT_ALGO_CONFIG_ID, 1), CUBLAS_STATUS_INVALID_VALUE);
  ASSERT_EQ(set(CUBLASLT_ALGO_CONFIG_SPLITK_NUM, 1), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(check(), CUBLAS_STATUS_NOT_SUPPORTED);  // one part, and a way to join parts
  ASSERT_EQ(set(CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME, 0), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(check(), CUBLAS_STATUS_SUCCESS);
  product.algo = &algo;
  EXPECT_EQ(product.run(), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(set(CUBLASLT_ALGO_CONFIG_SPLITK_NUM, 2), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(check(), CUBLAS_STATUS_NOT_SUPPORTED);
  EXPECT_EQ(product.run(), CUBLAS_STATUS_NOT_SUPPORTED);
  ASSERT_EQ(set(CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME, 3), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(check(), CUBLAS_STATUS_NOT_SUPPORTED);
  ASSERT_EQ(set(CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME, 2), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(check(), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(set(CUBLASLT_ALGO_CONFIG_SPLITK_NUM, 513), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(check(), CUBLAS_STATUS_NOT_SUPPORTED);
}

// Descriptors. ----------------------------------------------------------------------------------

/// Sizes and defaults as the real library has them.
TEST_F(BlasAlgorithms, DescriptorsKeepTheirAttributes) {
  Case product;
  std::size_t written = 0;
  std::uint64_t value = 0;
  EXPECT_EQ(
      cublasLtMatmulPreferenceGetAttribute(
          product.preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, &value, 4, &written),
      0);
  EXPECT_EQ(value, 256u);
  const auto attribute = CUBLASLT_MATMUL_DESC_BIAS_POINTER;
  EXPECT_EQ(cublasLtMatmulDescGetAttribute(product.desc, attribute, nullptr, 0, &written), 0);
  EXPECT_EQ(written, 8u);
  EXPECT_EQ(cublasLtMatmulDescGetAttribute(product.desc, attribute, nullptr, 0, nullptr),
            CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(cublasLtMatmulDescGetAttribute(product.desc, attribute, &value, 4, &written),
            CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(cublasLtMatmulDescSetAttribute(product.desc, attribute, &value, 4),
            CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(cublasLtMatmulDescSetAttribute(product.desc, attribute, nullptr, 8),
            CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(cublasLtMatmulDescSetAttribute(nullptr, attribute, &value, 8),
            CUBLAS_STATUS_INVALID_VALUE);
  cublasLtMatmulPreferenceOpaque_t never_made = {};
  EXPECT_EQ(cublasLtMatmulPreferenceGetAttribute(
                &never_made, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &value, 8, &written),
            CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(cublasLtMatmulDescSetAttribute(
                product.desc, static_cast<cublasLtMatmulDescAttributes_t>(9), &value, 8),
            CUBLAS_STATUS_INVALID_VALUE);
}

/// Descriptors in the caller's own memory serve as well.
TEST_F(BlasAlgorithms, DescriptorsLieWhereTheyAreWanted) {
  Case product;
  cublasLtMatrixLayoutOpaque_t layout;
  cublasLtMatmulDescOpaque_t desc;
  cublasLtMatmulPreferenceOpaque_t preference;
  ASSERT_EQ(cublasLtMatrixLayoutInit(&layout, CUDA_R_32F, 7, 3, product.B.ld()), 0);
  ASSERT_EQ(cublasLtMatmulDescInit(&desc, CUBLAS_COMPUTE_32F, CUDA_R_32F), 0);
  ASSERT_EQ(cublasLtMatmulPreferenceInit(&preference), 0);
  int count = 0;
  cublasLtMatmulHeuristicResult_t result;
  ASSERT_EQ(cublasLtMatmulAlgoGetHeuristic(product.handle, &desc, product.a_layout, &layout,
                                           product.c_layout, product.d_layout, &preference, 1,
                                           &result, &count),
            0);
  ASSERT_EQ(cublasLtMatmul(product.handle, &desc, product.alpha, product.a, product.a_layout,
                           product.b, &layout, product.beta, product.c, product.c_layout, product.d,
                           product.d_layout, &result.algo, nullptr, 0, nullptr),
            0);
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(product.result(), product.expected());
  EXPECT_EQ(cublasLtMatrixLayoutInit_internal(&layout, 8, CUDA_R_32F, 1, 1, 1),
            CUBLAS_STATUS_ALLOC_FAILED);
}

TEST_F(BlasAlgorithms, WhatIsNotDestroyedIsSaid) {
  cublasLtHandle_t handle = nullptr;
  cublasLtMatrixLayout_t layouts[2] = {};
  ASSERT_EQ(cublasLtCreate(&handle), 0);
  for (auto& layout : layouts)
    ASSERT_EQ(cublasLtMatrixLayoutCreate(&layout, CUDA_R_32F, 1, 1, 1), 0);
  EXPECT_EQ(reset_device(), "1 cuBLASLt handle, 2 matrix layouts");
  EXPECT_EQ(reset_device(), "");
  for (const auto layout : layouts) EXPECT_EQ(cublasLtMatrixLayoutDestroy(layout), 0);
  EXPECT_EQ(cublasLtDestroy(handle), 0);
  EXPECT_EQ(cublasLtDestroy(nullptr), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(cublasLtMatrixLayoutDestroy(nullptr), CUBLAS_STATUS_SUCCESS);
}

TEST_F(BlasAlgorithms, StatusesHaveNames) {
  EXPECT_STREQ(cublasLtGetStatusName(CUBLAS_STATUS_NOT_SUPPORTED), "CUBLAS_STATUS_NOT_SUPPORTED");
  EXPECT_STREQ(cublasGetStatusName(CUBLAS_STATUS_INVALID_VALUE), "CUBLAS_STATUS_INVALID_VALUE");
  EXPECT_STREQ(cublasGetStatusString(CUBLAS_STATUS_SUCCESS), "success");
  EXPECT_STREQ(cublasLtGetStatusString(CUBLAS_STATUS_SUCCESS), "success");
  EXPECT_EQ(cublasLtGetVersion(), std::size_t{CUBLAS_VERSION});
}

}  // namespace
}  // namespace simt::test
