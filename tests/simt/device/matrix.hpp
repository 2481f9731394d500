// Operations of a warp on matrices: mma and ldmatrix.
#pragma once

#include <cstdint>

#include "device/grid.hpp"

namespace simt {

/// What is in the registers of A and B.
enum class MatrixType : std::uint8_t { f16, bf16, tf32 };

/// sums += A B, [16,8]: k is 16, with tf32 8. `a` of 4 words, `b` of 2, `sums` of 4.
void multiply_matrices(MatrixType type, float* sums, const std::uint32_t* a, const std::uint32_t* b,
                       const Site& site);

/// Loads `tiles` (1, 2 or 4) tiles of 8 rows of 16 bytes into as many words.
void load_matrices(std::uint32_t* words, const void* row, unsigned tiles, bool transposed,
                   const Site& site);

/// The nearest tf32, ties away from zero; infinities and NaN stay what they are.
std::uint32_t round_to_tf32(float x);

}  // namespace simt
