// Weights packed once, for calls of few steps.
#include "cpu/run.hpp"
#include "cpu/weights.hpp"

namespace takt::cpu {
namespace {

template <class Real>
void pack_all(const Plan::State& plan, const LayerWeights& layer, const Bytes& packed) {
  const Call<Real> call(plan, {0, 0}, {});
  const PackedLayout layout(call.sizes);
  pack_R(call, layer, part<Real>(packed, layout.R));
  if (!call.sizes.precomputed) pack_W(call, layer, part<Real>(packed, layout.W));
  pack_biases(call.sizes, layer, part<Real>(packed, layout.bias));
  *part<PackedMark>(packed, layout.mark) = packed_mark(plan, call.sizes);
}

}  // namespace

void pack(const Plan::State& plan, const Weights& weights, const Bytes& packed) {
  if (plan.spec.type == DataType::f64)
    pack_all<double>(plan, weights[0], packed);
  else
    pack_all<float>(plan, weights[0], packed);
}

}  // namespace takt::cpu
