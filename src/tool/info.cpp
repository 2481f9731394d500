// takt info: what was built, what this machine has, what can run here and why the rest cannot.
#include <algorithm>
#include <memory>
#include <set>

#include <CLI/CLI.hpp>

#include <takt/cells.hpp>
#include <takt/error.hpp>
#include <takt/plan.hpp>
#include <takt/version.hpp>

#include "tool/build.hpp"
#include "tool/commands.hpp"
#include "tool/device_options.hpp"
#include "tool/text.hpp"
#include "validate/case.hpp"

namespace takt::tool {
namespace {

/// The smallest plan of a cell; throws as Plan does.
Plan smallest_plan(std::string_view cell, const validate::Precision& precision,
                   const Device& device) {
  const RnnSpec spec{.cell = std::string(cell),
                     .input_size = 1,
                     .hidden_size = 1,
                     .type = precision.type,
                     .math = precision.math};
  return Plan(spec, {1, 1}, Mode::training, device);
}

/// What the plans of all cells say of each algorithm: taken where any takes it.
std::vector<Candidate> algorithms_on(const Device& device) try {
  std::vector<Candidate> algorithms;
  for (const CellInfo& cell : known_cells()) {
    const Plan plan = smallest_plan(cell.name, DataType::f32, device);
    for (const Candidate& candidate : plan.candidates()) {
      const auto same =
          std::find_if(algorithms.begin(), algorithms.end(),
                       [&](const Candidate& old) { return old.algorithm == candidate.algorithm; });
      if (same == algorithms.end())
        algorithms.push_back(candidate);
      else if (candidate.taken)
        *same = candidate;
    }
  }
  return algorithms;
} catch (const UnsupportedError& error) {
  return {{"all", false, error.what()}};
}

/// Types in which a cell runs on a device, "tf32" among them.
std::vector<std::string> types_of(const CellInfo& cell, const Device& device) {
  std::vector<std::string> types;
  for (const validate::Precision& precision : validate::all_precisions()) try {
      smallest_plan(cell.name, precision, device);
      types.push_back(to_string(precision));
    } catch (const UnsupportedError&) {
    }
  return types;
}

struct Devices {
  std::vector<Device> here;
  std::string no_gpu;  ///< why there is none, or no other

  /// What there is none of: "GPU", or "cuda:1" after the last.
  std::string missing() const {
    return here.size() == 1 ? "GPU" : "cuda:" + std::to_string(here.size() - 1);
  }
};

Devices find_devices() {
  Devices devices{{Device::cpu()}, ""};
  for (int ordinal = 0; devices.no_gpu.empty(); ++ordinal) try {
      devices.here.push_back(Device::cuda(ordinal));
    } catch (const DeviceError& error) {
      devices.no_gpu = error.what();
    }
  return devices;
}

std::string recurrence_text(const CellInfo& cell) {
  switch (cell.recurrence) {
    case Recurrence::heads: return "heads";
    case Recurrence::none: return "none";
    case Recurrence::dense: break;
  }
  return "dense";
}

std::string with_commas(std::string_view words) {
  std::string text(words);
  std::replace(text.begin(), text.end(), ' ', ',');
  return text.empty() ? "-" : text;
}

void print_cells(const Lines& print, const Devices& devices) {
  std::vector<Table::Column> columns = {{"cell", 0, true},
                                        {"gates", 0, true},
                                        {"states", 0, true},
                                        {"recurrence", 0, true},
                                        {"products", 0, false}};
  for (const Device& device : devices.here)
    columns.push_back({"types on " + to_string(device.place()), 0, true});
  Table table(columns);
  std::vector<std::vector<std::string>> rows;
  for (const CellInfo& cell : known_cells()) {
    std::vector<std::string> row = {std::string(cell.name), with_commas(cell.gate_names),
                                    with_commas(cell.state_names), recurrence_text(cell),
                                    std::to_string(cell.products)};
    for (const Device& device : devices.here) row.push_back(joined(types_of(cell, device), ","));
    table.widen(row);
    rows.push_back(row);
  }
  print(table.header());
  for (const auto& row : rows) print(table.row(row));
}

void print_info(const Lines& print, const Devices& devices) {
  for (const Device& device : devices.here) {
    print(device_line(device));
    if (device.kind() == DeviceKind::cuda) print(versions_line(device));
  }
  print(format("no %-8s", devices.missing().c_str()) + devices.no_gpu);
  const std::string revision = *commit == '\0' ? "" : std::string(" (") + commit + ")";
  print("version    takt " + std::string(version()) + revision + ", built by " + compiler());
  print("levels     built: " + joined(built_levels()) + "; usable here: " + joined(cpu_levels()));
  for (const Device& device : devices.here) {
    print("\nalgorithms on " + to_string(device.place()));
    for (const Candidate& candidate : algorithms_on(device))
      print((candidate.taken ? "  runs     " : "  refused  ") + std::string(candidate.algorithm) +
            ": " + candidate.reason);
  }
  print("");
  print_cells(print, devices);
}

Json info_json(const Devices& devices) {
  Json json = provenance("takt info");
  json["levels"] = {{"built", built_levels()}, {"usable", cpu_levels()}};
  json["devices"] = Json::array();
  for (const Device& device : devices.here) {
    Json described = device_json(device);
    described["algorithms"] = Json::array();
    for (const Candidate& candidate : algorithms_on(device))
      described["algorithms"].push_back(
          {{"name", candidate.algorithm}, {"runs", candidate.taken}, {"reason", candidate.reason}});
    for (const CellInfo& cell : known_cells())
      described["types"][std::string(cell.name)] = types_of(cell, device);
    json["devices"].push_back(described);
  }
  json["no_gpu"] = devices.no_gpu;
  json["cells"] = Json::array();
  for (const CellInfo& cell : known_cells())
    json["cells"].push_back({{"name", cell.name},
                             {"gates", cell.gates},
                             {"gate_names", cell.gate_names},
                             {"states", cell.states},
                             {"state_names", cell.state_names},
                             {"recurrence", recurrence_text(cell)},
                             {"products", cell.products},
                             {"params", cell.params}});
  return json;
}

int run(const JsonOption& json) {
  json.check();
  const Devices devices = find_devices();
  print_info(Lines(json.to_stdout()), devices);
  json.write(info_json(devices));
  return 0;
}

}  // namespace

Command info_command(CLI::App& tool) {
  CLI::App& app = *tool.add_subcommand(
      "info", "What was built, what this machine has, what can run here and why the rest cannot");
  const auto json = std::make_shared<JsonOption>();
  json->add(app, "The same");
  return {&app, [json] { return run(*json); }};
}

}  // namespace takt::tool
