// Matrix products of one warp on tensor cores: c += a b, with f32 sums.
//
// Every lane holds a fragment of each matrix; with group = lane / 4 and member = lane % 4:
//   k16 (f16, bf16; a word is two elements of neighbouring k, the lower one in the low half)
//     A [16,16]  words[r]: row group + 8 (r % 2), k = 2 member + 8 (r / 2)
//     B [16,8]   words[r]: k = 2 member + 8 r, column group
//   k8 (tf32; a word is one element)
//     A [16,8]   words[r]: row group + 8 (r % 2), k = member + 4 (r / 2)
//     B [8,8]    words[r]: k = member + 4 r, column group
//   C [16,8]     sums[s]: row group + 8 (s / 2), column 2 member + s % 2
#pragma once

#include <cstdint>

#include <takt/kernels/device.cuh>

namespace takt::ptx {

/// Names the type of elements with f32's exponent and 10 bits of fraction, held in 32 bits.
struct Tf32;

template <class Real>
struct FragmentA {
  std::uint32_t words[4];
};
template <class Real>
struct FragmentB {
  std::uint32_t words[2];
};
struct FragmentC {
  float sums[4];
};

/// mma.sync.m16n8k16 of f16: "Multiply-and-Accumulate Instruction: mma".
TAKT_DEVICE void mma_m16n8k16(FragmentC& c, const FragmentA<__half>& a,
                              const FragmentB<__half>& b) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
      "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(c.sums[0]), "+f"(c.sums[1]), "+f"(c.sums[2]), "+f"(c.sums[3])
      : "r"(a.words[0]), "r"(a.words[1]), "r"(a.words[2]), "r"(a.words[3]), "r"(b.words[0]),
        "r"(b.words[1]));
}

/// mma.sync.m16n8k16 of bf16: "Multiply-and-Accumulate Instruction: mma".
TAKT_DEVICE void mma_m16n8k16(FragmentC& c, const FragmentA<__nv_bfloat16>& a,
                              const FragmentB<__nv_bfloat16>& b) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
      "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(c.sums[0]), "+f"(c.sums[1]), "+f"(c.sums[2]), "+f"(c.sums[3])
      : "r"(a.words[0]), "r"(a.words[1]), "r"(a.words[2]), "r"(a.words[3]), "r"(b.words[0]),
        "r"(b.words[1]));
}

/// mma.sync.m16n8k8 of tf32: "Multiply-and-Accumulate Instruction: mma".
/// Of each element the low 13 bits are ignored.
TAKT_DEVICE void mma_m16n8k8(FragmentC& c, const FragmentA<Tf32>& a, const FragmentB<Tf32>& b) {
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
      "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(c.sums[0]), "+f"(c.sums[1]), "+f"(c.sums[2]), "+f"(c.sums[3])
      : "r"(a.words[0]), "r"(a.words[1]), "r"(a.words[2]), "r"(a.words[3]), "r"(b.words[0]),
        "r"(b.words[1]));
}

/// The nearest tf32, ties away from zero. cvt.rna.tf32.f32: "Data Movement and Conversion
/// Instructions: cvt".
TAKT_DEVICE std::uint32_t to_tf32(float x) {
  std::uint32_t word;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(word) : "f"(x));
  return word;
}

}  // namespace takt::ptx
