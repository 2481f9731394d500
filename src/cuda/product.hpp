// Products by cuBLASLt: their algorithms are chosen when a plan is made; a call binds them to its
// sizes without allocating, and then runs them.
#pragma once

#include <cstdint>
#include <vector>

#include <cublasLt.h>

#include <takt/types.hpp>

namespace takt::cuda {

/// Row-major products in which one size, the number of rows, differs from call to call.
struct ProductSpec {
  enum class Kind : std::uint8_t {
    by_transposed,  ///< D [rows,N] = A [rows,K] M^T, M [N,K]
    by_matrix,      ///< D [rows,N] = A [rows,K] M, M [K,N]
    over_rows,      ///< D [K,N] (+)= A [rows,K]^T M, M [rows,N]
  };
  Kind kind = Kind::by_transposed;
  std::int64_t N = 0, K = 0;
  DataType in = DataType::f32, out = DataType::f32;
  Math math = Math::strict;
  bool split = false;  ///< whether the sum may be split and added up from workspace
};

/// Operands, as far as the choice of an algorithm depends on them.
struct ProductShape {
  std::int64_t rows = 0;
  std::int64_t row_stride = 0;  ///< of A; for over_rows of M: the tensor that may have gaps
  bool aligned = true;          ///< all pointers to 16 bytes
};

/// A product of one shape, ready to run.
class BoundProduct {
 public:
  BoundProduct() = default;

  /// `add`: D += the product, else D = the product.
  void run(const void* A, const void* M, void* D, bool add, cudaStream_t stream) const;
  const cublasLtMatmulAlgo_t& algo() const { return *algo_; }

 private:
  friend class Product;
  cublasLtHandle_t handle_ = nullptr;
  cublasLtMatmulDescOpaque_t desc_{};
  cublasLtMatrixLayoutOpaque_t a_{}, b_{}, d_{};
  const cublasLtMatmulAlgo_t* algo_ = nullptr;
  void* workspace_ = nullptr;
  std::size_t workspace_bytes_ = 0;
  bool is_double_ = false;
};

/// A product of a plan, with an algorithm for every number of rows up to a largest one.
class Product {
 public:
  Product() = default;
  /// Throws DeviceError where cuBLASLt has no algorithm.
  Product(cublasLtHandle_t handle, const ProductSpec& spec, std::int64_t most_rows,
          std::int64_t workspace_bytes);

  /// Throws DeviceError, before anything runs, where no chosen algorithm takes the shape.
  BoundProduct bind(const ProductShape& shape, void* workspace) const;

  /// Enqueues each algorithm once, on a small problem in these `load_bytes` of a device's memory,
  /// so that its kernel is loaded; but for those that take no small problem.
  void load(void* memory, void* workspace) const;
  static constexpr std::int64_t load_size = 128;
  static constexpr std::int64_t load_bytes = 3 * (load_size + 1) * load_size * 8;

 private:
  /// For up to so many rows.
  struct Choice {
    std::int64_t rows = 0;
    bool has_aligned = false;
    cublasLtMatmulAlgo_t aligned{}, any{};
  };

  void describe(const ProductShape& shape, BoundProduct& product) const;
  bool choose(const BoundProduct& product, std::uint32_t alignment,
              cublasLtMatmulAlgo_t& algo) const;
  bool takes(const BoundProduct& product, const cublasLtMatmulAlgo_t& algo) const;

  cublasLtHandle_t handle_ = nullptr;
  ProductSpec spec_;
  std::int64_t workspace_bytes_ = 0;
  std::vector<Choice> choices_;
};

}  // namespace takt::cuda
