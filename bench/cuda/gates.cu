// The gates of one step as one thread a unit writes them: the two-kernel loop's second kernel.
#include "gates.hpp"

#include <cuda_bf16.h>
#include <cuda_fp16.h>

namespace takt::bench {
namespace {

__device__ inline float sigmoid(float v) {
  return 1 / (1 + expf(-v));
}

/// wx and rh of a gate, biases added.
struct Gate {
  float wx, rh;
  __device__ float sum() const { return wx + rh; }
};

struct Tanh {
  static constexpr int gates = 1;
  __device__ static float step(const Gate* gate, float, float&) { return tanhf(gate[0].sum()); }
};

struct Relu {
  static constexpr int gates = 1;
  __device__ static float step(const Gate* gate, float, float&) { return fmaxf(gate[0].sum(), 0); }
};

struct Lstm {
  static constexpr int gates = 4;  // i f g o
  __device__ static float step(const Gate* gate, float, float& c) {
    c = sigmoid(gate[1].sum()) * c + sigmoid(gate[0].sum()) * tanhf(gate[2].sum());
    return sigmoid(gate[3].sum()) * tanhf(c);
  }
};

struct Gru {
  static constexpr int gates = 3;  // r z n
  __device__ static float step(const Gate* gate, float h, float&) {
    const float r = sigmoid(gate[0].sum()), z = sigmoid(gate[1].sum());
    return (1 - z) * tanhf(gate[2].wx + r * gate[2].rh) + z * h;
  }
};

template <class Cell, class Real>
__global__ void gates_kernel(GateArguments<Real> step) {
  const std::int64_t unit = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (unit >= step.B * step.H) return;
  const std::int64_t b = unit / step.H, j = unit % step.H;
  Gate gate[Cell::gates];
  for (int g = 0; g < Cell::gates; ++g) {
    const std::int64_t row = g * step.H + j, place = b * Cell::gates * step.H + row;
    const float Wx = step.Wx != nullptr ? step.Wx[place] : static_cast<float>(step.given_Wx[place]);
    gate[g].wx = Wx + static_cast<float>(step.bW[row]);
    gate[g].rh = step.Rh[place] + static_cast<float>(step.bR[row]);
  }
  float none = 0;
  float& c = step.c == nullptr ? none : step.c[unit];
  step.y[unit] = static_cast<Real>(Cell::step(gate, static_cast<float>(step.h[unit]), c));
}

template <class Cell, class Real>
cudaError_t launch(const GateArguments<Real>& step, cudaStream_t stream) {
  constexpr unsigned threads = 256;
  cudaLaunchConfig_t config{};
  config.gridDim = {static_cast<unsigned>((step.B * step.H + threads - 1) / threads), 1, 1};
  config.blockDim = {threads, 1, 1};
  config.stream = stream;
  const auto kernel = gates_kernel<Cell, Real>;
  return cudaLaunchKernelEx(&config, kernel, step);
}

}  // namespace

template <class Real>
LaunchGates<Real> find_gates(std::string_view cell) {
  if (cell == "rnn_tanh") return launch<Tanh, Real>;
  if (cell == "rnn_relu") return launch<Relu, Real>;
  if (cell == "lstm") return launch<Lstm, Real>;
  if (cell == "gru") return launch<Gru, Real>;
  return nullptr;
}

template LaunchGates<float> find_gates(std::string_view);
template LaunchGates<__half> find_gates(std::string_view);
template LaunchGates<__nv_bfloat16> find_gates(std::string_view);

}  // namespace takt::bench
