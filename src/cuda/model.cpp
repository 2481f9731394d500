// The planner's model of a GPU.
#include "cuda/model.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "cuda/layout.hpp"
#include "say.hpp"

namespace takt::cuda {
namespace {

using policy::Persistent;
using policy::PersistentShape;

// What the model assumes beside the constants of a device.
constexpr double barrier_cycles = 30;    ///< of a block
constexpr double barriers = 2;           ///< of a step
constexpr double strict_lanes = 128;     ///< multiply-adds of f32 a cycle and multiprocessor
constexpr double partitions = 4;         ///< of a multiprocessor: a warp has the products of one
constexpr double warp_store_bytes = 16;  ///< a cycle
constexpr double l2_cycles = 300;        ///< a guess: until what was asked of L2 is there
constexpr double l2_share = 0.7;         ///< of L2 that keeps what is read in each step
constexpr double call_kernels = 3;       ///< before the persistent ones
constexpr double guessed_multiprocessors = 132;

/// The guesses, then what was measured.
constexpr Model models[] = {
    {.device = "",
     .record = "",
     .constants = {.clock_mhz = 1980,
                   .kernel_us = 2.6,
                   .function_cycles = 50,
                   .shared_bytes = 128,
                   .l2_gb_per_s = 5500,
                   .memory_gb_per_s = 4000,
                   .f16_tflop_per_s = 535,
                   .bf16_tflop_per_s = 535,
                   .tf32_tflop_per_s = 268,
                   .grid = {1.0, 0.008},
                   .clusters = {{{{0.3, 0.016}, 66},
                                 {{0.3, 0.016}, 33},
                                 {{0.3, 0.016}, 16},
                                 {{0.3, 0.016}, 8}}}}},
#include "cuda/measured_models.inc"
};

/// A device, with its constants in microseconds, bytes and operations.
class Rates {
 public:
  explicit Rates(const DeviceFacts& device)
      : constants_(model_of(device).constants),
        multiprocessors_(device.multiprocessors),
        l2_bytes_(static_cast<double>(device.l2_bytes)) {
    if (model_of(device).is_measured()) return;
    const double larger = multiprocessors_ / guessed_multiprocessors;
    for (double* const of_all : {&constants_.l2_gb_per_s, &constants_.f16_tflop_per_s,
                                 &constants_.bf16_tflop_per_s, &constants_.tf32_tflop_per_s})
      *of_all *= larger;
    for (ClusterModel& cluster : constants_.clusters) cluster.at_once *= larger;
  }

  double kernel_us() const { return constants_.kernel_us; }
  double function_cycles() const { return constants_.function_cycles; }
  double cycles_us(double cycles) const { return cycles / constants_.clock_mhz; }
  bool is_in_l2(double bytes) const { return bytes <= l2_share * l2_bytes_; }
  /// By all multiprocessors, again and again.
  double read_us(double bytes) const {
    return bytes / 1e3 / (is_in_l2(bytes) ? constants_.l2_gb_per_s : constants_.memory_gb_per_s);
  }
  /// By one multiprocessor, from L2 and from its own shared memory.
  double l2_us_of_one(double bytes) const {
    return bytes * multiprocessors_ / 1e3 / constants_.l2_gb_per_s;
  }
  double shared_us_of_one(double bytes) const { return cycles_us(bytes / constants_.shared_bytes); }
  /// By all multiprocessors.
  double multiply_us(double operations, DataType type, Math math) const {
    const double tera = type == DataType::f16    ? constants_.f16_tflop_per_s
                        : type == DataType::bf16 ? constants_.bf16_tflop_per_s
                        : math == Math::tf32
                            ? constants_.tf32_tflop_per_s
                            : 2 * strict_lanes * multiprocessors_ * constants_.clock_mhz / 1e6;
    return operations / 1e6 / (type == DataType::f64 ? tera / 2 : tera);
  }
  double exchange_us(const PersistentShape& shape, double bytes) const {
    if (shape.blocks == 1) return 0;
    return shape.in_grid ? constants_.grid.us(bytes) : cluster(shape.blocks).exchange.us(bytes);
  }
  /// Groups that there is room for, of `all`.
  double groups_at_once(const PersistentShape& shape, double all) const {
    const double room = shape.in_grid || shape.blocks == 1
                            ? std::floor(multiprocessors_ / shape.blocks)
                            : std::floor(cluster(shape.blocks).at_once);
    return std::min(all, std::max(1., room));
  }

 private:
  /// A size between two has that of the larger.
  const ClusterModel& cluster(int blocks) const {
    std::size_t n = 0;
    while (n + 1 < constants_.clusters.size() && 2 << n < blocks) ++n;
    return constants_.clusters[n];
  }

  ModelConstants constants_;
  double multiprocessors_, l2_bytes_;
};

struct StepWork {
  double R_bytes, operations;
  explicit StepWork(const StepSize& size) {
    const double GHH = static_cast<double>(size.cell.gates) *
                       static_cast<double>(size.spec.hidden_size) *
                       static_cast<double>(size.spec.hidden_size);
    R_bytes = GHH * static_cast<double>(size_of(size.spec.type));
    operations = 2 * GHH * static_cast<double>(size.B);
  }
};

/// So many kernels a step, the product in one of them.
double kernels_us(double kernels, const StepSize& size, const DeviceFacts& device) {
  const Rates rates(device);
  const StepWork work(size);
  return kernels * rates.kernel_us() +
         std::max(rates.read_us(work.R_bytes),
                  rates.multiply_us(work.operations, size.spec.type, size.spec.math));
}

/// In a row tile: the part of R that a block keeps nowhere.
double streaming_us(const PersistentShape& shape, double groups_at_once, const Rates& rates) {
  const double of_block = static_cast<double>(shape.warps() * shape.streamed_depth() *
                                              shape.matrix_tiles() * Persistent::fragment_bytes);
  const double of_group =
      of_block * shape.blocks;  // others read the same, so that L2 keeps it once
  return std::max(rates.l2_us_of_one(of_block),
                  rates.is_in_l2(of_group) ? 0 : rates.read_us(of_group) * groups_at_once);
}

}  // namespace

std::string Model::by() const {
  return is_measured() ? " by constants of " + std::string(record)
                       : " by constants guessed for an H200";
}

std::string us_a_step(double us) {
  return number(std::round(100 * us) / 100) + " us a step";
}

const Model& guessed_model() {
  return models[0];
}

std::span<const Model> measured_models() {
  return std::span(models).subspan(1);
}

const Model* find_model(std::string_view device) {
  for (const Model& model : measured_models())
    if (model.device == device) return &model;
  return nullptr;
}

double step_us(const StepSize& size, const DeviceFacts& device) {
  return kernels_us(2, size, device);
}

double fused_step_us(const StepSize& size, const DeviceFacts& device) {
  return kernels_us(1, size, device);
}

double persistent_step_us(const PersistentShape& shape, const StepSize& size,
                          const DeviceFacts& device) {
  const Rates rates(device);
  const double all = static_cast<double>(shape.groups(std::max<std::int64_t>(1, size.B)));
  const double at_once = rates.groups_at_once(shape, all);
  const double fragment = Persistent::fragment_bytes, row_tiles = shape.row_tiles;
  const double warps = static_cast<double>(shape.warps()), tiles = shape.matrix_tiles();
  const double depth = static_cast<double>(shape.depth());

  // Of the block that has most, in each row tile: products, R from shared memory, rows.
  const double element = shape.element_bytes;
  const double idle = partitions * std::ceil(warps / partitions) / warps;
  const double multiply =
      idle * device.multiprocessors *
      rates.multiply_us(warps * depth * tiles * 2 * fragment / element * Persistent::row_tile,
                        size.spec.type, size.spec.math);
  const double R_shared = rates.shared_us_of_one(
      warps * static_cast<double>(shape.depth_in_shared()) * tiles * fragment);
  const double row_bytes = static_cast<double>(shape.k_blocks()) * Persistent::k_block_bytes;
  const double rows = warps * depth * Persistent::row_tile * Persistent::k_block_bytes;
  // In a grid rows come into shared memory first, as fast as L2 gives them; the exchange has that
  // of each row once.
  const double again = std::max(0., rows - Persistent::row_tile * row_bytes);
  double reads = R_shared + rates.shared_us_of_one(rows);
  if (shape.in_grid) reads += rates.l2_us_of_one(again) + streaming_us(shape, at_once, rates);
  // The exchange has the first wait for L2.
  const double waits = shape.in_grid ? row_tiles * static_cast<double>(shape.turns()) - 1 : 0;

  // Sums of split k, written and read; then, forward, the gates and, where there are several, what
  // waits for them. What backward needs was computed before.
  const double sums = rates.shared_us_of_one(2 * static_cast<double>(shape.sums_bytes()));
  const double functions = shape.backward ? 0 : shape.gates > 1 ? 2 : 1;
  // One warp of a grid's block stores what the block has made.
  const double made =
      static_cast<double>(shape.tiles_of_block() * shape.tile_bytes() * shape.rows());
  const double stores = shape.in_grid ? made / warp_store_bytes : 0;
  const double us =
      rates.cycles_us(barriers * barrier_cycles + functions * rates.function_cycles() + stores) +
      row_tiles * std::max(multiply, reads) + rates.cycles_us(waits * l2_cycles) + sums +
      rates.exchange_us(shape, row_bytes * shape.rows());
  return us * std::ceil(all / at_once);
}

double persistent_call_us(const PersistentShape& shape, std::int64_t T, const DeviceFacts& device) {
  const Rates rates(device);
  const double R_us = rates.read_us(static_cast<double>(shape.packed_bytes()));
  const double launches = static_cast<double>(Persistent::ceil_div(T, persistent_chunk_steps));
  return call_kernels * rates.kernel_us() + 2 * R_us +  // read and written
         launches * (rates.kernel_us() + R_us);
}

}  // namespace takt::cuda
