// The shapes and semantics in which the persistent kernels are tested.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <takt/kernels/policy/persistent.hpp>

#include "simt.hpp"
#include "step_layer.hpp"

namespace takt::persistent_layer {

using step_layer::Semantics;

/// Whether each access is looked at: then programs are much slower, and see the same in any order
/// of threads.
#if defined(SIMT_RACE_CHECKER) || defined(__SANITIZE_ADDRESS__)
inline constexpr bool looks_at_accesses = true;
#else
inline constexpr bool looks_at_accesses = false;
#endif

struct Shape {
  std::int64_t T, B, H;
  int blocks = 1, parts = 1, row_tiles = 1;
  std::int64_t chunk = 0;       ///< steps of a launch; 0: all
  bool gave_up_before = false;  ///< a kernel of the same call
  bool in_grid = false;
  std::int64_t at_once = 0;                ///< groups of a launch; 0: all
  std::int64_t shared_k_blocks = 1 << 20;  ///< of a warp; in a grid the others are streamed
  int staged_k_blocks = policy::Persistent::most_staged;  ///< of a grid's warp, in one turn
};

inline std::string described(const Shape& shape, const Semantics& semantics) {
  return (testing::Message() << "T " << shape.T << " B " << shape.B << " H " << shape.H << ", "
                             << shape.blocks << " blocks, " << shape.parts << " parts, "
                             << shape.row_tiles << " row tiles, chunks of " << shape.chunk
                             << ", turns of " << shape.staged_k_blocks
                             << (shape.in_grid ? ", in a grid" : "") << ", reverse "
                             << semantics.reverse << ", lengths " << semantics.lengths
                             << ", resets " << semantics.resets)
      .GetString();
}

/// Each in two of the schedules, and each schedule with both words of every option.
template <class Check>
void for_each_semantics(const Check& check) {
  const std::vector<simt::Schedule> schedules = simt::kernel_schedules();
  for (std::size_t n = 0; n < 16; ++n) {
    const simt::Schedule& schedule = schedules[(n + n / 4) % schedules.size()];
    SCOPED_TRACE(simt::to_string(schedule));
    simt::set_schedule(schedule);
    check(Semantics{.reverse = n % 2 != 0, .lengths = n / 2 % 2 != 0, .resets = n / 4 % 2 != 0});
  }
}

/// Units and rows that do and do not fill their tiles, every size of cluster, parts of k, several
/// groups, chunks; in a grid one block, blocks of several tiles and with no whole k block of their
/// own, groups one after the other, R streamed in part.
struct Form {
  Shape shape;
  Semantics semantics{};
};
inline std::vector<Form> forms(bool in_grid) {
  const Semantics all{.reverse = true, .lengths = true, .resets = true};
  std::vector<Form> forms{
      {{.T = 5, .B = 3, .H = 40}, all},
      {{.T = 5, .B = 1, .H = 1}},
      {{.T = 1, .B = 9, .H = 16}},
      {{.T = 9, .B = 20, .H = 30, .parts = 4, .row_tiles = 2, .chunk = 4}, all},
      {{.T = 6, .B = 13, .H = 60, .blocks = 4, .parts = 6, .row_tiles = 3}, all},
      {{.T = 7, .B = 9, .H = 120, .blocks = 8}, all},
      {{.T = 7, .B = 2, .H = 250, .blocks = 16}, all}};
  if (in_grid)
    forms = {
        {{.T = 4, .B = 3, .H = 5, .parts = 2}},
        {{.T = 1, .B = 9, .H = 40, .blocks = 3, .parts = 2}, all},
        {{.T = 9, .B = 20, .H = 70, .blocks = 2, .parts = 2, .chunk = 4}, all},
        {{.T = 6, .B = 50, .H = 100, .blocks = 7, .parts = 6, .row_tiles = 3, .at_once = 2}, all},
        {{.T = 4, .B = 9, .H = 260, .blocks = 17, .parts = 2, .shared_k_blocks = 1}, all},
        {{.T = 4,
          .B = 17,
          .H = 250,
          .blocks = 8,
          .parts = 4,
          .row_tiles = 2,
          .shared_k_blocks = 2,
          .staged_k_blocks = 2},
         all},
        {{.T = 3, .B = 2, .H = 270, .blocks = 9, .parts = 2, .shared_k_blocks = 0}}};
  for (Form& form : forms) form.shape.in_grid = in_grid;
  return forms;
}

/// Units in a tile of each block, so many that a warp loads its k blocks in two turns. In the
/// second R comes from shared memory, from global memory, and, with `some` k blocks in shared
/// memory, from either.
inline std::vector<Shape> deep_grids(int tiles, std::int64_t some) {
  const Shape deep{
      .T = 3, .B = 9, .H = 16 * tiles - 5, .blocks = tiles, .parts = 2, .in_grid = true};
  Shape streamed = deep, mixed = deep;
  streamed.shared_k_blocks = 0;
  mixed.shared_k_blocks = some;
  if (looks_at_accesses) return {mixed};
  Shape in_more_turns = mixed;
  in_more_turns.staged_k_blocks = policy::Persistent::least_staged;
  return {deep, streamed, in_more_turns, mixed};
}
/// What `some` is to be.
inline void expect_either(const policy::PersistentShape& shape) {
  EXPECT_GT(shape.depth() - shape.streamed_depth(), policy::Persistent::most_staged);
  EXPECT_GT(shape.streamed_depth(), 0);
}

/// Each form, in each of the schedules where `in_all_orders`, else, and where each access is looked
/// at, form n in schedule n.
template <class Check>
void for_each_form(bool in_grid, bool in_all_orders, const Check& check) {
  in_all_orders = in_all_orders && !looks_at_accesses;
  const std::vector<simt::Schedule> schedules = simt::kernel_schedules();
  std::size_t n = 0;
  for (const Form& form : forms(in_grid)) {
    for (std::size_t s = 0; s < schedules.size(); ++s) {
      if (!in_all_orders && s != n % schedules.size()) continue;
      SCOPED_TRACE(simt::to_string(schedules[s]));
      simt::set_schedule(schedules[s]);
      check(form.shape, form.semantics);
    }
    ++n;
  }
}

/// Each half of what is exchanged is used many times over.
inline std::vector<Shape> long_shapes() {
  const Shape cluster{.T = 300, .B = 2, .H = 20, .blocks = 2};
  Shape block = cluster, in_chunks = cluster, grid = cluster;
  block.blocks = 1;
  in_chunks.chunk = 37;
  grid.parts = 2, grid.in_grid = true;
  Shape grid_in_chunks = grid;
  grid_in_chunks.chunk = 37;
  return {cluster, block, in_chunks, grid, grid_in_chunks};
}
/// In all of the schedules; where each access is looked at, shape n in schedule n.
template <class Check>
void for_each_long_shape(const Check& check) {
  const std::vector<simt::Schedule> schedules = simt::kernel_schedules();
  std::size_t n = 0;
  for (const Shape& shape : long_shapes()) {
    for (std::size_t s = 0; s < schedules.size(); ++s) {
      if (looks_at_accesses && s != n % schedules.size()) continue;
      SCOPED_TRACE(simt::to_string(schedules[s]));
      simt::set_schedule(schedules[s]);
      check(shape);
    }
    ++n;
  }
}

}  // namespace takt::persistent_layer
