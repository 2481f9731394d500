// What takt bench is asked to measure.
#include "tool/bench_options.hpp"

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "measure.hpp"
#include "tool/arguments.hpp"
#include "tool/file.hpp"
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

std::vector<std::int64_t> sorted(std::vector<std::int64_t> values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

/// One option whose value is a list with commas; refuses the whole of it.
class List {
 public:
  List(std::string option, std::string text) : option_(std::move(option)), text_(std::move(text)) {}

  std::vector<std::string> parts() const {
    const std::vector<std::string> parts = split(text_, ',');
    if (std::find(parts.begin(), parts.end(), "") != parts.end())
      refuse("nothing stands before or after one of its commas");
    return parts;
  }
  std::int64_t number(const std::string& name, const std::string& text, std::int64_t least,
                      std::int64_t most) const {
    const auto value = read_integer(text);
    if (!value || *value < least || *value > most)
      refuse(name + " = '" + text + "' must be a whole number between " + std::to_string(least) +
             " and " + std::to_string(most));
    return *value;
  }
  [[noreturn]] void refuse(const std::string& sentence) const {
    throw UsageError(option_ + " is '" + text_ + "'; " + sentence);
  }

 private:
  std::string option_, text_;
};

std::vector<std::int64_t> parse_batches(const std::string& text) {
  const List list("--batch", text);
  std::vector<std::int64_t> batches;
  for (const std::string& part : list.parts())
    batches.push_back(list.number("B", part, 1, most_int32));
  return sorted(batches);
}

std::string all_peer_words() {
  std::string words;
  for (const bench::PeerLibrary& library : bench::peer_libraries())
    words += (words.empty() ? "" : ", ") + std::string(library.word);
  return words;
}

/// Each library once.
std::vector<const bench::PeerLibrary*> parse_peers(const std::string& text) {
  const List list("--against", text);
  std::vector<const bench::PeerLibrary*> peers;
  for (const std::string& part : list.parts()) {
    const auto all = bench::peer_libraries();
    const auto found = std::find_if(all.begin(), all.end(), [&](const bench::PeerLibrary& library) {
      return library.word == part;
    });
    if (found == all.end()) list.refuse("'" + part + "' must be one of: " + all_peer_words());
    if (std::find(peers.begin(), peers.end(), &*found) == peers.end()) peers.push_back(&*found);
  }
  return peers;
}

/// FROM:TO[:FACTOR], both ends included.
void add_range(const List& list, const std::vector<std::string>& ends,
               std::vector<std::int64_t>& lengths) {
  const std::int64_t from = list.number("FROM", ends[0], 1, most_steps),
                     to = list.number("TO", ends[1], 1, most_steps),
                     factor = ends.size() == 3 ? list.number("FACTOR", ends[2], 2, 1 << 20) : 2;
  if (to < from)
    list.refuse("TO = " + std::to_string(to) + " must be at least FROM = " + std::to_string(from));
  for (std::int64_t T = from; T < to; T *= factor) lengths.push_back(T);
  lengths.push_back(to);
}

/// "16:1024", "16:1024:4" and "1,16,65535" and lists of such, in rising order without repeats.
std::vector<std::int64_t> parse_lengths(const std::string& text) {
  const List list("--seq", text);
  std::vector<std::int64_t> lengths;
  for (const std::string& part : list.parts()) {
    const std::vector<std::string> ends = split(part, ':');
    if (ends.size() == 1)
      lengths.push_back(list.number("T", part, 1, most_steps));
    else if (ends.size() <= 3)
      add_range(list, ends, lengths);
    else
      list.refuse("'" + part + "' must be a number, FROM:TO or FROM:TO:FACTOR");
  }
  return sorted(lengths);
}

}  // namespace

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
  type_option_ = app.add_option_function<std::string>(
                        "--type",
                        [this](const std::string& word) {
                          if (!set_precision(shape_, word))
                            refuse_value("--type", word, "one of: " + bench::all_precisions());
                        },
                        "Type of x, y, h and the weights: " + bench::all_precisions() +
                            "; with --shapes, of every case")
                     ->type_name("WORD")
                     ->default_str(std::string(precision_name(shape_)));
  problem_.push_back(
      add_size(app, "--hidden", shape_.H, "Hidden size H")->default_str(std::to_string(shape_.H)));
  problem_.push_back(add_size(app, "--input", input_, "Input size I [that of --hidden]"));
  problem_.push_back(app.add_option_function<std::string>(
                            "--batch",
                            [this](const std::string& text) { batches_ = parse_batches(text); },
                            "Batch sizes B, each a curve of its own")
                         ->type_name("N[,N]")
                         ->default_str("1,16"));
  problem_.push_back(
      app.add_option_function<std::string>(
             "--seq", [this](const std::string& text) { lengths_ = parse_lengths(text); },
             "Steps T: FROM:TO in powers of FACTOR (2), single numbers, or several with commas")
          ->type_name("FROM:TO[:FACTOR]")
          ->default_str(default_lengths));
  mode_option_ = add_word(app, "--mode", shape_.timed,
                          "What is timed: forward, forward of a plan for training, or forward "
                          "and backward; with --shapes, of every case");
  algorithm_option_ = add_algorithm(app, shape_.algorithm);
  app.add_flag_callback(
         "--no-input-product", [this] { input_product_ = false; },
         "Give W x instead of x, of every case: what is left is the recurrence")
      ->disable_flag_override();
  app.add_option("--shapes", shapes_file_,
                 "A list instead, one case a line: cell type T B I H mode, then where it has them "
                 "layers=N, bidirectional, projection=N, heads=N, lengths=uniform or zipf, "
                 "precomputed, algorithm=WORD, may-be-absent (the cell need not be one of takt's); "
                 "# for comments. What cannot be served is a row that says so")
      ->type_name("FILE");
}

void BenchOptions::add(CLI::App& app) {
  add_problem(app);
  app.add_option_function<std::string>(
         "--seconds",
         [this](const std::string& text) {
           seconds_ = parse_number("--seconds", text, 0.001, 3600);
         },
         "Time to measure a point, at least; never less than " +
             std::to_string(bench::least_repetitions) + " runs")
      ->type_name("S")
      ->default_str(format("%g", seconds_));
  app.add_option_function<std::string>(
         "--against", [this](const std::string& text) { peers_ = parse_peers(text); },
         "Libraries to run the same problems in turns with takt: " + all_peer_words())
      ->type_name("NAME[,NAME]");
  device_.add(app);
  app.add_option("--out", folder_,
                 "Folder for scaling.json and scaling.svg [the current one; where JSON goes to "
                 "stdout, no plot]")
      ->type_name("DIR");
  app.add_flag_callback(
         "--no-plot", [this] { plot_ = false; },
         "Draw nothing; an old scaling.svg does not stay beside a new scaling.json")
      ->disable_flag_override();
  json_.add(app, "Figures, with every sample, instead of to scaling.json,");
}

std::string BenchOptions::in_folder(const std::string& name) const {
  return folder_ ? (std::filesystem::path(*folder_) / name).string() : name;
}

std::string BenchOptions::json_path() const {
  return json_.asked() ? json_.path() : in_folder("scaling.json");
}

void BenchOptions::check_outputs() const {
  std::error_code ignored;
  if (folder_ && !std::filesystem::is_directory(*folder_, ignored))
    refuse_value("--out", *folder_, "a folder that exists");
  if (folder_ && json_.asked() && !plot_)
    throw UsageError("--out is '" + *folder_ +
                     "', where nothing would go: --json says where the figures go, --no-plot that "
                     "there is no plot");
  json_.check();
  if (!json_.asked()) check_writable("--out", json_path());
  if (plot()) check_writable("--out", svg_path());
  check_apart();
}

void BenchOptions::check_apart() const {
  const auto check = [](const std::string& what, const std::string& path,
                        const std::string& other) {
    if (same_file(path, other))
      throw UsageError(what + " is '" + path + "'; that is the file '" + other +
                       "', which is written too");
  };
  if (!json_.to_stdout()) {
    if (replaces_plot()) check("the file of the figures", json_path(), svg_path());
    if (!shapes_file_.empty()) check("--shapes", shapes_file_, json_path());
  }
  if (!shapes_file_.empty() && replaces_plot()) check("--shapes", shapes_file_, svg_path());
}

std::vector<bench::Shape> BenchOptions::listed_shapes() const {
  for (const CLI::Option* option : problem_)
    if (option->count() > 0)
      throw UsageError("--shapes says the cell and sizes of every case; it must stand without " +
                       option->get_name());
  try {
    std::vector<bench::Shape> shapes = bench::read_shapes(shapes_file_);
    for (bench::Shape& shape : shapes) {
      if (!input_product_) shape = without_input_product(shape);
      if (mode_option_->count() > 0) shape.timed = shape_.timed;
      if (algorithm_option_->count() > 0) shape.algorithm = shape_.algorithm;
      if (type_option_->count() == 0) continue;
      shape.type = shape_.type;
      shape.math = shape_.math;
    }
    return shapes;
  } catch (const bench::ShapeError& error) {
    throw UsageError(std::string("--shapes: ") + error.what());
  }
}

std::vector<const bench::PeerLibrary*> BenchOptions::peers(const Device& device) const {
  for (const bench::PeerLibrary* library : peers_) {
    const std::string option = "--against names '" + std::string(library->word) + "'; ";
    if (const std::string missing = library->missing(); !missing.empty())
      throw UsageError(option + missing);
    if (library->kind != device.kind())
      throw UsageError(option + std::string(library->name) + " runs on a " +
                       std::string(to_string(library->kind)) + " device; this one is " +
                       device.describe());
  }
  return peers_;
}

std::vector<bench::Shape> BenchOptions::shapes() const {
  if (!shapes_file_.empty()) return listed_shapes();
  std::vector<bench::Shape> shapes;
  for (const std::int64_t B : batches_)
    for (const std::int64_t T : lengths_.empty() ? parse_lengths(default_lengths) : lengths_) {
      bench::Shape shape = shape_;
      shape.T = T;
      shape.B = B;
      shape.I = input_.value_or(input_like(shape.H));
      shapes.push_back(input_product_ ? shape : without_input_product(shape));
    }
  return shapes;
}

}  // namespace takt::tool
