// The weights of a layer as forward reads them.
#pragma once

#include <algorithm>

#include "cpu/call.hpp"

namespace takt::cpu {

/// What packed weights of a plan say of themselves.
inline PackedMark packed_mark(const Plan::State& plan, const Sizes& sizes) {
  return {PackedMark::packed,
          plan.decision.cell_index,
          sizes.I,
          sizes.H,
          sizes.element_bytes,
          plan.device.state()->facts.vector_bytes,
          sizes.precomputed,
          static_cast<std::int64_t>(plan.spec.bias)};
}

template <class Real>
const Real* pack_R(const Call<Real>& call, const LayerWeights& layer, Real* to) {
  const std::int64_t H = call.sizes.H;
  run_pack(call.device, call.kernels.pack_forward, {layer.R.as<Real>(), H, H, to},
           call.blocks(call.kernels.forward_block));
  return to;
}

template <class Real>
const Real* pack_W(const Call<Real>& call, const LayerWeights& layer, Real* to) {
  const Products<Real>& products = products_of<Real>(*call.device.level);
  const std::int64_t GH = call.sizes.G * call.sizes.H;
  run_pack(call.device, products.pack_transposed, {layer.W.as<Real>(), call.sizes.I, GH, to},
           ceil_div(GH, products.width));
  return to;
}

/// [2,G,Hp]: bW and bR, zero where there is none and beyond H.
template <class Real>
const Real* pack_biases(const Sizes& sizes, const LayerWeights& layer, Real* to) {
  std::fill_n(to, 2 * sizes.G * sizes.Hp, Real(0));
  const ConstPointer given[] = {layer.bW, layer.bR};
  for (std::int64_t n = 0; n < 2; ++n)
    for (std::int64_t g = 0; given[n] && g < sizes.G; ++g)
      std::copy_n(given[n].as<Real>() + g * sizes.H, sizes.H, to + (n * sizes.G + g) * sizes.Hp);
  return to;
}

}  // namespace takt::cpu
