// What a machine's processors can do at most.
#include "tool/machine_limits.hpp"

#include <algorithm>
#include <cctype>
#include <limits>

#include "tool/text.hpp"

namespace takt::tool {
namespace {

constexpr double giga = 1e9;

/// "l2_gb_per_s" of L2.
std::string member(const std::string& level, const char* rest) {
  std::string name = level + rest;
  name.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(name.front())));
  return name;
}

}  // namespace

std::optional<bench::MachineLimits> measure_limits(const Device& device, double seconds_per_point) {
  if (device.kind() != DeviceKind::cpu) return std::nullopt;
  return bench::measure_machine(device.threads(), device.instruction_set(),
                                std::clamp(2 * seconds_per_point, 0.2, 1.0));
}

std::string text_of(const bench::MachineLimits& machine) {
  std::string text = format("%.3g GFLOP/s f32, %.3g f64", machine.f32_per_second / giga,
                            machine.f64_per_second / giga);
  for (const bench::MemoryLevel& level : machine.levels)
    text += (&level == &machine.levels.front() ? "; " : ", ") + level.name +
            format(" %.3g GB/s", level.bytes_per_second / giga);
  return text;
}

Json json_of(const std::optional<bench::MachineLimits>& machine) {
  if (!machine) return Json();
  Json json{{"threads", machine->threads},
            {"peak_gflop_per_s", machine->f32_per_second / giga},
            {"peak_f64_gflop_per_s", machine->f64_per_second / giga}};
  if (machine->l1_bytes > 0) json["l1_bytes"] = machine->l1_bytes;
  for (const bench::MemoryLevel& level : machine->levels) {
    json[member(level.name, "_gb_per_s")] = level.bytes_per_second / giga;
    if (level.bytes < std::numeric_limits<double>::infinity())
      json[member(level.name, "_bytes")] = level.bytes;
  }
  return json;
}

bench::MachineLimits limits_from(const Field& record) {
  bench::MachineLimits machine{
      .threads = static_cast<int>(std::min<std::int64_t>(record["threads"].size(), 1 << 20)),
      .f32_per_second = giga * record["peak_gflop_per_s"].above_zero(),
      .f64_per_second = giga * record["peak_f64_gflop_per_s"].above_zero()};
  if (const Field l1 = record["l1_bytes"]; l1.there()) machine.l1_bytes = l1.above_zero();
  for (const std::string name : {"L2", "L3", "L4", "memory"}) {
    const Field speed = record[member(name, "_gb_per_s")];
    if (!speed.there()) continue;
    machine.levels.push_back({.name = name,
                              .bytes = name == "memory"
                                           ? std::numeric_limits<double>::infinity()
                                           : record[member(name, "_bytes")].above_zero(),
                              .bytes_per_second = giga * speed.above_zero()});
  }
  return machine;
}

std::string share_text(const std::optional<bench::CpuLimit>& limit, double median_seconds,
                       double least_seconds) {
  if (!limit) return "-";
  return is_refuted(*limit, least_seconds) ? "refuted" : percent(limit->seconds() / median_seconds);
}

Json json_of(const std::optional<bench::CpuLimit>& limit, double least_seconds) {
  if (!limit || is_refuted(*limit, least_seconds)) return Json();
  return {{"seconds", limit->seconds()}, {"bound_by", limit->bound_by()}};
}

}  // namespace takt::tool
