// A problem with its memory.
#include "problem.hpp"

#include <algorithm>

namespace takt::bench {
namespace {

constexpr std::uint64_t weight_seed = 1, x_seed = 2, dy_seed = 3, h0_seed = 5, c0_seed = 6;

/// Steps of arrays that only backward has.
std::int64_t backward_steps(const Shape& shape) {
  return shape.has_backward() ? shape.T : 0;
}

/// Rounded to the type of h: libraries that store c in that type get the same numbers.
Array initial_c(const Shape& shape, const Stream& stream) {
  const Device& device = stream.device();
  const Array c =
      random(device, {find_cell(shape.cell).inner_states(), shape.B, shape.H}, c0_seed, shape.type);
  if (c.type() == inner_type(shape.type)) return c;
  return to_device<float>(device, c.shape(), to_host(c, stream));
}

}  // namespace

Problem::Problem(const Shape& shape, const Plan& plan)
    : shape_(shape),
      plan_(plan),
      stream_(plan.device()),
      weights_(make_weights(plan.spec(), plan.device(), Uniform{.seed = weight_seed})),
      gradients_(make_weights(plan.spec(), plan.device(), Zeros{})),
      x_(random(plan.device(), {shape.T, shape.B, shape.I}, x_seed, shape.type)),
      h0_(random(plan.device(), {shape.B, shape.H}, h0_seed, shape.type)),
      c0_(initial_c(shape, stream_)),
      y_(plan.device(), {shape.T, shape.B, shape.H}, shape.type),
      hT_(plan.device(), {shape.B, shape.H}, shape.type),
      cT_(plan.device(), {find_cell(shape.cell).inner_states(), shape.B, shape.H},
          inner_type(shape.type)),
      dy_(random(plan.device(), {backward_steps(shape), shape.B, shape.H}, dy_seed, shape.type)),
      dx_(plan.device(), {backward_steps(shape), shape.B, shape.I}, shape.type),
      memory_(plan) {
  if (shape.timed == Timed::inference) packed_.emplace(plan, weights_, stream_);
  if (shape.lengths != Lengths::full)
    lengths_.emplace(to_device<std::int32_t>(plan.device(), lengths_of(shape)));
}

void Problem::enqueue() {
  enqueue_first(shape_.T, lengths_ ? *lengths_ : TypedPointer<std::int32_t>{});
}

void Problem::run_first(std::int64_t steps) {
  const std::vector<std::int32_t> within = lengths_within({0, steps});
  const auto lengths = to_device<std::int32_t>(plan_.device(), within);
  enqueue_first(steps, within.empty() ? TypedPointer<std::int32_t>{} : lengths);
  wait();
}

std::vector<std::int32_t> Problem::lengths_within(const Window& window) const {
  if (!lengths_) return {};
  std::vector<std::int32_t> lengths = lengths_of(shape_);
  for (std::int32_t& length : lengths)
    length =
        static_cast<std::int32_t>(std::clamp<std::int64_t>(length - window.first, 0, window.count));
  return lengths;
}

void Problem::enqueue_first(std::int64_t steps, TypedPointer<std::int32_t> lengths) {
  Inputs inputs{
      .x = x_, .h0 = h0_, .lengths = lengths, .weights = weights_, .dims = {steps, shape_.B}};
  if (c0_.size() > 0) inputs.c0 = c0_;
  if (packed_) inputs.packed = *packed_;
  Outputs outputs{.y = y_, .hT = hT_};
  if (cT_.size() > 0) outputs.cT = cT_;
  plan_.forward(inputs, outputs, memory_, stream_);
  if (shape_.has_backward())
    plan_.backward(inputs, outputs, {.dy = dy_}, {.dx = dx_, .weights = gradients_}, memory_,
                   stream_);
}

}  // namespace takt::bench
