// The kernel of the two-kernel loop: the gates of one step.
#pragma once

#include <cstdint>
#include <string_view>

#include <cuda_runtime.h>

namespace takt::bench {

/// Of a step. Products are f32; h, the biases and a W x that is given are of the layer's type.
template <class Real>
struct GateArguments {
  const float* Wx;       ///< [B,G*H]; null where it is given
  const Real* given_Wx;  ///< [B,G*H], else null
  const float* Rh;       ///< [B,G*H]
  const Real* bW;        ///< [G*H]
  const Real* bR;        ///< [G*H]
  const Real* h;         ///< [B,H] before the step
  Real* y;               ///< [B,H] after it
  float* c;              ///< [B,H], of an lstm
  std::int64_t B, H;
};

template <class Real>
using LaunchGates = cudaError_t (*)(const GateArguments<Real>& step, cudaStream_t stream);

/// Null for a cell that the loop does not have.
template <class Real>
LaunchGates<Real> find_gates(std::string_view cell);

}  // namespace takt::bench
