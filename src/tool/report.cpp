// takt report: recorded results become tables, plots, docs/hardware.md and the planner's constants.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include <CLI/CLI.hpp>

#include "tool/arguments.hpp"
#include "tool/build.hpp"
#include "tool/commands.hpp"
#include "tool/failure.hpp"
#include "tool/file.hpp"
#include "tool/output.hpp"
#include "tool/planner_model.hpp"
#include "tool/report_blocks.hpp"
#include "tool/report_hardware.hpp"
#include "tool/report_plots.hpp"
#include "tool/report_tables.hpp"
#include "tool/text.hpp"

namespace takt::tool {
namespace {

namespace fs = std::filesystem;

/// Documents with generated blocks.
constexpr const char* documents[] = {"README.md", "docs/measurements.md"};
constexpr const char* hardware_document = "docs/hardware.md";
constexpr const char* model_source = "src/cuda/measured_models.inc";  // where that is takt's source
constexpr const char* results_folder = "bench/results";

struct Options {
  std::optional<std::string> results;
  std::string root = ".";
  bool check = false;
  JsonOption json;
};

void check_folder(const std::string& option, const std::string& path) {
  if (!fs::is_directory(path)) refuse_value(option, path, "a folder");
}

/// A file that `made` is to be the text of.
struct Made {
  std::string name, old, made;
  bool links_pictures = false;
};

std::string contents(const fs::path& root, const std::string& name, bool needed) {
  std::ifstream file(root / name, std::ios::binary);
  if (!file && needed)
    throw UsageError("--root is '" + root.string() + "'; it must be a folder with " + name);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

BlockMakers makers_of(const Records& records) {
  return {{"cpu-ratios", [&] { return ratio_table(records, DeviceKind::cpu, "oneDNN"); }},
          {"cpu-shapes", [&] { return shape_table(records, DeviceKind::cpu); }},
          {"gpu-ratios", [&] { return ratio_table(records, DeviceKind::cuda, "cuDNN"); }},
          {"gpu-shapes", [&] { return shape_table(records, DeviceKind::cuda); }}};
}

std::string results_of(const Options& options) {
  return options.results.value_or((fs::path(options.root) / results_folder).string());
}

std::vector<Made> make_texts(const Options& options, const Records& records,
                             const std::vector<ReportPlot>& plots) {
  const fs::path root = options.root;
  bool links_pictures = false;
  BlockMakers makers = makers_of(records);
  makers["plots"] = [&] {
    links_pictures = !plots.empty();
    return plot_list(plots);
  };
  std::vector<Made> all;
  for (const std::string name : documents) {
    links_pictures = false;
    const std::string old = contents(root, name, true), made = with_blocks(name, old, makers);
    all.push_back({name, old, made, links_pictures});
  }
  all.push_back(
      {hardware_document, contents(root, hardware_document, false), hardware_page(records)});
  if (fs::exists(root / model_source))
    all.push_back({model_source, contents(root, model_source, false),
                   measured_models_text(read_limit_records(results_of(options)), options.root)});
  return all;
}

Records read(const Options& options) {
  check_folder("--root", options.root);
  if (options.results) {
    check_folder("--results", *options.results);
    return read_records(*options.results, options.root);
  }
  // A tree in which nothing was recorded yet has no such folder.
  const fs::path folder = results_of(options);
  return fs::is_directory(folder) ? read_records(folder, options.root) : Records{};
}

/// A line on each text and each picture that is not what the records give.
std::vector<std::string> check(const Options& options, const std::vector<Made>& texts,
                               const std::vector<ReportPlot>& plots) {
  std::vector<std::string> lines;
  for (const Made& text : texts)
    if (text.old != text.made) lines.push_back(first_difference(text.name, text.old, text.made));
  for (std::string& line : check_plots(options.root, plots)) lines.push_back(std::move(line));
  return lines;
}

/// Writes what is not what the records give; a line on each file, printed when it is written. No
/// text is written before the pictures that it links: where one could not be drawn, only what links
/// none is.
std::vector<std::string> write(const Options& options, const std::vector<Made>& texts,
                               const std::vector<ReportPlot>& plots, const Lines& print) {
  std::vector<std::string> lines;
  const auto tell = [&](const std::string& line) {
    print(line);
    lines.push_back(line);
  };
  const Drawn drawn = draw_plots(options.root, plots);
  const bool has_pictures = drawn.complaint.empty();
  if (has_pictures)
    for (const std::string& line : write_plots(options.root, plots, drawn)) tell(line);
  std::vector<std::string> missing = {"pictures"};
  for (const Made& text : texts) {
    if (text.old == text.made) continue;
    if (text.links_pictures && !has_pictures) {
      missing.push_back(text.name);
      continue;
    }
    write_file(fs::path(options.root) / text.name, text.made);
    tell("wrote " + text.name);
  }
  if (!has_pictures) throw Failure(drawn.complaint + "; not written: " + joined(missing));
  return lines;
}

/// Every recorded case that was measured beside a peer, as the tables count it.
Json ratios_json(const Records& records) {
  Json all = Json::array();
  for (const auto& [kind, peer] :
       {std::pair(DeviceKind::cpu, "oneDNN"), std::pair(DeviceKind::cuda, "cuDNN")})
    for (const ChosenCase& each : choose(records, kind, peer)) {
      const bench::Shape& shape = each.shape();
      const auto ratio = each.recorded->ratio(peer);
      all.push_back({{"device", each.device()},
                     {"record", each.record->origin.file},
                     {"peer", peer},
                     {"cell", shape.cell},
                     {"type", precision_name(shape)},
                     {"T", shape.T},
                     {"B", shape.B},
                     {"I", shape.I},
                     {"H", shape.H},
                     {"mode", to_string(shape.timed)},
                     {"extras", extras_of(shape)},
                     {"ratio", ratio ? Json(*ratio) : Json()}});
    }
  return all;
}

int run(const Options& options) {
  const Lines print(options.json.to_stdout());
  options.json.check();
  const Records records = read(options);
  const std::vector<ReportPlot> plots = report_plots(records);
  const std::vector<Made> texts = make_texts(options, records, plots);
  for (const std::string& file : records.emulated)
    print(file + ": of the emulated device, so that it does not count");
  std::vector<std::string> lines;
  if (options.check) {
    lines = check(options, texts, plots);
    for (const std::string& line : lines) print(line);
  } else {
    lines = write(options, texts, plots, print);
  }
  print(std::to_string(records.files) + (records.files == 1 ? " record" : " records") +
        (lines.empty() ? "; everything is what they give" : ""));
  if (options.json.asked()) {
    Json json = provenance("takt report");
    json["records"] = records.files;
    json["emulated"] = records.emulated;
    json[options.check ? "differences" : "written"] = lines;
    json["ratios"] = ratios_json(records);
    options.json.write(json);
  }
  return options.check && !lines.empty() ? outside : done;
}

}  // namespace

Command report_command(CLI::App& tool) {
  CLI::App& app = *tool.add_subcommand(
      "report",
      "Tables, plots, docs/hardware.md and the planner's constants from recorded results");
  const auto options = std::make_shared<Options>();
  app.add_option("--results", options->results,
                 std::string("Folder of the records [") + results_folder + " of --root]")
      ->type_name("DIR");
  app.add_option("--root", options->root, "Folder of README.md, docs and, of takt's source, src")
      ->type_name("DIR")
      ->default_str(options->root);
  app.add_flag("--check", options->check,
               "Write nothing; exit code 1 where a text is not what the records give")
      ->disable_flag_override();
  options->json.add(app, "What was written or differs, and every ratio,");
  return {&app, [options] { return run(*options); }};
}

}  // namespace takt::tool
