// What both passes begin with: each row's length, what the call notices, and the initial states.
//
// When     once a call, before its first step.
// Tensors  lengths [B] int32; h0, h [B,H] storage; c0, inner [C,B,H] accumulators.
// Work     blocks of policy::Rows::threads; one thread an element, walking over the rest.
// On chip  registers only.
// Requires status->bad_length is StatusWord::no_row when prepare_rows_kernel begins.
// Order    the first row out of range is found by an integer minimum.
#pragma once

#include <cstdint>

#include <takt/cells.hpp>
#include <takt/kernels/policy/rows.hpp>
#include <takt/kernels/policy/status.hpp>
#include <takt/kernels/tile/items.cuh>
#include <takt/kernels/types.cuh>

namespace takt {

struct PrepareRows {
  std::int64_t T = 0, B = 0;
  const std::int32_t* given = nullptr;  ///< [B]; null: all T
  std::int32_t* lengths = nullptr;      ///< [B], within 0 and T
  StatusWord* status = nullptr;
  SavedMark* write_mark = nullptr;       ///< of a forward that saves
  const SavedMark* read_mark = nullptr;  ///< of a backward
};

static __global__ void __launch_bounds__(policy::Rows::threads)
    prepare_rows_kernel(const PrepareRows p) {
  if (first_item() == 0) {
    p.status->T = p.T;
    p.status->gave_up = 0;
    p.status->wrong_saved =
        p.read_mark != nullptr && (p.read_mark->written != SavedMark::forward_ran ||
                                   p.read_mark->T != p.T || p.read_mark->B != p.B);
    if (p.write_mark != nullptr) *p.write_mark = {SavedMark::forward_ran, p.T, p.B};
  }
  if (p.given == nullptr) return;
  for (std::int64_t b = first_item(); b < p.B; b += items_at_once()) {
    const std::int32_t given = p.given[b];
    const std::int64_t length = given < 0 ? 0 : given > p.T ? p.T : given;
    p.lengths[b] = static_cast<std::int32_t>(length);
    if (length != given)
      atomicMin(&p.status->bad_length,
                static_cast<unsigned long long>(b) << 32 | static_cast<std::uint32_t>(given));
  }
}

template <class Real>
struct InitialStates {
  using Acc = Accumulator<Real>;
  std::int64_t B = 0, H = 0, C = 0;
  const Real* h0 = nullptr;  ///< null: 0
  const Acc* c0 = nullptr;   ///< null: the start values
  Acc start[max_states]{};   ///< of each inner state
  Real* h = nullptr;
  Real* saved_h0 = nullptr;  ///< null in inference
  Acc* inner = nullptr;
};

template <class Real>
__global__ void __launch_bounds__(policy::Rows::threads)
    initial_states_kernel(const InitialStates<Real> p) {
  using Acc = Accumulator<Real>;
  const std::int64_t BH = p.B * p.H;
  for (std::int64_t n = first_item(); n < BH; n += items_at_once()) {
    const Real h = p.h0 == nullptr ? rounded<Real>(Acc(0)) : p.h0[n];
    p.h[n] = h;
    if (p.saved_h0 != nullptr) p.saved_h0[n] = h;
    // Of a known length: registers have no index.
    for (int state = 0; state < max_states; ++state)
      if (state < p.C)
        p.inner[state * BH + n] = p.c0 == nullptr ? p.start[state] : p.c0[state * BH + n];
  }
}

}  // namespace takt
