// The planner's constants from results of takt_microbench.
#include "tool/planner_model.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <optional>

#include "tool/output.hpp"
#include "tool/text.hpp"

namespace takt::tool {
namespace {

using bench::MicroResult;
using cuda::ModelConstants;
using Parameters = std::map<std::string, std::string>;

const char* const head =
    R"(// Constants of devices for the planner's model, each from the oldest record of takt_microbench
// for it that has them all. Written by takt report.
)";

/// 0 where it does not begin with a number.
double number_in(const std::string& text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

double number_of(const MicroResult& result, const std::string& parameter) {
  const auto found = result.parameters.find(parameter);
  return found == result.parameters.end() ? 0 : number_in(found->second);
}

/// Results of a record by name, unit and parameters; those that are not there are noted.
class Results {
 public:
  Results(const MicroRecord& record, std::vector<std::string>& missing)
      : record_(record), missing_(missing) {}

  std::vector<const MicroResult*> all(const std::string& name, const std::string& unit,
                                      const Parameters& wanted = {}) {
    std::vector<const MicroResult*> found;
    for (const MicroResult& result : record_.results)
      if (result.name == name && result.unit == unit && result.median > 0 &&
          has(result.parameters, wanted))
        found.push_back(&result);
    if (found.empty()) miss(name, wanted);
    return found;
  }
  double most(const std::string& name, const std::string& unit, const Parameters& wanted = {}) {
    double most = 0;
    for (const MicroResult* result : all(name, unit, wanted)) most = std::max(most, result->median);
    return most;
  }
  double least(const std::string& name, const std::string& unit, const Parameters& wanted = {}) {
    std::optional<double> least;
    for (const MicroResult* result : all(name, unit, wanted))
      least = std::min(least.value_or(result->median), result->median);
    return least.value_or(0);
  }
  /// The line from the fewest bytes that a block gets to the most.
  cuda::ExchangeModel exchange(const std::string& name, double blocks, const Parameters& wanted) {
    std::map<double, double> us;
    for (const MicroResult* result : all(name, "ns", wanted))
      us[blocks * number_of(*result, "bytes")] = result->median / 1e3;
    if (us.empty()) return {};
    const auto [few, first] = *us.begin();
    const auto [many, last] = *us.rbegin();
    const double per_byte = many > few ? std::max(0., (last - first) / (many - few)) : 0;
    return {std::max(0., first - per_byte * few), 1024 * per_byte};
  }

 private:
  static bool has(const Parameters& parameters, const Parameters& wanted) {
    return std::all_of(wanted.begin(), wanted.end(), [&](const auto& each) {
      const auto found = parameters.find(each.first);
      return found != parameters.end() && found->second == each.second;
    });
  }
  void miss(std::string name, const Parameters& wanted) {
    for (const auto& [parameter, value] : wanted) name += " " + parameter + "=" + value;
    if (std::find(missing_.begin(), missing_.end(), name) == missing_.end())
      missing_.push_back(name);
  }

  const MicroRecord& record_;
  std::vector<std::string>& missing_;
};

std::string text_of(const cuda::ExchangeModel& exchange) {
  return format("{%.6g, %.6g}", exchange.us_of_none, exchange.us_per_kib);
}

std::string row(const std::string& device, const std::string& record,
                const ModelConstants& constants) {
  std::string text = "{.device = " + Json(device).dump() + ",\n .record = " + Json(record).dump() +
                     ",\n .constants = {";
  const auto add = [&text](const char* constant, double value) {
    text += std::string(".") + constant + format(" = %.6g", value) + ",\n               ";
  };
  add("clock_mhz", constants.clock_mhz);
  add("kernel_us", constants.kernel_us);
  add("function_cycles", constants.function_cycles);
  add("shared_bytes", constants.shared_bytes);
  add("l2_gb_per_s", constants.l2_gb_per_s);
  add("memory_gb_per_s", constants.memory_gb_per_s);
  add("f16_tflop_per_s", constants.f16_tflop_per_s);
  add("bf16_tflop_per_s", constants.bf16_tflop_per_s);
  add("tf32_tflop_per_s", constants.tf32_tflop_per_s);
  text += ".grid = " + text_of(constants.grid) + ",\n               .clusters = {{";
  for (const cuda::ClusterModel& cluster : constants.clusters)
    text += "{" + text_of(cluster.exchange) + format(", %.6g}", cluster.at_once) +
            (&cluster == &constants.clusters.back() ? "" : ",\n                             ");
  return text + "}}}},\n";
}

}  // namespace

PlannerConstants planner_constants(const MicroRecord& record) {
  PlannerConstants constants;
  ModelConstants& values = constants.values;
  Results results(record, constants.missing);
  const int multiprocessors = record.gpu.multiprocessors;
  const std::string all = std::to_string(multiprocessors);
  values.clock_mhz = results.most("sm_clock", "MHz");
  values.kernel_us =
      results.least("graph_node_gap", "ns", {{"edges", "plain"}, {"blocks", all}}) / 1e3;
  values.function_cycles =
      std::max(results.least("function_latency", "cycles", {{"function", "tanhf"}}),
               results.least("function_latency", "cycles", {{"function", "sigmoid by expf"}}));
  values.shared_bytes = results.most("shared_read", "B/cycle");
  values.l2_gb_per_s = results.most("global_read", "GB/s");
  double largest = 0;
  for (const MicroResult* result : results.all("global_read", "GB/s"))
    if (number_of(*result, "bytes") >= largest) {
      largest = number_of(*result, "bytes");
      values.memory_gb_per_s = result->median;
    }
  values.f16_tflop_per_s = results.most("mma_rate", "TFLOP/s", {{"type", "f16"}});
  values.bf16_tflop_per_s = results.most("mma_rate", "TFLOP/s", {{"type", "bf16"}});
  values.tf32_tflop_per_s = results.most("mma_rate", "TFLOP/s", {{"type", "tf32"}});
  values.grid =
      results.exchange("grid_exchange", multiprocessors, {{"kind", "flags"}, {"blocks", all}});
  // Devices before compute capability 9.0 have no clusters.
  if (number_in(record.gpu.compute_capability) < 9) return constants;
  int blocks = 2;
  for (cuda::ClusterModel& cluster : values.clusters) {
    const std::string size = std::to_string(blocks);
    cluster.exchange = results.exchange(
        "cluster_exchange", blocks, {{"kind", "st.async"}, {"clusters", "most"}, {"blocks", size}});
    cluster.at_once = results.most("max_active_clusters", "clusters", {{"blocks", size}});
    blocks *= 2;
  }
  return constants;
}

std::string measured_models_text(const LimitRecords& records, const std::string& root) {
  std::map<std::string, std::string> rows;  // by device
  for (const MicroRecord& record : records.micro) {
    std::string& text = rows[record.device];
    if (text.starts_with('{')) continue;  // from an older record
    RecordName name = record.name;
    name.file = std::filesystem::proximate(name.file, root).generic_string();
    const PlannerConstants constants = planner_constants(record);
    text = constants.missing.empty() ? row(record.device, name.text(), constants.values)
                                     : "// Of " + record.device + " none: " + name.text() +
                                           " lacks " + joined(constants.missing) + ".\n";
  }
  std::string text = head;
  for (const auto& [device, of_device] : rows) text += of_device;
  return text;
}

}  // namespace takt::tool
