// Stands for kernels/ptx/ldmatrix.cuh on the emulated device.
#pragma once

#include <cstdint>

#include <takt/kernels/device.cuh>

#include "device/matrix.hpp"

namespace takt::ptx {

inline void ldmatrix_x1(std::uint32_t (&words)[1], const void* row, SIMT_CALLED_FROM) {
  simt::load_matrices(words, row, 1, false, simt::site_of("ldmatrix_x1", file, line));
}
inline void ldmatrix_x2(std::uint32_t (&words)[2], const void* row, SIMT_CALLED_FROM) {
  simt::load_matrices(words, row, 2, false, simt::site_of("ldmatrix_x2", file, line));
}
inline void ldmatrix_x4(std::uint32_t (&words)[4], const void* row, SIMT_CALLED_FROM) {
  simt::load_matrices(words, row, 4, false, simt::site_of("ldmatrix_x4", file, line));
}
inline void ldmatrix_x1_transposed(std::uint32_t (&words)[1], const void* row, SIMT_CALLED_FROM) {
  simt::load_matrices(words, row, 1, true, simt::site_of("ldmatrix_x1_transposed", file, line));
}
inline void ldmatrix_x2_transposed(std::uint32_t (&words)[2], const void* row, SIMT_CALLED_FROM) {
  simt::load_matrices(words, row, 2, true, simt::site_of("ldmatrix_x2_transposed", file, line));
}
inline void ldmatrix_x4_transposed(std::uint32_t (&words)[4], const void* row, SIMT_CALLED_FROM) {
  simt::load_matrices(words, row, 4, true, simt::site_of("ldmatrix_x4_transposed", file, line));
}

}  // namespace takt::ptx
