// takt explain: the plan for given sizes, and the least time that recorded results let it take.
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <sstream>

#include <takt/plan.hpp>

#include "escape.hpp"
#include "tool/arguments.hpp"
#include "tool/build.hpp"
#include "tool/commands.hpp"
#include "tool/device_options.hpp"
#include "tool/prediction.hpp"

namespace takt::tool {
namespace {

constexpr const char* default_results = "bench/results";

struct Options {
  DeviceOptions device;
  JsonOption json;
  RnnSpec spec{.hidden_size = 128};
  std::optional<std::int64_t> input_size;  // none: hidden_size
  Dims dims{1000, 1};
  Mode mode = Mode::inference;
  std::string results;    // a folder; empty: the default one, if it is there
  std::string constants;  // a file; empty: what the folder has
};

/// A real-valued member; its range is the plan's to judge.
void add_real(CLI::App& app, const std::string& name, double& value, const std::string& help) {
  app.add_option_function<std::string>(
         name, [name, &value](const std::string& text) { value = parse_number(name, text); }, help)
      ->type_name("NUMBER");
}

void add_small(CLI::App& app, const std::string& name, int& value, const std::string& help) {
  app.add_option_function<std::string>(
         name,
         [name, &value](const std::string& text) {
           value = static_cast<int>(parse_integer(name, text, 1, most_int32));
         },
         help)
      ->type_name("N")
      ->default_str(std::to_string(value));
}

void add_sizes(CLI::App& app, Options& options) {
  RnnSpec& spec = options.spec;
  app.add_option_function<std::string>(
         "--cell",
         [&spec](const std::string& name) {
           check_cell("--cell", name);
           spec.cell = name;
         },
         "Cell, as takt info lists them")
      ->type_name("NAME")
      ->default_str(spec.cell);
  add_size(app, "--input", options.input_size, "Input size I [that of --hidden]");
  add_size(app, "--hidden", spec.hidden_size, "Hidden size H")
      ->default_str(std::to_string(spec.hidden_size));
  add_integer(app, "--seq", options.dims.T, 0, std::numeric_limits<std::int64_t>::max(),
              "Steps T, the largest of the plan");
  add_integer(app, "--batch", options.dims.B, 0, most_int32, "Batch B, the largest of the plan");
  add_word(app, "--mode", options.mode, "What the plan is for");
}

void add_spec(CLI::App& app, RnnSpec& spec) {
  add_word(app, "--type", spec.type, "Type of x, y, h and the weights");
  add_word(app, "--math", spec.math, "How f32 products are computed");
  add_word(app, "--direction", spec.direction, "Direction of time");
  add_word(app, "--merge", spec.merge, "How two directions become one output");
  add_word(app, "--bias", spec.bias, "Biases that there are");
  add_word(app, "--layout", spec.layout, "Order of time and batch in x and y");
  add_algorithm(app, spec.algorithm);
  add_small(app, "--layers", spec.layers, "Layers L");
  add_small(app, "--heads", spec.heads, "Blocks of a block-diagonal R");
  add_integer(app, "--projection", spec.projection_size, 0, most_int32, "Projection size P");
  add_real(app, "--dropout", spec.dropout, "Dropout between layers");
  add_real(app, "--recurrent-dropout", spec.recurrent_dropout, "Dropout on the h that enters R");
  add_real(app, "--weight-dropout", spec.weight_dropout, "DropConnect on R");
  add_real(app, "--zoneout-h", spec.zoneout_h, "Zoneout of h");
  add_real(app, "--zoneout-c", spec.zoneout_c, "Zoneout of the inner states");
  add_real(app, "--clip-low", spec.cell_clip.lo, "Lower bound of the inner states");
  add_real(app, "--clip-high", spec.cell_clip.hi, "Upper bound of the inner states");
  add_real(app, "--gradient-clip", spec.recurrent_gradient_clip, "Bound of R^T drh");
  app.add_flag("--layer-norm", spec.layer_norm, "Layer norm of the products")
      ->disable_flag_override();
}

void add_records(CLI::App& app, Options& options) {
  app.add_option("--results", options.results,
                 "Folder of recorded results, for limits and measured times")
      ->type_name("DIR")
      ->default_str(default_results);
  app.add_option("--constants", options.constants,
                 "Record of takt_microbench for the limit model of a GPU [the oldest complete one "
                 "of that GPU among the results]")
      ->type_name("FILE");
}

/// What the limit model of a GPU takes its constants from. Throws UsageError for --constants of
/// another device.
std::optional<MicroRecord> constants_for(const Device& device, const Options& options,
                                         const LimitRecords& records) {
  const DeviceFacts& facts = facts_of(device);
  if (options.constants.empty()) return frozen_constants(records, facts);
  if (device.kind() == DeviceKind::cpu)
    throw UsageError("--constants means something only on a cuda device; --device is a cpu");
  MicroRecord record = read_constants(options.constants);
  if (record.device != facts.name)
    throw UsageError("--constants is '" + options.constants + "', a record of " + record.device +
                     "; it must be one of " + facts.name);
  return record;
}

LimitRecords records_for(const Options& options) {
  if (!options.results.empty() && !std::filesystem::is_directory(options.results))
    throw UsageError("--results is '" + options.results + "'; it must be a folder");
  return read_limit_records(options.results.empty() ? default_results : options.results);
}

Json describe(const Plan& plan) {
  Json json = provenance("takt explain");
  json["device"] = device_json(plan.device());
  json["spec"] = to_string(plan.spec());
  json["mode"] = to_string(plan.mode());
  json["T"] = plan.dims().T;
  json["B"] = plan.dims().B;
  json["algorithm"] = plan.algorithm();
  json["scratch_bytes"] = plan.scratch_bytes();
  json["saved_bytes"] = plan.saved_bytes();
  json["packed_bytes"] = plan.packed_bytes();
  json["lines"] = Json::array();
  std::istringstream text(plan.explain());
  for (std::string line; std::getline(text, line);) json["lines"].push_back(line);
  return json;
}

int run(const Options& options) {
  options.json.check();
  RnnSpec spec = options.spec;
  spec.input_size = options.input_size.value_or(input_like(spec.hidden_size));
  const LimitRecords records = records_for(options);
  const Plan plan(spec, options.dims, options.mode, options.device.device());
  const auto constants = constants_for(plan.device(), options, records);
  std::vector<Comparison> comparisons;
  for (const Timeable& timeable : timeable_of(plan))
    if (const auto comparison =
            compare_with_records(timeable, facts_of(plan.device()), records, constants))
      comparisons.push_back(*comparison);
  const Lines print(options.json.to_stdout());
  print(plan.explain());
  for (const std::string& line : lines_of(comparisons)) print(bench::escaped(line));
  for (const std::string& complaint : records.complaints)
    std::fprintf(stderr, "takt: %s\n", bench::escaped(complaint).c_str());
  Json json = describe(plan);
  json["limits"] = json_of(comparisons);
  options.json.write(json);
  return 0;
}

}  // namespace

Command explain_command(CLI::App& tool) {
  CLI::App& app = *tool.add_subcommand(
      "explain", "The plan for given sizes: each algorithm, taken or refused and why, the memory");
  const auto options = std::make_shared<Options>();
  add_sizes(app, *options);
  add_spec(app, options->spec);
  add_records(app, *options);
  options->device.add(app);
  options->json.add(app, "The plan");
  return {&app, [options] { return run(*options); }};
}

}  // namespace takt::tool
