// All cells' kernels at one instruction-set level; compiled once for each level.
#include <takt/cells.hpp>

#include "cpu/backward.hpp"

namespace takt::cpu::TAKT_CPU_LEVEL {
namespace {

template <class Cell, class Real>
void pack_forward(const Real* R, std::int64_t H, Real* packed) {
  pack(H, CellTraits<Cell>::gates, H, forward_block<Cell>, packed,
       [&](std::int64_t k, int g, std::int64_t j) { return R[(g * H + j) * H + k]; });
}

template <class Cell, class Real>
void pack_backward(const Real* R, std::int64_t H, Real* packed) {
  pack(CellTraits<Cell>::gates * H, 1, H, backward_block, packed,
       [&](std::int64_t k, int, std::int64_t j) { return R[k * H + j]; });
}

template <class Real, class List>
constexpr Kernels<Real> kernels[1] = {};
template <class Real, class... Cells>
constexpr Kernels<Real> kernels<Real, CellList<Cells...>>[] = {
    {Vec<Real>::size, forward_block<Cells>, backward_block, pack_forward<Cells, Real>,
     pack_backward<Cells, Real>, forward<Cells, Real>, backward<Cells, Real>}...};

}  // namespace

extern const Level level;
constinit const Level level{kernels<float, AllCells>, kernels<double, AllCells>};

}  // namespace takt::cpu::TAKT_CPU_LEVEL
