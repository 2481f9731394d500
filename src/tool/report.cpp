// takt report: recorded results become tables, plots and docs/hardware.md.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>

#include "tool/arguments.hpp"
#include "tool/commands.hpp"
#include "tool/failure.hpp"
#include "tool/file.hpp"
#include "tool/output.hpp"
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
constexpr const char* results_folder = "bench/results";

struct Options {
  std::optional<std::string> results;
  std::string root = ".";
  bool check = false;
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

std::vector<Made> make_texts(const fs::path& root, const Records& records,
                             const std::vector<ReportPlot>& plots) {
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
  return all;
}

Records read(const Options& options) {
  check_folder("--root", options.root);
  if (options.results) {
    check_folder("--results", *options.results);
    return read_records(*options.results, options.root);
  }
  // A tree in which nothing was recorded yet has no such folder.
  const fs::path folder = fs::path(options.root) / results_folder;
  return fs::is_directory(folder) ? read_records(folder, options.root) : Records{};
}

/// A line on each text and each picture that is not what the records give; how many.
std::size_t check(const Options& options, const std::vector<Made>& texts,
                  const std::vector<ReportPlot>& plots, const Lines& print) {
  std::size_t count = 0;
  for (const Made& text : texts) {
    if (text.old == text.made) continue;
    print(first_difference(text.name, text.old, text.made));
    ++count;
  }
  const std::vector<std::string> of_plots = check_plots(options.root, plots);
  for (const std::string& line : of_plots) print(line);
  return count + of_plots.size();
}

/// Writes what is not what the records give, with a line on each file; how many. No text is written
/// before the pictures that it links: where one could not be drawn, only what links none is.
std::size_t write(const Options& options, const std::vector<Made>& texts,
                  const std::vector<ReportPlot>& plots, const Lines& print) {
  std::size_t count = 0;
  const Drawn drawn = draw_plots(options.root, plots);
  const bool has_pictures = drawn.complaint.empty();
  if (has_pictures)
    for (const std::string& line : write_plots(options.root, plots, drawn)) {
      print(line);
      ++count;
    }
  std::vector<std::string> missing = {"pictures"};
  for (const Made& text : texts) {
    if (text.old == text.made) continue;
    if (text.links_pictures && !has_pictures) {
      missing.push_back(text.name);
      continue;
    }
    write_file(fs::path(options.root) / text.name, text.made);
    print("wrote " + text.name);
    ++count;
  }
  if (!has_pictures) throw Failure(drawn.complaint + "; not written: " + joined(missing));
  return count;
}

int run(const Options& options) {
  const Lines print(false);
  const Records records = read(options);
  const std::vector<ReportPlot> plots = report_plots(records);
  const std::vector<Made> texts = make_texts(options.root, records, plots);
  for (const std::string& file : records.emulated)
    print(file + ": of the emulated device, so that it does not count");
  const std::size_t differences =
      options.check ? check(options, texts, plots, print) : write(options, texts, plots, print);
  print(std::to_string(records.files) + (records.files == 1 ? " record" : " records") +
        (differences == 0 ? "; everything is what they give" : ""));
  return options.check && differences > 0 ? outside : done;
}

}  // namespace

Command report_command(CLI::App& tool) {
  CLI::App& app =
      *tool.add_subcommand("report", "Tables, plots and docs/hardware.md from recorded results");
  const auto options = std::make_shared<Options>();
  app.add_option("--results", options->results,
                 std::string("Folder of the records [") + results_folder + " of --root]")
      ->type_name("DIR");
  app.add_option("--root", options->root, "Folder of README.md and docs")
      ->type_name("DIR")
      ->default_str(options->root);
  app.add_flag("--check", options->check,
               "Write nothing; exit code 1 where a text is not what the records give")
      ->disable_flag_override();
  return {&app, [options] { return run(*options); }};
}

}  // namespace takt::tool
