// What the driver hands to a level's kernels: plain data.
//
// Rows are held in sorted order, longest first: position p stands for row row_of[p] of the batch,
// and the rows that take part in step t are always positions 0 to n_t - 1. Steps are counted in the
// order in which they run: step s is time t = s forward, t = T - 1 - s in reverse.
#pragma once

#include <cstdint>

#include "cpu/inline.hpp"

namespace takt::cpu {

class Barrier;
/// Waits for the other members of the barrier.
void meet(Barrier& barrier) noexcept;

/// What one thread does of every step: some rows, some blocks of units.
struct Share {
  std::int64_t row_begin = 0, row_end = 0;  // positions p
  std::int64_t block_begin = 0, block_end = 0;
  Barrier* barrier = nullptr;  // null: no other thread works on these rows
};

/// A [T,B,*] array of the caller: element (t, b, j) lies at data[t * t_stride + b * b_stride + j].
template <class Element>
struct Strided {
  Element* data = nullptr;
  std::int64_t t_stride = 0;
  std::int64_t b_stride = 0;
  std::int64_t state_stride = 0;  // from one inner state to the next, where there are several

  TAKT_INLINE Element* row(std::int64_t t, std::int64_t b) const {
    return data + t * t_stride + b * b_stride;
  }
};

/// Rows of a matrix: evenly apart, or each where a table says.
template <class Element>
struct MatrixRows {
  Element* base = nullptr;
  std::int64_t stride = 0;
  Element* const* table = nullptr;

  TAKT_INLINE Element* row(std::int64_t n) const {
    return table != nullptr ? table[n] : base + n * stride;
  }
};

/// C [M,N] = A [M,K] B [K,N], or C += A B.
template <class Real>
struct ProductTask {
  std::int64_t M = 0, N = 0, K = 0;
  MatrixRows<const Real> A{}, B{};
  bool A_transposed = false;       // A's rows, evenly apart, are those of k
  bool B_transposed = false;       // B's rows, evenly apart, are those of n
  const Real* packed_B = nullptr;  // panels of B, instead of its rows
  MatrixRows<Real> C{};
  bool add = false;
};

/// Rows that a product by a matrix where it lies takes at once, reading the matrix again for more.
inline constexpr int most_given_rows = 4;

/// C [M,N] = A [M,K] B^T with B [N,K] where it lies: for few rows, too few to pack it.
template <class Real>
struct GivenProductTask {
  std::int64_t M = 0, N = 0, K = 0;
  MatrixRows<const Real> A{};
  const Real* B = nullptr;
  MatrixRows<Real> C{};
};

/// A matrix into panels [K][columns of a block]; `packed` holds K times N rounded up to vectors.
template <class Real>
struct PackTask {
  const Real* matrix = nullptr;
  std::int64_t K = 0, N = 0;
  Real* packed = nullptr;
};

/// Rows of `width` elements from one place to another.
template <class Real>
struct CopyTask {
  std::int64_t width = 0;
  MatrixRows<const Real> from{};
  MatrixRows<Real> to{};
};

/// sums [columns] += the rows of values [rows,columns].
template <class Real>
struct ColumnsTask {
  std::int64_t rows = 0, columns = 0;
  const Real* values = nullptr;
  double* sums = nullptr;
};

/// The rows and steps of a call, the same for both directions of the pass.
template <class Real>
struct Walk {
  std::int64_t T = 0, B = 0, H = 0;
  std::int64_t Hp = 0;  // H rounded up to whole vectors
  bool reverse = false;
  const std::int64_t* sorted_lengths = nullptr;  // [B], descending
  const std::int32_t* row_of = nullptr;          // [B]
  Strided<const std::uint8_t> resets{};
  const Real* start = nullptr;                // [S,Hp] start values
  std::int64_t step_begin = 0, step_end = 0;  // the chunk of steps to run

  TAKT_INLINE std::int64_t time(std::int64_t s) const { return reverse ? T - 1 - s : s; }
  TAKT_INLINE bool is_reset(std::int64_t t, std::int64_t b) const {
    return resets.data != nullptr && *resets.row(t, b) != 0;
  }
  /// n_t, found from any earlier value of it.
  TAKT_INLINE std::int64_t active(std::int64_t t, std::int64_t from) const {
    while (from > 0 && sorted_lengths[from - 1] <= t) --from;
    while (from < B && sorted_lengths[from] > t) ++from;
    return from;
  }
};

/// Inner states and saved values of a unit lie in rows of Hp, [T,B,V+C,Hp]: first the V values that
/// the cell saved, then its C new inner states.
template <class Real>
struct ForwardTask {
  Walk<Real> walk{};
  const Real* R = nullptr;  // packed, or [G*H,H] as it was given
  bool R_is_packed = true;
  const Real* bias = nullptr;  // [2,G,Hp]: bW, bR
  const Real* Wx = nullptr;    // [rows of the chunk, G*H]
  Real* h = nullptr;           // [2,B,Hp], old h of step s in half s & 1
  Real* inner = nullptr;       // [C,B,Hp]
  Real* saved = nullptr;       // null in inference
  Strided<Real> y{};
  Strided<Real> c_all{};
};

template <class Real>
struct BackwardTask {
  Walk<Real> walk{};
  const Real* R = nullptr;        // packed, transposed
  const Real* saved = nullptr;    // [T,B,V+C,Hp]
  const Real* initial = nullptr;  // [S,B,Hp], the states with which each row began
  const Real* zeros = nullptr;    // [G*H]
  Strided<const Real> y{};
  Strided<const Real> dy{};
  Strided<const Real> dc_all{};
  const Real* dhT = nullptr;        // [B,H]
  const Real* dcT = nullptr;        // [C,B,H]
  Real* carry = nullptr;            // [S,B,Hp] gradients of old states, less what goes through R
  const Real* drh_after = nullptr;  // [B,G*H] rows of the step after the chunk
  Real* dwx = nullptr;              // [rows of the chunk, G*H]
  Real* drh = nullptr;              // the same memory as dwx where the cell shares its gradient
  Real* dh0 = nullptr;              // [B,H]
  Real* dc0 = nullptr;              // [C,B,H]
  bool first_chunk = false;  // the chunk begins with step 0: the initial states' gradients too
};

/// One cell's kernels at one level.
template <class Real>
struct Kernels {
  std::int64_t vector = 0;         // units in a vector
  std::int64_t forward_block = 0;  // vectors of units in a block
  std::int64_t backward_block = 0;
  /// R [G*H,H] into blocks of N = H units, gate by gate for each k of a block.
  void (*pack_forward)(const PackTask<Real>& task, const Share& share) = nullptr;
  void (*pack_backward)(const PackTask<Real>& task, const Share& share) = nullptr;
  void (*forward)(const ForwardTask<Real>& task, const Share& share) = nullptr;
  void (*backward)(const BackwardTask<Real>& task, const Share& share) = nullptr;
};

/// What no cell has a part in, at one level. A share's blocks are of columns.
template <class Real>
struct Products {
  std::int64_t width = 0;  // columns in a block of a product
  void (*product)(const ProductTask<Real>& task, const Share& share) = nullptr;
  void (*given_product)(const GivenProductTask<Real>& task, const Share& share) = nullptr;
  /// A matrix [K,N], or [N,K], into panels of so many columns.
  void (*pack)(const PackTask<Real>& task, const Share& share) = nullptr;
  void (*pack_transposed)(const PackTask<Real>& task, const Share& share) = nullptr;
  void (*add_columns)(const ColumnsTask<Real>& task, const Share& share) = nullptr;
};

/// One instruction-set level: its kernels in the order of takt::AllCells.
struct Level {
  const Kernels<float>* f32 = nullptr;
  const Kernels<double>* f64 = nullptr;
  Products<float> products_f32{};
  Products<double> products_f64{};
};

template <class Real>
const Products<Real>& products_of(const Level& level);
template <>
inline const Products<float>& products_of(const Level& level) {
  return level.products_f32;
}
template <>
inline const Products<double>& products_of(const Level& level) {
  return level.products_f64;
}

/// The kernels for `Real` of the cell with this index in takt::AllCells.
template <class Real>
const Kernels<Real>& kernels_of(const Level& level, std::int64_t cell);
template <>
inline const Kernels<float>& kernels_of(const Level& level, std::int64_t cell) {
  return level.f32[cell];
}
template <>
inline const Kernels<double>& kernels_of(const Level& level, std::int64_t cell) {
  return level.f64[cell];
}

}  // namespace takt::cpu
