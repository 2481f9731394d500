// The step algorithm's kernels for the GPU: every cell, type and width.
#include <takt/cells.hpp>
#include <takt/kernels/step.cuh>

namespace takt {

template <class Cell, class Real>
const void* instances() {
  constexpr int wide = 16 / sizeof(Real);
  const void* const kernels[] = {
      reinterpret_cast<const void*>(&step_forward_kernel<Cell, Real, 1>),
      reinterpret_cast<const void*>(&step_forward_kernel<Cell, Real, wide>)};
  return kernels[1];
}

template <class... Cells>
void use(CellList<Cells...>, const void** to) {
  ((*to++ = instances<Cells, float>()), ...);
  ((*to++ = instances<Cells, double>()), ...);
  ((*to++ = instances<Cells, __half>()), ...);
  ((*to++ = instances<Cells, __nv_bfloat16>()), ...);
}

void use_all(const void** to) {
  use(AllCells{}, to);
}

}  // namespace takt
