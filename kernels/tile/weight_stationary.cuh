// Products of one warp whose left operand stays on the chip: sums [16,8] += R [16,k] h^T [k,8], one
// k block (64 bytes of a row of h) at a time. Backward R is R^T, and h the gates' gradients.
//
// With group = lane / 4 and member = lane % 4 a lane holds
//   of R    16 bytes of each of the rows group and group + 8, from byte 16 member of the k block
//   of h    16 bytes of row group, from byte 16 member
//   of sums rows group + 8 (s / 2), column 2 member + s % 2, s = 0 .. 3, once they are folded
// Which k a tensor core multiplies with which is free as long as both operands agree: so neither is
// shuffled, and h is read in vectors of 16 bytes from wherever it lies.
#pragma once

#include <cstdint>
#include <cstring>

#include <takt/kernels/ptx/mma.cuh>
#include <takt/kernels/types.cuh>

namespace takt {

/// One k block of h: a lane's 16 bytes.
struct HFragment {
  std::uint32_t words[4];
};
/// One k block of 16 rows of R: a lane's 16 bytes of either row.
struct RFragment {
  std::uint32_t words[2][4];
};

namespace detail {

/// mma's A from the words [row half][2 j + r] of R, its B from the words [2 j + r] of h.
template <class Element>
TAKT_DEVICE ptx::FragmentA<Element> left(const RFragment& R, int j) {
  return {{R.words[0][2 * j], R.words[1][2 * j], R.words[0][2 * j + 1], R.words[1][2 * j + 1]}};
}
template <class Element>
TAKT_DEVICE ptx::FragmentB<Element> right(const HFragment& h, int j) {
  return {{h.words[2 * j], h.words[2 * j + 1]}};
}

TAKT_DEVICE float as_float(std::uint32_t word) {
  float value;
  memcpy(&value, &word, sizeof value);
  return value;
}
TAKT_DEVICE std::uint32_t as_word(float value) {
  std::uint32_t word;
  memcpy(&word, &value, sizeof word);
  return word;
}

}  // namespace detail

/// f16 and bf16 on tensor cores. Either half of a k block has sums of its own, so that one product
/// does not wait for the other.
template <class Element>
struct TensorProduct {
  using Real = Element;
  static constexpr bool wide_sums = false;
  struct Sums {
    ptx::FragmentC half[2];
  };

  using Operand = HFragment;

  TAKT_DEVICE static Real operand(Real value) { return value; }
  /// `h(row)` reads a lane's bytes of a row of the row tile.
  template <class Rows>
  TAKT_DEVICE static Operand read(const Rows& h) {
    return h(static_cast<int>(threadIdx.x) % 32 / 4);
  }
  TAKT_DEVICE static void multiply(Sums& sums, const RFragment& R, const Operand& h) {
    for (int j = 0; j < 2; ++j)
      ptx::mma_m16n8k16(sums.half[j], detail::left<Real>(R, j), detail::right<Real>(h, j));
  }
  TAKT_DEVICE static ptx::FragmentC fold(const Sums& sums) {
    ptx::FragmentC folded;
    for (int s = 0; s < 4; ++s) folded.sums[s] = sums.half[0].sums[s] + sums.half[1].sums[s];
    return folded;
  }
};

/// f32 rounded to tf32, on tensor cores.
struct Tf32Product {
  using Real = float;
  static constexpr bool wide_sums = false;
  using Sums = TensorProduct<__half>::Sums;
  using Operand = HFragment;

  TAKT_DEVICE static Real operand(Real value) { return detail::as_float(ptx::to_tf32(value)); }
  template <class Rows>
  TAKT_DEVICE static Operand read(const Rows& h) {
    return TensorProduct<__half>::read(h);
  }
  TAKT_DEVICE static void multiply(Sums& sums, const RFragment& R, const Operand& h) {
    for (int j = 0; j < 2; ++j)
      ptx::mma_m16n8k8(sums.half[j], detail::left<ptx::Tf32>(R, j), detail::right<ptx::Tf32>(h, j));
  }
  TAKT_DEVICE static ptx::FragmentC fold(const Sums& sums) {
    return TensorProduct<__half>::fold(sums);
  }
};

/// f32 as it is. A lane sums its own k for all eight columns; the four members of a group then add
/// up, each keeping two columns.
struct StrictProduct {
  using Real = float;
  static constexpr bool wide_sums = true;
  struct Sums {
    float of[2][8];  // [row half][column]
  };
  struct Operand {
    HFragment rows[8];
  };

  TAKT_DEVICE static Real operand(Real value) { return value; }
  template <class Rows>
  TAKT_DEVICE static Operand read(const Rows& h) {
    Operand operand;
    for (int row = 0; row < 8; ++row) operand.rows[row] = h(row);
    return operand;
  }
  TAKT_DEVICE static void multiply(Sums& sums, const RFragment& R, const Operand& h) {
    for (int column = 0; column < 8; ++column)
      for (int half = 0; half < 2; ++half)
        for (int e = 0; e < 4; ++e)
          sums.of[half][column] =
              fmaf(detail::as_float(R.words[half][e]), detail::as_float(h.rows[column].words[e]),
                   sums.of[half][column]);
  }
  /// In the order (0 + 2) + (1 + 3) of the members, whoever keeps the sum: half of the columns go
  /// to the member two further, then half of the rest to the next.
  TAKT_DEVICE static ptx::FragmentC fold(const Sums& sums) {
    constexpr unsigned all = 0xffffffffu;
    const int member = static_cast<int>(threadIdx.x) % 4;
    const bool upper = member / 2 != 0, odd = member % 2 != 0;
    ptx::FragmentC folded;
    for (int half = 0; half < 2; ++half) {
      const float(&of)[8] = sums.of[half];
      float four[4];
      for (int n = 0; n < 4; ++n)
        four[n] = (upper ? of[4 + n] : of[n]) + __shfl_xor_sync(all, upper ? of[n] : of[4 + n], 2);
      for (int n = 0; n < 2; ++n)
        folded.sums[2 * half + n] =
            (odd ? four[2 + n] : four[n]) + __shfl_xor_sync(all, odd ? four[n] : four[2 + n], 1);
    }
    return folded;
  }
};

}  // namespace takt
