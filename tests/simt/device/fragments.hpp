// Where the elements of mma's matrices lie in the lanes of a warp, as the PTX ISA manual gives it,
// and independent of what kernels write.
//
// The manual speaks of groupID = lane / 4 and threadID_in_group = lane % 4; of each fragment's
// elements a0, a1, ... an element's row and column are sums of multiples of both and an offset.
#pragma once

#include <array>

namespace simt {

struct Place {
  int row, column;
};

struct FragmentLayout {
  Place by_group;                    ///< each next groupID is so much further
  Place by_member;                   ///< each next threadID_in_group
  int elements;                      ///< of each lane
  std::array<Place, 8> of_elements;  ///< of lane 0

  constexpr Place of(unsigned lane, int element) const {
    const int group = static_cast<int>(lane / 4), member = static_cast<int>(lane % 4);
    const Place& first = of_elements[static_cast<std::size_t>(element)];
    return {first.row + group * by_group.row + member * by_member.row,
            first.column + group * by_group.column + member * by_member.column};
  }
};

struct MatrixShape {
  int k;                 ///< of m 16, n 8
  FragmentLayout a;      ///< [16, k]
  FragmentLayout b;      ///< [k, 8]
  int elements_in_word;  ///< of a and b, the first in the low bits
};

/// C and D of every shape here: "Matrix Fragments for mma.m16n8k16 with floating point type",
/// figure of the accumulators; "Matrix Fragments for mma.m16n8k8", the same.
inline constexpr FragmentLayout accumulator_layout{
    {1, 0}, {0, 2}, 4, {{{0, 0}, {0, 1}, {8, 0}, {8, 1}}}};

/// .f16 and .bf16: "Matrix Fragments for mma.m16n8k16 with floating point type".
inline constexpr MatrixShape m16n8k16{
    16,
    {{1, 0}, {0, 2}, 8, {{{0, 0}, {0, 1}, {8, 0}, {8, 1}, {0, 8}, {0, 9}, {8, 8}, {8, 9}}}},
    {{0, 1}, {2, 0}, 4, {{{0, 0}, {1, 0}, {8, 0}, {9, 0}}}},
    2};

/// .tf32: "Matrix Fragments for mma.m16n8k8".
inline constexpr MatrixShape m16n8k8{8,
                                     {{1, 0}, {0, 1}, 4, {{{0, 0}, {8, 0}, {0, 4}, {8, 4}}}},
                                     {{0, 1}, {1, 0}, 2, {{{0, 0}, {4, 0}}}},
                                     1};

/// One 8x8 tile of 16-bit elements, two in a word: "Warp-level matrix load instruction: ldmatrix".
/// With .trans row and column change places.
inline constexpr FragmentLayout tile_layout{{1, 0}, {0, 2}, 2, {{{0, 0}, {0, 1}}}};

}  // namespace simt
