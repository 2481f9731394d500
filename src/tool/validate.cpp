// takt validate: a device against the reference, over cells, types, odd shapes and semantics.
#include <algorithm>
#include <memory>

#include <takt/error.hpp>

#include "tool/arguments.hpp"
#include "tool/commands.hpp"
#include "tool/device_options.hpp"
#include "tool/progress.hpp"
#include "tool/text.hpp"
#include "tool/validate_report.hpp"
#include "validate/tolerance_use.hpp"

namespace takt::tool {
namespace {

using validate::Case;
using validate::Outcome;

struct Options {
  DeviceOptions device;
  JsonOption json;
  validate::Filter filter;
  bool summary = false;
  bool why = false;
};

/// The words of all precisions that validation has cases for.
std::vector<std::string> validated_types() {
  std::vector<std::string> words;
  for (const validate::Precision& precision : validate::all_precisions())
    words.push_back(to_string(precision));
  return words;
}

validate::Precision parse_type(const std::string& word) {
  const std::vector<std::string> words = validated_types();
  check_one_of("--type", word, words);
  const auto at = std::find(words.begin(), words.end(), word) - words.begin();
  return validate::all_precisions()[static_cast<std::size_t>(at)];
}

Outcome run_case(const Case& checked, const Device& device) try {
  return validate::run(checked, device);
} catch (const Error& error) {
  throw Failure(checked.cell + " " + to_string(checked.precision()) + ", " +
                std::string(checked.semantics.name) + ", " + to_string(checked.shape) +
                " could not be run: " + error.what());
}

/// Runs all cases on one device; a line for each group of them as soon as it is complete.
Counts run_on(const Device& device, const std::vector<Case>& cases, const Options& options,
              const Lines& print, Json& json) {
  Report report(device, cases, options.summary ? Grouping::cell : Grouping::semantics, print);
  validate::ToleranceUses uses;
  Progress progress;
  for (std::size_t n = 0; n < cases.size(); ++n) {
    if (n % 16 == 0)
      progress.show(format("case %zu of %zu: ", n + 1, cases.size()) + cases[n].cell + " " +
                    to_string(cases[n].shape));
    const Outcome outcome = run_case(cases[n], device);
    if (options.json.asked()) json["cases"].push_back(case_json(outcome, device));
    if (report.completes_group(outcome)) progress.clear();
    report.add(outcome);
    uses.add(outcome);
  }
  progress.clear();
  report.finish();
  if (options.why) report.print_reasons();
  Counts counts = report.counts();
  for (const validate::ToleranceUse& use : uses.loose()) {
    print("LOOSE      " + to_string(use));
    json["loose_tolerances"].push_back({{"device", device.describe()},
                                        {"cell", use.cell},
                                        {"type", to_string(use.precision)},
                                        {"tensor", use.tensor},
                                        {"share", use.share}});
    ++counts.loose_tolerances;
  }
  return counts;
}

int run(const Options& options) {
  options.json.check();
  const std::vector<Device> devices = options.device.devices();
  const std::vector<Case> cases = validate::all_cases(options.filter);
  const Lines print(options.json.to_stdout());
  Json json = report_head(devices);
  Counts total;
  for (const Device& device : devices) {
    if (&device != &devices.front()) print("");
    total += run_on(device, cases, options, print, json);
  }
  if (devices.size() > 1) print("\nall " + std::to_string(devices.size()) + " levels");
  json["totals"] = counts_json(total);
  options.json.write(json);
  print(counts_line(total, options.why));
  if (total.refused == total.cases) throw Failure("nothing was validated: " + total.reason);
  return total.outside + total.loose + total.loose_tolerances > 0 ? outside : done;
}

}  // namespace

Command validate_command(CLI::App& tool) {
  CLI::App& app = *tool.add_subcommand(
      "validate", "A device against the double-precision reference: worst errors, tolerances");
  const auto options = std::make_shared<Options>();
  app.add_option_function<std::vector<std::string>>(
         "--cell",
         [&filter = options->filter](const std::vector<std::string>& names) {
           for (const std::string& name : names) check_cell("--cell", name);
           filter.cells = names;
         },
         "Cells to validate [all]; may be given several times")
      ->type_name("NAME")
      ->allow_extra_args(false);
  app.add_option_function<std::vector<std::string>>(
         "--type",
         [&filter = options->filter](const std::vector<std::string>& types) {
           for (const std::string& type : types) filter.types.push_back(parse_type(type));
         },
         "Types to validate [all of " + joined(validated_types()) + "]; may be given several times")
      ->type_name("WORD")
      ->allow_extra_args(false);
  add_algorithm(app, options->filter.algorithm);
  app.add_flag("--summary", options->summary, "One line a cell")->disable_flag_override();
  app.add_flag("--why", options->why, "Why cases are not possible here")->disable_flag_override();
  options->device.add(app, true);
  options->json.add(app, "Every case, with the errors of every tensor,");
  return {&app, [options] { return run(*options); }};
}

}  // namespace takt::tool
