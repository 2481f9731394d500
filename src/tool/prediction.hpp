// What the limit models say of a plan beside the time that was measured, for takt explain: on a CPU
// a bound, on a GPU the model of each algorithm.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include <takt/plan.hpp>

#include "facts.hpp"
#include "limit.hpp"
#include "tool/limit_records.hpp"

namespace takt::tool {

/// What the limit model calls the candidate that was taken: "step", "one cluster of 8" (a plan
/// tells the blocks of a cluster first), "full grid".
std::string limit_name(std::span<const Candidate> candidates);

/// Something of a plan that takt bench can time.
struct Timeable {
  bench::Shape shape;
  std::string algorithm;
  bench::Footprint bytes{};
  std::string limit{};  ///< of a GPU, what the limit model calls the algorithm; empty: the same
};

/// Forward; of a plan for training also forward and backward. Empty for specs that takt bench does
/// not time.
std::vector<Timeable> timeable_of(const Plan& plan);

struct Comparison {
  struct Predicted {
    std::string algorithm;
    std::optional<double> seconds{};  ///< of a call
    std::string note{};               ///< what bounds it, or why there is none
  };
  struct Measured {
    double seconds = 0;
    std::string algorithm;
    RecordName from;
  };

  bench::Shape shape;
  std::vector<Predicted> predicted{};  ///< that of the algorithm first
  std::optional<RecordName> constants{};
  std::optional<Measured> measured{};
};

/// The oldest record of the device that is complete, or was cut short behind the last constant;
/// none where there is none.
std::optional<MicroRecord> frozen_constants(const LimitRecords& records, const DeviceFacts& device);

/// None where no record says anything of the device. The newest measured time counts. `constants`:
/// of a GPU.
std::optional<Comparison> compare_with_records(const Timeable& timeable, const DeviceFacts& device,
                                               const LimitRecords& records,
                                               const std::optional<MicroRecord>& constants);

/// "limit      step, inference: predicted 5.20 us/step (...), measured 6.90 us/step (...)".
std::vector<std::string> lines_of(const std::vector<Comparison>& comparisons);

Json json_of(const std::vector<Comparison>& comparisons);

}  // namespace takt::tool
