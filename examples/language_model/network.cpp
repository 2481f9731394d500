// Forward and backward through embedding, layers and output.
#include "network.hpp"

#include "random.hpp"
#include "text.hpp"

namespace language_model {
namespace {

takt::TypedPointer<std::uint8_t> pointer(const DeviceBytes& from, const takt::Device& device) {
  if (from.memory == nullptr) return nullptr;
  return {from.memory.get(), from.size, device.place()};
}

}  // namespace

States::States(const ModelSizes& sizes, std::int64_t B, const takt::Device& device,
               takt::DataType type) {
  for (std::int64_t l = 0; l < sizes.layers; ++l) {
    h.emplace_back(device, std::vector{B, sizes.hidden}, type);
    if (takt::find_cell(sizes.cell).inner_states() > 0)
      c.emplace_back(device, std::vector{B, sizes.hidden}, type);
  }
}

Network::Network(const ModelSizes& sizes, takt::Dims dims, takt::Mode mode, Operations& operations,
                 const Dropout& dropout, takt::DataType type)
    : sizes_(sizes),
      operations_(operations),
      dropout_(mode == takt::Mode::training ? dropout : Dropout{}),
      logits_(operations.device(), {dims.T, dims.B, byte_values}, type) {
  const auto array = [&](std::int64_t T, std::int64_t width) {
    return takt::Array(operations.device(), {T, dims.B, width}, type);
  };
  for (std::int64_t l = 0; l <= sizes.layers; ++l) {
    const std::int64_t width = l == 0 ? sizes.embedding : sizes.hidden;
    reads_.push_back(l > 0 && dropout_.rate == 0 ? y_.back() : array(dims.T, width));
    gradients_.push_back(array(mode == takt::Mode::training ? dims.T : 0, width));
    masks_.push_back(array(1, width));
    if (l == sizes.layers) break;
    y_.push_back(array(dims.T, sizes.hidden));
    plans_.emplace_back(layer_spec(sizes, l, type), dims, mode, operations.device());
    memories_.emplace_back(plans_.back());
  }
}

Matrix Network::rows(takt::Array& array) const {
  return {array, array.shape()[0] * array.shape()[1], array.shape()[2]};
}

takt::Inputs Network::layer_inputs(const Parameters& parameters, std::size_t l,
                                   const DeviceBytes& resets) const {
  return {.x = reads_[l],
          .resets = pointer(resets, operations_.device()),
          .weights = {parameters.layer(static_cast<std::int64_t>(l))}};
}

/// What layer `place`, or the output, reads; `from` is what the part before it has written.
void Network::drop(std::size_t place, const takt::Array& from) {
  if (dropout_.rate == 0) return;
  measure(Part::rest, [&] {
    operations_.dropout_mask(sequence(dropout_.seed, Purpose::dropout, place), dropout_.rate,
                             masks_[place]);
    operations_.multiply(from, masks_[place], reads_[place]);
  });
}

void Network::forward(const Parameters& parameters, const DeviceBytes& inputs,
                      const DeviceBytes& resets, States& states) {
  measure(Part::rest,
          [&] { operations_.embed(inputs, parameters.embedding(), rows(reads_.front())); });
  drop(0, reads_.front());
  for (std::size_t l = 0; l < plans_.size(); ++l) {
    measure(Part::takt, [&] {
      takt::Inputs from = layer_inputs(parameters, l, resets);
      takt::Outputs to{.y = y_[l], .hT = states.h[l]};
      from.h0 = states.h[l];
      if (!states.c.empty()) {
        from.c0 = states.c[l];
        to.cT = states.c[l];
      }
      if (!packed_.empty()) from.packed = packed_[l];
      plans_[l].forward(from, to, memories_[l], operations_.stream());
    });
    drop(l + 1, y_[l]);
  }
  measure(Part::products, [&] {
    operations_.product(rows(reads_.back()),
                        transposed({parameters.output(), byte_values, sizes_.hidden}),
                        rows(logits_));
  });
  measure(Part::rest, [&] { operations_.add_bias(parameters.output_bias(), rows(logits_)); });
}

void Network::loss(const DeviceBytes& targets, std::int64_t first, std::int64_t end,
                   takt::Array& sum) {
  const auto skipped =
      static_cast<std::int64_t>(takt::size_of(logits_.type())) * first * byte_values;
  const takt::Pointer from(static_cast<std::byte*>(logits_.data()) + skipped, logits_.type(),
                           (end - first) * byte_values, logits_.device().place());
  measure(Part::rest, [&] {
    operations_.cross_entropy(Matrix{from, end - first, byte_values}, part(targets, first, end),
                              sum, nullptr);
  });
}

void Network::backward(const Parameters& parameters, const Batch& batch, takt::Array& sum,
                       Parameters& gradients, bool recurrence) {
  measure(Part::rest, [&] {
    operations_.cross_entropy(rows(logits_), batch.targets, sum, logits_);
    operations_.bias_gradient(rows(logits_), gradients.output_bias());
  });
  measure(Part::products, [&] {
    operations_.product(transposed(rows(logits_)), rows(reads_.back()),
                        {gradients.output(), byte_values, sizes_.hidden});
    operations_.product(rows(logits_), {parameters.output(), byte_values, sizes_.hidden},
                        rows(gradients_.back()));
  });
  const auto through_mask = [&](std::size_t place) {
    if (dropout_.rate == 0) return;
    measure(Part::rest,
            [&] { operations_.multiply(gradients_[place], masks_[place], gradients_[place]); });
  };
  through_mask(plans_.size());
  for (std::size_t l = plans_.size(); l-- > 0;) {
    takt::LayerGradients of_layer = gradients.layer(static_cast<std::int64_t>(l));
    if (!recurrence) of_layer.R = {};
    measure(Part::takt, [&] {
      plans_[l].backward(layer_inputs(parameters, l, batch.resets), {.y = y_[l]},
                         {.dy = gradients_[l + 1]}, {.dx = gradients_[l], .weights = {of_layer}},
                         memories_[l], operations_.stream());
    });
    through_mask(l);
  }
  measure(Part::rest, [&] {
    operations_.embed_gradient(batch.inputs, rows(gradients_.front()), gradients.embedding());
  });
}

void Network::pack(const Parameters& parameters) {
  for (std::size_t l = 0; l < plans_.size(); ++l) {
    const takt::Weights weights{parameters.layer(static_cast<std::int64_t>(l))};
    if (l < packed_.size())
      plans_[l].pack(weights, packed_[l], operations_.stream());
    else
      packed_.emplace_back(plans_[l], weights, operations_.stream());
  }
}

}  // namespace language_model
