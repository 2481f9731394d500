// Plans: an algorithm for every product, every kernel loaded.
#include "cuda/prepared.hpp"

#include "cuda/errors.hpp"
#include "device.hpp"

namespace takt::cuda {
namespace {

/// Every kernel that calls of the plan run.
void load(const Plan::State& plan, const Prepared& prepared) {
  const int ordinal = plan.device.place().ordinal;
  const auto memory = allocate(ordinal, Product::load_bytes);
  const auto workspace = allocate(ordinal, prepared.sizes.workspace_bytes);
  for (const Product* product :
       {&prepared.input, &prepared.recurrent, &prepared.recurrent_gradient,
        &prepared.input_gradient, &prepared.W_gradient, &prepared.R_gradient})
    product->load(memory.get(), workspace.get());
  load_forward(plan);
  if (plan.mode == Mode::training) load_backward(plan);
  synchronize(ordinal, nullptr);
}

}  // namespace

std::shared_ptr<const Prepared> prepare(const Plan::State& plan) {
  const Device::State& device = *plan.device.state();
  const CurrentDevice current(device.facts.ordinal);
  auto prepared = std::make_shared<Prepared>();
  prepared->context = device.context;
  Sizes sizes = sizes_of(plan.spec, *plan.decision.cell, plan.largest, device.facts);
  sizes.persistent = plan.decision.persistent;
  sizes.persistent_backward = plan.decision.persistent_backward;
  prepared->sizes = sizes;
  const std::int64_t GH = sizes.G * sizes.H;
  const DataType real = plan.spec.type, acc = inner_type(real);
  const auto product = [&](ProductSpec::Kind kind, std::int64_t N, std::int64_t K, DataType out,
                           std::int64_t rows, bool split) {
    return Product(device.context->blas,
                   {.kind = kind,
                    .N = N,
                    .K = K,
                    .in = real,
                    .out = out,
                    .math = plan.spec.math,
                    .split = split},
                   rows, sizes.workspace_bytes);
  };
  using Kind = ProductSpec::Kind;
  const std::int64_t forward_rows = ForwardLayout(sizes).chunk_rows;
  const std::int64_t step_rows = sizes.T > 0 ? sizes.B : 0;
  if (!sizes.precomputed)
    prepared->input = product(Kind::by_transposed, GH, sizes.I, acc, forward_rows, true);
  if (!sizes.persistent)
    prepared->recurrent = product(Kind::by_transposed, GH, sizes.H, acc, step_rows, false);
  if (plan.mode == Mode::inference) {
    load(plan, *prepared);
    return prepared;
  }
  const std::int64_t rows = BackwardLayout(sizes).chunk_rows;
  if (!sizes.persistent_backward)
    prepared->recurrent_gradient = product(Kind::by_matrix, sizes.H, GH, acc, step_rows, false);
  if (!sizes.precomputed) {
    prepared->input_gradient = product(Kind::by_matrix, sizes.I, GH, real, rows, true);
    prepared->W_gradient = product(Kind::over_rows, sizes.I, GH, acc, rows, true);
  }
  prepared->R_gradient = product(Kind::over_rows, sizes.H, GH, acc, rows, true);
  load(plan, *prepared);
  return prepared;
}

}  // namespace takt::cuda
