// Products by cuBLASLt.
#pragma once

#include <cstdint>
#include <memory>

#include <cublasLt.h>

#include "operations.hpp"

namespace language_model::cuda {

/// Row-major products of any sizes; the algorithm is what cuBLASLt's heuristic names first, so the
/// same for the same sizes. f32 is multiplied as it is, not rounded to tf32.
class Products {
 public:
  /// For the host thread's current device.
  explicit Products(const takt::Device& device);

  /// c = a b.
  void enqueue(const ConstMatrix& a, const ConstMatrix& b, const Matrix& c, cudaStream_t stream);

 private:
  struct Destroy {
    void operator()(cublasLtContext* handle) const noexcept { (void)cublasLtDestroy(handle); }
  };
  std::unique_ptr<cublasLtContext, Destroy> handle_;
  takt::Array workspace_;
};

}  // namespace language_model::cuda
