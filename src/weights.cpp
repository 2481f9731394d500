// Arrays that own the tensors of a spec.
#include <takt/weights.hpp>

#include <cmath>

#include "device.hpp"
#include "plan.hpp"
#include "say.hpp"

namespace takt {

WeightArrays::WeightArrays(std::vector<Layer> layers) {
  for (Layer& layer : layers) {
    const LayerGradients& tensors = layer.tensors;
    gradients_.push_back(tensors);
    weights_.push_back({tensors.W, tensors.R, tensors.bW, tensors.bR, tensors.Wp, tensors.unit});
    for (Array& array : layer.arrays) arrays_.push_back(std::move(array));
  }
}

WeightArrays make_weights(const RnnSpec& spec, const Device& device, Zeros) {
  const CellInfo& cell = check_spec("make_weights", spec);
  const std::int64_t I = spec.input_size, H = spec.hidden_size, GH = cell.gates * H;
  WeightArrays::Layer layer;
  layer.arrays.reserve(4);
  const auto add = [&](std::vector<std::int64_t> shape) -> Pointer {
    return layer.arrays.emplace_back(device, std::move(shape), spec.type);
  };
  if (spec.input == InputMode::product) layer.tensors.W = add({GH, I});
  layer.tensors.R = add({GH, H});
  if (has_input_bias(spec.bias)) layer.tensors.bW = add({GH});
  if (has_recurrent_bias(spec.bias)) layer.tensors.bR = add({GH});
  std::vector<WeightArrays::Layer> layers;
  layers.push_back(std::move(layer));
  return WeightArrays(std::move(layers));
}

WeightArrays make_weights(const RnnSpec& spec, const Device& device, Uniform init) {
  if (!(init.bound >= 0) || std::isinf(init.bound))
    refuse("make_weights", "bound",
           " is " + number(init.bound) + "; it must be a finite number, 0 for 1 / sqrt(H)");
  WeightArrays weights = make_weights(spec, device, Zeros{});
  const double bound =
      init.bound > 0 ? init.bound : 1 / std::sqrt(static_cast<double>(spec.hidden_size));
  // Sequence 1 is W's.
  std::uint32_t tensor = spec.input == InputMode::product ? 0 : 1;
  for (Array& array : weights.arrays()) fill_uniform(array, init.seed, ++tensor, bound);
  return weights;
}

}  // namespace takt
