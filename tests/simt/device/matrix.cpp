// Matrices of a warp: collected from the lanes' registers, worked on, and given back.
#include "device/matrix.hpp"

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cmath>
#include <cstring>

#include "device/fragments.hpp"
#include "device/operations.hpp"
#include "race/race.hpp"

namespace simt {
namespace {

/// In a warp that lacks lanes, or where some have ended, these operations are undefined.
void check_whole_warp(const Site& site) {
  const Warp& warp = *current().warp;
  if (warp.live != ~0u)
    grid().stop("warp operation", name_of(current()) + ", " + site.operation + " at " +
                                      name_of(site) + ": needs all 32 lanes, there are " +
                                      hex(warp.live));
}

float f16_value(std::uint16_t bits) {
  return __half2float(__half(__half_raw{bits}));
}
float bf16_value(std::uint16_t bits) {
  return __bfloat162float(__nv_bfloat16(__nv_bfloat16_raw{bits}));
}
/// What the tensor core reads of a 32-bit register: the low 13 bits are ignored.
float tf32_value(std::uint32_t bits) {
  bits &= ~0x1FFFu;
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

float element(MatrixType type, const std::uint32_t* words, int n) {
  if (type == MatrixType::tf32) return tf32_value(words[n]);
  const auto half = static_cast<std::uint16_t>(words[n / 2] >> (n % 2 * 16));
  return type == MatrixType::f16 ? f16_value(half) : bf16_value(half);
}

struct Product {
  MatrixType type;
  const std::uint32_t *a, *b;
  const float* c;
};

/// Products are exact in f32; they are summed in f32 in the order of k, after c. Hardware promises
/// neither that order nor this rounding: it aligns several products to the largest and cuts their
/// low bits off before it adds them, so that only sums that are exact agree bit for bit.
void multiply(Thread* const* lanes, unsigned, const void*) {
  const auto brought = [lanes](unsigned lane) -> const Product& {
    return *static_cast<const Product*>(lanes[lane]->in);
  };
  const MatrixType type = brought(0).type;
  const MatrixShape& shape = type == MatrixType::tf32 ? m16n8k8 : m16n8k16;
  float a[16][16], b[16][8];
  for (unsigned lane = 0; lane < warp_size; ++lane) {
    for (int n = 0; n < shape.a.elements; ++n) {
      const Place at = shape.a.of(lane, n);
      a[at.row][at.column] = element(type, brought(lane).a, n);
    }
    for (int n = 0; n < shape.b.elements; ++n) {
      const Place at = shape.b.of(lane, n);
      b[at.row][at.column] = element(type, brought(lane).b, n);
    }
  }
  for (unsigned lane = 0; lane < warp_size; ++lane)
    for (int n = 0; n < accumulator_layout.elements; ++n) {
      const Place at = accumulator_layout.of(lane, n);
      float sum = brought(lane).c[n];
      for (int k = 0; k < shape.k; ++k) sum += a[at.row][k] * b[k][at.column];
      static_cast<float*>(lanes[lane]->out)[n] = sum;
    }
}

struct Tiles {
  const void* row;
  unsigned count;
  bool transposed;
};

void load(Thread* const* lanes, unsigned, const void*) {
  const auto brought = [lanes](unsigned lane) -> const Tiles& {
    return *static_cast<const Tiles*>(lanes[lane]->in);
  };
  const auto [_, count, transposed] = brought(0);
  for (unsigned tile = 0; tile < count; ++tile) {
    std::uint16_t elements[8][8];
    for (unsigned row = 0; row < 8; ++row)
      std::memcpy(elements[row], brought(8 * tile + row).row, sizeof elements[row]);
    for (unsigned lane = 0; lane < warp_size; ++lane) {
      std::uint16_t given[2];
      for (int n = 0; n < tile_layout.elements; ++n) {
        const Place at = tile_layout.of(lane, n);
        given[n] = transposed ? elements[at.column][at.row] : elements[at.row][at.column];
      }
      std::memcpy(static_cast<std::uint32_t*>(lanes[lane]->out) + tile, given, sizeof given);
    }
  }
}

void check_row(const void* row, const Site& site) {
  constexpr unsigned bytes = 16;
  const std::string where = name_of(current()) + ", " + site.operation + " at " + name_of(site);
  const Block* const block = current().block;
  if (owner_of_shared(row) != block ||
      owner_of_shared(static_cast<const char*>(row) + bytes - 1) != block)
    grid().stop("ldmatrix", where + ": a row is not in this block's shared memory");
  if (reinterpret_cast<std::uintptr_t>(row) % bytes != 0)
    grid().stop("ldmatrix", where + ": a row is not aligned to 16 bytes");
}

}  // namespace

void multiply_matrices(MatrixType type, float* sums, const std::uint32_t* a, const std::uint32_t* b,
                       const Site& site) {
  check_whole_warp(site);
  const Product product{type, a, b, sums};
  float given[4];
  warp_collective({.combine = multiply}, &product, given, site);
  std::memcpy(sums, given, sizeof given);
}

void load_matrices(std::uint32_t* words, const void* row, unsigned tiles, bool transposed,
                   const Site& site) {
  check_whole_warp(site);
  if (current().lane < 8 * tiles) {
    check_row(row, site);
    race::thread_reads(row, 16, site);
  }
  const Tiles wanted{row, tiles, transposed};
  std::uint32_t given[4];
  warp_collective({.combine = load}, &wanted, given, site);
  std::memcpy(words, given, tiles * sizeof given[0]);
}

std::uint32_t round_to_tf32(float x) {
  std::uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  if (!std::isfinite(x)) return bits;
  return (bits + 0x1000u) & ~0x1FFFu;
}

}  // namespace simt
