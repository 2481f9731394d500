// Rows of a chunk of steps, between the caller's tensors over time and what a chunk's products and
// steps read and write without gaps: x and the h that R saw gathered, a precomputed x widened, dx
// scattered.
//
// When     gather_rows_kernel, scatter_rows_kernel: x or dx cannot be an operand as it lies (ragged
//          rows, batch-major, gaps), and any dx of a precomputed x. gather_seen_kernel: for dR,
//          always. widen_rows_kernel: a precomputed x that steps cannot read as it lies, or of 16
//          bits.
// Tensors  over time [T,B,width] storage, with strides; dense [steps,B,width] storage, or of
//          accumulators where it is widened.
// Work     blocks of policy::Rows::threads; one thread `units` neighbouring elements, walking over
//          the rest.
// On chip  registers only.
// Requires units divides width; where it is not 1, tensors are aligned to 16 bytes and strides are
//          multiples of units.
#pragma once

#include <takt/kernels/prepare.cuh>
#include <takt/kernels/step.cuh>

namespace takt {

/// Steps [first, first + count) of all rows; the dense operand has them in this order, or in that
/// of time, where a reverse layer's x is read as it lies.
struct ChunkOfSteps {
  StepPlace place{};  ///< of any step
  std::int64_t first = 0, count = 0;
  bool in_time_order = false;
  std::int64_t width = 0;

  TAKT_DEVICE StepPlace at(std::int64_t index) const {
    StepPlace found = place;
    found.step = in_time_order ? first + count - 1 - index : first + index;
    return found;
  }
};

/// One thread's elements: index of the step in the dense operand, row, first element.
struct ChunkItem {
  std::int64_t index, b, j;

  TAKT_DEVICE ChunkItem(std::int64_t n, const ChunkOfSteps& chunk, int units) {
    const std::int64_t across = chunk.width / units, row = n / across;
    j = (n - row * across) * units;
    index = row / chunk.place.B;
    b = row - index * chunk.place.B;
  }
  TAKT_DEVICE std::int64_t offset(const ChunkOfSteps& chunk) const {
    return (index * chunk.place.B + b) * chunk.width + j;
  }
};
TAKT_DEVICE std::int64_t items(const ChunkOfSteps& chunk, int units) {
  return chunk.count * chunk.place.B * (chunk.width / units);
}

template <class Real>
struct GatherRows {
  ChunkOfSteps chunk{};
  OverTime<const Real> from{};
  Real* to = nullptr;  ///< 0 where a row does not run
};

/// A row's elements; 0 where it does not run in this step.
template <class Real, int units>
TAKT_DEVICE Units<Real, units> gathered(const GatherRows<Real>& p, const ChunkItem& item) {
  const StepPlace place = p.chunk.at(item.index);
  return place.runs(item.b)
             ? Units<Real, units>::load(p.from.at(place.time(item.b), item.b) + item.j)
             : Units<Real, units>::all(rounded<Real>(Accumulator<Real>(0)));
}

template <class Real, int units>
__global__ void __launch_bounds__(policy::Rows::threads)
    gather_rows_kernel(const GatherRows<Real> p) {
  for (std::int64_t n = first_item(); n < items(p.chunk, units); n += items_at_once()) {
    const ChunkItem item(n, p.chunk, units);
    gathered<Real, units>(p, item).store(p.to + item.offset(p.chunk));
  }
}

/// x that is W x already, as the accumulators in which a product would have left it.
template <class Real>
struct WidenRows {
  GatherRows<Real> rows{};  ///< but for its `to`
  Accumulator<Real>* to = nullptr;
};

template <class Real, int units>
__global__ void __launch_bounds__(policy::Rows::threads)
    widen_rows_kernel(const WidenRows<Real> p) {
  for (std::int64_t n = first_item(); n < items(p.rows.chunk, units); n += items_at_once()) {
    const ChunkItem item(n, p.rows.chunk, units);
    const auto values = gathered<Real, units>(p.rows, item);
    Units<Accumulator<Real>, units> wide;
    for (int u = 0; u < units; ++u) wide.value[u] = widened(values.value[u]);
    wide.store(p.to + item.offset(p.rows.chunk));
  }
}

template <class Real>
struct GatherSeen {
  ChunkOfSteps chunk{};      ///< its width is H
  OverTime<const Real> y{};  ///< as forward wrote it
  const Real* h0 = nullptr;  ///< [B,H]
  Real* to = nullptr;        ///< 0 where a row does not run, or starts anew
};

template <class Real, int units>
__global__ void __launch_bounds__(policy::Rows::threads)
    gather_seen_kernel(const GatherSeen<Real> p) {
  for (std::int64_t n = first_item(); n < items(p.chunk, units); n += items_at_once()) {
    const ChunkItem item(n, p.chunk, units);
    const StepPlace place = p.chunk.at(item.index);
    const std::int64_t t = place.time(item.b);
    auto values = Units<Real, units>::all(rounded<Real>(Accumulator<Real>(0)));
    if (place.runs(item.b) && !place.starts_anew(t, item.b))
      values = Units<Real, units>::load(
          place.step == 0 ? p.h0 + item.b * p.chunk.width + item.j
                          : p.y.at(place.reverse ? t + 1 : t - 1, item.b) + item.j);
    values.store(p.to + item.offset(p.chunk));
  }
}

template <class Real>
struct ScatterRows {
  ChunkOfSteps chunk{};
  const Real* from = nullptr;
  OverTime<Real> to{};  ///< 0 in padding
};

template <class Real, int units>
__global__ void __launch_bounds__(policy::Rows::threads)
    scatter_rows_kernel(const ScatterRows<Real> p) {
  for (std::int64_t n = first_item(); n < items(p.chunk, units); n += items_at_once()) {
    const ChunkItem item(n, p.chunk, units);
    const StepPlace place = p.chunk.at(item.index);
    const auto values = place.runs(item.b)
                            ? Units<Real, units>::load(p.from + item.offset(p.chunk))
                            : Units<Real, units>::all(rounded<Real>(Accumulator<Real>(0)));
    values.store(p.to.at(place.time(item.b), item.b) + item.j);
  }
}

}  // namespace takt
