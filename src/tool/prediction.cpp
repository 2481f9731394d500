// What the limit models say of a plan beside the time that was measured.
#include "tool/prediction.hpp"

#include <algorithm>
#include <limits>

#include "roofline.hpp"
#include "tool/machine_limits.hpp"
#include "tool/text.hpp"

namespace takt::tool {
namespace {

using bench::Shape;
using bench::Timed;

bool is_of(const BenchRun& run, const DeviceFacts& device) {
  if (run.device != device.name) return false;
  return device.kind == DeviceKind::cuda
             ? run.threads == 0
             : run.threads == device.threads && run.instruction_set == device.instruction_set;
}

/// The newest run on this device that `has` something.
template <class Has>
const BenchRun* newest(const LimitRecords& records, const DeviceFacts& device, const Has& has) {
  const auto found =
      std::find_if(records.bench.rbegin(), records.bench.rend(),
                   [&](const BenchRun& run) { return is_of(run, device) && has(run); });
  return found == records.bench.rend() ? nullptr : &*found;
}

const RecordedTime* time_of(const BenchRun& run, const Shape& shape) {
  const auto found = std::find_if(run.times.begin(), run.times.end(),
                                  [&](const RecordedTime& time) { return time.shape == shape; });
  return found == run.times.end() ? nullptr : &*found;
}

void predict_cpu(Comparison& comparison, const Timeable& timeable, const BenchRun* run,
                 double least_seconds) {
  if (run == nullptr) {
    comparison.predicted.push_back(
        {timeable.algorithm, std::nullopt, "not measured: limits of this machine"});
    return;
  }
  const bench::CpuLimit limit = bench::cpu_limit(timeable.shape, timeable.bytes, *run->machine);
  if (is_refuted(limit, least_seconds))
    comparison.predicted.push_back(
        {timeable.algorithm, std::nullopt, "a limit that the measured time refutes"});
  else
    comparison.predicted.push_back(
        {timeable.algorithm, limit.seconds(), "bound by " + std::string(limit.bound_by())});
  comparison.constants = run->name;
}

void predict_cuda(Comparison& comparison, const Timeable& timeable,
                  const std::optional<MicroRecord>& constants) {
  bench::LimitConstants values;
  if (constants) {
    values = bench::constants_from(constants->results, constants->gpu);
    comparison.constants = constants->name;
  }
  const std::string& planned = timeable.limit.empty() ? timeable.algorithm : timeable.limit;
  bool has_planned = false;
  for (const bench::LimitPrediction& limit : bench::all_limits(timeable.shape, values)) {
    Comparison::Predicted predicted{.algorithm = limit.algorithm};
    if (limit.there())
      predicted.seconds = limit.step_seconds * static_cast<double>(timeable.shape.T);
    else if (!limit.refusal.empty())
      predicted.note = limit.refusal;
    else
      predicted.note =
          "not measured: " + (constants ? joined(limit.missing) : "constants of this device");
    const bool is_planned = limit.algorithm == planned;
    has_planned = has_planned || is_planned;
    if (constants || is_planned)
      comparison.predicted.insert(
          is_planned ? comparison.predicted.begin() : comparison.predicted.end(), predicted);
  }
  if (!has_planned)
    comparison.predicted.insert(
        comparison.predicted.begin(),
        {planned, std::nullopt, "nothing: the limit model does not have it"});
}

double us_per_step(const Comparison& comparison, double seconds) {
  return 1e6 * seconds / static_cast<double>(comparison.shape.T);
}

std::string step_text(const Comparison& comparison, const Comparison::Predicted& predicted) {
  return predicted.seconds ? format("%.3g us/step", us_per_step(comparison, *predicted.seconds))
                           : predicted.note;
}

std::string first_line(const Comparison& comparison) {
  const Comparison::Predicted& taken = comparison.predicted.front();
  std::vector<std::string> about;
  if (taken.seconds && !taken.note.empty()) about.push_back(taken.note);
  if (comparison.constants) about.push_back("constants of " + comparison.constants->text());
  std::string line = "limit      " + taken.algorithm + ", " +
                     std::string(to_string(comparison.shape.timed)) + ": predicted " +
                     step_text(comparison, taken);
  if (!about.empty()) line += " (limit model, " + joined(about) + ")";
  if (!comparison.measured) return line + ", measured in no record";
  const Comparison::Measured& measured = *comparison.measured;
  return line + format(", measured %.3g us/step", us_per_step(comparison, measured.seconds)) +
         (measured.algorithm == taken.algorithm ? "" : " by " + measured.algorithm) + " (" +
         measured.from.text() + ")";
}

}  // namespace

std::optional<MicroRecord> frozen_constants(const LimitRecords& records,
                                            const DeviceFacts& device) {
  const auto found =
      std::find_if(records.micro.begin(), records.micro.end(), [&](const MicroRecord& record) {
        return record.device == device.name &&
               (record.complete || has_all(bench::constants_from(record.results, record.gpu)));
      });
  if (found == records.micro.end()) return std::nullopt;
  return *found;
}

std::string limit_name(std::span<const Candidate> candidates) {
  for (const Candidate& each : candidates) {
    if (!each.taken) continue;
    if (each.algorithm == "grid") return "full grid";
    if (each.algorithm == "cluster")
      return "one cluster of " + each.reason.substr(0, each.reason.find(' '));
    return std::string(each.algorithm);
  }
  return "";
}

std::vector<Timeable> timeable_of(const Plan& plan) {
  const RnnSpec& spec = plan.spec();
  const RnnSpec plain{.cell = spec.cell,
                      .input_size = spec.input_size,
                      .hidden_size = spec.hidden_size,
                      .type = spec.type,
                      .math = spec.math,
                      .algorithm = spec.algorithm};
  const auto [T, B] = plan.dims();
  if (!(spec == plain) || T == 0 || B == 0) return {};
  std::vector<Timeable> all;
  for (const Timed timed : {Timed::inference, Timed::training_forward, Timed::training}) {
    const Shape shape{.cell = spec.cell,
                      .type = spec.type,
                      .math = spec.math,
                      .T = T,
                      .B = B,
                      .I = spec.input_size,
                      .H = spec.hidden_size,
                      .timed = timed,
                      .algorithm = spec.algorithm};
    if (shape.mode() == plan.mode())
      all.push_back({shape, std::string(plan.algorithm()), bench::footprint(shape, plan),
                     limit_name(plan.candidates())});
  }
  return all;
}

std::optional<Comparison> compare_with_records(const Timeable& timeable, const DeviceFacts& device,
                                               const LimitRecords& records,
                                               const std::optional<MicroRecord>& constants) {
  const BenchRun* const machine =
      newest(records, device, [](const BenchRun& run) { return run.machine.has_value(); });
  const BenchRun* const run = newest(records, device, [&](const BenchRun& each) {
    return time_of(each, timeable.shape) != nullptr;
  });
  if (run == nullptr && machine == nullptr && !constants) return std::nullopt;
  Comparison comparison{.shape = timeable.shape};
  double least_seconds = std::numeric_limits<double>::infinity();
  if (run != nullptr) {
    const RecordedTime& time = *time_of(*run, timeable.shape);
    comparison.measured = {time.seconds, time.algorithm, run->name};
    least_seconds = time.least_seconds;
  }
  if (device.kind == DeviceKind::cpu)
    predict_cpu(comparison, timeable, run != nullptr && run->machine ? run : machine,
                least_seconds);
  else
    predict_cuda(comparison, timeable, constants);
  return comparison;
}

std::vector<std::string> lines_of(const std::vector<Comparison>& comparisons) {
  std::vector<std::string> lines;
  for (const Comparison& comparison : comparisons) {
    lines.push_back(first_line(comparison));
    for (std::size_t n = 1; n < comparison.predicted.size(); ++n)
      lines.push_back("           " + comparison.predicted[n].algorithm + ": " +
                      step_text(comparison, comparison.predicted[n]));
  }
  return lines;
}

Json json_of(const std::vector<Comparison>& comparisons) {
  Json json = Json::array();
  for (const Comparison& comparison : comparisons) {
    Json each{{"mode", to_string(comparison.shape.timed)}, {"predicted", Json::array()}};
    for (const Comparison::Predicted& predicted : comparison.predicted)
      each["predicted"].push_back(
          {{"algorithm", predicted.algorithm},
           {"us_per_step",
            predicted.seconds ? Json(us_per_step(comparison, *predicted.seconds)) : Json()},
           {"note", predicted.note}});
    each["constants"] = comparison.constants ? comparison.constants->json() : Json();
    each["measured"] = Json();
    if (comparison.measured) {
      each["measured"] = comparison.measured->from.json();
      each["measured"]["algorithm"] = comparison.measured->algorithm;
      each["measured"]["us_per_step"] = us_per_step(comparison, comparison.measured->seconds);
    }
    json.push_back(each);
  }
  return json;
}

}  // namespace takt::tool
