// The model: its sizes, its parameters by name, and one array that holds them all.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <takt/takt.hpp>

namespace language_model {

/// embedding [256,E] -> L stacked layers of H units -> output [256,H] and a bias -> softmax.
struct ModelSizes {
  std::string cell = "gru";     ///< one of takt::known_cells()
  std::int64_t embedding = 64;  ///< E
  std::int64_t hidden = 128;    ///< H
  std::int64_t layers = 1;      ///< L
  friend bool operator==(const ModelSizes&, const ModelSizes&) = default;
};

/// "lstm E=32 H=128 L=1".
std::string to_string(const ModelSizes& sizes);

/// What takt is asked for in layer l.
takt::RnnSpec layer_spec(const ModelSizes& sizes, std::int64_t layer,
                         takt::DataType type = takt::DataType::f32);

/// What a parameter is to training.
enum class Role { embedding, input, recurrent, bias, forget_bias, output };

struct Parameter {
  std::string name;  ///< PyTorch's: what its Embedding, LSTM and Linear call it
  std::vector<std::int64_t> shape;
  Role role;
  std::int64_t offset;  ///< of its first element in `Parameters::values`
  std::int64_t size;    ///< elements
};

/// All parameters, in the order in which they lie in memory, each from a multiple of 64 elements.
std::vector<Parameter> parameters_of(const ModelSizes& sizes);

/// Values for all parameters of a model, or their gradients, or anything else of which there is one
/// for each. Copies share the memory.
class Parameters {
 public:
  Parameters(const ModelSizes& sizes, const takt::Device& device,
             takt::DataType type = takt::DataType::f32);

  const ModelSizes& sizes() const noexcept { return sizes_; }
  std::span<const Parameter> list() const noexcept { return list_; }
  /// All of them, with gaps that are 0.
  takt::Array& values() noexcept { return values_; }
  const takt::Array& values() const noexcept { return values_; }

  takt::ConstPointer at(const Parameter& parameter) const noexcept;
  takt::Pointer at(const Parameter& parameter) noexcept;

  takt::ConstPointer embedding() const noexcept { return at(list_.front()); }
  takt::Pointer embedding() noexcept { return at(list_.front()); }
  takt::LayerWeights layer(std::int64_t l) const noexcept;
  takt::LayerGradients layer(std::int64_t l) noexcept;
  takt::ConstPointer output() const noexcept { return at(list_[list_.size() - 2]); }
  takt::Pointer output() noexcept { return at(list_[list_.size() - 2]); }
  takt::ConstPointer output_bias() const noexcept { return at(list_.back()); }
  takt::Pointer output_bias() noexcept { return at(list_.back()); }

 private:
  ModelSizes sizes_;
  std::vector<Parameter> list_;
  takt::Array values_;
};

}  // namespace language_model
