// The step algorithm's kernels for the GPU: every cell, type and width.
#include <takt/cells.hpp>
#include <takt/kernels/step.cuh>
#include <takt/kernels/step_backward.cuh>

namespace takt {

template <class Cell, class Real>
void use(const void**& to) {
  constexpr int wide = 16 / sizeof(Real);
  *to++ = reinterpret_cast<const void*>(&step_forward_kernel<Cell, Real, 1>);
  *to++ = reinterpret_cast<const void*>(&step_forward_kernel<Cell, Real, wide>);
  *to++ = reinterpret_cast<const void*>(&step_backward_kernel<Cell, Real, 1>);
  *to++ = reinterpret_cast<const void*>(&step_backward_kernel<Cell, Real, wide>);
}

template <class... Cells>
void use(CellList<Cells...>, const void** to) {
  (use<Cells, float>(to), ...);
  (use<Cells, double>(to), ...);
  (use<Cells, __half>(to), ...);
  (use<Cells, __nv_bfloat16>(to), ...);
}

void use_all(const void** to) {
  use(AllCells{}, to);
}

}  // namespace takt
