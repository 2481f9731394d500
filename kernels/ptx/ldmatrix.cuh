// Loads of 8x8 tiles of 16-bit elements from shared memory into the fragments of mma.
//
// Each row of a tile is 16 bytes, aligned to 16. Lanes 8 n .. 8 n + 7 bring the addresses of tile
// n's rows; addresses of lanes beyond the last tile are not looked at. Then words[n] of a lane
// holds, of tile n, in row lane / 4 the columns 2 (lane % 4) and the next; transposed: in column
// lane / 4 those rows. All 32 lanes take part.
#pragma once

#include <cstdint>

#include <takt/kernels/device.cuh>
#include <takt/kernels/ptx/address.cuh>

namespace takt::ptx {

/// ldmatrix.x1: "Warp-level matrix load instruction: ldmatrix".
TAKT_DEVICE void ldmatrix_x1(std::uint32_t (&words)[1], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%0}, [%1];"
               : "=r"(words[0])
               : "r"(shared_address(row))
               : "memory");
}

/// ldmatrix.x2: "Warp-level matrix load instruction: ldmatrix".
TAKT_DEVICE void ldmatrix_x2(std::uint32_t (&words)[2], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0, %1}, [%2];"
               : "=r"(words[0]), "=r"(words[1])
               : "r"(shared_address(row))
               : "memory");
}

/// ldmatrix.x4: "Warp-level matrix load instruction: ldmatrix".
TAKT_DEVICE void ldmatrix_x4(std::uint32_t (&words)[4], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(words[0]), "=r"(words[1]), "=r"(words[2]), "=r"(words[3])
               : "r"(shared_address(row))
               : "memory");
}

/// ldmatrix.x1.trans: "Warp-level matrix load instruction: ldmatrix".
TAKT_DEVICE void ldmatrix_x1_transposed(std::uint32_t (&words)[1], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x1.trans.shared.b16 {%0}, [%1];"
               : "=r"(words[0])
               : "r"(shared_address(row))
               : "memory");
}

/// ldmatrix.x2.trans: "Warp-level matrix load instruction: ldmatrix".
TAKT_DEVICE void ldmatrix_x2_transposed(std::uint32_t (&words)[2], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];"
               : "=r"(words[0]), "=r"(words[1])
               : "r"(shared_address(row))
               : "memory");
}

/// ldmatrix.x4.trans: "Warp-level matrix load instruction: ldmatrix".
TAKT_DEVICE void ldmatrix_x4_transposed(std::uint32_t (&words)[4], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(words[0]), "=r"(words[1]), "=r"(words[2]), "=r"(words[3])
               : "r"(shared_address(row))
               : "memory");
}

}  // namespace takt::ptx
