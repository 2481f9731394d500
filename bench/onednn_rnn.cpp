// oneDNN's RNN primitives on host memory.
#include "onednn_rnn.hpp"

#ifdef TAKT_HAVE_DNNL

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

/// Shapes of tensors, which are those of their gradients too. An initial state that is not given,
/// and its gradient, has none.
struct Descs {
  memory::desc x, h0, c0, hT, cT, W, R, bias, y;

  Descs(const Call& call, Tag weights) {
    const auto f32 = memory::data_type::f32;
    const auto [T, B, I, H] = std::tuple(call.T, call.B, call.I, call.H);
    const auto blocks = static_cast<std::int64_t>(call.bias.size()) / H;
    const auto G = static_cast<std::int64_t>(call.R.size()) / (H * H);
    x = {{T, B, I}, f32, Tag::tnc};
    y = {{T, B, H}, f32, Tag::tnc};
    hT = {{1, 1, B, H}, f32, Tag::ldnc};
    if (call.has_c) cT = hT;
    if (!call.h0.empty()) h0 = hT;
    if (!call.c0.empty()) c0 = hT;
    W = {{1, 1, I, G, H}, f32, weights};
    R = {{1, 1, H, G, H}, f32, weights};
    bias = {{1, 1, blocks, H}, f32, Tag::ldgo};
  }
};

constexpr auto gradients = dnnl::prop_kind::backward;

struct Lstm {
  using Forward = dnnl::lstm_forward;
  using Backward = dnnl::lstm_backward;
  Forward::desc forward(dnnl::prop_kind kind, dnnl::rnn_direction direction, const Descs& d) const {
    return {kind, direction, d.x, d.h0, d.c0, d.W, d.R, d.bias, d.y, d.hT, d.cT};
  }
  Backward::desc backward(dnnl::rnn_direction direction, const Descs& d) const {
    return {gradients, direction, d.x,  d.h0, d.c0, d.W, d.R,    d.bias, d.y,  d.hT,
            d.cT,      d.x,       d.h0, d.c0, d.W,  d.R, d.bias, d.y,    d.hT, d.cT};
  }
};

struct Gru {
  using Forward = dnnl::lbr_gru_forward;
  using Backward = dnnl::lbr_gru_backward;
  Forward::desc forward(dnnl::prop_kind kind, dnnl::rnn_direction direction, const Descs& d) const {
    return {kind, direction, d.x, d.h0, d.W, d.R, d.bias, d.y, d.hT};
  }
  Backward::desc backward(dnnl::rnn_direction direction, const Descs& d) const {
    return {gradients, direction, d.x,  d.h0, d.W, d.R,    d.bias, d.y,
            d.hT,      d.x,       d.h0, d.W,  d.R, d.bias, d.y,    d.hT};
  }
};

struct Vanilla {
  using Forward = dnnl::vanilla_rnn_forward;
  using Backward = dnnl::vanilla_rnn_backward;
  dnnl::algorithm activation;
  Forward::desc forward(dnnl::prop_kind kind, dnnl::rnn_direction direction, const Descs& d) const {
    return {kind, activation, direction, d.x, d.h0, d.W, d.R, d.bias, d.y, d.hT};
  }
  Backward::desc backward(dnnl::rnn_direction direction, const Descs& d) const {
    return {gradients, activation, direction, d.x, d.h0, d.W,    d.R, d.bias, d.y,
            d.hT,      d.x,        d.h0,      d.W, d.R,  d.bias, d.y, d.hT};
  }
};

}  // namespace

struct Rnn::Primitives {
  virtual ~Primitives() = default;
  virtual void run() = 0;
  virtual void clear_gradients() = 0;
  virtual Results results() = 0;
};

namespace {

/// What each primitive reads and writes, in oneDNN's own layouts where it prefers them.
template <class Kind>
class PrimitivesOf : public Rnn::Primitives {
 public:
  PrimitivesOf(const Kind& kind, const Call& call, Passes passes)
      : plain_(call, Tag::ldigo),
        engine_(dnnl::engine::kind::cpu, 0),
        stream_(engine_),
        has_c_(call.has_c) {
    const Descs any(call, Tag::any);
    const auto direction = call.reverse ? dnnl::rnn_direction::unidirectional_right2left
                                        : dnnl::rnn_direction::unidirectional_left2right;
    const auto pass = passes == Passes::inference ? dnnl::prop_kind::forward_inference
                                                  : dnnl::prop_kind::forward_training;
    const typename Kind::Forward::primitive_desc forward(kind.forward(pass, direction, any),
                                                         engine_);
    prepare_forward(forward, call, passes);
    if (passes != Passes::training) return;
    const typename Kind::Backward::primitive_desc backward(kind.backward(direction, any), engine_,
                                                           forward);
    prepare_backward(backward, call);
  }

  void run() override {
    forward_.execute(stream_, tensors_);
    if (!gradients_.empty()) backward_.execute(stream_, gradients_);
    stream_.wait();
  }

  void clear_gradients() override {
    if (gradients_.empty()) return;
    for (const int name :
         {DNNL_ARG_DIFF_WEIGHTS_LAYER, DNNL_ARG_DIFF_WEIGHTS_ITER, DNNL_ARG_DIFF_BIAS})
      clear(gradients_.at(name));
  }

  Results results() override {
    Results results;
    results.y = values(tensors_, DNNL_ARG_DST_LAYER);
    results.hT = values(tensors_, DNNL_ARG_DST_ITER);
    if (has_c_) results.cT = values(tensors_, DNNL_ARG_DST_ITER_C);
    if (gradients_.empty()) return results;
    results.dx = values(gradients_, DNNL_ARG_DIFF_SRC_LAYER);
    if (gradients_.contains(DNNL_ARG_DIFF_SRC_ITER))
      results.dh0 = values(gradients_, DNNL_ARG_DIFF_SRC_ITER);
    if (gradients_.contains(DNNL_ARG_DIFF_SRC_ITER_C))
      results.dc0 = values(gradients_, DNNL_ARG_DIFF_SRC_ITER_C);
    results.dW = values(reordered(gradients_.at(DNNL_ARG_DIFF_WEIGHTS_LAYER), plain_.W));
    results.dR = values(reordered(gradients_.at(DNNL_ARG_DIFF_WEIGHTS_ITER), plain_.R));
    results.dbias = values(gradients_, DNNL_ARG_DIFF_BIAS);
    return results;
  }

 private:
  /// Zeros where there are no values.
  memory filled(const memory::desc& desc, const std::vector<float>& given) {
    if (given.empty()) return zeros(desc);
    if (desc.get_size() != given.size() * sizeof(float))
      throw std::invalid_argument("a tensor of the call has the wrong size");
    memory made(desc, engine_);
    std::copy(given.begin(), given.end(), static_cast<float*>(made.get_data_handle()));
    return made;
  }

  memory zeros(const memory::desc& desc) {
    memory made(desc, engine_);
    clear(made);
    return made;
  }

  static void clear(const memory& all) {
    std::fill_n(static_cast<unsigned char*>(all.get_data_handle()), all.get_desc().get_size(),
                static_cast<unsigned char>(0));
  }

  memory reordered(memory from, const memory::desc& desc) {
    memory to(desc, engine_);
    dnnl::reorder(from, to).execute(stream_, from, to);
    stream_.wait();
    return to;
  }

  static std::vector<float> values(const memory& from) {
    const auto* data = static_cast<const float*>(from.get_data_handle());
    return {data, data + from.get_desc().get_size() / sizeof(float)};
  }
  static std::vector<float> values(const Arguments& all, int name) { return values(all.at(name)); }

  template <class PrimitiveDesc>
  void put_weights(Arguments& all, const PrimitiveDesc& desc, const Call& call) {
    all[DNNL_ARG_WEIGHTS_LAYER] = reordered(filled(plain_.W, call.W), desc.weights_layer_desc());
    all[DNNL_ARG_WEIGHTS_ITER] = reordered(filled(plain_.R, call.R), desc.weights_iter_desc());
  }

  void prepare_forward(const typename Kind::Forward::primitive_desc& desc, const Call& call,
                       Passes passes) {
    tensors_ = {{DNNL_ARG_SRC_LAYER, filled(plain_.x, call.x)},
                {DNNL_ARG_BIAS, filled(plain_.bias, call.bias)},
                {DNNL_ARG_DST_LAYER, zeros(plain_.y)},
                {DNNL_ARG_DST_ITER, zeros(plain_.hT)}};
    if (!call.h0.empty()) tensors_.emplace(DNNL_ARG_SRC_ITER, filled(plain_.h0, call.h0));
    if (!call.c0.empty()) tensors_.emplace(DNNL_ARG_SRC_ITER_C, filled(plain_.c0, call.c0));
    if (has_c_) tensors_.emplace(DNNL_ARG_DST_ITER_C, zeros(plain_.cT));
    if (passes != Passes::inference)
      tensors_.emplace(DNNL_ARG_WORKSPACE, zeros(desc.workspace_desc()));
    put_weights(tensors_, desc, call);
    forward_ = typename Kind::Forward(desc);
  }

  void prepare_backward(const typename Kind::Backward::primitive_desc& desc, const Call& call) {
    gradients_ = {{DNNL_ARG_DIFF_DST_LAYER, filled(plain_.y, call.dy)},
                  {DNNL_ARG_DIFF_DST_ITER, filled(plain_.hT, call.dhT)},
                  {DNNL_ARG_DIFF_SRC_LAYER, zeros(plain_.x)},
                  {DNNL_ARG_DIFF_WEIGHTS_LAYER, zeros(desc.diff_weights_layer_desc())},
                  {DNNL_ARG_DIFF_WEIGHTS_ITER, zeros(desc.diff_weights_iter_desc())},
                  {DNNL_ARG_DIFF_BIAS, zeros(plain_.bias)}};
    if (has_c_) gradients_.emplace(DNNL_ARG_DIFF_DST_ITER_C, filled(plain_.cT, call.dcT));
    if (!call.h0.empty()) gradients_.emplace(DNNL_ARG_DIFF_SRC_ITER, zeros(plain_.h0));
    if (!call.c0.empty()) gradients_.emplace(DNNL_ARG_DIFF_SRC_ITER_C, zeros(plain_.c0));
    put_weights(gradients_, desc, call);
    gradients_.insert(tensors_.begin(), tensors_.end());
    backward_ = typename Kind::Backward(desc);
  }

  Descs plain_;
  dnnl::engine engine_;
  dnnl::stream stream_;
  bool has_c_;
  typename Kind::Forward forward_;
  typename Kind::Backward backward_;
  Arguments tensors_, gradients_;
};

template <class Kind>
std::unique_ptr<Rnn::Primitives> prepare(const Kind& kind, const Call& call, Passes passes) {
  return std::make_unique<PrimitivesOf<Kind>>(kind, call, passes);
}

std::unique_ptr<Rnn::Primitives> prepare(std::string_view form, const Call& call, Passes passes) {
  if (form == "vanilla_lstm") return prepare(Lstm{}, call, passes);
  if (form == "lbr_gru") return prepare(Gru{}, call, passes);
  if (form == "vanilla_rnn tanh")
    return prepare(Vanilla{dnnl::algorithm::eltwise_tanh}, call, passes);
  if (form == "vanilla_rnn relu")
    return prepare(Vanilla{dnnl::algorithm::eltwise_relu}, call, passes);
  throw std::invalid_argument("oneDNN's '" + std::string(form) + "' has no run here");
}

}  // namespace

Rnn::Rnn(std::string_view form, const Call& call, Passes passes)
    : primitives_(prepare(form, call, passes)) {}
Rnn::Rnn(Rnn&&) noexcept = default;
Rnn& Rnn::operator=(Rnn&&) noexcept = default;
Rnn::~Rnn() = default;

void Rnn::run() {
  primitives_->run();
}
void Rnn::clear_gradients() {
  primitives_->clear_gradients();
}
Results Rnn::results() const {
  return primitives_->results();
}

std::string version() {
  const dnnl_version_t& found = *dnnl_version();
  return std::to_string(found.major) + "." + std::to_string(found.minor) + "." +
         std::to_string(found.patch);
}

void use_threads(int threads) {
  static const auto set_threads =
      reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
  if (set_threads != nullptr) set_threads(threads);
}

}  // namespace takt::onednn
#endif
