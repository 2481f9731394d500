// Products over all rows of a chunk of steps, one thread's share of C = A B, by a B that was packed
// before or is packed on the way; and sums of columns.
//
// On the way: a panel of B, some columns and a depth of k, is packed onto the stack, where it stays
// in the first-level cache for all rows of A. Sums run over k in order within a depth, and depths
// are added in order, so that the bits of an element depend on its row and column alone. A
// transposed B gives the bits of a packed one: each depth goes on with the sums of the one before.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cpu/pack.hpp"
#include "cpu/product.hpp"
#include "cpu/tasks.hpp"

namespace takt::cpu::TAKT_CPU_LEVEL {

inline constexpr int product_block = 4;  // vectors of columns in a panel
inline constexpr std::int64_t panel_depth = 128;
// Operands of the rows that go through all panels before the next ones: they stay in the
// second-level cache.
inline constexpr std::int64_t operand_bytes = std::int64_t{384} << 10;

template <class Real>
class SequenceProduct {
 public:
  using V = Vec<Real>;
  static constexpr std::int64_t width = product_block * V::size;

  SequenceProduct(const ProductTask<Real>& task, const Share& share) : task_(task), share_(share) {}

  void run() {
    const std::int64_t most_depth = task_.packed_B != nullptr ? task_.K : panel_depth;
    const std::int64_t fitting = operand_bytes / (most_depth * std::int64_t{sizeof(Real)});
    const std::int64_t rows_at_a_time = fitting < most_rows ? most_rows : fitting;
    for (begin_ = share_.row_begin; begin_ < share_.row_end; begin_ = end_) {
      end_ = share_.row_end - begin_ < rows_at_a_time ? share_.row_end : begin_ + rows_at_a_time;
      if (task_.packed_B != nullptr)
        rows_of_packed();
      else
        rows_of_all_columns();
    }
  }

 private:
  void begin_block(std::int64_t block) {
    column_ = block * width;
    const std::int64_t left = task_.N - column_;
    vectors_ = static_cast<int>(left < width ? (left + V::size - 1) / V::size : product_block);
  }

  void rows_of_packed() {
    depth_ = task_.K;
    for (std::int64_t block = share_.block_begin; block < share_.block_end; ++block) {
      begin_block(block);
      rows(task_.packed_B + column_ * task_.K);
    }
  }

  void rows_of_all_columns() {
    for (k_ = 0; k_ < task_.K; k_ += panel_depth) {
      depth_ = task_.K - k_ < panel_depth ? task_.K - k_ : panel_depth;
      for (std::int64_t block = share_.block_begin; block < share_.block_end; ++block) {
        begin_block(block);
        pack();
        rows(panel_);
      }
    }
  }

  /// Columns from `first` on, in a vector.
  int count(std::int64_t first) const {
    return task_.N - first < V::size ? static_cast<int>(task_.N - first) : V::size;
  }

  void pack() {
    if (task_.B_transposed)
      return pack_panel<Real, 1>(task_.B.base,
                                 {.N = task_.N,
                                  .K = task_.B.stride,
                                  .first = column_ / V::size,
                                  .vectors = vectors_,
                                  .k = k_,
                                  .depth = depth_},
                                 panel_);
    Real* to = panel_;
    for (std::int64_t k = k_; k < k_ + depth_; ++k) {
      const Real* const from = task_.B.row(k) + column_;
      for (int v = 0; v < vectors_; ++v, to += V::size)
        V::load(from + v * V::size, count(column_ + v * V::size)).store(to);
    }
  }

  void rows(const Real* panel) const {
    constexpr int most = rows_at_once<1, product_block>;
    alignas(64) Real sums[std::size_t{most * width}];
    const Real* operand[std::size_t{most}];
    for (std::int64_t m = begin_; m < end_;) {
      const int now = rows_of_group(end_ - m, most);
      for (int n = 0; n < now; ++n)
        operand[n] = task_.A_transposed ? task_.A.row(k_) + m + n : task_.A.row(m + n) + k_;
      if (goes_on())
        for (int n = 0; n < now; ++n) load(m + n, sums + n * vectors_ * V::size);
      block_product<Real, 1, product_block>(vectors_, now, panel, depth_, operand,
                                            task_.A_transposed ? task_.A.stride : 1, sums,
                                            goes_on() ? Sums::go_on : Sums::begin);
      for (int n = 0; n < now; ++n) store(m + n, sums + n * vectors_ * V::size);
      m += now;
    }
  }

  bool goes_on() const { return task_.B_transposed && k_ > 0; }

  void load(std::int64_t m, Real* sums) const {
    const Real* const from = task_.C.row(m) + column_;
    for (int v = 0; v < vectors_; ++v)
      V::load(from + v * V::size, count(column_ + v * V::size)).store(sums + v * V::size);
  }

  void store(std::int64_t m, const Real* sums) const {
    Real* const to = task_.C.row(m) + column_;
    const bool add = !goes_on() && (task_.add || k_ > 0);
    for (int v = 0; v < vectors_; ++v) {
      const std::int64_t j = v * V::size;
      const int now = count(column_ + j);
      V sum = V::load(sums + j);
      if (add) sum += V::load(to + j, now);
      sum.store(to + j, now);
    }
  }

  const ProductTask<Real>& task_;
  const Share& share_;
  std::int64_t begin_ = 0, end_ = 0;  // rows
  std::int64_t k_ = 0, depth_ = 0, column_ = 0;
  int vectors_ = 0;
  alignas(64) Real panel_[std::size_t{panel_depth * width}];
};

template <class Real>
void sequence_product(const ProductTask<Real>& task, const Share& share) {
  SequenceProduct<Real>(task, share).run();
}

template <class Real>
void pack(const PackTask<Real>& task, const Share& share) {
  pack_columns<Real, product_block>(task, share);
}

template <class Real>
void pack_transposed(const PackTask<Real>& task, const Share& share) {
  pack_rows<Real, 1, product_block>(task, share);
}

/// sums[n] += values[row][n] over all rows in order, for the share's columns, in double.
template <class Real>
void add_columns(const ColumnsTask<Real>& task, const Share& share) {
  for (std::int64_t row = 0; row < task.rows; ++row) {
    const Real* const values = task.values + row * task.columns;
    for (std::int64_t n = share.block_begin; n < share.block_end; ++n)
      task.sums[n] += static_cast<double>(values[n]);
  }
}

}  // namespace takt::cpu::TAKT_CPU_LEVEL
