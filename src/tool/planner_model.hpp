// The planner's constants of each device whose micro benchmarks are recorded, as the library's
// source has them.
#pragma once

#include <string>
#include <vector>

#include "cuda/model.hpp"
#include "tool/limit_records.hpp"

namespace takt::tool {

struct PlannerConstants {
  cuda::ModelConstants values{};
  std::vector<std::string> missing{};  ///< micro benchmarks without which they do not count
};

/// Of what takt's kernels do: of exchanges that by epochs in a grid and by st.async in a cluster.
PlannerConstants planner_constants(const MicroRecord& record);

/// The text of src/cuda/measured_models.inc: a row for each device, from the oldest record of it
/// that has all constants, or a comment on what its newest one lacks. Files are named as they are
/// called in `root`.
std::string measured_models_text(const LimitRecords& records, const std::string& root);

}  // namespace takt::tool
