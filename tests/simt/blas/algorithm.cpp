// Algorithms: which the heuristic names for a product, in which order, and what each of them needs.
#include <algorithm>
#include <optional>
#include <vector>

#include "blas/product.hpp"
#include "runtime/state.hpp"

namespace simt::blas {
namespace {

/// One reads single elements; the others vectors of 16 bytes, the last through a buffer.
enum Id : int { scalar_reads = 0, vector_reads = 1, buffered = 2 };

constexpr std::int64_t vector_bytes = 16;
constexpr std::uint64_t buffer_bytes = 32768;
constexpr std::uint64_t workspace_alignment = 256;
constexpr std::int64_t tile = 64;

/// From here on, the first choices split k: low, so that small tests meet them.
constexpr std::int64_t split_from_k = 128;
constexpr std::int64_t split_part = 64, most_splits = 8;

std::uint64_t lowest_bit(std::uint64_t value) {
  return value == 0 ? 256 : value & (~value + 1);
}

/// Of every line of an operand whose pointer is so aligned.
std::uint64_t line_alignment(const Operand& operand, std::uint64_t pointer_alignment) {
  const auto bytes = static_cast<std::uint64_t>(operand.element_bytes);
  std::uint64_t alignment =
      std::min(lowest_bit(pointer_alignment),
               lowest_bit(static_cast<std::uint64_t>(operand.layout.ld) * bytes));
  if (operand.layout.batch_count > 1)
    alignment =
        std::min(alignment, lowest_bit(static_cast<std::uint64_t>(operand.batch_stride) * bytes));
  return alignment;
}

std::uint64_t bias_alignment(const Product& product) {
  const auto bytes = static_cast<std::uint64_t>(product.d.element_bytes);
  std::uint64_t alignment = lowest_bit(reinterpret_cast<std::uintptr_t>(product.desc.bias));
  if (product.batches > 1)
    alignment = std::min(
        alignment, lowest_bit(static_cast<std::uint64_t>(product.desc.bias_batch_stride) * bytes));
  return alignment;
}

bool is_aligned(const Product& product, const Preference& preference, std::int64_t bytes_ab,
                std::int64_t bytes_cd) {
  const auto ab = static_cast<std::uint64_t>(bytes_ab), cd = static_cast<std::uint64_t>(bytes_cd);
  return line_alignment(product.a, preference.alignment_a) >= ab &&
         line_alignment(product.b, preference.alignment_b) >= ab &&
         line_alignment(product.c, preference.alignment_c) >= cd &&
         line_alignment(product.d, preference.alignment_d) >= cd &&
         (!product.has_bias() || bias_alignment(product) >= cd);
}

Algo algo_of(const Product& product, Id id) {
  const std::int64_t ab = id == scalar_reads ? product.a.element_bytes : vector_bytes;
  const std::int64_t cd = id == scalar_reads ? product.d.element_bytes : vector_bytes;
  Algo algo;
  algo.id = id;
  algo.alignment_a = algo.alignment_b = static_cast<std::uint8_t>(ab);
  algo.alignment_c = algo.alignment_d = static_cast<std::uint8_t>(cd);
  algo.alignment_bias = static_cast<std::uint8_t>(cd);
  algo.compute_type = static_cast<std::uint8_t>(product.desc.compute_type);
  algo.scale_type = static_cast<std::uint8_t>(product.desc.scale_type);
  algo.type_a = static_cast<std::uint8_t>(product.a.layout.type);
  algo.type_b = static_cast<std::uint8_t>(product.b.layout.type);
  algo.type_c = static_cast<std::uint8_t>(product.c.layout.type);
  algo.type_d = static_cast<std::uint8_t>(product.d.layout.type);
  return algo;
}

bool is_of_types(const Algo& algo, const Product& product) {
  const Algo of_product = algo_of(product, scalar_reads);
  return algo.compute_type == of_product.compute_type && algo.scale_type == of_product.scale_type &&
         algo.type_a == of_product.type_a && algo.type_b == of_product.type_b &&
         algo.type_c == of_product.type_c && algo.type_d == of_product.type_d;
}

std::int64_t tiles(const Product& product) {
  return (product.m + tile - 1) / tile * ((product.n + tile - 1) / tile) * product.batches;
}

float waves(const Product& product, const Algo& algo) {
  return static_cast<float>(tiles(product) * algo.splits) /
         static_cast<float>(runtime().profile.multiprocessors);
}

/// All that could run, the fastest first, as the heuristic has it.
std::vector<Algo> candidates(const Product& product, const Preference& preference) {
  std::vector<Algo> found;
  const auto add = [&](Id id) {
    if (product.k >= split_from_k && id != buffered)
      for (const cublasLtReductionScheme_t scheme :
           {CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE, CUBLASLT_REDUCTION_SCHEME_INPLACE,
            CUBLASLT_REDUCTION_SCHEME_OUTPUT_TYPE}) {
        Algo algo = algo_of(product, id);
        algo.splits = static_cast<std::int32_t>(std::min(product.k / split_part, most_splits));
        algo.reduction_scheme = scheme;
        found.push_back(algo);
      }
    if (id == vector_reads) found.push_back(algo_of(product, buffered));
    found.push_back(algo_of(product, id));
  };
  if (is_aligned(product, preference, vector_bytes, vector_bytes)) add(vector_reads);
  if (is_aligned(product, preference, product.a.element_bytes, product.d.element_bytes))
    add(scalar_reads);
  std::erase_if(found, [&](const Algo& algo) {
    return workspace_bytes(product, algo) > preference.workspace_bytes ||
           (algo.reduction_scheme & ~preference.reduction_schemes) != 0 ||
           (preference.waves > 0 && waves(product, algo) > preference.waves);
  });
  return found;
}

#define SIMT_ATTRIBUTE(id, member) \
  { id, offsetof(Algo, member), sizeof(Algo::member) }

constexpr Attribute algo_attributes[] = {
    {CUBLASLT_ALGO_CONFIG_ID, offsetof(Algo, id), sizeof(Algo::id), true},
    SIMT_ATTRIBUTE(CUBLASLT_ALGO_CONFIG_TILE_ID, tile),
    SIMT_ATTRIBUTE(CUBLASLT_ALGO_CONFIG_SPLITK_NUM, splits),
    SIMT_ATTRIBUTE(CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME, reduction_scheme),
    SIMT_ATTRIBUTE(CUBLASLT_ALGO_CONFIG_CTA_SWIZZLING, swizzling),
    SIMT_ATTRIBUTE(CUBLASLT_ALGO_CONFIG_CUSTOM_OPTION, custom),
    SIMT_ATTRIBUTE(CUBLASLT_ALGO_CONFIG_STAGES_ID, stages),
    SIMT_ATTRIBUTE(CUBLASLT_ALGO_CONFIG_INNER_SHAPE_ID, inner_shape),
    SIMT_ATTRIBUTE(CUBLASLT_ALGO_CONFIG_CLUSTER_SHAPE_ID, cluster_shape),
};

#undef SIMT_ATTRIBUTE

}  // namespace

std::uint64_t workspace_bytes(const Product& product, const Algo& algo) {
  const std::uint64_t elements = static_cast<std::uint64_t>(product.m * product.n) *
                                 static_cast<std::uint64_t>(product.batches) *
                                 static_cast<std::uint64_t>(algo.splits);
  std::uint64_t bytes = 0;
  switch (algo.reduction_scheme) {
    case CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE:
      bytes = elements * static_cast<std::uint64_t>(bytes_of(product.desc.scale_type));
      break;
    case CUBLASLT_REDUCTION_SCHEME_OUTPUT_TYPE:
      bytes = elements * static_cast<std::uint64_t>(product.d.element_bytes);
      break;
    case CUBLASLT_REDUCTION_SCHEME_INPLACE:
      bytes = static_cast<std::uint64_t>(tiles(product)) * sizeof(int);
      break;
    default: bytes = algo.id == buffered ? buffer_bytes : 0;
  }
  return (bytes + workspace_alignment - 1) / workspace_alignment * workspace_alignment;
}

cublasStatus_t check_algo(const Product& product, const Algo& algo) {
  if (!is_of_types(algo, product)) return CUBLAS_STATUS_INVALID_VALUE;
  if (algo.tile != 0 || algo.swizzling != 0 || algo.custom != 0 || algo.stages != 0 ||
      algo.inner_shape != 0 || algo.cluster_shape != 0)
    return CUBLAS_STATUS_NOT_SUPPORTED;
  const bool has_scheme = algo.reduction_scheme == CUBLASLT_REDUCTION_SCHEME_INPLACE ||
                          algo.reduction_scheme == CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE ||
                          algo.reduction_scheme == CUBLASLT_REDUCTION_SCHEME_OUTPUT_TYPE;
  if (algo.splits < 1 || algo.splits > product.k) return CUBLAS_STATUS_NOT_SUPPORTED;
  if (algo.splits == 1 ? algo.reduction_scheme != CUBLASLT_REDUCTION_SCHEME_NONE
                       : !has_scheme || algo.id == buffered)
    return CUBLAS_STATUS_NOT_SUPPORTED;
  const Preference any_pointer;
  if (line_alignment(product.a, any_pointer.alignment_a) < algo.alignment_a ||
      line_alignment(product.b, any_pointer.alignment_b) < algo.alignment_b ||
      line_alignment(product.c, any_pointer.alignment_c) < algo.alignment_c ||
      line_alignment(product.d, any_pointer.alignment_d) < algo.alignment_d)
    return CUBLAS_STATUS_INVALID_VALUE;
  if (product.has_bias() && bias_alignment(product) < algo.alignment_bias)
    return CUBLAS_STATUS_INVALID_VALUE;
  return CUBLAS_STATUS_SUCCESS;
}

std::optional<Algo> choose_algo(const Product& product, const Preference& preference) {
  const std::vector<Algo> found = candidates(product, preference);
  return found.empty() ? std::nullopt : std::optional(found.front());
}

}  // namespace simt::blas

using namespace simt;
using namespace simt::blas;

extern "C" {

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t wanted, int requested,
                                              cublasLtMatmulHeuristicResult_t results[],
                                              int* returned) {
  const Entry entry;
  if (const int code = fault(simt::Call::library)) return static_cast<cublasStatus_t>(code);
  if (!is_handle(handle)) return CUBLAS_STATUS_NOT_INITIALIZED;
  Preference preference;
  if (requested < 1 || results == nullptr || returned == nullptr || !load(wanted, preference))
    return CUBLAS_STATUS_INVALID_VALUE;
  *returned = 0;
  Product product;
  if (const cublasStatus_t status = check_product(desc, a, b, c, d, product)) return status;
  if (preference.search_mode != CUBLASLT_SEARCH_BEST_FIT ||
      preference.implementations != Preference().implementations)
    return CUBLAS_STATUS_NOT_SUPPORTED;
  for (const Algo& algo : candidates(product, preference)) {
    if (*returned == requested) break;
    cublasLtMatmulHeuristicResult_t& result = results[(*returned)++];
    result = {};
    store(algo, &result.algo);
    result.workspaceSize = workspace_bytes(product, algo);
    result.state = CUBLAS_STATUS_SUCCESS;
    result.wavesCount = waves(product, algo);
  }
  return *returned > 0 ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
}

cublasStatus_t cublasLtMatmulAlgoCheck(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc,
                                       cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                       cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                       const cublasLtMatmulAlgo_t* configured,
                                       cublasLtMatmulHeuristicResult_t* result) {
  const Entry entry;
  if (!is_handle(handle)) return CUBLAS_STATUS_NOT_INITIALIZED;
  Product product;
  Algo algo;
  if (result == nullptr || !load(configured, algo)) return CUBLAS_STATUS_INVALID_VALUE;
  if (const cublasStatus_t status = check_product(desc, a, b, c, d, product)) return status;
  if (const cublasStatus_t status = check_algo(product, algo)) return status;
  result->workspaceSize = workspace_bytes(product, algo);
  result->state = CUBLAS_STATUS_SUCCESS;
  result->wavesCount = waves(product, algo);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulAlgoConfigSetAttribute(cublasLtMatmulAlgo_t* configured,
                                                    cublasLtMatmulAlgoConfigAttributes_t attribute,
                                                    const void* value, size_t bytes) {
  Algo algo;
  if (!load(configured, algo)) return CUBLAS_STATUS_INVALID_VALUE;
  const cublasStatus_t status =
      write_attribute(find_attribute(algo_attributes, attribute), &algo, value, bytes);
  if (status == CUBLAS_STATUS_SUCCESS) store(algo, configured);
  return status;
}
cublasStatus_t cublasLtMatmulAlgoConfigGetAttribute(const cublasLtMatmulAlgo_t* configured,
                                                    cublasLtMatmulAlgoConfigAttributes_t attribute,
                                                    void* value, size_t bytes, size_t* written) {
  Algo algo;
  if (!load(configured, algo)) return CUBLAS_STATUS_INVALID_VALUE;
  return read_attribute(find_attribute(algo_attributes, attribute), &algo, value, bytes, written);
}

}  // extern "C"
