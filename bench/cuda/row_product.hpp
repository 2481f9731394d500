// The products of the two-kernel loop, by cuBLASLt.
#pragma once

#include <cstdint>
#include <memory>

#include <cublasLt.h>

#include <takt/array.hpp>

namespace takt::bench {

/// D [rows,N] = A [rows,K] M^T for M [N,K], all row-major, D in f32. Its algorithm is chosen once.
class RowProduct {
 public:
  struct Sizes {
    std::int64_t rows, N, K;
  };
  /// Throws PeerRefusal where cuBLASLt has no algorithm, std::bad_alloc where memory is short.
  RowProduct(const Device& device, Sizes sizes, DataType type, Math math);

  void enqueue(const void* A, const void* M, float* D, CUstream_st* stream);

 private:
  std::unique_ptr<cublasLtContext, cublasStatus_t (*)(cublasLtHandle_t)> handle_;
  cublasLtMatmulDescOpaque_t desc_{};
  cublasLtMatrixLayoutOpaque_t a_{}, m_{}, d_{};
  cublasLtMatmulAlgo_t algorithm_{};
  Array workspace_;
};

}  // namespace takt::bench
