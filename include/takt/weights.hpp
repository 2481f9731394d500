// Weights: a view of the caller's parameters, and arrays that own some.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include <takt/array.hpp>
#include <takt/data.hpp>
#include <takt/device.hpp>
#include <takt/error.hpp>
#include <takt/spec.hpp>

namespace takt {

/// The tensors of one layer and direction, row-major, gate-blocked in the order of the cell
/// (PyTorch's and cuDNN's), each its own tensor, read where it lies.
template <class PointerType>
struct LayerTensors {
  PointerType W{};     ///< [G*H, I] input weights; null where the input is precomputed
  PointerType R{};     ///< [G*H, H] recurrent weights
  PointerType bW{};    ///< [G*H] bias beside W x; null where the spec has none
  PointerType bR{};    ///< [G*H] bias beside R h; null where the spec has none
  PointerType Wp{};    ///< [P, H] projection; null where the spec has none
  PointerType unit{};  ///< [U, H] parameters of each unit; null where the cell has none
};
using LayerWeights = LayerTensors<ConstPointer>;
using LayerGradients = LayerTensors<Pointer>;

/// A short list of layers, held in place so that passing weights allocates nothing. Order:
/// layer 0 forward, layer 0 reverse (where there is one), layer 1 forward, ...
/// More than `capacity` layers are viewed where they lie: they must outlive the call.
template <class Layer>
class LayerList {
 public:
  static constexpr std::size_t capacity = 8;

  constexpr LayerList() noexcept = default;
  constexpr LayerList(std::initializer_list<Layer> layers) {
    if (layers.size() > capacity)
      throw ArgumentError("LayerList", "layers",
                          "'layers' has more than " + std::to_string(capacity) +
                              " in braces; pass a std::span of them");
    for (const Layer& layer : layers) inline_[size_++] = layer;
  }
  constexpr LayerList(std::span<const Layer> layers) noexcept  // NOLINT
      : outside_(layers.size() > capacity ? layers.data() : nullptr), size_(layers.size()) {
    for (std::size_t l = 0; l < size_ && outside_ == nullptr; ++l) inline_[l] = layers[l];
  }

  constexpr std::size_t size() const noexcept { return size_; }
  constexpr const Layer& operator[](std::size_t l) const noexcept {
    return outside_ != nullptr ? outside_[l] : inline_[l];
  }

 private:
  std::array<Layer, capacity> inline_{};
  const Layer* outside_ = nullptr;
  std::size_t size_ = 0;
};
using Weights = LayerList<LayerWeights>;
using WeightGradients = LayerList<LayerGradients>;

/// Initialisers for `make_weights`. Values are functions of (seed, position), the same in R and the
/// biases whether or not there is a W.
struct Zeros {};
struct Uniform {
  std::uint64_t seed = 0;
  double bound = 0;  ///< values lie in [-bound, bound); 0 stands for 1 / sqrt(H), as in PyTorch
};

/// Owns the tensors of a spec, for weights and for their gradients alike. Copies share the memory.
class TAKT_API WeightArrays {
 public:
  /// One layer and direction: the arrays, and where each tensor lies.
  struct Layer {
    std::vector<Array> arrays;
    LayerGradients tensors;
  };

  explicit WeightArrays(std::vector<Layer> layers);

  std::span<const LayerWeights> layers() const& noexcept { return weights_; }
  std::span<const LayerGradients> layers() & noexcept { return gradients_; }
  std::span<const LayerWeights> layers() const&& = delete;
  /// Handles to all tensors of all layers, in the order W R bW bR of those that exist.
  std::vector<Array> arrays() const { return arrays_; }

  // Not of a temporary: its memory would be gone before the work is done.
  operator Weights() const& noexcept { return layers(); }     // NOLINT(google-explicit-constructor)
  operator WeightGradients() & noexcept { return layers(); }  // NOLINT(google-explicit-constructor)
  operator Weights() const&& = delete;
  operator Weights() && = delete;
  operator WeightGradients() && = delete;

 private:
  std::vector<Array> arrays_;
  std::vector<LayerWeights> weights_;
  std::vector<LayerGradients> gradients_;
};

/// Throws ArgumentError for a spec that no device takes.
TAKT_API WeightArrays make_weights(const RnnSpec& spec, const Device& device, Uniform init);
TAKT_API WeightArrays make_weights(const RnnSpec& spec, const Device& device, Zeros init = {});

}  // namespace takt
