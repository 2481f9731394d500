// cuDNN's RNN calls on a problem's own memory: its x, weights and dy.
#ifdef TAKT_HAVE_CUDNN

#include "cuda/cudnn_rnn.hpp"

#include <functional>
#include <limits>
#include <numeric>

#include "check.hpp"
#include "cuda/checked.hpp"

namespace takt::bench {
namespace {

void checked(const char* what, cudnnStatus_t status) {
  if (status == CUDNN_STATUS_SUCCESS) return;
  (void)cudaGetLastError();
  throw PeerRefusal(std::string(what) + ": " + cudnn().cudnnGetErrorString(status));
}

template <class Pointer>
CudnnObject<Pointer> make(const char* what, cudnnStatus_t (*create)(Pointer*),
                          cudnnStatus_t (*destroy)(Pointer)) {
  Pointer object = nullptr;
  checked(what, create(&object));
  return {object, destroy};
}

/// cuDNN counts in 32 bits.
int as_int(std::int64_t size) {
  if (size > std::numeric_limits<int>::max())
    throw PeerRefusal(std::to_string(size) + " does not fit its 32-bit sizes");
  return static_cast<int>(size);
}

cudnnRNNMode_t cell_of(const Shape& shape) {
  if (shape.cell == "rnn_tanh") return CUDNN_RNN_TANH;
  if (shape.cell == "rnn_relu") return CUDNN_RNN_RELU;
  if (shape.cell == "lstm") return CUDNN_LSTM;
  if (shape.cell == "gru") return CUDNN_GRU;
  throw PeerRefusal("it has no " + shape.cell);
}

cudnnDataType_t type_of(DataType type) {
  switch (type) {
    case DataType::f64: return CUDNN_DATA_DOUBLE;
    case DataType::f16: return CUDNN_DATA_HALF;
    case DataType::bf16: return CUDNN_DATA_BFLOAT16;
    case DataType::f32: break;
  }
  return CUDNN_DATA_FLOAT;
}

/// tf32 is what cuDNN does with f32 unless told not to; CUDNN_TENSOR_OP_MATH_ALLOW_CONVERSION would
/// let it round to f16.
cudnnMathType_t math_of(const Shape& shape) {
  if (size_of(shape.type) == 2) return CUDNN_TENSOR_OP_MATH;
  const bool strict = shape.type == DataType::f32 && shape.math == Math::strict;
  return strict ? CUDNN_FMA_MATH : CUDNN_DEFAULT_MATH;
}

CudnnObject<cudnnRNNDescriptor_t> describe(const Shape& shape, cudnnRNNAlgo_t algorithm) {
  auto rnn = make("cudnnCreateRNNDescriptor", cudnn().cudnnCreateRNNDescriptor,
                  cudnn().cudnnDestroyRNNDescriptor);
  const auto precision = shape.type == DataType::f64 ? CUDNN_DATA_DOUBLE : CUDNN_DATA_FLOAT;
  const int H = as_int(shape.H);
  checked("cudnnSetRNNDescriptor_v8",
          cudnn().cudnnSetRNNDescriptor_v8(
              rnn.get(), algorithm, cell_of(shape), CUDNN_RNN_DOUBLE_BIAS, CUDNN_UNIDIRECTIONAL,
              CUDNN_LINEAR_INPUT, type_of(shape.type), precision, math_of(shape), as_int(shape.I),
              H, H, 1, nullptr, CUDNN_RNN_PADDED_IO_DISABLED));
  return rnn;
}

/// All rows have all steps, so packed is dense [T,B,width].
CudnnObject<cudnnRNNDataDescriptor_t> describe(const Shape& shape, std::int64_t width) {
  auto data = make("cudnnCreateRNNDataDescriptor", cudnn().cudnnCreateRNNDataDescriptor,
                   cudnn().cudnnDestroyRNNDataDescriptor);
  const int T = as_int(shape.T);
  const std::vector<int> lengths(static_cast<std::size_t>(shape.B), T);
  checked("cudnnSetRNNDataDescriptor",
          cudnn().cudnnSetRNNDataDescriptor(
              data.get(), type_of(shape.type), CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_PACKED, T,
              as_int(shape.B), as_int(width), lengths.data(), nullptr));
  return data;
}

/// [1,B,H].
CudnnObject<cudnnTensorDescriptor_t> describe_state(const Shape& shape) {
  auto state = make("cudnnCreateTensorDescriptor", cudnn().cudnnCreateTensorDescriptor,
                    cudnn().cudnnDestroyTensorDescriptor);
  const int dims[] = {1, as_int(shape.B), as_int(shape.H)};
  const int strides[] = {as_int(shape.B * shape.H), dims[2], 1};
  checked("cudnnSetTensorNdDescriptor",
          cudnn().cudnnSetTensorNdDescriptor(state.get(), type_of(shape.type), 3, dims, strides));
  return state;
}

Array bytes(const Device& device, std::size_t count) {
  return {device, {static_cast<std::int64_t>((count + 1) / 2)}, DataType::f16};
}

std::size_t byte_count(const Array& array) {
  return static_cast<std::size_t>(array.size()) * size_of(array.type());
}

/// c in the type of y, in which cuDNN stores it.
Array narrow(const Array& c, DataType type, const Stream& stream) {
  if (c.type() == type) return c;
  return to_device<float>(c.device(), c.shape(), to_host(c, stream), type);
}

DeviceVector<std::int32_t> all_steps(const Shape& shape, const Device& device) {
  const std::vector<std::int32_t> lengths(static_cast<std::size_t>(shape.B), as_int(shape.T));
  return to_device<std::int32_t>(device, lengths);
}

/// Elements of what a place in the weights holds.
std::int64_t elements(cudnnTensorDescriptor_t desc) {
  cudnnDataType_t type{};
  int count = 0, dims[3] = {}, strides[3] = {};
  checked("cudnnGetTensorNdDescriptor",
          cudnn().cudnnGetTensorNdDescriptor(desc, 3, &type, &count, dims, strides));
  return std::accumulate(dims, dims + 3, std::int64_t{1}, std::multiplies<>());
}

}  // namespace

CudnnObject<cudnnHandle_t> make_cudnn_handle(const Problem& problem) {
  auto handle = make("cudnnCreate", cudnn().cudnnCreate, cudnn().cudnnDestroy);
  checked("cudnnSetStream",
          cudnn().cudnnSetStream(handle.get(), StreamRef(problem.stream()).handle()));
  return handle;
}

std::string CudnnRnn::name_of(cudnnRNNAlgo_t algorithm) {
  switch (algorithm) {
    case CUDNN_RNN_ALGO_PERSIST_STATIC: return "persist static";
    case CUDNN_RNN_ALGO_PERSIST_DYNAMIC: return "persist dynamic";
    case CUDNN_RNN_ALGO_PERSIST_STATIC_SMALL_H: return "persist static small H";
    default: return "standard";
  }
}

CudnnRnn::CudnnRnn(cudnnHandle_t handle, const Problem& problem, cudnnRNNAlgo_t algorithm)
    : handle_(handle),
      problem_(problem),
      algorithm_(algorithm),
      mode_(problem.shape().timed == Timed::inference ? CUDNN_FWD_MODE_INFERENCE
                                                      : CUDNN_FWD_MODE_TRAINING),
      rnn_(describe(problem.shape(), algorithm)),
      x_desc_(describe(problem.shape(), problem.shape().I)),
      y_desc_(describe(problem.shape(), problem.shape().H)),
      state_desc_(describe_state(problem.shape())),
      lengths_(all_steps(problem.shape(), problem.plan().device())),
      c0_(narrow(problem.c0(), problem.y().type(), problem.stream())),
      y_(problem.plan().device(), problem.y().shape(), problem.y().type()),
      hT_(problem.plan().device(), problem.hT().shape(), problem.y().type()),
      cT_(problem.plan().device(), problem.cT().shape(), problem.y().type()),
      dx_(problem.plan().device(), problem.dx().shape(), problem.dx().type()),
      weights_(bytes(problem.plan().device(), 0)),
      gradients_(weights_),
      work_(weights_),
      reserve_(weights_) {
  if (algorithm == CUDNN_RNN_ALGO_PERSIST_DYNAMIC)
    checked("cudnnBuildRNNDynamic",
            cudnn().cudnnBuildRNNDynamic(handle, rnn_.get(), as_int(problem.shape().B)));
  make_memory();
  copy_gates(weights_, problem.weights().arrays(), Towards::space);
}

void CudnnRnn::make_memory() {
  const Device& device = problem_.plan().device();
  std::size_t weights = 0, work = 0, reserve = 0;
  checked("cudnnGetRNNWeightSpaceSize",
          cudnn().cudnnGetRNNWeightSpaceSize(handle_, rnn_.get(), &weights));
  checked("cudnnGetRNNTempSpaceSizes",
          cudnn().cudnnGetRNNTempSpaceSizes(handle_, rnn_.get(), mode_, x_desc_.get(), &work,
                                            &reserve));
  weights_ = bytes(device, weights);
  if (problem_.shape().has_backward()) gradients_ = bytes(device, weights);
  work_ = bytes(device, work);
  reserve_ = bytes(device, reserve);
}

/// cuDNN numbers the matrices of x's gates first, then those of h's; its gates are in takt's order.
void CudnnRnn::copy_gates(const Array& space, std::vector<Array> tensors, Towards towards) {
  const Shape& shape = problem_.shape();
  const cudaStream_t stream = StreamRef(problem_.stream()).handle();
  const std::int64_t G = find_cell(shape.cell).gates;
  const auto matrix = make("cudnnCreateTensorDescriptor", cudnn().cudnnCreateTensorDescriptor,
                           cudnn().cudnnDestroyTensorDescriptor),
             bias = make("cudnnCreateTensorDescriptor", cudnn().cudnnCreateTensorDescriptor,
                         cudnn().cudnnDestroyTensorDescriptor);
  const auto copy = [&](void* place, cudnnTensorDescriptor_t desc, Array& tensor,
                        std::int64_t gate) {
    const std::int64_t count = tensor.size() / G;
    if (place == nullptr || elements(desc) != count)
      throw PeerRefusal("cudnnGetRNNWeightParams: not the sizes of a " + shape.cell);
    const std::size_t size = static_cast<std::size_t>(count) * size_of(shape.type);
    void* const part = static_cast<char*>(tensor.data()) + static_cast<std::size_t>(gate) * size;
    const bool to_space = towards == Towards::space;
    checked("cudaMemcpyAsync", cudaMemcpyAsync(to_space ? place : part, to_space ? part : place,
                                               size, cudaMemcpyDeviceToDevice, stream));
  };
  for (std::int64_t number = 0; number < 2 * G; ++number) {
    void *matrix_place = nullptr, *bias_place = nullptr;
    checked("cudnnGetRNNWeightParams",
            cudnn().cudnnGetRNNWeightParams(handle_, rnn_.get(), 0, byte_count(space), space.data(),
                                            as_int(number), matrix.get(), &matrix_place, bias.get(),
                                            &bias_place));
    const std::size_t recurrent = number < G ? 0 : 1;
    copy(matrix_place, matrix.get(), tensors[recurrent], number % G);
    copy(bias_place, bias.get(), tensors[2 + recurrent], number % G);
  }
}

void CudnnRnn::enqueue() {
  const bool has_c = cT_.size() > 0;
  const cudnnTensorDescriptor_t c_desc = has_c ? state_desc_.get() : nullptr;
  const void *const h0 = problem_.h0().data(), *const c0 = has_c ? c0_.data() : nullptr;
  checked("cudnnRNNForward",
          cudnn().cudnnRNNForward(handle_, rnn_.get(), mode_, lengths_.data(), x_desc_.get(),
                                  problem_.x().data(), y_desc_.get(), y_.data(), state_desc_.get(),
                                  h0, hT_.data(), c_desc, c0, has_c ? cT_.data() : nullptr,
                                  byte_count(weights_), weights_.data(), byte_count(work_),
                                  work_.data(), byte_count(reserve_), reserve_.data()));
  if (!problem_.shape().has_backward()) return;
  checked("cudnnRNNBackwardData_v8",
          cudnn().cudnnRNNBackwardData_v8(
              handle_, rnn_.get(), lengths_.data(), y_desc_.get(), y_.data(), problem_.dy().data(),
              x_desc_.get(), dx_.data(), state_desc_.get(), h0, nullptr, nullptr, c_desc, c0,
              nullptr, nullptr, byte_count(weights_), weights_.data(), byte_count(work_),
              work_.data(), byte_count(reserve_), reserve_.data()));
  checked("cudaMemsetAsync", cudaMemsetAsync(gradients_.data(), 0, byte_count(gradients_),
                                             StreamRef(problem_.stream()).handle()));
  checked("cudnnRNNBackwardWeights_v8",
          cudnn().cudnnRNNBackwardWeights_v8(
              handle_, rnn_.get(), CUDNN_WGRAD_MODE_ADD, lengths_.data(), x_desc_.get(),
              problem_.x().data(), state_desc_.get(), h0, y_desc_.get(), y_.data(),
              byte_count(gradients_), gradients_.data(), byte_count(work_), work_.data(),
              byte_count(reserve_), reserve_.data()));
}

std::optional<PeerMemory> CudnnRnn::memory() const {
  return PeerMemory{static_cast<std::int64_t>(byte_count(work_)),
                    static_cast<std::int64_t>(byte_count(reserve_))};
}

std::vector<PeerTensor> CudnnRnn::results() {
  std::vector<PeerTensor> tensors;
  const auto add = [&](const char* name, const Array& array) {
    if (array.size() > 0) tensors.push_back({name, values_of(array, problem_.stream())});
  };
  add("y", y_);
  add("hT", hT_);
  add("cT", cT_);
  if (!problem_.shape().has_backward()) return tensors;
  add("dx", dx_);
  std::vector<Array> gradients;
  for (const Array& weights : problem_.weights().arrays())
    gradients.emplace_back(weights.device(), weights.shape(), weights.type());
  copy_gates(gradients_, gradients, Towards::tensors);
  const char* const names[] = {"dW", "dR", "dbW", "dbR"};
  for (std::size_t n = 0; n < gradients.size(); ++n) add(names[n], gradients[n]);
  return tensors;
}

}  // namespace takt::bench

#endif
