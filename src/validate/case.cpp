// The cases of validation.
#include "validate/case.hpp"

#include <algorithm>
#include <span>
#include <string_view>

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
constexpr CaseShape large[] = {{1250, 5, 700, 3}, {2200, 8, 1, 32}};
// Nothing to compute: what is written must be exact.
constexpr CaseShape empty[] = {{0, 3, 2, 4}, {4, 0, 2, 4}};

/// Semantics in which the rows of a chunk lie differently.
bool is_for_large(std::string_view semantics) {
  return semantics == "plain" || semantics == "reverse" || semantics == "reverse, lengths, resets";
}

template <class Value>
bool wanted(const std::vector<Value>& filter, const Value& value) {
  return filter.empty() || std::find(filter.begin(), filter.end(), value) != filter.end();
}

}  // namespace

std::string to_string(const CaseShape& shape) {
  return "T" + std::to_string(shape.T) + " B" + std::to_string(shape.B) + " I" +
         std::to_string(shape.I) + " H" + std::to_string(shape.H);
}

std::string to_string(const Precision& precision) {
  return std::string(precision.math == Math::strict ? to_string(precision.type)
                                                    : to_string(precision.math));
}

const std::vector<Precision>& all_precisions() {
  static const std::vector<Precision> all = {
      DataType::f32, DataType::f64, DataType::f16, DataType::bf16, {DataType::f32, Math::tf32}};
  return all;
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
      {.name = "precomputed input", .input = InputMode::precomputed},
      {.name = "precomputed input, reverse, lengths, resets, strides",
       .reverse = true,
       .lengths = true,
       .resets = true,
       .strides = true,
       .input = InputMode::precomputed},
  };
  return all;
}

std::vector<Case> all_cases(const Filter& filter) {
  std::vector<Case> cases;
  for (const CellInfo& cell : known_cells()) {
    if (!wanted(filter.cells, std::string(cell.name))) continue;
    for (const Precision& precision : all_precisions()) {
      if (!wanted(filter.types, precision)) continue;
      for (const Semantics& semantics : all_semantics()) {
        const auto add = [&](std::span<const CaseShape> more) {
          for (CaseShape shape : more) {
            if (semantics.input == InputMode::precomputed) shape.I = cell.gates * shape.H;
            cases.push_back({std::string(cell.name), precision.type, precision.math, shape,
                             semantics, filter.algorithm});
          }
        };
        add(shapes);
        add(empty);
        if (is_for_large(semantics.name)) add(large);
      }
    }
  }
  return cases;
}

}  // namespace takt::validate
