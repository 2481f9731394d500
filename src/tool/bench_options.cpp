// What takt bench is asked to measure.
#include "tool/bench_options.hpp"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <sstream>

#include "tool/arguments.hpp"
#include "tool/text.hpp"

namespace takt::tool {
namespace {

constexpr std::int64_t most_steps = std::int64_t{1} << 40;
constexpr const char* default_lengths = "16:131072,65535";

std::vector<std::string> split(const std::string& text, char between) {
  std::vector<std::string> parts;
  std::istringstream stream(text + between);
  for (std::string part; std::getline(stream, part, between);) parts.push_back(part);
  return parts;
}

/// FROM:TO[:FACTOR], both ends included.
void add_range(const std::string& option, const std::vector<std::string>& parts,
               std::vector<std::int64_t>& lengths) {
  const std::int64_t from = parse_integer(option, parts[0], 1, most_steps),
                     to = parse_integer(option, parts[1], from, most_steps),
                     factor = parts.size() == 3 ? parse_integer(option, parts[2], 2, 1 << 20) : 2;
  for (std::int64_t T = from; T < to; T *= factor) lengths.push_back(T);
  lengths.push_back(to);
}

std::vector<std::int64_t> sorted(std::vector<std::int64_t> values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

std::vector<std::int64_t> parse_batches(const std::string& text) {
  std::vector<std::int64_t> batches;
  for (const std::string& part : split(text, ','))
    batches.push_back(parse_integer("--batch", part, 1, most_int32));
  return sorted(batches);
}

}  // namespace

std::vector<std::int64_t> parse_lengths(const std::string& option, const std::string& text) {
  std::vector<std::int64_t> lengths;
  for (const std::string& part : split(text, ',')) {
    const std::vector<std::string> ends = split(part, ':');
    if (ends.size() == 1)
      lengths.push_back(parse_integer(option, part, 1, most_steps));
    else if (ends.size() <= 3)
      add_range(option, ends, lengths);
    else
      refuse_value(option, part, "FROM:TO or FROM:TO:FACTOR or a number, or several with commas");
  }
  return sorted(lengths);
}

void BenchOptions::add_problem(CLI::App& app) {
  problem_.push_back(app.add_option_function<std::string>(
                            "--cell",
                            [this](const std::string& name) {
                              check_cell("--cell", name);
                              shape_.cell = name;
                            },
                            "Cell, as takt info lists them")
                         ->type_name("NAME")
                         ->default_str(shape_.cell));
  problem_.push_back(add_word(app, "--type", shape_.type, "Type of x, y, h and the weights"));
  problem_.push_back(add_integer(app, "--hidden", shape_.H, 1, most_int32, "Hidden size H"));
  problem_.push_back(
      add_integer(app, "--input", shape_.I, 1, most_int32, "Input size I [that of --hidden]")
          ->default_str(""));
  problem_.push_back(app.add_option_function<std::string>(
                            "--batch",
                            [this](const std::string& text) { batches_ = parse_batches(text); },
                            "Batch sizes B, each a curve of its own")
                         ->type_name("N[,N]")
                         ->default_str("1,16"));
  problem_.push_back(
      app.add_option_function<std::string>(
             "--seq", [this](const std::string& text) { lengths_ = parse_lengths("--seq", text); },
             "Steps T: FROM:TO in powers of FACTOR (2), single numbers, or several with commas")
          ->type_name("FROM:TO[:FACTOR]")
          ->default_str(default_lengths));
  problem_.push_back(add_word(app, "--mode", shape_.mode,
                              "What is timed: the forward pass, or forward and backward"));
  app.add_option("--shapes", shapes_file_,
                 "A list instead, one case a line: cell type T B I H mode; # for comments")
      ->type_name("FILE");
}

void BenchOptions::add(CLI::App& app) {
  add_problem(app);
  app.add_option_function<std::string>(
         "--seconds",
         [this](const std::string& text) { seconds_ = parse_number("--seconds", text, 0, 3600); },
         "Time to measure a point, at least; never less than three runs")
      ->type_name("S")
      ->default_str(format("%g", seconds_));
  device_.add(app);
  app.add_option("--out", folder_, "Folder for scaling.json and scaling.svg")
      ->type_name("DIR")
      ->default_str("the current one");
  app.add_flag_callback(
         "--no-plot", [this] { plot_ = false; }, "Draw nothing")
      ->disable_flag_override();
  json_.add(app, "Figures, with every sample, instead of to scaling.json,");
}

std::string BenchOptions::in_folder(const std::string& name) const {
  return folder_ == "." ? name : (std::filesystem::path(folder_) / name).string();
}

std::string BenchOptions::json_path() const {
  return json_.asked() ? json_.path() : in_folder("scaling.json");
}

void BenchOptions::check_outputs() const {
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder_, ignored))
    refuse_value("--out", folder_, "a folder that exists");
  json_.check();
  if (!json_.asked()) check_writable("--out", json_path());
  if (plot_) check_writable("--out", svg_path());
}

std::vector<bench::Shape> BenchOptions::listed_shapes() const {
  for (const CLI::Option* option : problem_)
    if (option->count() > 0)
      throw UsageError(
          "--shapes says the cell, sizes and mode of every case; it must stand without " +
          option->get_name());
  try {
    return bench::read_shapes(shapes_file_);
  } catch (const bench::ShapeError& error) {
    throw UsageError(std::string("--shapes: ") + error.what());
  }
}

std::vector<bench::Shape> BenchOptions::shapes() const {
  if (!shapes_file_.empty()) return listed_shapes();
  std::vector<bench::Shape> shapes;
  for (const std::int64_t B : batches_)
    for (const std::int64_t T : lengths_.empty() ? parse_lengths("", default_lengths) : lengths_) {
      bench::Shape shape = shape_;
      shape.T = T;
      shape.B = B;
      if (shape.I == 0) shape.I = shape.H;
      shapes.push_back(shape);
    }
  return shapes;
}

}  // namespace takt::tool
