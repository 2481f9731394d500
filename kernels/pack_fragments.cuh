// A matrix in the order in which the lanes of persistent kernels hold it: see
// kernels/tile/weight_stationary.cuh.
//
// When     before a persistent kernel, once a call.
// Tensors  R [G*H,H] storage, as the caller has it; packed [unit tiles][k blocks][G][2][32] vectors
//          of 16 bytes, 0 where a tile reaches past R.
// Work     blocks of policy::Rows::threads; one thread a vector, walking over the rest.
// On chip  registers only.
// Requires packed aligned to 16 bytes.
#pragma once

#include <cstdint>
#include <cstring>

#include <takt/kernels/policy/persistent.hpp>
#include <takt/kernels/policy/rows.hpp>
#include <takt/kernels/tile/items.cuh>
#include <takt/kernels/tile/weight_stationary.cuh>

namespace takt {

template <class Real>
struct PackFragments {
  std::int64_t H = 0;
  int gates = 1;
  const Real* R = nullptr;
  uint4* packed = nullptr;
};

/// Row `r` of the matrix tile `tile` of a unit tile: its gate, and its unit of the 16. Half tiles
/// of eight units come gate after gate, so that a lane has all gates of its units.
struct RowOfTile {
  int gate, unit;
  TAKT_DEVICE RowOfTile(int tile, int r, int gates)
      : gate((2 * tile + r / 8) % gates), unit((2 * tile + r / 8) / gates * 8 + r % 8) {}
};

template <class Product>
__global__ void __launch_bounds__(policy::Rows::threads)
    pack_fragments_kernel(const PackFragments<typename Product::Real> p) {
  using Policy = policy::Persistent;
  using Real = typename Product::Real;
  constexpr int elements = 16 / sizeof(Real);
  const std::int64_t k_blocks = Policy::k_blocks(p.H, sizeof(Real));
  const std::int64_t vectors = Policy::unit_tiles(p.H) * k_blocks * p.gates * 64;
  for (std::int64_t n = first_item(); n < vectors; n += items_at_once()) {
    const int lane = static_cast<int>(n % 32), half = static_cast<int>(n / 32 % 2);
    const std::int64_t fragment = n / 64, block = fragment / p.gates % k_blocks;
    const RowOfTile at(static_cast<int>(fragment % p.gates), half * 8 + lane / 4, p.gates);
    const std::int64_t j = fragment / p.gates / k_blocks * Policy::unit_tile + at.unit;
    const std::int64_t k =
        (block * Policy::k_block_bytes + 16 * (lane % 4)) / static_cast<int>(sizeof(Real));
    Real values[elements];
    for (int e = 0; e < elements; ++e)
      values[e] = j < p.H && k + e < p.H ? Product::operand(p.R[(at.gate * p.H + j) * p.H + k + e])
                                         : rounded<Real>(Accumulator<Real>(0));
    uint4 vector;
    memcpy(&vector, values, sizeof vector);
    p.packed[n] = vector;
  }
}

}  // namespace takt
