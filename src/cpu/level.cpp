// All cells' kernels at one instruction-set level; compiled once for each level.
#include <takt/cells.hpp>

#include "cpu/backward.hpp"
#include "cpu/sequence_product.hpp"

namespace takt::cpu::TAKT_CPU_LEVEL {
namespace {

template <class Cell, class Real>
void pack_forward(const PackTask<Real>& task, const Share& share) {
  constexpr int G = CellTraits<Cell>::gates;
  pack_panels<Real, G, forward_block<Cell>>(task.K, task.N, share, task.packed,
                                            [&](std::int64_t k, int g, std::int64_t j) {
                                              return task.matrix[(g * task.N + j) * task.K + k];
                                            });
}

template <class Cell, class Real>
void pack_backward(const PackTask<Real>& task, const Share& share) {
  pack_panels<Real, 1, backward_block>(
      task.K, task.N, share, task.packed,
      [&](std::int64_t k, int, std::int64_t j) { return task.matrix[k * task.N + j]; });
}

template <class Real, class List>
constexpr Kernels<Real> kernels[1] = {};
template <class Real, class... Cells>
constexpr Kernels<Real> kernels<Real, CellList<Cells...>>[] = {
    {Vec<Real>::size, forward_block<Cells>, backward_block, pack_forward<Cells, Real>,
     pack_backward<Cells, Real>, forward<Cells, Real>, backward<Cells, Real>}...};

template <class Real>
constexpr Products<Real> products{SequenceProduct<Real>::width, sequence_product<Real>, pack<Real>,
                                  pack_transposed<Real>, add_columns<Real>};

}  // namespace

extern const Level level;
constinit const Level level{kernels<float, AllCells>, kernels<double, AllCells>, products<float>,
                            products<double>};

}  // namespace takt::cpu::TAKT_CPU_LEVEL
