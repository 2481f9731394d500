// The emulated cuDNN's handles and descriptors, and what they refuse.
#include "cudnn/objects.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <sstream>

namespace simt::cudnn {

std::string name_of(cudnnRNNMode_t cell) {
  switch (cell) {
    case CUDNN_RNN_RELU: return "rnn_relu";
    case CUDNN_RNN_TANH: return "rnn_tanh";
    case CUDNN_LSTM: return "lstm";
    case CUDNN_GRU: break;
  }
  return "gru";
}

std::int64_t gates_of(cudnnRNNMode_t cell) {
  return cell == CUDNN_LSTM ? 4 : cell == CUDNN_GRU ? 3 : 1;
}

std::size_t size_of(cudnnDataType_t type) {
  switch (type) {
    case CUDNN_DATA_DOUBLE: return 8;
    case CUDNN_DATA_FLOAT: return 4;
    case CUDNN_DATA_HALF:
    case CUDNN_DATA_BFLOAT16: return 2;
    default: return 0;
  }
}

namespace {

/// The numbers of a word, in "word:N other:N".
std::vector<int> numbers_of(const std::string& word) {
  const char* const text = std::getenv("TAKT_EMULATED_CUDNN");
  std::istringstream words(text == nullptr ? "" : text);
  std::vector<int> numbers;
  for (std::string each; words >> each;)
    if (each.starts_with(word + ":")) numbers.push_back(std::stoi(each.substr(word.size() + 1)));
  return numbers;
}

}  // namespace

bool is_told(const std::string& word, cudnnRNNAlgo_t algorithm) {
  const std::vector<int> numbers = numbers_of(word);
  return std::find(numbers.begin(), numbers.end(), static_cast<int>(algorithm)) != numbers.end();
}

std::optional<int> told(const std::string& word) {
  const std::vector<int> numbers = numbers_of(word);
  return numbers.empty() ? std::nullopt : std::optional(numbers.front());
}

Place place_of(const cudnnRNNStruct& rnn, std::int64_t number) {
  constexpr std::int64_t gap = 5;
  const std::int64_t G = gates_of(rnn.cell), R = rnn.H * rnn.H, W = rnn.H * rnn.I;
  const std::int64_t before = rnn.H + 2 * gap;  // beside the matrix of each place
  Place place{};
  place.matrix_size = number < G ? W : R;
  place.bias = number < G ? G * (R + before) + number * (W + before) : (number - G) * (R + before);
  place.bias += gap;
  place.matrix = place.bias + rnn.H + gap;
  return place;
}

std::size_t weight_bytes(const cudnnRNNStruct& rnn) {
  const Place last = place_of(rnn, gates_of(rnn.cell) - 1);
  return static_cast<std::size_t>(last.matrix + last.matrix_size + 1) * size_of(rnn.type);
}

Reserve reserve_of(const cudnnRNNStruct& rnn, const cudnnRNNDataStruct& x) {
  Reserve reserve{};
  reserve.x = 1;
  reserve.h0 = reserve.x + x.T * x.B * rnn.I;
  reserve.c0 = reserve.h0 + x.B * rnn.H;
  reserve.y = reserve.c0 + (rnn.cell == CUDNN_LSTM ? x.B * rnn.H : 0);
  reserve.gradients = reserve.y + x.T * x.B * rnn.H;
  reserve.size = reserve.gradients + gates_of(rnn.cell) * rnn.H * (rnn.I + rnn.H + 2);
  return reserve;
}

std::size_t work_bytes(const cudnnRNNStruct& rnn, const cudnnRNNDataStruct& x) {
  return static_cast<std::size_t>(x.B * rnn.H) * size_of(rnn.type) + 1;
}

}  // namespace simt::cudnn

using namespace simt::cudnn;

namespace {

template <class Object>
cudnnStatus_t make(Object** object) {
  if (object == nullptr) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  *object = new Object;
  return CUDNN_STATUS_SUCCESS;
}
template <class Object>
cudnnStatus_t take_back(Object* object) {
  delete object;
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace

#define EMULATED extern "C" __attribute__((visibility("default")))

EMULATED size_t cudnnGetVersion() {
  return static_cast<size_t>(told("version").value_or(CUDNN_VERSION));
}

EMULATED const char* cudnnGetErrorString(cudnnStatus_t status) {
  switch (status) {
    case CUDNN_STATUS_SUCCESS: return "CUDNN_STATUS_SUCCESS";
    case CUDNN_STATUS_NOT_INITIALIZED: return "CUDNN_STATUS_NOT_INITIALIZED";
    case CUDNN_STATUS_NOT_SUPPORTED: return "CUDNN_STATUS_NOT_SUPPORTED";
    case CUDNN_STATUS_BAD_PARAM: return "CUDNN_STATUS_BAD_PARAM";
    case CUDNN_STATUS_EXECUTION_FAILED: return "CUDNN_STATUS_EXECUTION_FAILED";
    case CUDNN_STATUS_BAD_PARAM_NULL_POINTER: return "CUDNN_STATUS_BAD_PARAM_NULL_POINTER";
    case CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT:
      return "CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT";
    default: return "CUDNN_STATUS_INTERNAL_ERROR";
  }
}

EMULATED cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) {
  if (told("no_start")) return CUDNN_STATUS_NOT_INITIALIZED;
  return make(handle);
}
EMULATED cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) {
  return take_back(handle);
}
EMULATED cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
  handle->stream = stream;
  return CUDNN_STATUS_SUCCESS;
}

EMULATED cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t* tensor) {
  return make(tensor);
}
EMULATED cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t tensor) {
  return take_back(tensor);
}
EMULATED cudnnStatus_t cudnnSetTensorNdDescriptor(cudnnTensorDescriptor_t tensor,
                                                  cudnnDataType_t type, int count, const int* dims,
                                                  const int* strides) {
  if (count < 3 || size_of(type) == 0) return CUDNN_STATUS_BAD_PARAM;
  *tensor = {type, {dims, dims + count}, {strides, strides + count}};
  return CUDNN_STATUS_SUCCESS;
}
EMULATED cudnnStatus_t cudnnGetTensorNdDescriptor(cudnnTensorDescriptor_t tensor, int most,
                                                  cudnnDataType_t* type, int* count, int* dims,
                                                  int* strides) {
  *type = tensor->type;
  *count = static_cast<int>(tensor->dims.size());
  for (int n = 0; n < std::min(most, *count); ++n) {
    dims[n] = tensor->dims[static_cast<std::size_t>(n)];
    strides[n] = tensor->strides[static_cast<std::size_t>(n)];
  }
  return CUDNN_STATUS_SUCCESS;
}

// Who makes one keeps memory for it.
static std::atomic<int> descriptors_of_rnns = 0;

EMULATED cudnnStatus_t cudnnCreateRNNDescriptor(cudnnRNNDescriptor_t* rnn) {
  ++descriptors_of_rnns;
  return make(rnn);
}
EMULATED cudnnStatus_t cudnnDestroyRNNDescriptor(cudnnRNNDescriptor_t rnn) {
  --descriptors_of_rnns;
  return take_back(rnn);
}
// cuDNN 9.19 refuses f64 by the algorithms of fixed kernels here.
EMULATED cudnnStatus_t cudnnSetRNNDescriptor_v8(cudnnRNNDescriptor_t rnn, cudnnRNNAlgo_t algorithm,
                                                cudnnRNNMode_t cell, cudnnRNNBiasMode_t bias,
                                                cudnnDirectionMode_t direction,
                                                cudnnRNNInputMode_t input, cudnnDataType_t type,
                                                cudnnDataType_t precision, cudnnMathType_t math,
                                                int32_t I, int32_t H, int32_t P, int32_t layers,
                                                cudnnDropoutDescriptor_t, uint32_t) {
  const bool is_double = type == CUDNN_DATA_DOUBLE;
  if (bias != CUDNN_RNN_DOUBLE_BIAS || direction != CUDNN_UNIDIRECTIONAL ||
      input != CUDNN_LINEAR_INPUT || layers != 1 || P != H || I < 1 || H < 1 ||
      size_of(type) == 0 || precision != (is_double ? CUDNN_DATA_DOUBLE : CUDNN_DATA_FLOAT))
    return CUDNN_STATUS_BAD_PARAM;
  if (type != CUDNN_DATA_FLOAT && math == CUDNN_FMA_MATH) return CUDNN_STATUS_BAD_PARAM;
  if (is_double && (algorithm == CUDNN_RNN_ALGO_PERSIST_STATIC ||
                    algorithm == CUDNN_RNN_ALGO_PERSIST_STATIC_SMALL_H))
    return CUDNN_STATUS_NOT_SUPPORTED;
  *rnn = {algorithm, cell, type, I, H, -1};
  return CUDNN_STATUS_SUCCESS;
}
EMULATED cudnnStatus_t cudnnBuildRNNDynamic(cudnnHandle_t, cudnnRNNDescriptor_t rnn, int B) {
  rnn->built_for = B;
  return CUDNN_STATUS_SUCCESS;
}

EMULATED cudnnStatus_t cudnnCreateRNNDataDescriptor(cudnnRNNDataDescriptor_t* data) {
  return make(data);
}
EMULATED cudnnStatus_t cudnnDestroyRNNDataDescriptor(cudnnRNNDataDescriptor_t data) {
  return take_back(data);
}
// cuDNN 9.19 refuses long sequences here.
EMULATED cudnnStatus_t cudnnSetRNNDataDescriptor(cudnnRNNDataDescriptor_t data,
                                                 cudnnDataType_t type, cudnnRNNDataLayout_t layout,
                                                 int T, int B, int width, const int* lengths,
                                                 void*) {
  if (T > told("most_steps").value_or(65535)) return CUDNN_STATUS_NOT_SUPPORTED;
  for (int b = 0; b < B; ++b)
    if (lengths[b] != T) return CUDNN_STATUS_NOT_SUPPORTED;  // ragged batches are not emulated
  if (layout != CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_PACKED || width < 1) return CUDNN_STATUS_BAD_PARAM;
  *data = {type, T, B, width};
  return CUDNN_STATUS_SUCCESS;
}

EMULATED cudnnStatus_t cudnnGetRNNTempSpaceSizes(cudnnHandle_t handle, cudnnRNNDescriptor_t rnn,
                                                 cudnnForwardMode_t mode,
                                                 cudnnRNNDataDescriptor_t x, size_t* work,
                                                 size_t* reserve) {
  if (handle == nullptr) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  const bool fits = !is_told("huge", rnn->algorithm) &&
                    (!is_told("large", rnn->algorithm) || descriptors_of_rnns == 1);
  *work = fits ? work_bytes(*rnn, *x) : std::size_t{1} << 40;
  *reserve = mode == CUDNN_FWD_MODE_TRAINING
                 ? static_cast<std::size_t>(reserve_of(*rnn, *x).size) * sizeof(double)
                 : 0;
  return CUDNN_STATUS_SUCCESS;
}
EMULATED cudnnStatus_t cudnnGetRNNWeightSpaceSize(cudnnHandle_t, cudnnRNNDescriptor_t rnn,
                                                  size_t* bytes) {
  *bytes = weight_bytes(*rnn);
  return CUDNN_STATUS_SUCCESS;
}
EMULATED cudnnStatus_t cudnnGetRNNWeightParams(cudnnHandle_t, cudnnRNNDescriptor_t rnn,
                                               int32_t layer, size_t bytes, const void* weights,
                                               int32_t number, cudnnTensorDescriptor_t matrix_desc,
                                               void** matrix, cudnnTensorDescriptor_t bias_desc,
                                               void** bias) {
  if (layer != 0 || number < 0 || number >= 2 * gates_of(rnn->cell)) return CUDNN_STATUS_BAD_PARAM;
  if (bytes < weight_bytes(*rnn)) return CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT;
  const Place place = place_of(*rnn, number);
  char* const begin = static_cast<char*>(const_cast<void*>(weights));
  const auto at = [&](std::int64_t element) {
    return begin + static_cast<std::size_t>(element) * size_of(rnn->type);
  };
  *matrix = at(place.matrix);
  *bias = at(place.bias);
  const int H = static_cast<int>(rnn->H), width = static_cast<int>(place.matrix_size / rnn->H);
  const int rows = told("odd_weights") ? H + 1 : H;
  *matrix_desc = {rnn->type, {1, rows, width}, {H * width, width, 1}};
  *bias_desc = {rnn->type, {1, H, 1}, {H, 1, 1}};
  return CUDNN_STATUS_SUCCESS;
}
