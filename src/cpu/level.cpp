// All cells' kernels at one instruction-set level; compiled once for each level.
#include <takt/cells.hpp>

#include "cpu/backward.hpp"
#include "cpu/given_product.hpp"
#include "cpu/pack.hpp"
#include "cpu/sequence_product.hpp"

namespace takt::cpu::TAKT_CPU_LEVEL {
namespace {

template <class Cell, class Real>
void pack_forward(const PackTask<Real>& task, const Share& share) {
  pack_rows<Real, CellTraits<Cell>::gates, forward_block<Cell>>(task, share);
}

template <class Cell, class Real>
void pack_backward(const PackTask<Real>& task, const Share& share) {
  pack_columns<Real, backward_block>(task, share);
}

template <class Real, class List>
constexpr Kernels<Real> kernels[1] = {};
template <class Real, class... Cells>
constexpr Kernels<Real> kernels<Real, CellList<Cells...>>[] = {
    {Vec<Real>::size, forward_block<Cells>, backward_block, pack_forward<Cells, Real>,
     pack_backward<Cells, Real>, forward<Cells, Real>, backward<Cells, Real>}...};

template <class Real>
constexpr Products<Real> products{SequenceProduct<Real>::width,
                                  sequence_product<Real>,
                                  given_product<Real, product_block>,
                                  pack<Real>,
                                  pack_transposed<Real>,
                                  add_columns<Real>};

}  // namespace

extern const Level level;
constinit const Level level{kernels<float, AllCells>, kernels<double, AllCells>, products<float>,
                            products<double>};

}  // namespace takt::cpu::TAKT_CPU_LEVEL
