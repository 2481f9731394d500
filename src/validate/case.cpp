// The cases of validation.
#include "validate/case.hpp"

#include <algorithm>

#include <takt/cells.hpp>

namespace takt::validate {
namespace {

// Odd on purpose: one of everything, vectors with tails, more rows than a panel takes at once.
constexpr CaseShape shapes[] = {
    {1, 1, 2, 1},   {5, 3, 2, 1},    {7, 4, 3, 5},   {9, 1, 13, 17}, {6, 9, 1, 33},
    {12, 5, 8, 64}, {3, 2, 40, 100}, {33, 2, 7, 16}, {4, 20, 5, 31}, {2, 7, 65, 130},
};
// More rows than a chunk of the whole-sequence products holds, whatever the cell and type
// (Validation.ChunkedCasesAreChunked), and a long one.
constexpr CaseShape chunked{1250, 5, 700, 3}, longer{2200, 8, 1, 32};
// Nothing to compute: what is written must be exact.
constexpr CaseShape empty[] = {{0, 3, 2, 4}, {4, 0, 2, 4}};

template <class Value>
bool wanted(const std::vector<Value>& filter, const Value& value) {
  return filter.empty() || std::find(filter.begin(), filter.end(), value) != filter.end();
}

}  // namespace

std::string to_string(const CaseShape& shape) {
  return "T" + std::to_string(shape.T) + " B" + std::to_string(shape.B) + " I" +
         std::to_string(shape.I) + " H" + std::to_string(shape.H);
}

const std::vector<Semantics>& all_semantics() {
  static const std::vector<Semantics> all = {
      {},
      {.name = "reverse", .reverse = true},
      {.name = "lengths", .lengths = true},
      {.name = "reverse, lengths", .reverse = true, .lengths = true},
      {.name = "resets", .resets = true},
      {.name = "lengths, resets", .lengths = true, .resets = true},
      {.name = "reverse, lengths, resets", .reverse = true, .lengths = true, .resets = true},
      {.name = "null states", .null_states = true},
      {.name = "batch-major", .layout = Layout::batch_major},
      {.name = "batch-major, lengths, resets, strides",
       .lengths = true,
       .resets = true,
       .strides = true,
       .layout = Layout::batch_major},
      {.name = "strides", .strides = true},
      {.name = "no bias", .bias = Bias::none},
      {.name = "bias beside W x", .bias = Bias::input},
      {.name = "bias beside R h", .bias = Bias::recurrent},
      {.name = "accumulate", .accumulate = true},
  };
  return all;
}

std::vector<Case> all_cases(const Filter& filter) {
  std::vector<Case> cases;
  for (const CellInfo& cell : known_cells()) {
    if (!wanted(filter.cells, std::string(cell.name))) continue;
    for (const DataType type : {DataType::f32, DataType::f64}) {
      if (!wanted(filter.types, type)) continue;
      for (const Semantics& semantics : all_semantics()) {
        for (const CaseShape& shape : shapes)
          cases.push_back({std::string(cell.name), type, shape, semantics});
        for (const CaseShape& shape : empty)
          cases.push_back({std::string(cell.name), type, shape, semantics});
        if (semantics.name == "plain" || semantics.name == "reverse, lengths, resets")
          for (const CaseShape& shape : {chunked, longer})
            cases.push_back({std::string(cell.name), type, shape, semantics});
      }
    }
  }
  return cases;
}

}  // namespace takt::validate
