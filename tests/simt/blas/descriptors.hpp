// What cuBLASLt's opaque descriptors hold on the emulated device. They are read and written by
// copies: the bytes are the caller's, who may place them himself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include <cublasLt.h>

namespace simt::blas {

struct Layout {
  static constexpr std::uint32_t live = 0x6c61796fu;
  std::uint32_t magic =
      live;  ///< tells a descriptor from bytes that never were or no longer are one
  std::int32_t type = CUDA_R_32F;
  std::uint64_t rows = 0, cols = 0;
  std::int64_t ld = 0;
  std::int32_t order = CUBLASLT_ORDER_COL;
  std::int32_t batch_count = 1;
  std::int64_t batch_stride = 0;  ///< in elements
  std::int64_t plane_offset = 0;
  std::uint32_t batch_mode = CUBLASLT_BATCH_MODE_STRIDED;
  std::uint32_t unused = 0;
  bool operator==(const Layout&) const = default;
};

/// Every attribute of the header at its default; only some may have another value in a product.
struct MatmulDesc {
  static constexpr std::uint32_t live = 0x6465736bu;
  std::uint32_t magic = live;
  std::int32_t compute_type = CUBLAS_COMPUTE_32F, scale_type = CUDA_R_32F;
  std::int32_t pointer_mode = CUBLASLT_POINTER_MODE_HOST;
  std::int32_t trans_a = CUBLAS_OP_N, trans_b = CUBLAS_OP_N, trans_c = CUBLAS_OP_N;
  std::int32_t fill_mode = CUBLAS_FILL_MODE_FULL;
  std::uint32_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  std::int32_t sm_count_target = 0;
  const void* bias = nullptr;
  std::int64_t bias_batch_stride = 0;
  std::int32_t bias_type = -1;  ///< that of D
  std::int32_t aux_type = -1;
  void* aux = nullptr;
  std::int64_t aux_ld = 0, aux_batch_stride = 0, alpha_batch_stride = 0;
  const void *scale_a = nullptr, *scale_b = nullptr, *scale_c = nullptr, *scale_d = nullptr;
  void *amax_d = nullptr, *aux_scale = nullptr, *aux_amax = nullptr, *scale_d_out = nullptr;
  void* emulation = nullptr;
  std::int32_t mode_a = 0, mode_b = 0, mode_c = 0, mode_d = 0, mode_aux = 0, mode_d_out = 0;
  std::int32_t fast_accumulation = 0;  ///< of which one byte is the attribute
  std::int32_t unused = 0;
  bool operator==(const MatmulDesc&) const = default;
};

struct Preference {
  static constexpr std::uint32_t live = 0x70726566u;
  std::uint32_t magic = live;
  std::uint32_t search_mode = CUBLASLT_SEARCH_BEST_FIT;
  std::uint64_t workspace_bytes = 0;
  std::uint32_t reduction_schemes = CUBLASLT_REDUCTION_SCHEME_MASK;
  std::uint32_t alignment_a = 256, alignment_b = 256, alignment_c = 256, alignment_d = 256;
  float waves = 0;  ///< 0: any number
  std::uint64_t implementations = ~std::uint64_t{0};
};

/// An algorithm, chosen for one set of types and for operands at least so aligned.
struct Algo {
  static constexpr std::uint32_t live = 0x616c676fu;
  std::uint32_t magic = live;
  std::int32_t id = 0;
  std::uint32_t tile = 0;
  std::int32_t splits = 1;  ///< of k
  std::uint32_t reduction_scheme = CUBLASLT_REDUCTION_SCHEME_NONE;
  std::uint32_t swizzling = 0, custom = 0, stages = 0;
  std::uint16_t inner_shape = 0, cluster_shape = 0;
  std::uint8_t alignment_a = 1, alignment_b = 1, alignment_c = 1, alignment_d = 1;
  std::uint8_t alignment_bias = 1;
  std::uint8_t compute_type = 0, scale_type = 0;
  std::uint8_t type_a = 0, type_b = 0, type_c = 0, type_d = 0;
  std::uint8_t unused = 0;
};
static_assert(std::has_unique_object_representations_v<Algo>, "callers may compare the bytes");

template <class Record, class Opaque>
bool load(const Opaque* from, Record& to) {
  static_assert(std::is_trivially_copyable_v<Record> && sizeof(Record) <= sizeof(Opaque));
  if (from == nullptr) return false;
  std::memcpy(static_cast<void*>(&to), from, sizeof to);
  return to.magic == Record::live;
}
template <class Record, class Opaque>
void store(const Record& from, Opaque* to) {
  static_assert(std::is_trivially_copyable_v<Record> && sizeof(Record) <= sizeof(Opaque));
  std::memset(to, 0, sizeof *to);
  std::memcpy(to, &from, sizeof from);
}

/// Where a record keeps an attribute.
struct Attribute {
  int id;
  std::size_t offset, bytes;
  bool read_only = false;
};
template <std::size_t count>
const Attribute* find_attribute(const Attribute (&attributes)[count], int id) {
  for (const Attribute& attribute : attributes)
    if (attribute.id == id) return &attribute;
  return nullptr;
}
/// Values are not looked at: what cannot be is refused by the product.
cublasStatus_t write_attribute(const Attribute* attribute, void* record, const void* value,
                               std::size_t bytes);
cublasStatus_t read_attribute(const Attribute* attribute, const void* record, void* value,
                              std::size_t bytes, std::size_t* written);

}  // namespace simt::blas
