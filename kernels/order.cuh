// Rows of a batch by falling length, those of one length as they lie: groups of persistent kernels
// then have rows that end together.
//
// When     once a call of a persistent kernel with lengths.
// Tensors  lengths, order [B] int32.
// Work     blocks of policy::Rows::threads; one thread a row, walking over the rest; it counts the
//          rows before its own: B * B comparisons, for B up to 65,536.
// On chip  registers only.
#pragma once

#include <cstdint>

#include <takt/kernels/policy/rows.hpp>
#include <takt/kernels/tile/items.cuh>

namespace takt {

struct OrderRows {
  std::int64_t B = 0;
  const std::int32_t* lengths = nullptr;  ///< within 0 and T
  std::int32_t* order = nullptr;
};

static __global__ void __launch_bounds__(policy::Rows::threads)
    order_rows_kernel(const OrderRows p) {
  for (std::int64_t b = first_item(); b < p.B; b += items_at_once()) {
    const std::int32_t length = p.lengths[b];
    std::int64_t before = 0;
    for (std::int64_t other = 0; other < p.B; ++other) {
      const bool longer = p.lengths[other] > length;
      const bool earlier = p.lengths[other] == length && other < b;
      before += longer || earlier ? 1 : 0;
    }
    p.order[before] = static_cast<std::int32_t>(b);
  }
}

}  // namespace takt
