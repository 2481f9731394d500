// A matrix in the order in which the lanes of persistent kernels hold it: see
// kernels/tile/weight_stationary.cuh.
//
// When     before a persistent kernel, once a call.
// Tensors  R [G*H,H] storage, as the caller has it; packed [unit tiles][k blocks][tiles][2][32]
//          vectors of 16 bytes, 0 where a tile reaches past R. Forward each unit tile has G matrix
//          tiles, whose k are units; backward one of R^T, whose k are gates of units, in the order
//          of policy/persistent.hpp.
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
  bool backward = false;
  const Real* R = nullptr;
  uint4* packed = nullptr;

  TAKT_CELL int tiles() const { return backward ? 1 : gates; }
  TAKT_CELL std::int64_t k_blocks() const {
    return policy::Persistent::k_blocks(H, backward ? gates : 1, sizeof(Real));
  }
  TAKT_CELL std::int64_t vectors() const {
    return policy::Persistent::unit_tiles(H) * k_blocks() * tiles() * 64;
  }
};

/// Row `r` of the matrix tile `tile` of a unit tile: its gate, and its unit of the 16. Half tiles
/// of eight units come gate after gate, so that a lane has all gates of its units.
struct RowOfTile {
  int gate, unit;
  TAKT_DEVICE RowOfTile(int tile, int r, int gates)
      : gate((2 * tile + r / 8) % gates), unit((2 * tile + r / 8) / gates * 8 + r % 8) {}
};

namespace detail {

/// Where R has the product's element: row r of a matrix tile of a unit tile, at k. Negative past R.
template <class Real>
TAKT_DEVICE std::int64_t place_in_R(const PackFragments<Real>& p, std::int64_t unit_tile, int tile,
                                    int r, std::int64_t k) {
  constexpr int units = policy::Persistent::unit_tile;
  const RowOfTile at(tile, r, p.backward ? 1 : p.gates);
  const std::int64_t of_row = unit_tile * units + at.unit;
  const std::int64_t of_k = p.backward ? k / (units * p.gates) * units + k % units : k;
  if (of_row >= p.H || of_k >= p.H) return -1;
  return p.backward ? (k / units % p.gates * p.H + of_k) * p.H + of_row
                    : (at.gate * p.H + of_row) * p.H + of_k;
}

}  // namespace detail

template <class Product>
__global__ void __launch_bounds__(policy::Rows::threads)
    pack_fragments_kernel(const PackFragments<typename Product::Real> p) {
  using Policy = policy::Persistent;
  using Real = typename Product::Real;
  constexpr int elements = 16 / sizeof(Real);
  const int tiles = p.tiles();
  const std::int64_t k_blocks = p.k_blocks();
  for (std::int64_t n = first_item(); n < p.vectors(); n += items_at_once()) {
    const int lane = static_cast<int>(n % 32), half = static_cast<int>(n / 32 % 2);
    const std::int64_t fragment = n / 64, block = fragment / tiles % k_blocks;
    const std::int64_t k =
        (block * Policy::k_block_bytes + 16 * (lane % 4)) / static_cast<int>(sizeof(Real));
    Real packed[elements];
    for (int e = 0; e < elements; ++e) {
      const std::int64_t from =
          detail::place_in_R(p, fragment / tiles / k_blocks, static_cast<int>(fragment % tiles),
                             half * 8 + lane / 4, k + e);
      packed[e] = from < 0 ? rounded<Real>(Accumulator<Real>(0)) : Product::operand(p.R[from]);
    }
    uint4 vector;
    memcpy(&vector, packed, sizeof vector);
    p.packed[n] = vector;
  }
}

}  // namespace takt
