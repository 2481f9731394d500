// oneDNN beside takt on the CPU: the same weights in its order of gates.
#include "peer_onednn.hpp"

#ifndef TAKT_HAVE_DNNL

namespace takt::bench {

std::string onednn_version() {
  return "";
}
std::string onednn_missing() {
  return "built without oneDNN: the Debian package libdnnl-dev was not found";
}
std::unique_ptr<Peer> prepare_onednn(const Problem&, const Agrees&) {
  throw PeerRefusal(onednn_missing());
}

}  // namespace takt::bench

#else

#include <algorithm>
#include <oneapi/dnnl/dnnl.hpp>

#include "onednn_rnn.hpp"

namespace takt::bench {
namespace {

using Floats = std::vector<float>;

/// How oneDNN stores a cell. Its formulas are takt's.
struct Form {
  std::string_view cell, form;
  std::vector<std::int64_t> gates;  ///< takt's number of each of its gates
  /// The gates whose biases it keeps apart: bW in the gate's block, bR in one after all gates.
  std::vector<std::int64_t> apart = {};
};

const Form* form_of(std::string_view cell) {
  static const std::vector<Form> forms = {{"rnn_tanh", "vanilla_rnn tanh", {0}},
                                          {"rnn_relu", "vanilla_rnn relu", {0}},
                                          {"lstm", "vanilla_lstm", {0, 1, 2, 3}},
                                          {"gru", "lbr_gru", {1, 0, 2}, {2}}};
  for (const Form& form : forms)
    if (form.cell == cell) return &form;
  return nullptr;
}

std::size_t at(std::int64_t index) {
  return static_cast<std::size_t>(index);
}

/// [G*H,K] to [K,G,H].
Floats transposed(const Floats& matrix, const Form& form, std::int64_t K, std::int64_t H) {
  const auto G = static_cast<std::int64_t>(form.gates.size());
  Floats result(matrix.size());
  for (std::int64_t g = 0; g < G; ++g)
    for (std::int64_t j = 0; j < H; ++j)
      for (std::int64_t k = 0; k < K; ++k)
        result[at((k * G + g) * H + j)] = matrix[at((form.gates[at(g)] * H + j) * K + k)];
  return result;
}

/// The way back: [K,G,H] to [G*H,K].
std::vector<double> as_takt(const Floats& matrix, const Form& form, std::int64_t K,
                            std::int64_t H) {
  const auto G = static_cast<std::int64_t>(form.gates.size());
  std::vector<double> result(matrix.size());
  for (std::int64_t g = 0; g < G; ++g)
    for (std::int64_t j = 0; j < H; ++j)
      for (std::int64_t k = 0; k < K; ++k)
        result[at((form.gates[at(g)] * H + j) * K + k)] =
            static_cast<double>(matrix[at((k * G + g) * H + j)]);
  return result;
}

Floats biases(const Floats& bW, const Floats& bR, const Form& form, std::int64_t H) {
  Floats result;
  const auto is_apart = [&](std::int64_t gate) {
    return std::find(form.apart.begin(), form.apart.end(), gate) != form.apart.end();
  };
  for (const std::int64_t gate : form.gates)
    for (std::int64_t j = gate * H; j < (gate + 1) * H; ++j)
      result.push_back(is_apart(gate) ? bW[at(j)] : bW[at(j)] + bR[at(j)]);
  for (const std::int64_t gate : form.apart)
    result.insert(result.end(), bR.begin() + gate * H, bR.begin() + (gate + 1) * H);
  return result;
}

/// Of bW, or of bR: a sum of both has one gradient, which is that of either.
std::vector<double> bias_gradient(const Floats& blocks, const Form& form, std::int64_t H,
                                  bool of_R) {
  std::vector<double> result(form.gates.size() * at(H));
  const auto copy = [&](std::size_t block, std::int64_t gate) {
    std::copy_n(blocks.begin() + static_cast<std::int64_t>(block) * H, H,
                result.begin() + gate * H);
  };
  for (std::size_t g = 0; g < form.gates.size(); ++g) copy(g, form.gates[g]);
  if (of_R)
    for (std::size_t n = 0; n < form.apart.size(); ++n) copy(form.gates.size() + n, form.apart[n]);
  return result;
}

onednn::Passes passes_of(Timed timed) {
  switch (timed) {
    case Timed::inference: return onednn::Passes::inference;
    case Timed::training_forward: return onednn::Passes::training_forward;
    case Timed::training: break;
  }
  return onednn::Passes::training;
}

onednn::Call call_of(const Problem& problem, const Form& form) {
  const Shape& shape = problem.shape();
  const auto host = [&](const Array& array) { return to_host(array, problem.stream()); };
  const std::vector<Array>& weights = problem.weights().arrays();
  onednn::Call call;
  call.T = shape.T;
  call.B = shape.B;
  call.I = shape.I;
  call.H = shape.H;
  call.has_c = find_cell(shape.cell).inner_states() > 0;
  call.x = host(problem.x());
  call.h0 = host(problem.h0());
  call.c0 = host(problem.c0());
  call.W = transposed(host(weights[0]), form, shape.I, shape.H);
  call.R = transposed(host(weights[1]), form, shape.H, shape.H);
  call.bias = biases(host(weights[2]), host(weights[3]), form, shape.H);
  call.dy = host(problem.dy());
  return call;
}

class OneDnn : public Peer {
 public:
  OneDnn(const Problem& problem, const Form& form)
      : shape_(problem.shape()),
        form_(form),
        threads_(problem.plan().device().threads()),
        rnn_((onednn::use_threads(threads_), form.form), call_of(problem, form),
             passes_of(problem.shape().timed)) {}

  void enqueue() override { rnn_.run(); }

  /// Of one more run in training: oneDNN adds the gradients of weights to those of the runs before.
  std::vector<PeerTensor> results() override {
    if (shape_.has_backward()) {
      rnn_.clear_gradients();
      rnn_.run();
    }
    const onednn::Results results = rnn_.results();
    std::vector<PeerTensor> tensors;
    const auto add = [&](const char* name, const Floats& values) {
      if (!values.empty()) tensors.push_back({name, {values.begin(), values.end()}});
    };
    add("y", results.y);
    add("hT", results.hT);
    add("cT", results.cT);
    add("dx", results.dx);
    if (!shape_.has_backward()) return tensors;
    tensors.push_back({"dW", as_takt(results.dW, form_, shape_.I, shape_.H)});
    tensors.push_back({"dR", as_takt(results.dR, form_, shape_.H, shape_.H)});
    tensors.push_back({"dbW", bias_gradient(results.dbias, form_, shape_.H, false)});
    tensors.push_back({"dbR", bias_gradient(results.dbias, form_, shape_.H, true)});
    return tensors;
  }

 private:
  const Shape& shape_;
  const Form& form_;
  int threads_;
  onednn::Rnn rnn_;
};

}  // namespace

std::string onednn_version() {
  return onednn::version();
}

std::string onednn_missing() {
  return "";
}

std::unique_ptr<Peer> prepare_onednn(const Problem& problem, const Agrees&) {
  const Shape& shape = problem.shape();
  const Form* const form = form_of(shape.cell);
  if (form == nullptr) throw PeerRefusal("oneDNN has no " + shape.cell);
  if (shape.type != DataType::f32)
    throw PeerRefusal("oneDNN is measured in f32 only, not in " +
                      std::string(precision_name(shape)));
  try {
    return std::make_unique<OneDnn>(problem, *form);
  } catch (const dnnl::error& error) {
    throw PeerRefusal(std::string("oneDNN refused: ") + error.what());
  }
}

}  // namespace takt::bench

#endif
