// Runs one layer and direction of oneDNN's RNN primitives, forward and backward, in f32.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace takt::onednn {

/// Weights and biases as oneDNN stores them: ldigo and ldgo, of one layer and direction.
struct Call {
  std::int64_t T = 0, B = 0, I = 0, H = 0;
  bool reverse = false;
  std::vector<float> x;           ///< [T,B,I]
  std::vector<float> h0, c0;      ///< [B,H]; c0 is empty where the primitive has none
  std::vector<float> W, R, bias;  ///< [I,G,H], [H,G,H], [blocks,H]
  std::vector<float> dy;          ///< [T,B,H]
  std::vector<float> dhT, dcT;    ///< [B,H]; dcT is empty where the primitive has none
};

/// In the shapes of what they belong to.
struct Results {
  std::vector<float> y, hT, cT;
  std::vector<float> dx, dh0, dc0, dW, dR, dbias;
};

/// `form` is a form of system "onednn" in the table of dialects. Throws std::invalid_argument for
/// one that this does not run, dnnl::error where oneDNN refuses the call.
Results run(std::string_view form, const Call& call);

}  // namespace takt::onednn
