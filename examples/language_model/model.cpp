// Names, shapes and places of parameters.
#include "model.hpp"

#include "text.hpp"

namespace language_model {
namespace {

/// Elements; whole cache lines of floats, and what GPUs load at a time.
constexpr std::int64_t alignment = 64;

std::int64_t size_of_all(const std::vector<Parameter>& list) {
  return list.empty() ? 0 : list.back().offset + list.back().size;
}

std::int64_t aligned(std::int64_t offset) {
  return (offset + alignment - 1) / alignment * alignment;
}

void add(std::vector<Parameter>& list, std::string name, std::vector<std::int64_t> shape,
         Role role) {
  std::int64_t size = 1;
  for (const std::int64_t extent : shape) size *= extent;
  list.push_back({std::move(name), std::move(shape), role, aligned(size_of_all(list)), size});
}

/// The parameters of a layer, after the embedding: W, R, bW, bR.
constexpr std::size_t parameters_per_layer = 4;
std::size_t first_of_layer(std::int64_t l) {
  return 1 + parameters_per_layer * static_cast<std::size_t>(l);
}

}  // namespace

std::string to_string(const ModelSizes& sizes) {
  return sizes.cell + " E=" + std::to_string(sizes.embedding) +
         " H=" + std::to_string(sizes.hidden) + " L=" + std::to_string(sizes.layers);
}

takt::RnnSpec layer_spec(const ModelSizes& sizes, std::int64_t layer, takt::DataType type) {
  return {.cell = sizes.cell,
          .input_size = layer == 0 ? sizes.embedding : sizes.hidden,
          .hidden_size = sizes.hidden,
          .type = type};
}

std::vector<Parameter> parameters_of(const ModelSizes& sizes) {
  const std::int64_t H = sizes.hidden, G = takt::find_cell(sizes.cell).gates;
  std::vector<Parameter> list;
  add(list, "embedding.weight", {byte_values, sizes.embedding}, Role::embedding);
  for (std::int64_t l = 0; l < sizes.layers; ++l) {
    const std::string layer = "_l" + std::to_string(l);
    const Role bias = sizes.cell == "lstm" ? Role::forget_bias : Role::bias;
    add(list, "rnn.weight_ih" + layer, {G * H, layer_spec(sizes, l).input_size}, Role::input);
    add(list, "rnn.weight_hh" + layer, {G * H, H}, Role::recurrent);
    add(list, "rnn.bias_ih" + layer, {G * H}, bias);
    add(list, "rnn.bias_hh" + layer, {G * H}, Role::bias);
  }
  add(list, "output.weight", {byte_values, H}, Role::output);
  add(list, "output.bias", {byte_values}, Role::bias);
  return list;
}

Parameters::Parameters(const ModelSizes& sizes, const takt::Device& device, takt::DataType type)
    : sizes_(sizes), list_(parameters_of(sizes)), values_(device, {size_of_all(list_)}, type) {}

takt::ConstPointer Parameters::at(const Parameter& parameter) const noexcept {
  const auto* start = static_cast<const std::byte*>(values_.data());
  return {start + parameter.offset * static_cast<std::int64_t>(takt::size_of(values_.type())),
          values_.type(), parameter.size, values_.device().place()};
}

takt::Pointer Parameters::at(const Parameter& parameter) noexcept {
  auto* start = static_cast<std::byte*>(values_.data());
  return {start + parameter.offset * static_cast<std::int64_t>(takt::size_of(values_.type())),
          values_.type(), parameter.size, values_.device().place()};
}

takt::LayerWeights Parameters::layer(std::int64_t l) const noexcept {
  const Parameter* first = &list_[first_of_layer(l)];
  return {.W = at(first[0]), .R = at(first[1]), .bW = at(first[2]), .bR = at(first[3])};
}

takt::LayerGradients Parameters::layer(std::int64_t l) noexcept {
  const Parameter* first = &list_[first_of_layer(l)];
  return {.W = at(first[0]), .R = at(first[1]), .bW = at(first[2]), .bR = at(first[3])};
}

}  // namespace language_model
