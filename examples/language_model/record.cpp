// Records of runs, and tables of them.
#include "record.hpp"

#include <algorithm>
#include <limits>

#include <nlohmann/json.hpp>

#include "failure.hpp"
#include "file.hpp"
#include "output.hpp"
#include "sizes.hpp"

namespace language_model {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kind = "language model";

Record record_of(const Json& json) {
  Record record;
  record.commit = json.at("commit");
  const Json& model = json.at("model");
  record.sizes = {model.at("cell"), model.at("embedding"), model.at("hidden"), model.at("layers")};
  const Json& options = json.at("options");
  record.options = {.steps = options.at("steps"),
                    .window = options.at("window"),
                    .streams = options.at("streams"),
                    .learning_rate = options.at("learning_rate"),
                    .dropout = options.at("dropout"),
                    .decay = options.at("decay"),
                    .most_norm = options.at("most_norm"),
                    .average_decay = options.at("average_decay"),
                    .seed = options.at("seed"),
                    .recurrence = options.at("recurrence")};
  record.text = json.at("text");
  record.text_bytes = json.at("text_bytes");
  record.witten_bell = json.at("witten_bell");
  record.device = json.at("device");
  record.seconds = json.at("seconds");
  record.timed_steps = json.at("timed_steps");
  record.takt_share = json.at("takt_share");
  record.products_share = json.at("products_share");
  for (const Json& point : json.at("curve"))
    record.curve.push_back({point.at(0), point.at(1), point.at(2)});
  return record;
}

bool is_sound(const Record& record) {
  return !record.curve.empty() && objection(record.sizes).empty() &&
         objection(record.options).empty();
}

/// The seconds that all steps took, where all were timed.
std::string seconds_of(const Record& record) {
  return record.timed_steps == record.curve.back().step ? format("%.0f", record.seconds) : "-";
}

}  // namespace

double Record::best() const {
  double best = std::numeric_limits<double>::infinity();
  for (const CurvePoint& point : curve) best = std::min(best, point.held_out);
  return best;
}

std::string to_json(const Record& record) {
  const ModelSizes& sizes = record.sizes;
  const TrainingOptions& options = record.options;
  Json curve = Json::array();
  for (const CurvePoint& point : record.curve)
    curve.push_back({point.step, point.training, point.held_out});
  const Json json{{"record", kind},
                  {"commit", record.commit},
                  {"text", record.text},
                  {"text_bytes", record.text_bytes},
                  {"model",
                   {{"cell", sizes.cell},
                    {"embedding", sizes.embedding},
                    {"hidden", sizes.hidden},
                    {"layers", sizes.layers}}},
                  {"options",
                   {{"steps", options.steps},
                    {"window", options.window},
                    {"streams", options.streams},
                    {"learning_rate", options.learning_rate},
                    {"dropout", options.dropout},
                    {"decay", options.decay},
                    {"most_norm", options.most_norm},
                    {"average_decay", options.average_decay},
                    {"seed", options.seed},
                    {"recurrence", options.recurrence}}},
                  {"device", record.device},
                  {"witten_bell", record.witten_bell},
                  {"seconds", record.seconds},
                  {"timed_steps", record.timed_steps},
                  {"takt_share", record.takt_share},
                  {"products_share", record.products_share},
                  {"curve", curve}};
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Record read_record(const std::string& path) {
  const Json json = Json::parse(read_file("the record", path), nullptr, false);
  try {
    if (json.is_object() && json.value("record", "") == kind)
      if (Record record = record_of(json); is_sound(record)) return record;
  } catch (const Json::exception&) {
    // said below
  }
  throw UsageError("the record '" + path + "' is not what train leaves in run.json");
}

std::string comparison(const std::vector<std::pair<std::string, Record>>& records) {
  std::string table =
      "| run | model | seed | dropout | decay | steps | best held out | last held out | "
      "by counting | takt's calls and products | seconds |\n"
      "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n";
  std::vector<std::string> origins;
  for (const auto& [name, record] : records) {
    const TrainingOptions& options = record.options;
    table += "| " + escaped(name) + " | " + to_string(record.sizes) +
             (options.recurrence ? "" : ", R = 0") +
             format(" | %llu | %g | %g | %lld | %.3f | %.3f | %.3f | %.0f %% | ",
                    static_cast<unsigned long long>(options.seed), options.dropout, options.decay,
                    static_cast<long long>(record.curve.back().step), record.best(), record.last(),
                    record.witten_bell, 100 * (record.takt_share + record.products_share)) +
             seconds_of(record) + " |\n";
    const std::string origin = record.device + "; commit " +
                               (record.commit.empty() ? "not told" : record.commit) + "; " +
                               record.text + ", " + std::to_string(record.text_bytes) + " bytes";
    if (std::ranges::find(origins, origin) == origins.end()) origins.push_back(origin);
  }
  for (const std::string& origin : origins) table += "\n" + escaped(origin) + ".\n";
  return table;
}

}  // namespace language_model
