// What all records have in common.
#include "tool/record_parts.hpp"

#include <algorithm>
#include <fstream>
#include <system_error>
#include <vector>

#include <takt/cells.hpp>

#include "tool/failure.hpp"
#include "tool/text.hpp"
#include "words.hpp"

namespace takt::tool {

namespace fs = std::filesystem;

namespace {

bool is_known(const std::string& name) {
  const auto cells = known_cells();
  return std::any_of(cells.begin(), cells.end(),
                     [&](const CellInfo& cell) { return cell.name == name; });
}

std::string all_cells() {
  std::vector<std::string> names;
  for (const CellInfo& cell : known_cells()) names.emplace_back(cell.name);
  return joined(names);
}

}  // namespace

Json read_record_file(const fs::path& path, const std::string& name) {
  std::error_code unreadable;
  if (fs::exists(path, unreadable) && !fs::is_regular_file(path, unreadable))
    throw UsageError(name + ": the record must be a file");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw UsageError(name + ": the record cannot be read");
  Json json = Json::parse(file, nullptr, false);
  if (json.is_discarded()) throw UsageError(name + ": the record is not JSON");
  return json;
}

std::set<fs::path> record_files(const fs::path& folder, const std::string& name) {
  std::set<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error))
    if (entry->path().extension() == ".json") files.insert(entry->path());
  if (error) throw UsageError(name + ": the folder cannot be read");
  return files;
}

std::string kind_of(const Field& record) {
  static const std::vector<std::string> kinds = {"bench", "microbench", "gpu run"};
  const std::string kind = record["record"].text();
  if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end())
    record["record"].refuse("one of: " + joined(kinds));
  return kind;
}

/// The emulated device also says so in its name, in records of programs that know no more of it.
bool is_emulated(const Field& record) {
  return record["emulated"].flag_or(false) ||
         device_text(record["device"]).find("emulated") != std::string::npos;
}

std::string device_text(const Field& device) {
  if (device.is_text()) return device.text();
  const Field description = device["description"];
  return description.there() ? description.text() : device["name"].text();
}

bench::Shape shape_of(const Field& point) {
  bench::Shape shape{.cell = point["cell"].text()};
  const Field extras = point["extras"];
  const bool has_extras = extras.there() && extras.json() != "";
  shape.may_be_absent = has_extras && bench::may_be_absent(extras.text());
  if (!is_known(shape.cell) && !shape.may_be_absent) point["cell"].refuse("one of: " + all_cells());
  if (!bench::set_precision(shape, point["type"].text()))
    point["type"].refuse("one of: " + bench::all_precisions());
  shape.T = point["T"].size();
  shape.B = point["B"].size();
  shape.I = point["I"].size();
  shape.H = point["H"].size();
  const auto timed = bench::find_word<bench::Timed>(point["mode"].text());
  if (!timed) point["mode"].refuse("one of: " + bench::all_words<bench::Timed>());
  shape.timed = *timed;
  if (!has_extras) return shape;
  std::string line = shape.cell + " " + std::string(bench::precision_name(shape));
  for (const std::int64_t size : {shape.T, shape.B, shape.I, shape.H})
    line += " " + std::to_string(size);
  line += " " + std::string(to_string(shape.timed)) + " " + extras.text();
  try {
    return bench::read_shape("", line);
  } catch (const bench::ShapeError&) {
    extras.refuse("words that a list of shapes has behind its columns");
  }
}

}  // namespace takt::tool
