// What both passes of the step algorithm share: types, strides, the place of each step, rows of a
// chunk.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include <takt/kernels/rows.cuh>
#include <takt/plan.hpp>

#include "cuda/launch.cuh"
#include "cuda/prepared.hpp"
#include "device.hpp"
#include "plan_state.hpp"

namespace takt::cuda {

/// visit.operator()<Real>() for a plan's type.
template <class Visit>
void with_type(DataType type, const Visit& visit) {
  switch (type) {
    case DataType::f32: return visit.template operator()<float>();
    case DataType::f64: return visit.template operator()<double>();
    case DataType::f16: return visit.template operator()<__half>();
    case DataType::bf16: return visit.template operator()<__nv_bfloat16>();
  }
}

/// A part of scratch or saved memory.
template <class Element>
Element* part(const Bytes& memory, std::int64_t offset) {
  return reinterpret_cast<Element*>(static_cast<char*>(memory.data) + offset);
}

/// The caller's rows as a [planes,T,B,*] array of either layout.
template <class Element, class Void>
OverTime<Element> over_time(const BasicRows<Void>& rows, std::int64_t width, Dims dims,
                            Layout layout) {
  if (dims.T == 0 || dims.B == 0) return {};  // the strides may not fit
  const std::int64_t stride = rows.row_stride() == 0 ? width : rows.row_stride();
  const bool time_major = layout == Layout::time_major;
  return {rows.pointer().template as<std::remove_const_t<Element>>(), stride * dims.T * dims.B,
          stride * (time_major ? dims.B : 1), stride * (time_major ? 1 : dims.T)};
}

/// Whether vectors of 16 bytes may be read and written: null pointers are not.
inline bool is_wide(const void* data) {
  return reinterpret_cast<std::uintptr_t>(data) % 16 == 0;
}
template <class Element>
bool is_wide(const OverTime<Element>& rows) {
  constexpr std::int64_t units = 16 / sizeof(Element);
  return is_wide(rows.data) && rows.time_stride % units == 0 && rows.row_stride % units == 0 &&
         rows.plane_stride % units == 0;
}

/// Whether the rows of a product's operand are aligned to 16 bytes: those of the caller's tensor,
/// or of the dense one in scratch where they cannot be read as they lie (`stride` 0).
template <class Element>
bool rows_are_wide(const OverTime<Element>& rows, std::int64_t stride, std::int64_t width) {
  return stride == 0 ? width % static_cast<std::int64_t>(16 / sizeof(Element)) == 0 : is_wide(rows);
}

/// One call of a plan: what it runs on and over.
template <class Real>
class Call {
 public:
  using Acc = Accumulator<Real>;
  static constexpr int wide_units = static_cast<int>(16 / sizeof(Real));
  /// Of an operand: gathered above it.
  static constexpr std::int64_t largest_stride = std::numeric_limits<std::int32_t>::max();

  Call(const Plan::State& plan, Dims dims, const Inputs& inputs, const MemoryView& memory,
       StreamRef stream)
      : plan_(plan),
        prepared_(*plan.prepared),
        sizes_(prepared_.sizes),
        T(dims.T),
        B(dims.B),
        I(sizes_.I),
        H(sizes_.H),
        GH(sizes_.G * sizes_.H),
        C(sizes_.C),
        memory_(memory),
        stream_(stream.handle()),
        given_lengths_(inputs.lengths.data()) {
    const bool time_major = plan.spec.layout == Layout::time_major;
    place_.T = T;
    place_.B = B;
    place_.H = H;
    place_.reverse = plan.spec.direction == Direction::reverse;
    place_.resets = {inputs.resets.data(), 0, time_major ? B : 1, time_major ? 1 : T};
  }

 protected:
  template <class Element>
  Element* scratch(std::int64_t offset) const {
    return part<Element>(memory_.scratch, offset);
  }
  template <class Element>
  Element* saved(std::int64_t offset) const {
    return part<Element>(memory_.saved, offset);
  }

  /// Lengths into scratch, and what the call notices.
  void prepare_rows(std::int64_t status, std::int64_t lengths, SavedMark* write_mark,
                    const SavedMark* read_mark) {
    StatusWord* const word = scratch<StatusWord>(status);
    check("cudaMemsetAsync",
          cudaMemsetAsync(&word->bad_length, 0xFF, sizeof word->bad_length, stream_));
    launch_over("prepare_rows_kernel", &prepare_rows_kernel, B, stream_,
                PrepareRows{T, B, given_lengths_, scratch<std::int32_t>(lengths), word, write_mark,
                            read_mark});
    if (given_lengths_ != nullptr) place_.lengths = scratch<std::int32_t>(lengths);
  }

  StepPlace place_of(std::int64_t step) const {
    StepPlace place = place_;
    place.step = step;
    return place;
  }

  bool is_ragged() const { return given_lengths_ != nullptr; }
  /// A chunk's rows are kept in the order of time where that is the caller's, backwards.
  bool in_time_order() const { return place_.reverse && !is_ragged(); }
  /// Where a step lies in its chunk.
  std::int64_t index_of(std::int64_t step, std::int64_t begin, std::int64_t end) const {
    return in_time_order() ? end - 1 - step : step - begin;
  }
  /// First step in time of a chunk of steps that are read as they lie.
  std::int64_t first_time(std::int64_t begin, std::int64_t end) const {
    return place_.reverse ? T - end : begin;
  }
  ChunkOfSteps chunk(std::int64_t begin, std::int64_t end, std::int64_t width) const {
    return {.place = place_,
            .first = begin,
            .count = end - begin,
            .in_time_order = in_time_order(),
            .width = width};
  }

  /// Elements from one row to the next where rows of a tensor over time can be an operand as they
  /// lie; 0 where they cannot.
  template <class Element>
  std::int64_t uniform_stride(const OverTime<Element>& rows) const {
    if (is_ragged()) return 0;
    const std::int64_t stride = B == 1 ? rows.time_stride : rows.row_stride;
    const bool is_uniform = B == 1 || T == 1 || rows.time_stride == B * rows.row_stride;
    return is_uniform && stride <= largest_stride ? stride : 0;
  }

  /// Steps in a chunk of so many rows at most.
  std::int64_t steps_of(std::int64_t chunk_rows) const {
    return std::max<std::int64_t>(1, chunk_rows / std::max<std::int64_t>(1, B));
  }

  template <class Element>
  void copy(Element* to, const Element* from, std::int64_t count) const {
    check("cudaMemcpyAsync",
          cudaMemcpyAsync(to, from, static_cast<std::size_t>(count) * sizeof(Element),
                          cudaMemcpyDeviceToDevice, stream_));
  }

  const Plan::State& plan_;
  const Prepared& prepared_;
  const Sizes& sizes_;
  const std::int64_t T, B, I, H, GH, C;
  const MemoryView& memory_;
  const cudaStream_t stream_;
  StepPlace place_{};

 private:
  const std::int32_t* given_lengths_;
};

/// A product over the rows of chunks, all as long as the first one but for the last.
class ChunkProduct {
 public:
  ChunkProduct() = default;
  ChunkProduct(const Product& product, std::int64_t rows, std::int64_t last_rows,
               std::int64_t row_stride, bool aligned, void* workspace)
      : rows_(rows),
        whole_(product.bind({rows, row_stride, aligned}, workspace)),
        last_(product.bind({last_rows, row_stride, aligned}, workspace)) {}

  const BoundProduct& of(std::int64_t rows) const { return rows == rows_ ? whole_ : last_; }

 private:
  std::int64_t rows_ = 0;
  BoundProduct whole_, last_;
};

}  // namespace takt::cuda
