// Every cell of the list compiles for the device, in float, double and on dual numbers.
#include <takt/cells.hpp>
#include <takt/dual.hpp>

namespace {

template <class Cell, class Real>
__global__ void cell_kernel(const Real* in, Real* out) {
  using Traits = takt::CellTraits<Cell>;
  const int j = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  const int H = static_cast<int>(gridDim.x * blockDim.x);
  takt::Forward<Cell, Real> forward;
  for (int g = 0; g < Traits::gates; ++g) {
    forward.wx[g] = in[g * H + j];
    forward.rh[g] = in[(Traits::gates + g) * H + j];
  }
  takt::Backward<Cell, Real> backward;
  for (int k = 0; k < Traits::states; ++k) {
    forward.state[k] = backward.old[k] = in[(2 * Traits::gates + k) * H + j];
    backward.dstate[k] = Real(1);
  }
  takt::cell_forward<Cell>(forward);
  for (int k = 0; k < Traits::states; ++k) backward.next[k] = forward.state[k];
  for (int n = 0; n < Traits::saved; ++n) backward.saved[n] = forward.saved[n];
  takt::cell_backward<Cell>(backward);
  for (int k = 0; k < Traits::states; ++k) out[k * H + j] = forward.state[k];
  for (int g = 0; g < Traits::gates; ++g) {
    out[(Traits::states + g) * H + j] = backward.dwx[g];
    if (!Traits::shared_gradient)
      out[(Traits::states + Traits::gates + g) * H + j] = backward.drh[g];
  }
}

template <class... Cells>
void instantiate(takt::CellList<Cells...>) {
  (cell_kernel<Cells, float><<<1, 32>>>(nullptr, nullptr), ...);
  (cell_kernel<Cells, double><<<1, 32>>>(nullptr, nullptr), ...);
  (cell_kernel<Cells, takt::Dual<float>><<<1, 32>>>(nullptr, nullptr), ...);
}

}  // namespace

void cells_on_the_device() {
  instantiate(takt::AllCells{});
}
