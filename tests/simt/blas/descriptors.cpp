// cuBLASLt's descriptors of layouts, products and preferences: made, asked, changed, destroyed.
#include "blas/descriptors.hpp"

#include <new>

#include "runtime/state.hpp"

namespace simt::blas {

cublasStatus_t write_attribute(const Attribute* attribute, void* record, const void* value,
                               std::size_t bytes) {
  if (attribute == nullptr || attribute->read_only || value == nullptr || bytes != attribute->bytes)
    return CUBLAS_STATUS_INVALID_VALUE;
  std::memcpy(static_cast<char*>(record) + attribute->offset, value, bytes);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t read_attribute(const Attribute* attribute, const void* record, void* value,
                              std::size_t bytes, std::size_t* written) {
  if (attribute == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  if (bytes == 0 ? written == nullptr : value == nullptr || bytes != attribute->bytes)
    return CUBLAS_STATUS_INVALID_VALUE;
  if (bytes != 0)
    std::memcpy(value, static_cast<const char*>(record) + attribute->offset, attribute->bytes);
  if (written != nullptr) *written = attribute->bytes;
  return CUBLAS_STATUS_SUCCESS;
}

namespace {

#define SIMT_ATTRIBUTE(id, Record, member) \
  { id, offsetof(Record, member), sizeof(Record::member) }

constexpr Attribute layout_attributes[] = {
    SIMT_ATTRIBUTE(CUBLASLT_MATRIX_LAYOUT_TYPE, Layout, type),
    SIMT_ATTRIBUTE(CUBLASLT_MATRIX_LAYOUT_ORDER, Layout, order),
    SIMT_ATTRIBUTE(CUBLASLT_MATRIX_LAYOUT_ROWS, Layout, rows),
    SIMT_ATTRIBUTE(CUBLASLT_MATRIX_LAYOUT_COLS, Layout, cols),
    SIMT_ATTRIBUTE(CUBLASLT_MATRIX_LAYOUT_LD, Layout, ld),
    SIMT_ATTRIBUTE(CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, Layout, batch_count),
    SIMT_ATTRIBUTE(CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, Layout, batch_stride),
    SIMT_ATTRIBUTE(CUBLASLT_MATRIX_LAYOUT_PLANE_OFFSET, Layout, plane_offset),
    SIMT_ATTRIBUTE(CUBLASLT_MATRIX_LAYOUT_BATCH_MODE, Layout, batch_mode),
};

constexpr Attribute desc_attributes[] = {
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_DESC_COMPUTE_TYPE, MatmulDesc, compute_type),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_DESC_SCALE_TYPE, MatmulDesc, scale_type),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_DESC_POINTER_MODE, MatmulDesc, pointer_mode),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_DESC_TRANSA, MatmulDesc, trans_a),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_DESC_TRANSB, MatmulDesc, trans_b),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_DESC_TRANSC, MatmulDesc, trans_c),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_DESC_FILL_MODE, MatmulDesc, fill_mode),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_DESC_EPILOGUE, MatmulDesc, epilogue),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_DESC_BIAS_POINTER, MatmulDesc, bias),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_DESC_BIAS_BATCH_STRIDE, MatmulDesc, bias_batch_stride),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER, MatmulDesc, aux),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD, MatmulDesc, aux_ld),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_BATCH_STRIDE, MatmulDesc, aux_batch_stride),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_DESC_ALPHA_VECTOR_BATCH_STRIDE, MatmulDesc, alpha_batch_stride),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_DESC_SM_COUNT_TARGET, MatmulDesc, sm_count_target),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, MatmulDesc, scale_a),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, MatmulDesc, scale_b),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_DESC_C_SCALE_POINTER, MatmulDesc, scale_c),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_DESC_D_SCALE_POINTER, MatmulDesc, scale_d),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_DESC_AMAX_D_POINTER, MatmulDesc, amax_d),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_DATA_TYPE, MatmulDesc, aux_type),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_SCALE_POINTER, MatmulDesc, aux_scale),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_AMAX_POINTER, MatmulDesc, aux_amax),
    {CUBLASLT_MATMUL_DESC_FAST_ACCUM, offsetof(MatmulDesc, fast_accumulation), 1},
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, MatmulDesc, bias_type),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_DESC_A_SCALE_MODE, MatmulDesc, mode_a),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_DESC_B_SCALE_MODE, MatmulDesc, mode_b),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_DESC_C_SCALE_MODE, MatmulDesc, mode_c),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_DESC_D_SCALE_MODE, MatmulDesc, mode_d),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_SCALE_MODE, MatmulDesc, mode_aux),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_DESC_D_OUT_SCALE_POINTER, MatmulDesc, scale_d_out),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_DESC_D_OUT_SCALE_MODE, MatmulDesc, mode_d_out),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_DESC_EMULATION_DESCRIPTOR, MatmulDesc, emulation),
};

constexpr Attribute preference_attributes[] = {
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_PREF_SEARCH_MODE, Preference, search_mode),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, Preference, workspace_bytes),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, Preference, reduction_schemes),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, Preference, alignment_a),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, Preference, alignment_b),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, Preference, alignment_c),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, Preference, alignment_d),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_PREF_MAX_WAVES_COUNT, Preference, waves),
    SIMT_ATTRIBUTE(CUBLASLT_MATMUL_PREF_IMPL_MASK, Preference, implementations),
};

#undef SIMT_ATTRIBUTE

template <class Record, class Opaque>
cublasStatus_t create(Opaque** descriptor, const Record& record, const char* name) {
  const Entry entry;
  if (const int code = fault(simt::Call::library)) return static_cast<cublasStatus_t>(code);
  if (descriptor == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  *descriptor = new Opaque;
  store(record, *descriptor);
  runtime().library_objects[*descriptor] = name;
  return CUBLAS_STATUS_SUCCESS;
}

template <class Record, class Opaque>
cublasStatus_t place(Opaque* descriptor, std::size_t bytes, const Record& record) {
  if (descriptor == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  if (bytes < sizeof(Record)) return CUBLAS_STATUS_ALLOC_FAILED;
  store(record, descriptor);
  return CUBLAS_STATUS_SUCCESS;
}

template <class Opaque>
cublasStatus_t destroy(Opaque* descriptor) {
  const Entry entry;
  runtime().library_objects.erase(descriptor);
  delete descriptor;
  return CUBLAS_STATUS_SUCCESS;
}

template <class Record, class Opaque>
cublasStatus_t set(const Attribute* attribute, Opaque* descriptor, const void* value,
                   std::size_t bytes) {
  Record record;
  if (!load(descriptor, record)) return CUBLAS_STATUS_INVALID_VALUE;
  const cublasStatus_t status = write_attribute(attribute, &record, value, bytes);
  if (status == CUBLAS_STATUS_SUCCESS) store(record, descriptor);
  return status;
}
template <class Record, class Opaque>
cublasStatus_t get(const Attribute* attribute, const Opaque* descriptor, void* value,
                   std::size_t bytes, std::size_t* written) {
  Record record;
  if (!load(descriptor, record)) return CUBLAS_STATUS_INVALID_VALUE;
  return read_attribute(attribute, &record, value, bytes, written);
}

Layout layout_of(cudaDataType type, std::uint64_t rows, std::uint64_t cols, std::int64_t ld) {
  Layout layout;
  layout.type = type;
  layout.rows = rows;
  layout.cols = cols;
  layout.ld = ld;
  return layout;
}
MatmulDesc desc_of(cublasComputeType_t compute_type, cudaDataType_t scale_type) {
  MatmulDesc desc;
  desc.compute_type = compute_type;
  desc.scale_type = scale_type;
  return desc;
}

}  // namespace
}  // namespace simt::blas

using namespace simt::blas;

extern "C" {

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* layout, cudaDataType type,
                                          uint64_t rows, uint64_t cols, int64_t ld) {
  return create(layout, layout_of(type, rows, cols, ld), "matrix layout");
}
cublasStatus_t cublasLtMatrixLayoutInit_internal(cublasLtMatrixLayout_t layout, size_t size,
                                                 cudaDataType type, uint64_t rows, uint64_t cols,
                                                 int64_t ld) {
  return place(layout, size, layout_of(type, rows, cols, ld));
}
cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout) {
  return destroy(layout);
}
cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t layout,
                                                cublasLtMatrixLayoutAttribute_t attribute,
                                                const void* value, size_t bytes) {
  return set<Layout>(find_attribute(layout_attributes, attribute), layout, value, bytes);
}
cublasStatus_t cublasLtMatrixLayoutGetAttribute(cublasLtMatrixLayout_t layout,
                                                cublasLtMatrixLayoutAttribute_t attribute,
                                                void* value, size_t bytes, size_t* written) {
  return get<Layout>(find_attribute(layout_attributes, attribute), layout, value, bytes, written);
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* desc,
                                        cublasComputeType_t compute_type,
                                        cudaDataType_t scale_type) {
  return create(desc, desc_of(compute_type, scale_type), "product descriptor");
}
cublasStatus_t cublasLtMatmulDescInit_internal(cublasLtMatmulDesc_t desc, size_t size,
                                               cublasComputeType_t compute_type,
                                               cudaDataType_t scale_type) {
  return place(desc, size, desc_of(compute_type, scale_type));
}
cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t desc) {
  return destroy(desc);
}
cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t desc,
                                              cublasLtMatmulDescAttributes_t attribute,
                                              const void* value, size_t bytes) {
  return set<MatmulDesc>(find_attribute(desc_attributes, attribute), desc, value, bytes);
}
cublasStatus_t cublasLtMatmulDescGetAttribute(cublasLtMatmulDesc_t desc,
                                              cublasLtMatmulDescAttributes_t attribute, void* value,
                                              size_t bytes, size_t* written) {
  return get<MatmulDesc>(find_attribute(desc_attributes, attribute), desc, value, bytes, written);
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* preference) {
  return create(preference, Preference(), "product preference");
}
cublasStatus_t cublasLtMatmulPreferenceInit_internal(cublasLtMatmulPreference_t preference,
                                                     size_t size) {
  return place(preference, size, Preference());
}
cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference) {
  return destroy(preference);
}
cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t preference,
                                                    cublasLtMatmulPreferenceAttributes_t attribute,
                                                    const void* value, size_t bytes) {
  return set<Preference>(find_attribute(preference_attributes, attribute), preference, value,
                         bytes);
}
cublasStatus_t cublasLtMatmulPreferenceGetAttribute(cublasLtMatmulPreference_t preference,
                                                    cublasLtMatmulPreferenceAttributes_t attribute,
                                                    void* value, size_t bytes, size_t* written) {
  return get<Preference>(find_attribute(preference_attributes, attribute), preference, value, bytes,
                         written);
}

}  // extern "C"
