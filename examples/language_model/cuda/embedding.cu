// Rows of a table by their bytes, and the gradient of the table.
//
// Tensors  indices [count] bytes; rows [count,columns]; table [256,columns].
// Work     forward a thread an element. Gradient a warp for 32 columns of one row of the table: it
//          looks at 32 indices at a time, and adds the rows that it finds.
// On chip  32 elements a lane: all loads of 32 rows are under way before the first is added.
// Order    the rows in theirs, as on the CPU.
#include "cuda/kernels.hpp"
#include "cuda/launch.cuh"
#include "text.hpp"

namespace language_model::cuda {
namespace {

template <class Real>
__global__ void embed_kernel(const std::uint8_t* indices, const Real* table, std::int64_t count,
                             std::int64_t columns, Real* rows) {
  for (std::int64_t n = first_item(); n < count * columns; n += items_at_once())
    rows[n] = table[indices[n / columns] * columns + n % columns];
}

template <class Real>
__global__ void embed_gradient_kernel(const std::uint8_t* indices, const Real* rows,
                                      std::int64_t count, std::int64_t columns, Real* table) {
  const std::int64_t k = static_cast<std::int64_t>(blockIdx.y) * warp_lanes + lane();
  Real sum = 0;
  for (std::int64_t first = 0; first < count; first += warp_lanes) {
    const std::int64_t mine = first + lane();
    const unsigned found = __ballot_sync(all_lanes, mine < count && indices[mine] == blockIdx.x);
    if (found == 0 || k >= columns) continue;
    Real row[warp_lanes];
    for (int n = 0; n < warp_lanes; ++n)
      row[n] = (found >> n & 1) != 0 ? rows[(first + n) * columns + k] : Real{0};
    for (int n = 0; n < warp_lanes; ++n) sum += row[n];
  }
  if (k < columns) table[blockIdx.x * columns + k] = sum;
}

}  // namespace

template <class Real>
void embed(const std::uint8_t* indices, const Real* table, std::int64_t count, std::int64_t columns,
           Real* rows, cudaStream_t stream) {
  launch("embed_kernel", &embed_kernel<Real>, blocks_over(count * columns), threads, stream,
         indices, table, count, columns, rows);
}

template <class Real>
void embed_gradient(const std::uint8_t* indices, const Real* rows, std::int64_t count,
                    std::int64_t columns, Real* table, cudaStream_t stream) {
  const dim3 grid(byte_values, static_cast<unsigned>((columns + warp_lanes - 1) / warp_lanes));
  launch("embed_gradient_kernel", &embed_gradient_kernel<Real>, grid, warp_lanes, stream, indices,
         rows, count, columns, table);
}

template void embed(const std::uint8_t*, const float*, std::int64_t, std::int64_t, float*,
                    cudaStream_t);
template void embed(const std::uint8_t*, const double*, std::int64_t, std::int64_t, double*,
                    cudaStream_t);
template void embed_gradient(const std::uint8_t*, const float*, std::int64_t, std::int64_t, float*,
                             cudaStream_t);
template void embed_gradient(const std::uint8_t*, const double*, std::int64_t, std::int64_t,
                             double*, cudaStream_t);

}  // namespace language_model::cuda
