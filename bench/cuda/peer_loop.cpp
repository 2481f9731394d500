// The two-kernel loop: forward, step by step, as it is first written.
#include "peer_loop.hpp"

#include <optional>
#include <utility>

#include <cublasLt.h>
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "check.hpp"
#include "cuda/checked.hpp"
#include "cuda/gates.hpp"
#include "cuda/row_product.hpp"

namespace takt::bench {
namespace {

template <class Real>
class Loop : public Peer {
 public:
  Loop(const Problem& problem, LaunchGates<Real> gates)
      : Loop(problem, gates, problem.shape(), problem.plan().device(),
             find_cell(problem.shape().cell)) {}

  void enqueue() override {
    const std::int64_t rows = shape_.B * shape_.H;
    const cudaStream_t stream = StreamRef(problem_.stream()).handle();
    const std::vector<Array>& weights = problem_.weights().arrays();
    const Array &R = weights.end()[-3], &bW = weights.end()[-2], &bR = weights.end()[-1];
    const auto element = [](const Array& array) { return static_cast<const Real*>(array.data()); };
    float* const Rh = static_cast<float*>(Rh_.data());
    float* const c = c_.size() > 0 ? static_cast<float*>(c_.data()) : nullptr;
    Real* y = static_cast<Real*>(y_.data());
    if (c != nullptr)
      checked("cudaMemcpyAsync", cudaMemcpyAsync(c, problem_.c0().data(),
                                                 static_cast<std::size_t>(rows) * sizeof(float),
                                                 cudaMemcpyDeviceToDevice, stream));
    float* Wx = nullptr;
    if (input_product_) {
      Wx = static_cast<float*>(Wx_.data());
      input_product_->enqueue(problem_.x().data(), weights.front().data(), Wx, stream);
    }
    const Real *h = element(problem_.h0()), *x = element(problem_.x());
    for (std::int64_t t = 0; t < shape_.T; ++t, h = y, y += rows) {
      step_product_.enqueue(h, R.data(), Rh, stream);
      const std::int64_t place = t * gates_size_;
      checked("gates_kernel",
              gates_({Wx == nullptr ? nullptr : Wx + place, Wx == nullptr ? x + place : nullptr, Rh,
                      element(bW), element(bR), h, y, c, shape_.B, shape_.H},
                     stream));
    }
  }

  std::vector<PeerTensor> results() override {
    std::vector<double> y = values_of(y_, problem_.stream());
    const std::vector<double> hT(y.end() - shape_.B * shape_.H, y.end());
    std::vector<PeerTensor> tensors = {{"y", std::move(y)}, {"hT", hT}};
    if (c_.size() > 0) tensors.push_back({"cT", values_of(c_, problem_.stream())});
    return tensors;
  }

 private:
  Loop(const Problem& problem, LaunchGates<Real> gates, const Shape& shape, const Device& device,
       const CellInfo& cell)
      : problem_(problem),
        shape_(shape),
        gates_(gates),
        gates_size_(shape.B * cell.gates * shape.H),
        y_(device, {shape.T, shape.B, shape.H}, shape.type),
        c_(device, {cell.inner_states(), shape.B, shape.H}),
        Wx_(device, {has_input_product(shape) ? shape.T : 0, gates_size_}),
        Rh_(device, {gates_size_}),
        step_product_(device, {shape.B, cell.gates * shape.H, shape.H}, shape.type, shape.math) {
    if (has_input_product(shape))
      input_product_.emplace(device,
                             RowProduct::Sizes{shape.T * shape.B, cell.gates * shape.H, shape.I},
                             shape.type, shape.math);
  }

  static bool has_input_product(const Shape& shape) { return shape.input == InputMode::product; }

  const Problem& problem_;
  const Shape& shape_;
  LaunchGates<Real> gates_;
  std::int64_t gates_size_;  ///< B * G * H
  Array y_, c_, Wx_, Rh_;
  RowProduct step_product_;
  std::optional<RowProduct> input_product_;  ///< none where x is W x
};

template <class Real>
std::unique_ptr<Peer> prepare(const Problem& problem) {
  const LaunchGates<Real> gates = find_gates<Real>(problem.shape().cell);
  if (gates == nullptr) throw PeerRefusal("the two-kernel loop has no " + problem.shape().cell);
  return std::make_unique<Loop<Real>>(problem, gates);
}

}  // namespace

std::string loop_version() {
  const std::size_t version = cublasLtGetVersion();
  return "on cuBLASLt " + std::to_string(version / 10000) + "." +
         std::to_string(version / 100 % 100) + "." + std::to_string(version % 100);
}

std::string loop_missing() {
  return "";
}

std::unique_ptr<Peer> prepare_loop(const Problem& problem, const Agrees&) {
  const Shape& shape = problem.shape();
  use_device(problem.plan().device());
  if (shape.timed != Timed::inference)
    throw PeerRefusal("the two-kernel loop runs inference only, not " +
                      std::string(to_string(shape.timed)));
  try {
    switch (shape.type) {
      case DataType::f32: return prepare<float>(problem);
      case DataType::f16: return prepare<__half>(problem);
      case DataType::bf16: return prepare<__nv_bfloat16>(problem);
      case DataType::f64: break;
    }
  } catch (const std::bad_alloc&) {
    throw PeerRefusal("the two-kernel loop has no memory for W x of all steps");
  }
  throw PeerRefusal("the two-kernel loop has no f64");
}

}  // namespace takt::bench
