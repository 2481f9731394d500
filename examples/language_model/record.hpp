// What a run leaves for people and programs that compare runs: run.json.
#pragma once

#include <string>
#include <vector>

#include "checkpoint.hpp"
#include "model.hpp"
#include "trainer.hpp"

namespace language_model {

struct Record {
  std::string commit;  ///< of the program, where it was told
  ModelSizes sizes;
  TrainingOptions options;
  std::string text;  ///< the file's name
  std::int64_t text_bytes = 0;
  double witten_bell = 0;  ///< bits per byte held out, as are the curve's
  std::string device;
  std::vector<CurvePoint> curve{};            ///< at least one
  double seconds = 0;                         ///< of steps, judgements and saving
  std::int64_t timed_steps = 0;               ///< in those seconds: a resumed run's are not all
  double takt_share = 0, products_share = 0;  ///< of the time in steps

  double best() const;  ///< of the curve, held out
  double last() const { return curve.back().held_out; }
};

std::string to_json(const Record& record);
/// Throws UsageError, naming the file, where there is none or it is no record of a run that can be.
Record read_record(const std::string& path);

/// A table in Markdown, a row for each record, under these names; below it where they come from.
std::string comparison(const std::vector<std::pair<std::string, Record>>& records);

}  // namespace language_model
