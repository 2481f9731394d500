// Ranges, and what is outside them.
#include "sizes.hpp"

#include <algorithm>
#include <cstdio>

namespace language_model {
namespace {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", value);
  return text;
}

/// The first objection that there is.
class Check {
 public:
  void operator()(const std::string& name, double value, Range range) {
    if (!why_.empty() || (value >= range.least && value <= range.most)) return;
    why_ = "'" + name + "' is " + number(value) + "; it must be between " + number(range.least) +
           " and " + number(range.most);
  }
  void operator()(const std::string& name, std::int64_t value, Range range) {
    (*this)(name, static_cast<double>(value), range);
  }
  std::string why() const { return why_; }

 private:
  std::string why_;
};

}  // namespace

std::string cell_names() {
  std::string names;
  for (const takt::CellInfo& cell : takt::known_cells())
    names += (names.empty() ? "" : ", ") + std::string(cell.name);
  return names;
}

std::string objection(const ModelSizes& sizes) {
  const auto is_it = [&](const takt::CellInfo& cell) { return cell.name == sizes.cell; };
  if (std::ranges::none_of(takt::known_cells(), is_it))
    return "'cell' is '" + sizes.cell + "'; it must be one of: " + cell_names();
  Check check;
  check("embedding", sizes.embedding, width_range);
  check("hidden", sizes.hidden, width_range);
  check("layers", sizes.layers, layers_range);
  return check.why();
}

std::string objection(const TrainingOptions& options) {
  Check check;
  check("steps", options.steps, steps_range);
  check("window", options.window, window_range);
  check("streams", options.streams, streams_range);
  check("learning_rate", options.learning_rate, rate_range);
  check("dropout", options.dropout, dropout_range);
  check("decay", options.decay, decay_range);
  check("most_norm", options.most_norm, norm_range);
  check("average_decay", options.average_decay, average_range);
  return check.why();
}

}  // namespace language_model
