// oneDNN's RNN primitives on host memory.
#ifdef TAKT_HAVE_DNNL
#include "onednn_rnn.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <cstddef>
#include <oneapi/dnnl/dnnl.hpp>
#include <stdexcept>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace takt::onednn {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;
using Arguments = std::unordered_map<int, memory>;

/// Shapes of tensors, which are those of their gradients too.
struct Descs {
  memory::desc x, h, c, W, R, bias, y;

  Descs(const Call& call, Tag weights) {
    const auto f32 = memory::data_type::f32;
    const auto [T, B, I, H] = std::tuple(call.T, call.B, call.I, call.H);
    const auto blocks = static_cast<std::int64_t>(call.bias.size()) / H;
    const auto G = static_cast<std::int64_t>(call.R.size()) / (H * H);
    x = {{T, B, I}, f32, Tag::tnc};
    y = {{T, B, H}, f32, Tag::tnc};
    h = {{1, 1, B, H}, f32, Tag::ldnc};
    if (!call.c0.empty()) c = h;
    W = {{1, 1, I, G, H}, f32, weights};
    R = {{1, 1, H, G, H}, f32, weights};
    bias = {{1, 1, blocks, H}, f32, Tag::ldgo};
  }
};

constexpr auto training = dnnl::prop_kind::forward_training;
constexpr auto gradients = dnnl::prop_kind::backward;

struct Lstm {
  using Forward = dnnl::lstm_forward;
  using Backward = dnnl::lstm_backward;
  Forward::desc forward(dnnl::rnn_direction direction, const Descs& d) const {
    return {training, direction, d.x, d.h, d.c, d.W, d.R, d.bias, d.y, d.h, d.c};
  }
  Backward::desc backward(dnnl::rnn_direction direction, const Descs& d) const {
    return {gradients, direction, d.x, d.h, d.c, d.W, d.R,    d.bias, d.y, d.h,
            d.c,       d.x,       d.h, d.c, d.W, d.R, d.bias, d.y,    d.h, d.c};
  }
};

struct Gru {
  using Forward = dnnl::lbr_gru_forward;
  using Backward = dnnl::lbr_gru_backward;
  Forward::desc forward(dnnl::rnn_direction direction, const Descs& d) const {
    return {training, direction, d.x, d.h, d.W, d.R, d.bias, d.y, d.h};
  }
  Backward::desc backward(dnnl::rnn_direction direction, const Descs& d) const {
    return {gradients, direction, d.x, d.h, d.W, d.R,    d.bias, d.y,
            d.h,       d.x,       d.h, d.W, d.R, d.bias, d.y,    d.h};
  }
};

struct Rnn {
  using Forward = dnnl::vanilla_rnn_forward;
  using Backward = dnnl::vanilla_rnn_backward;
  dnnl::algorithm activation;
  Forward::desc forward(dnnl::rnn_direction direction, const Descs& d) const {
    return {training, activation, direction, d.x, d.h, d.W, d.R, d.bias, d.y, d.h};
  }
  Backward::desc backward(dnnl::rnn_direction direction, const Descs& d) const {
    return {gradients, activation, direction, d.x, d.h, d.W,    d.R, d.bias, d.y,
            d.h,       d.x,        d.h,       d.W, d.R, d.bias, d.y, d.h};
  }
};

/// One call: what each primitive reads and writes, in oneDNN's own layouts where it prefers them.
template <class Kind>
class Run {
 public:
  Run(const Kind& kind, const Call& call)
      : plain_(call, Tag::ldigo),
        engine_(dnnl::engine::kind::cpu, 0),
        stream_(engine_),
        has_c_(!call.c0.empty()) {
    const Descs any(call, Tag::any);
    const auto direction = call.reverse ? dnnl::rnn_direction::unidirectional_right2left
                                        : dnnl::rnn_direction::unidirectional_left2right;
    const typename Kind::Forward::primitive_desc forward(kind.forward(direction, any), engine_);
    const typename Kind::Backward::primitive_desc backward(kind.backward(direction, any), engine_,
                                                           forward);
    run_forward(forward, call);
    run_backward(backward, call);
  }

  Results results() { return std::move(results_); }

 private:
  memory filled(const memory::desc& desc, const std::vector<float>& values) {
    if (desc.get_size() != values.size() * sizeof(float))
      throw std::invalid_argument("a tensor of the call has the wrong size");
    memory made(desc, engine_);
    std::copy(values.begin(), values.end(), static_cast<float*>(made.get_data_handle()));
    return made;
  }

  memory zeros(const memory::desc& desc) {
    memory made(desc, engine_);
    std::fill_n(static_cast<unsigned char*>(made.get_data_handle()), desc.get_size(),
                static_cast<unsigned char>(0));
    return made;
  }

  memory reordered(memory from, const memory::desc& desc) {
    memory to(desc, engine_);
    dnnl::reorder(from, to).execute(stream_, from, to);
    stream_.wait();
    return to;
  }

  std::vector<float> values(const memory& from) {
    const auto* data = static_cast<const float*>(from.get_data_handle());
    return {data, data + from.get_desc().get_size() / sizeof(float)};
  }

  void run_forward(const typename Kind::Forward::primitive_desc& desc, const Call& call) {
    tensors_ = {{DNNL_ARG_SRC_LAYER, filled(plain_.x, call.x)},
                {DNNL_ARG_SRC_ITER, filled(plain_.h, call.h0)},
                {DNNL_ARG_BIAS, filled(plain_.bias, call.bias)},
                {DNNL_ARG_DST_LAYER, zeros(plain_.y)},
                {DNNL_ARG_DST_ITER, zeros(plain_.h)},
                {DNNL_ARG_WORKSPACE, zeros(desc.workspace_desc())}};
    if (has_c_) {
      tensors_.emplace(DNNL_ARG_SRC_ITER_C, filled(plain_.c, call.c0));
      tensors_.emplace(DNNL_ARG_DST_ITER_C, zeros(plain_.c));
    }
    put_weights(desc, call);
    typename Kind::Forward(desc).execute(stream_, tensors_);
    stream_.wait();
    results_.y = values(tensors_.at(DNNL_ARG_DST_LAYER));
    results_.hT = values(tensors_.at(DNNL_ARG_DST_ITER));
    if (has_c_) results_.cT = values(tensors_.at(DNNL_ARG_DST_ITER_C));
  }

  template <class PrimitiveDesc>
  void put_weights(const PrimitiveDesc& desc, const Call& call) {
    tensors_[DNNL_ARG_WEIGHTS_LAYER] =
        reordered(filled(plain_.W, call.W), desc.weights_layer_desc());
    tensors_[DNNL_ARG_WEIGHTS_ITER] = reordered(filled(plain_.R, call.R), desc.weights_iter_desc());
  }

  /// Gradients of weights are added to what is there, so they start as zeros.
  void run_backward(const typename Kind::Backward::primitive_desc& desc, const Call& call) {
    Arguments all = {{DNNL_ARG_DIFF_DST_LAYER, filled(plain_.y, call.dy)},
                     {DNNL_ARG_DIFF_DST_ITER, filled(plain_.h, call.dhT)},
                     {DNNL_ARG_DIFF_SRC_LAYER, zeros(plain_.x)},
                     {DNNL_ARG_DIFF_SRC_ITER, zeros(plain_.h)},
                     {DNNL_ARG_DIFF_WEIGHTS_LAYER, zeros(desc.diff_weights_layer_desc())},
                     {DNNL_ARG_DIFF_WEIGHTS_ITER, zeros(desc.diff_weights_iter_desc())},
                     {DNNL_ARG_DIFF_BIAS, zeros(plain_.bias)}};
    if (has_c_) {
      all.emplace(DNNL_ARG_DIFF_DST_ITER_C, filled(plain_.c, call.dcT));
      all.emplace(DNNL_ARG_DIFF_SRC_ITER_C, zeros(plain_.c));
    }
    put_weights(desc, call);
    all.insert(tensors_.begin(), tensors_.end());
    typename Kind::Backward(desc).execute(stream_, all);
    stream_.wait();
    results_.dx = values(all.at(DNNL_ARG_DIFF_SRC_LAYER));
    results_.dh0 = values(all.at(DNNL_ARG_DIFF_SRC_ITER));
    if (has_c_) results_.dc0 = values(all.at(DNNL_ARG_DIFF_SRC_ITER_C));
    results_.dW = values(reordered(all.at(DNNL_ARG_DIFF_WEIGHTS_LAYER), plain_.W));
    results_.dR = values(reordered(all.at(DNNL_ARG_DIFF_WEIGHTS_ITER), plain_.R));
    results_.dbias = values(all.at(DNNL_ARG_DIFF_BIAS));
  }

  Descs plain_;
  dnnl::engine engine_;
  dnnl::stream stream_;
  bool has_c_;
  Arguments tensors_;
  Results results_;
};

/// Threads of OpenMP wait for each other by spinning: where the machine is busy, calls as small as
/// these take a hundred times as long on two threads as on one.
void use_one_thread() {
  static const auto set_threads =
      reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
  if (set_threads != nullptr) set_threads(1);
}

template <class Kind>
Results run_kind(const Kind& kind, const Call& call) {
  return Run<Kind>(kind, call).results();
}

}  // namespace

Results run(std::string_view form, const Call& call) {
  use_one_thread();
  if (form == "vanilla_lstm") return run_kind(Lstm{}, call);
  if (form == "lbr_gru") return run_kind(Gru{}, call);
  if (form == "vanilla_rnn tanh") return run_kind(Rnn{dnnl::algorithm::eltwise_tanh}, call);
  if (form == "vanilla_rnn relu") return run_kind(Rnn{dnnl::algorithm::eltwise_relu}, call);
  throw std::invalid_argument("oneDNN's '" + std::string(form) + "' has no run here");
}

}  // namespace takt::onednn
#endif
