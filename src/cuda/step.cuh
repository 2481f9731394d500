// The gate kernels of every cell, as functions that launch them: one object a type
// (step_f32.cu, ...), so that each compiles by itself.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include <takt/cells.hpp>
#include <takt/kernels/step.cuh>
#include <takt/kernels/step_backward.cuh>

#include "cuda/launch.cuh"

namespace takt::cuda {

/// What a cell's steps are launched by; `wide`: policy::Step::units at a time, else one.
template <class Real>
struct StepLaunches {
  void (*forward)(const StepForward<Real>& step, bool wide, cudaStream_t stream);
  void (*backward)(const StepBackward<Real>& step, bool wide, cudaStream_t stream);
  void (*load_forward)();
  void (*load_backward)();
};

/// Of the cell at this place in AllCells.
template <class Real>
const StepLaunches<Real>& step_launches(std::int64_t cell_index);

namespace detail {

template <class Real>
inline constexpr int wide_units = static_cast<int>(16 / sizeof(Real));

template <class Params>
void launch_step(const char* name, void (*kernel)(Params), int units, cudaStream_t stream,
                 const Params& step) {
  const std::int64_t across = policy::Step::blocks_across(step.place.H, units);
  const std::int64_t rows = std::min<std::int64_t>(step.place.B, policy::Step::most_row_blocks);
  launch(name, kernel, dim3(static_cast<unsigned>(across), static_cast<unsigned>(rows)),
         dim3(policy::Step::threads), stream, step);
}

template <class Cell, class Real>
constexpr StepLaunches<Real> launches_of() {
  constexpr int wide = wide_units<Real>;
  static_assert(CellTraits<Cell>::template start<0>() == 0, "kernels take h to start at 0");
  return {[](const StepForward<Real>& step, bool is_wide, cudaStream_t stream) {
            launch_step("step_forward_kernel",
                        is_wide ? &step_forward_kernel<Cell, Real, wide>
                                : &step_forward_kernel<Cell, Real, 1>,
                        is_wide ? wide : 1, stream, step);
          },
          [](const StepBackward<Real>& step, bool is_wide, cudaStream_t stream) {
            launch_step("step_backward_kernel",
                        is_wide ? &step_backward_kernel<Cell, Real, wide>
                                : &step_backward_kernel<Cell, Real, 1>,
                        is_wide ? wide : 1, stream, step);
          },
          [] {
            load("step_forward_kernel", &step_forward_kernel<Cell, Real, wide>);
            load("step_forward_kernel", &step_forward_kernel<Cell, Real, 1>);
          },
          [] {
            load("step_backward_kernel", &step_backward_kernel<Cell, Real, wide>);
            load("step_backward_kernel", &step_backward_kernel<Cell, Real, 1>);
          }};
}

template <class Real, class... Cells>
constexpr std::array<StepLaunches<Real>, sizeof...(Cells)> launches(CellList<Cells...>) {
  return {launches_of<Cells, Real>()...};
}

}  // namespace detail

/// Defines step_launches of a type, in the one file that is its.
#define TAKT_STEP_LAUNCHES(Real)                                     \
  template <>                                                        \
  const StepLaunches<Real>& step_launches(std::int64_t cell_index) { \
    static constexpr auto all = detail::launches<Real>(AllCells{});  \
    return all[static_cast<std::size_t>(cell_index)];                \
  }

}  // namespace takt::cuda
