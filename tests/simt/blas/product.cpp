// Which products cuBLASLt takes: the documented table of types, sizes, strides and epilogues.
#include "blas/product.hpp"

#include <limits>

namespace simt::blas {
namespace {

// cuBLAS documentation, cublasLtMatmul(), "Datatypes Supported". Of its rows are left out, and so
// refused: integer and complex types, COMPUTE_16F, FAST_16F, FAST_16BF and emulated compute types.
constexpr Combination combinations[] = {
    {CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_16BF, CUDA_R_16BF, CUDA_R_16BF},
    {CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_16F, CUDA_R_16F, CUDA_R_16F},
    {CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_16BF, CUDA_R_32F, CUDA_R_32F},
    {CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_16F, CUDA_R_32F, CUDA_R_32F},
    {CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F},
    {CUBLAS_COMPUTE_32F_PEDANTIC, CUDA_R_32F, CUDA_R_16BF, CUDA_R_16BF, CUDA_R_16BF},
    {CUBLAS_COMPUTE_32F_PEDANTIC, CUDA_R_32F, CUDA_R_16F, CUDA_R_16F, CUDA_R_16F},
    {CUBLAS_COMPUTE_32F_PEDANTIC, CUDA_R_32F, CUDA_R_16BF, CUDA_R_32F, CUDA_R_32F},
    {CUBLAS_COMPUTE_32F_PEDANTIC, CUDA_R_32F, CUDA_R_16F, CUDA_R_32F, CUDA_R_32F},
    {CUBLAS_COMPUTE_32F_PEDANTIC, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F},
    {CUBLAS_COMPUTE_32F_FAST_TF32, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F},
    {CUBLAS_COMPUTE_64F, CUDA_R_64F, CUDA_R_64F, CUDA_R_64F, CUDA_R_64F},
    {CUBLAS_COMPUTE_64F_PEDANTIC, CUDA_R_64F, CUDA_R_64F, CUDA_R_64F, CUDA_R_64F},
};

constexpr std::uint64_t largest_size = std::numeric_limits<std::int32_t>::max();
/// Not documented; met by others, who split larger batches.
constexpr int largest_batch = 65535;

const char* name_of_type(int type) {
  switch (type) {
    case CUDA_R_64F: return "f64";
    case CUDA_R_32F: return "f32";
    case CUDA_R_16F: return "f16";
    case CUDA_R_16BF: return "bf16";
    default: return "of another type";
  }
}

/// Elements from the pointer to the end of the last matrix; false past what 64 bits of bytes hold.
bool fits_memory(const Layout& layout) {
  const bool by_column = layout.order == CUBLASLT_ORDER_COL;
  const auto lines = static_cast<std::int64_t>(by_column ? layout.cols : layout.rows);
  const auto line = static_cast<std::int64_t>(by_column ? layout.rows : layout.cols);
  std::int64_t batches, matrix, bytes;
  return !__builtin_mul_overflow(lines - 1, layout.ld, &matrix) &&
         !__builtin_mul_overflow(layout.batch_count - 1, layout.batch_stride, &batches) &&
         !__builtin_add_overflow(matrix, line, &matrix) &&
         !__builtin_add_overflow(matrix, batches, &matrix) &&
         !__builtin_mul_overflow(matrix, bytes_of(layout.type), &bytes);
}

cublasStatus_t check_layout(const Layout& layout, bool may_repeat) {
  if (layout.order != CUBLASLT_ORDER_COL && layout.order != CUBLASLT_ORDER_ROW)
    return CUBLAS_STATUS_NOT_SUPPORTED;
  if (layout.plane_offset != 0 || layout.batch_mode != CUBLASLT_BATCH_MODE_STRIDED)
    return CUBLAS_STATUS_NOT_SUPPORTED;
  if (layout.rows == 0 || layout.cols == 0) return CUBLAS_STATUS_INVALID_VALUE;
  if (layout.rows > largest_size || layout.cols > largest_size) return CUBLAS_STATUS_NOT_SUPPORTED;
  const std::uint64_t line = layout.order == CUBLASLT_ORDER_COL ? layout.rows : layout.cols;
  const bool repeats = may_repeat && layout.ld == 0;
  if (!repeats && layout.ld < static_cast<std::int64_t>(line)) return CUBLAS_STATUS_INVALID_VALUE;
  if (layout.batch_count < 1 || layout.batch_stride < 0) return CUBLAS_STATUS_INVALID_VALUE;
  if (layout.batch_count > largest_batch) return CUBLAS_STATUS_NOT_SUPPORTED;
  return fits_memory(layout) ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INVALID_VALUE;
}

Operand operand_of(const Layout& layout, bool transposed) {
  const bool by_column = layout.order == CUBLASLT_ORDER_COL;
  const auto rows = static_cast<std::int64_t>(layout.rows);
  const auto cols = static_cast<std::int64_t>(layout.cols);
  const std::int64_t row_stride = by_column ? 1 : layout.ld;
  const std::int64_t col_stride = by_column ? layout.ld : 1;
  const std::int64_t bytes = bytes_of(layout.type);
  if (transposed) return {layout, cols, rows, col_stride, row_stride, layout.batch_stride, bytes};
  return {layout, rows, cols, row_stride, col_stride, layout.batch_stride, bytes};
}

bool is_operation(int operation) {
  return operation == CUBLAS_OP_N || operation == CUBLAS_OP_T || operation == CUBLAS_OP_C;
}

/// Everything that a product does not emulate is at its default.
bool is_plain(const MatmulDesc& desc) {
  MatmulDesc plain;
  plain.compute_type = desc.compute_type;
  plain.scale_type = desc.scale_type;
  plain.pointer_mode = desc.pointer_mode;
  plain.trans_a = desc.trans_a;
  plain.trans_b = desc.trans_b;
  plain.epilogue = desc.epilogue;
  plain.bias = desc.bias;
  plain.bias_batch_stride = desc.bias_batch_stride;
  plain.bias_type = desc.bias_type;
  plain.sm_count_target = desc.sm_count_target;
  return plain == desc;
}

cublasStatus_t check_desc(const Product& product, const Combination& types) {
  const MatmulDesc& desc = product.desc;
  if (!is_operation(desc.trans_a) || !is_operation(desc.trans_b))
    return CUBLAS_STATUS_INVALID_VALUE;
  if (!is_plain(desc)) return CUBLAS_STATUS_NOT_SUPPORTED;
  if (desc.pointer_mode != CUBLASLT_POINTER_MODE_HOST &&
      desc.pointer_mode != CUBLASLT_POINTER_MODE_DEVICE)
    return CUBLAS_STATUS_NOT_SUPPORTED;
  if (desc.trans_a == CUBLAS_OP_C || desc.trans_b == CUBLAS_OP_C) {
    int by_row = 0;
    for (const Operand* operand : {&product.a, &product.b, &product.c, &product.d})
      by_row += operand->layout.order == CUBLASLT_ORDER_ROW ? 1 : 0;
    if (by_row != 0 && by_row != 4) return CUBLAS_STATUS_NOT_SUPPORTED;
  }
  if (desc.epilogue == CUBLASLT_EPILOGUE_DEFAULT) return CUBLAS_STATUS_SUCCESS;
  // A bias with row-major D: earlier editions of the documentation exclude it, and devices do.
  if (desc.epilogue != CUBLASLT_EPILOGUE_BIAS || product.d.layout.order != CUBLASLT_ORDER_COL)
    return CUBLAS_STATUS_NOT_SUPPORTED;
  if (desc.bias_type != -1 && desc.bias_type != types.bias) return CUBLAS_STATUS_NOT_SUPPORTED;
  return desc.bias_batch_stride < 0 ? CUBLAS_STATUS_INVALID_VALUE : CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t check_sizes(const Product& product) {
  const Operand &a = product.a, &b = product.b, &c = product.c, &d = product.d;
  if (a.rows != d.rows || b.cols != d.cols || a.cols != b.rows) return CUBLAS_STATUS_INVALID_VALUE;
  if (c.rows != d.rows || c.cols != d.cols) return CUBLAS_STATUS_INVALID_VALUE;
  if (c.layout.order != d.layout.order) return CUBLAS_STATUS_INVALID_VALUE;
  for (const Operand* operand : {&a, &b, &c})
    if (operand->layout.batch_count != d.layout.batch_count) return CUBLAS_STATUS_INVALID_VALUE;
  return CUBLAS_STATUS_SUCCESS;
}

}  // namespace

const Combination* find_combination(int compute, int scale, int a, int b, int c, int d) {
  for (const Combination& row : combinations)
    if (row.compute == compute && row.scale == scale && row.ab == a && row.ab == b && row.cd == c &&
        row.cd == d)
      return &row;
  return nullptr;
}

std::int64_t bytes_of(int type) {
  switch (type) {
    case CUDA_R_64F: return 8;
    case CUDA_R_32F: return 4;
    case CUDA_R_16F:
    case CUDA_R_16BF: return 2;
    default: return 0;
  }
}

cublasStatus_t check_product(cublasLtMatmulDesc_t desc, cublasLtMatrixLayout_t a,
                             cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t c,
                             cublasLtMatrixLayout_t d, Product& product) {
  Layout layouts[4];
  if (!load(desc, product.desc) || !load(a, layouts[0]) || !load(b, layouts[1]) ||
      !load(c == nullptr ? d : c, layouts[2]) || !load(d, layouts[3]))
    return CUBLAS_STATUS_INVALID_VALUE;
  const Combination* const types =
      find_combination(product.desc.compute_type, product.desc.scale_type, layouts[0].type,
                       layouts[1].type, layouts[2].type, layouts[3].type);
  if (types == nullptr) return CUBLAS_STATUS_NOT_SUPPORTED;
  for (const Layout& layout : layouts)
    if (const cublasStatus_t status = check_layout(layout, &layout == &layouts[2])) return status;
  product.a = operand_of(layouts[0], product.desc.trans_a != CUBLAS_OP_N);
  product.b = operand_of(layouts[1], product.desc.trans_b != CUBLAS_OP_N);
  product.c = operand_of(layouts[2], false);
  product.d = operand_of(layouts[3], false);
  product.m = product.d.rows;
  product.n = product.d.cols;
  product.k = product.a.cols;
  product.batches = product.d.layout.batch_count;
  if (const cublasStatus_t status = check_desc(product, *types)) return status;
  return check_sizes(product);
}

std::string to_string(const Layout& layout) {
  std::string text = std::string(name_of_type(layout.type)) + " " + std::to_string(layout.rows) +
                     " x " + std::to_string(layout.cols) +
                     (layout.order == CUBLASLT_ORDER_COL ? ", column-major" : ", row-major") +
                     ", leading dimension " + std::to_string(layout.ld);
  if (layout.batch_count > 1)
    text += ", " + std::to_string(layout.batch_count) + " of them " +
            std::to_string(layout.batch_stride) + " apart";
  return text;
}

}  // namespace simt::blas
