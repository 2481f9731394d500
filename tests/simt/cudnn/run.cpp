// The emulated cuDNN's runs: what its documentation says they compute, by takt's reference.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <limits>
#include <stdexcept>
#include <thread>

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <takt/reference.hpp>

#include "cudnn/gate.hpp"
#include "cudnn/objects.hpp"

using namespace simt::cudnn;

namespace {

using Values = std::vector<double>;
using takt::reference::Problem;

// What was done with a reserve space.
constexpr double forward_done = 1234567, data_done = 7654321;

std::size_t at(std::int64_t n) {
  return static_cast<std::size_t>(n);
}

double read(const void* data, cudnnDataType_t type, std::int64_t n) {
  switch (type) {
    case CUDNN_DATA_DOUBLE: return static_cast<const double*>(data)[n];
    case CUDNN_DATA_HALF:
      return static_cast<double>(__half2float(static_cast<const __half*>(data)[n]));
    case CUDNN_DATA_BFLOAT16:
      return static_cast<double>(__bfloat162float(static_cast<const __nv_bfloat16*>(data)[n]));
    default: return static_cast<double>(static_cast<const float*>(data)[n]);
  }
}

void write(void* data, cudnnDataType_t type, std::int64_t n, double value) {
  switch (type) {
    case CUDNN_DATA_DOUBLE: static_cast<double*>(data)[n] = value; break;
    case CUDNN_DATA_HALF:
      static_cast<__half*>(data)[n] = __float2half(static_cast<float>(value));
      break;
    case CUDNN_DATA_BFLOAT16:
      static_cast<__nv_bfloat16*>(data)[n] = __float2bfloat16(static_cast<float>(value));
      break;
    default: static_cast<float*>(data)[n] = static_cast<float>(value);
  }
}

Values read_all(const void* data, cudnnDataType_t type, std::int64_t count) {
  Values values(at(count));
  for (std::int64_t n = 0; n < count; ++n) values[at(n)] = read(data, type, n);
  return values;
}

void write_all(void* data, cudnnDataType_t type, const Values& values) {
  for (std::size_t n = 0; n < values.size(); ++n)
    write(data, type, static_cast<std::int64_t>(n), values[n]);
}

/// A call's sizes and spaces, copied when it is enqueued.
struct Run {
  cudnnRNNStruct rnn;
  std::int64_t T, B;
  const std::int32_t* lengths;
  const void* weights;
  void* work;
  std::size_t work_size;
  double* reserve;

  Reserve places() const { return reserve_of(rnn, {rnn.type, T, B, rnn.I}); }
  std::int64_t G() const { return gates_of(rnn.cell); }

  /// In takt's order: W R bW bR.
  std::vector<Values> all_weights() const {
    std::vector<Values> all(4);
    for (std::int64_t number = 0; number < 2 * G(); ++number) {
      const Place place = place_of(rnn, number);
      const std::size_t half = number < G() ? 0 : 1;
      for (std::int64_t n = 0; n < place.matrix_size; ++n)
        all[half].push_back(read(weights, rnn.type, place.matrix + n));
      for (std::int64_t n = 0; n < rnn.H; ++n)
        all[2 + half].push_back(read(weights, rnn.type, place.bias + n));
    }
    return all;
  }

  Values x_of(const void* x) const { return read_all(x, rnn.type, T * B * rnn.I); }
  Values y_of(const void* y) const { return read_all(y, rnn.type, T * B * rnn.H); }
  /// Null is zero.
  Values state_of(const void* state) const {
    return state == nullptr || is_told("stateless", rnn.algorithm)
               ? Values(at(B * rnn.H))
               : read_all(state, rnn.type, B * rnn.H);
  }
  Values inner_state_of(const void* c) const {
    return rnn.cell == CUDNN_LSTM ? state_of(c) : Values();
  }

  /// Whether these are the values that forward kept in a place of the reserve space.
  bool kept(std::int64_t place, const Values& values) const {
    return std::equal(values.begin(), values.end(), reserve + place);
  }
  void keep(std::int64_t place, const Values& values) const {
    std::copy(values.begin(), values.end(), reserve + place);
  }

  Problem problem(const std::vector<Values>& all, const Values& x, const Values& h0,
                  const Values& c0) const {
    return {.cell = name_of(rnn.cell),
            .T = T,
            .B = B,
            .I = rnn.I,
            .H = rnn.H,
            .x = x.data(),
            .h0 = h0.data(),
            .c0 = c0.empty() ? nullptr : c0.data(),
            .W = all[0].data(),
            .R = all[1].data(),
            .bW = all[2].data(),
            .bR = all[3].data()};
  }

  /// Uses all of the work space, and looks at the lengths; what is written is `values` where those
  /// are right.
  Values finished(Values values) const {
    std::fill_n(static_cast<unsigned char*>(work), work_size, static_cast<unsigned char>(0xFF));
    for (std::int64_t b = 0; b < B; ++b)
      if (lengths[b] != T) spoil(values);
    return values;
  }
  static void spoil(Values& values) {
    std::fill(values.begin(), values.end(), std::numeric_limits<double>::quiet_NaN());
  }
};

/// Statuses of what every run checks.
cudnnStatus_t check(const Run& run, cudnnDataType_t type, std::size_t weight_size,
                    std::size_t work_size, std::size_t reserve_size, bool trains) {
  const cudnnRNNStruct& rnn = run.rnn;
  if (is_told("refuse", rnn.algorithm)) return CUDNN_STATUS_NOT_SUPPORTED;
  if (type != rnn.type) return CUDNN_STATUS_BAD_PARAM;
  if (rnn.algorithm == CUDNN_RNN_ALGO_PERSIST_DYNAMIC && rnn.built_for != run.B)
    return CUDNN_STATUS_BAD_PARAM;
  const std::size_t reserve = trains ? at(run.places().size) * sizeof(double) : 0;
  const std::size_t work = work_bytes(rnn, {rnn.type, run.T, run.B, rnn.I});
  if (weight_size < weight_bytes(rnn) || work_size < work || reserve_size < reserve)
    return CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT;
  const bool all_there = simt::is_device_memory(run.weights, weight_size) &&
                         simt::is_device_memory(run.work, work_size) &&
                         simt::is_device_memory(run.lengths, at(run.B) * sizeof(std::int32_t)) &&
                         (!trains || simt::is_device_memory(run.reserve, reserve_size));
  return all_there ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_BAD_PARAM;
}

cudnnStatus_t enqueue(cudnnHandle_t handle, std::function<void()> work) {
  return simt::enqueue_for_library(handle->stream, std::move(work)) ? CUDNN_STATUS_SUCCESS
                                                                    : CUDNN_STATUS_BAD_PARAM;
}

/// Whether something was added to gradients under "zeroed:1".
std::atomic<bool> has_added = false;

/// What is told of this one of all forwards, which it counts; whether the device is lost in it.
cudnnStatus_t count_forward(bool& loses_device) {
  static std::atomic<int> forwards = 0;
  const int n = ++forwards;
  if (told("throw_at") == n) throw std::runtime_error("what no status says");
  loses_device = told("lose_at") == n;
  return told("fail_at") == n ? CUDNN_STATUS_EXECUTION_FAILED : CUDNN_STATUS_SUCCESS;
}

void take_time(cudnnRNNAlgo_t algorithm) {
  if (told("fast") && !is_told("fast", algorithm))
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
}

}  // namespace

#define EMULATED extern "C" __attribute__((visibility("default")))

EMULATED cudnnStatus_t cudnnRNNForward(cudnnHandle_t handle, cudnnRNNDescriptor_t rnn,
                                       cudnnForwardMode_t mode, const int32_t* lengths,
                                       cudnnRNNDataDescriptor_t x_desc, const void* x,
                                       cudnnRNNDataDescriptor_t y_desc, void* y,
                                       cudnnTensorDescriptor_t, const void* h0, void* hT,
                                       cudnnTensorDescriptor_t, const void* c0, void* cT,
                                       size_t weight_size, const void* weights, size_t work_size,
                                       void* work, size_t reserve_size, void* reserve) {
  const bool trains = mode == CUDNN_FWD_MODE_TRAINING;
  const Run run{*rnn,    x_desc->T, x_desc->B, lengths,
                weights, work,      work_size, static_cast<double*>(reserve)};
  if (const auto status = check(run, x_desc->type, weight_size, work_size, reserve_size, trains))
    return status;
  if (x_desc->width != rnn->I || y_desc->width != rnn->H || y_desc->T != run.T)
    return CUDNN_STATUS_BAD_PARAM;
  bool loses_device = false;
  if (const auto status = count_forward(loses_device)) return status;
  return enqueue(handle, [=] {
    if (loses_device) return simt::lose_device();
    take_time(run.rnn.algorithm);
    const std::vector<Values> all = run.all_weights();
    const Values values = run.x_of(x), h = run.state_of(h0), c = run.inner_state_of(c0);
    takt::reference::Result result = takt::reference::forward(run.problem(all, values, h, c));
    if (is_told("wrong", run.rnn.algorithm)) result.y.back() += 1;
    if (has_added) Run::spoil(result.y);
    write_all(y, run.rnn.type, run.finished(result.y));
    const bool ends = !is_told("unfinished", run.rnn.algorithm);
    if (hT != nullptr && ends) write_all(hT, run.rnn.type, result.hT);
    if (cT != nullptr && ends) write_all(cT, run.rnn.type, result.cT);
    if (!trains) return;
    const Reserve places = run.places();
    run.reserve[places.mark] = forward_done;
    run.keep(places.x, values);
    run.keep(places.h0, h);
    run.keep(places.c0, c);
    run.keep(places.y, run.y_of(y));
  });
}

// Leaves the gradients of weights in the reserve space, for cudnnRNNBackwardWeights_v8.
EMULATED cudnnStatus_t cudnnRNNBackwardData_v8(
    cudnnHandle_t handle, cudnnRNNDescriptor_t rnn, const int32_t* lengths,
    cudnnRNNDataDescriptor_t y_desc, const void* y, const void* dy, cudnnRNNDataDescriptor_t,
    void* dx, cudnnTensorDescriptor_t, const void* h0, const void* dhT, void* dh0,
    cudnnTensorDescriptor_t, const void* c0, const void* dcT, void* dc0, size_t weight_size,
    const void* weights, size_t work_size, void* work, size_t reserve_size, void* reserve) {
  const Run run{*rnn,    y_desc->T, y_desc->B, lengths,
                weights, work,      work_size, static_cast<double*>(reserve)};
  if (const auto status = check(run, y_desc->type, weight_size, work_size, reserve_size, true))
    return status;
  for (const void* gradient :
       {dhT, static_cast<const void*>(dh0), dcT, static_cast<const void*>(dc0)})
    if (gradient != nullptr) return CUDNN_STATUS_NOT_SUPPORTED;  // not emulated
  return enqueue(handle, [=] {
    const Reserve places = run.places();
    const std::vector<Values> all = run.all_weights();
    const Values x(run.reserve + places.x, run.reserve + places.h0),
        upstream = run.y_of(dy), h = run.state_of(h0), c = run.inner_state_of(c0);
    takt::reference::Gradients found =
        takt::reference::backward(run.problem(all, x, h, c), {.dy = upstream.data()});
    if (run.reserve[places.mark] != forward_done || !run.kept(places.h0, h) ||
        !run.kept(places.c0, c) || !run.kept(places.y, run.y_of(y)))
      Run::spoil(found.dx);
    write_all(dx, run.rnn.type, run.finished(found.dx));
    double* to = run.reserve + places.gradients;
    for (const Values* each : {&found.dW, &found.dR, &found.dbW, &found.dbR})
      to = std::copy(each->begin(), each->end(), to);
    run.reserve[places.mark] = data_done;
  });
}

EMULATED cudnnStatus_t cudnnRNNBackwardWeights_v8(
    cudnnHandle_t handle, cudnnRNNDescriptor_t rnn, cudnnWgradMode_t mode, const int32_t* lengths,
    cudnnRNNDataDescriptor_t x_desc, const void* x, cudnnTensorDescriptor_t, const void* h0,
    cudnnRNNDataDescriptor_t, const void* y, size_t weight_size, void* gradients, size_t work_size,
    void* work, size_t reserve_size, void* reserve) {
  const Run run{*rnn,      x_desc->T, x_desc->B, lengths,
                gradients, work,      work_size, static_cast<double*>(reserve)};
  if (mode != CUDNN_WGRAD_MODE_ADD) return CUDNN_STATUS_NOT_SUPPORTED;
  if (const auto status = check(run, x_desc->type, weight_size, work_size, reserve_size, true))
    return status;
  if (is_told("undone", rnn->algorithm)) return CUDNN_STATUS_SUCCESS;
  return enqueue(handle, [=] {
    const Reserve places = run.places();
    const bool in_order = run.reserve[places.mark] == data_done &&
                          run.kept(places.x, run.x_of(x)) &&
                          run.kept(places.h0, run.state_of(h0)) && run.kept(places.y, run.y_of(y));
    const double* from = run.reserve + places.gradients;
    const auto is_zero = [](unsigned char byte) { return byte == 0; };
    const auto* const bytes = static_cast<const unsigned char*>(gradients);
    if (told("zeroed") && !std::all_of(bytes, bytes + weight_size, is_zero)) has_added = true;
    const auto add = [&](std::int64_t to, std::int64_t count) {
      for (std::int64_t n = to; n < to + count; ++n, ++from)
        write(gradients, run.rnn.type, n,
              in_order ? read(gradients, run.rnn.type, n) + *from
                       : std::numeric_limits<double>::quiet_NaN());
    };
    for (std::int64_t n = 0; n < 2 * run.G(); ++n)
      add(place_of(run.rnn, n).matrix, place_of(run.rnn, n).matrix_size);
    for (std::int64_t n = 0; n < 2 * run.G(); ++n) add(place_of(run.rnn, n).bias, run.rnn.H);
  });
}
