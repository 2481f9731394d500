// The planner's model of a GPU: how long a step takes by each algorithm, from what micro benchmarks
// measured of the device, or from guesses. docs/planner.md has the formulas and what they assume.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <takt/cells.hpp>
#include <takt/kernels/policy/persistent.hpp>
#include <takt/spec.hpp>

#include "facts.hpp"

namespace takt::cuda {

/// From the moment that blocks have made their parts of a row to the moment that each has the rows
/// of all, by the bytes that a block gets.
struct ExchangeModel {
  double us_of_none = 0, us_per_kib = 0;

  double us(double bytes) const { return us_of_none + us_per_kib * bytes / 1024; }
};

struct ClusterModel {
  ExchangeModel exchange{};
  double at_once = 0;  ///< clusters that the device has room for
};

struct ModelConstants {
  double clock_mhz = 0;
  double kernel_us = 0;        ///< from kernel to kernel of a graph, the device full
  double function_cycles = 0;  ///< of tanh, or of a sigmoid, that waits for its argument
  double shared_bytes = 0;     ///< a cycle and multiprocessor
  double l2_gb_per_s = 0;      ///< read by all multiprocessors
  double memory_gb_per_s = 0;
  double f16_tflop_per_s = 0, bf16_tflop_per_s = 0, tf32_tflop_per_s = 0;
  ExchangeModel grid{};
  std::array<ClusterModel, 4> clusters{};  ///< of 2, 4, 8, 16 blocks
};

/// Constants and where they come from.
struct Model {
  std::string_view device;  ///< as DeviceFacts::name; empty: of none, so guesses
  std::string_view record;  ///< "bench/results/a.json, commit 1a2b3c4, 2026-01-31T12:00:00Z"
  ModelConstants constants{};

  bool is_measured() const { return !record.empty(); }
  /// " by constants guessed for an H200".
  std::string by() const;
};

/// What records of takt_microbench gave: a table that takt report writes.
std::span<const Model> measured_models();
/// Of the table, by a device's name; null where it has none.
const Model* find_model(std::string_view device);
/// Guesses for an H200. For other devices what all multiprocessors do together is taken to grow
/// with their number.
const Model& guessed_model();
/// The device's, else the guesses.
inline const Model& model_of(const DeviceFacts& device) {
  return device.model != nullptr ? *device.model : guessed_model();
}

/// "1.05 us a step".
std::string us_a_step(double us);

/// What a pass of a spec multiplies and reads in each step.
struct StepSize {
  const RnnSpec& spec;
  const CellInfo& cell;
  std::int64_t B = 1;
};

/// By steps: a product and a gate kernel.
double step_us(const StepSize& size, const DeviceFacts& device);
/// One kernel that has both, which takt does not have: what streaming R in a grid is held against.
double fused_step_us(const StepSize& size, const DeviceFacts& device);
/// By a persistent kernel: all groups, where as many run at once as there is room for.
double persistent_step_us(const policy::PersistentShape& shape, const StepSize& size,
                          const DeviceFacts& device);
/// What a call of a persistent kernel takes beside its steps: R is packed, the rows are ordered,
/// and each launch loads R.
double persistent_call_us(const policy::PersistentShape& shape, std::int64_t T,
                          const DeviceFacts& device);

}  // namespace takt::cuda
