// Every cell of the list, and those that only the contract has, compile for the device: in float,
// in double and on dual numbers.
#include <takt/cells.hpp>
#include <takt/dual.hpp>

#include "contract_cells.hpp"

namespace {

using takt::Dual;
using takt::Scalar;

template <class Cell>
using Traits = takt::CellTraits<Cell>;

template <class Cell, class Real, int state>
__device__ void set_start(takt::Forward<Cell, Real>& unit) {
  unit.state[state] = Real(Traits<Cell>::template start<state>());
  if constexpr (state > 0) set_start<Cell, Real, state - 1>(unit);
}

/// One forward and one backward step of a unit a thread, from start values.
template <class Cell, class Real>
__global__ void cell_kernel(const Real* in, Real* out) {
  const int j = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  const int H = static_cast<int>(gridDim.x * blockDim.x);
  takt::Forward<Cell, Real> forward;
  takt::Backward<Cell, Real> backward;
  set_start<Cell, Real, Traits<Cell>::states - 1>(forward);
  for (int g = 0; g < Traits<Cell>::gates; ++g) {
    forward.wx[g] = in[g * H + j];
    forward.rh[g] = in[(Traits<Cell>::gates + g) * H + j];
  }
  for (int n = 0; n < Traits<Cell>::params; ++n) forward.params[n] = backward.params[n] = in[n];
  for (int k = 0; k < Traits<Cell>::states; ++k) {
    backward.old[k] = forward.state[k];
    backward.dstate[k] = Real(1);
  }
  if constexpr (Traits<Cell>::products == 2) out[0] = Cell::operand(forward);
  takt::cell_forward<Cell>(forward);
  for (int k = 0; k < Traits<Cell>::states; ++k) backward.next[k] = forward.state[k];
  for (int n = 0; n < Traits<Cell>::saved; ++n) backward.saved[n] = forward.saved[n];
  takt::cell_backward<Cell>(backward);
  if constexpr (Traits<Cell>::products == 2) out[1] = Cell::backward_operand(backward, Real(1));
  for (int k = 0; k < Traits<Cell>::states; ++k) out[k * H + j] = backward.dstate[k];
  for (int g = 0; g < Traits<Cell>::gates; ++g)
    out[(Traits<Cell>::states + g) * H + j] =
        Traits<Cell>::shared_gradient ? backward.dwx[g] : backward.drh[g];
}

template <class... Cells>
void instantiate(takt::CellList<Cells...>) {
  (cell_kernel<Cells, Scalar<float>><<<1, 32>>>(nullptr, nullptr), ...);
  (cell_kernel<Cells, Scalar<double>><<<1, 32>>>(nullptr, nullptr), ...);
  (cell_kernel<Cells, Dual<Scalar<float>>><<<1, 32>>>(nullptr, nullptr), ...);
}

}  // namespace

void cells_on_the_device() {
  instantiate(takt::AllCells{});
  instantiate(takt::CellList<takt::contract::PeepholeLstm, takt::contract::ResetBeforeGru,
                             takt::contract::Slstm>{});
}
