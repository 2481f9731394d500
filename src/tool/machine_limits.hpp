// What a machine's processors can do at most: as a line and as JSON, and back.
#pragma once

#include <optional>
#include <string>

#include <takt/device.hpp>

#include "roofline.hpp"
#include "tool/output.hpp"
#include "tool/record_field.hpp"

namespace takt::tool {

/// Measured in about a second, less where each point takes less than half of one, but not in less
/// than a fifth. None on a GPU, which has a limit model of its own.
std::optional<bench::MachineLimits> measure_limits(const Device& device, double seconds_per_point);

/// "403 GFLOP/s f32, 201 f64; L2 410 GB/s, memory 30 GB/s".
std::string text_of(const bench::MachineLimits& machine);

/// Null where there are none.
Json json_of(const std::optional<bench::MachineLimits>& machine);

/// The reverse. Throws UsageError where it cannot be read.
bench::MachineLimits limits_from(const Field& record);

/// A call was faster: the limit is none, since the machine was measured while it was busier.
inline bool is_refuted(const bench::CpuLimit& limit, double least_seconds) {
  return least_seconds < limit.seconds();
}

/// Of the median: "36 %"; "refuted" where the least time is below the limit; "-" where there is
/// none.
std::string share_text(const std::optional<bench::CpuLimit>& limit, double median_seconds,
                       double least_seconds);

/// Null where there is none or the least time refutes it.
Json json_of(const std::optional<bench::CpuLimit>& limit, double least_seconds);

}  // namespace takt::tool
