// What both passes of the CPU path begin with: sizes, sorted rows, strides, shares of the work.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include <takt/plan.hpp>

#include "cpu/layout.hpp"
#include "cpu/tasks.hpp"
#include "cpu/thread_pool.hpp"
#include "device.hpp"
#include "plan_state.hpp"

namespace takt::cpu {

/// A part of scratch or saved memory.
template <class Element, class Void>
Element* part(const BasicBytes<Void>& memory, std::int64_t offset) {
  using Byte = std::conditional_t<std::is_const_v<Void>, const char, char>;
  return reinterpret_cast<Element*>(static_cast<Byte*>(memory.data) + offset);
}

/// The caller's rows as a [T,B,*] array of either layout.
template <class Element, class Void>
Strided<Element> strided(const BasicRows<Void>& rows, std::int64_t width, Dims dims,
                         Layout layout) {
  if (dims.T == 0 || dims.B == 0) return {};  // the strides may not fit
  const std::int64_t stride = rows.row_stride() == 0 ? width : rows.row_stride();
  const bool time_major = layout == Layout::time_major;
  return {rows.pointer().template as<std::remove_const_t<Element>>(),
          stride * (time_major ? dims.B : 1), stride * (time_major ? 1 : dims.T),
          stride * dims.T * dims.B};
}

/// One call of a plan: what it runs on and over.
template <class Real>
struct Call {
  Call(const Plan::State& plan, Dims dims, const Inputs& inputs)
      : device(*plan.device.state()),
        sizes(sizes_of(plan.spec, *plan.decision.cell, plan.largest, device.facts.vector_bytes)),
        kernels(kernels_of<Real>(*device.level, plan.decision.cell_index)) {
    walk.T = dims.T;
    walk.B = dims.B;
    walk.H = sizes.H;
    walk.Hp = sizes.Hp;
    walk.reverse = plan.spec.direction == Direction::reverse;
    const bool time_major = plan.spec.layout == Layout::time_major;
    walk.resets = {inputs.resets.data(), time_major ? dims.B : 1, time_major ? 1 : dims.T, 0};
  }

  /// Positions of the batch's rows, longest first, equal ones in the order of the batch.
  void sort_rows(const std::int32_t* given, std::int64_t* sorted_lengths, std::int32_t* row_of) {
    const auto B = static_cast<std::int32_t>(walk.B);
    for (std::int32_t b = 0; b < B; ++b) row_of[b] = b;
    if (given != nullptr)
      std::sort(row_of, row_of + B, [&](std::int32_t a, std::int32_t b) {
        return given[a] != given[b] ? given[a] > given[b] : a < b;
      });
    for (std::int32_t p = 0; p < B; ++p)
      sorted_lengths[p] = given != nullptr ? given[row_of[p]] : walk.T;
    walk.sorted_lengths = sorted_lengths;
    walk.row_of = row_of;
  }

  /// Start values of all states, [S,Hp].
  void set_start(const CellInfo& cell, Real* start) {
    for (std::int64_t k = 0; k < sizes.S; ++k)
      std::fill_n(start + k * sizes.Hp, sizes.Hp,
                  static_cast<Real>(cell.start[static_cast<std::size_t>(k)]));
    walk.start = start;
  }

  /// Sum of n_t over the steps of the chunk.
  std::int64_t rows_in_chunk() const {
    std::int64_t rows = 0, active = walk.B;
    for (std::int64_t s = walk.step_begin; s < walk.step_end; ++s)
      rows += active = walk.active(walk.time(s), active);
    return rows;
  }

  /// visit(row of the chunk, t, p, b) for all rows of the chunk, in the order of the kernels.
  template <class Visit>
  void for_rows_of_chunk(const Visit& visit) const {
    std::int64_t row = 0, active = walk.B;
    for (std::int64_t s = walk.step_begin; s < walk.step_end; ++s) {
      const std::int64_t t = walk.time(s);
      active = walk.active(t, active);
      for (std::int64_t p = 0; p < active; ++p, ++row) visit(row, t, p, walk.row_of[p]);
    }
  }

  /// Of so many vectors of units each.
  std::int64_t blocks(std::int64_t block) const {
    return ceil_div(ceil_div(sizes.H, kernels.vector), block);
  }

  /// table[row] = at(t, p, b) for all rows of the chunk.
  template <class Pointer, class At>
  Pointer* row_table(Pointer* table, const At& at) const {
    for_rows_of_chunk([&](std::int64_t row, std::int64_t t, std::int64_t p, std::int64_t b) {
      table[row] = at(t, p, b);
    });
    return table;
  }

  const Device::State& device;
  Sizes sizes;
  const Kernels<Real>& kernels;
  Walk<Real> walk{};
};

/// How a region's threads divide the rows and the blocks of units.
struct Split {
  int row_groups = 1;
  int unit_groups = 1;

  int members() const { return row_groups * unit_groups; }
};

/// Of a step.
Split split(int threads, std::int64_t rows, std::int64_t blocks, std::int64_t weight_bytes,
            std::int64_t step_products);
/// Of a product over all rows of a chunk.
Split split_product(int threads, std::int64_t rows, std::int64_t blocks, std::int64_t products);
/// Of what reads and writes each of `elements` once.
Split split_pass(int threads, std::int64_t blocks, std::int64_t elements);

/// Runs kernel(task, share) on all members of the split.
template <class Task, class Kernel>
void run_region(ThreadPool& pool, const Split& split, std::int64_t rows, std::int64_t blocks,
                const Kernel& kernel, const Task& task) {
  const auto lock = pool.reserve();
  if (split.unit_groups > 1)
    for (int g = 0; g < split.row_groups; ++g) pool.barrier(g).set_members(split.unit_groups);
  pool.run(split.members(), [&](int member) {
    const std::int64_t r = member / split.unit_groups, u = member % split.unit_groups;
    Share share;
    share.row_begin = rows * r / split.row_groups;
    share.row_end = rows * (r + 1) / split.row_groups;
    share.block_begin = blocks * u / split.unit_groups;
    share.block_end = blocks * (u + 1) / split.unit_groups;
    share.barrier = split.unit_groups > 1 ? &pool.barrier(static_cast<int>(r)) : nullptr;
    kernel(task, share);
  });
}

template <class Real>
void run_product(const Device::State& device, const ProductTask<Real>& task) {
  const Products<Real>& products = products_of<Real>(*device.level);
  const std::int64_t blocks = ceil_div(task.N, products.width);
  const int threads = device.pool->threads();
  Split split = split_product(threads, task.M, blocks, task.M * task.N * task.K);
  if (split.members() == 1)
    split = split_pass(threads, blocks, task.N * task.K);  // few rows: reading B is the work
  run_region(*device.pool, split, task.M, blocks, products.product, task);
}

/// Reading B is the work.
template <class Real>
void run_given_product(const Device::State& device, const GivenProductTask<Real>& task) {
  const Products<Real>& products = products_of<Real>(*device.level);
  const std::int64_t blocks = ceil_div(task.N, products.width);
  run_region(*device.pool, split_pass(device.pool->threads(), blocks, task.N * task.K), task.M,
             blocks, products.given_product, task);
}

template <class Real>
void run_columns(const Device::State& device, const ColumnsTask<Real>& task) {
  run_region(*device.pool,
             split_pass(device.pool->threads(), task.columns, task.rows * task.columns), 1,
             task.columns, products_of<Real>(*device.level).add_columns, task);
}

template <class Real>
void run_copy(const Device::State& device, std::int64_t rows, const CopyTask<Real>& task) {
  const Split shares = split_pass(device.pool->threads(), rows, rows * task.width);
  run_region(
      *device.pool, {shares.unit_groups, 1}, rows, 1,
      [](const CopyTask<Real>& copy, const Share& share) {
        for (std::int64_t row = share.row_begin; row < share.row_end; ++row)
          std::copy_n(copy.from.row(row), copy.width, copy.to.row(row));
      },
      task);
}

/// `blocks`: those of the packed matrix.
template <class Real>
void run_pack(const Device::State& device, void (*pack)(const PackTask<Real>&, const Share&),
              const PackTask<Real>& task, std::int64_t blocks) {
  run_region(*device.pool, split_pass(device.pool->threads(), blocks, task.K * task.N), 1, blocks,
             pack, task);
}

}  // namespace takt::cpu
