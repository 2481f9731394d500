// One layer and direction of oneDNN's RNN primitives in f32, prepared once and run again and again.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace takt::onednn {

enum class Passes : std::uint8_t { inference, training_forward, training };

/// Weights and biases as oneDNN stores them: ldigo and ldgo, of one layer and direction.
struct Call {
  std::int64_t T = 0, B = 0, I = 0, H = 0;
  bool reverse = false;
  bool has_c = false;             ///< the primitive has a cell state
  std::vector<float> x;           ///< [T,B,I]
  std::vector<float> h0, c0;      ///< [B,H]; empty: zero
  std::vector<float> W, R, bias;  ///< [I,G,H], [H,G,H], [blocks,H]
  std::vector<float> dy;          ///< [T,B,H], in training; so are
  std::vector<float> dhT, dcT;    ///< [B,H]; empty: zero
};

/// In the shapes of what they belong to; empty where there is none.
struct Results {
  std::vector<float> y, hT, cT;
  std::vector<float> dx, dh0, dc0, dW, dR, dbias;
};

class Rnn {
 public:
  /// `form` is oneDNN's name of the primitive, with its activation: "vanilla_lstm", "lbr_gru",
  /// "vanilla_rnn tanh", "vanilla_rnn relu". Weights are brought into the layouts that the
  /// primitives ask for. Throws std::invalid_argument for another form or tensors of wrong sizes,
  /// dnnl::error where oneDNN refuses the problem.
  Rnn(std::string_view form, const Call& call, Passes passes);
  Rnn(Rnn&&) noexcept;
  Rnn& operator=(Rnn&&) noexcept;
  ~Rnn();

  /// Runs the passes and waits. oneDNN adds the gradients of weights to those of the runs before.
  void run();
  /// Sets the gradients of weights to zero.
  void clear_gradients();
  Results results() const;

  struct Primitives;

 private:
  std::unique_ptr<Primitives> primitives_;
};

/// "2.6.3".
std::string version();

/// How many threads oneDNN's calls from this thread may use, where it runs on OpenMP.
void use_threads(int threads);

}  // namespace takt::onednn
