// The table of dialects, and the conversions by it.
#include "dialects.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>

#include <takt/cells.hpp>

#include "say.hpp"

namespace takt {
namespace {

constexpr auto rows = MatrixForm::rows;
constexpr auto transposed = MatrixForm::transposed;

// pytorch: the documentation of torch.nn.RNN, LSTM, GRU; weight_ih, weight_hh, bias_ih, bias_hh.
// keras:   the layers' kernel, recurrent_kernel and bias, which is (2, 3H) for this GRU.
// onnx:    the operators' specification; one direction of W, R and B.
// onednn:  the RNN primitive's documentation; memory format ldigo, and the bias of lbr_gru.
// haste:   the headers of its C++ layers.
constexpr Dialect table[] = {
    {"rnn_tanh", "pytorch", "RNN tanh", "h", rows, "Wh Rh"},
    {"rnn_relu", "pytorch", "RNN relu", "h", rows, "Wh Rh"},
    {"lstm", "pytorch", "LSTM", "i f g o", rows, "Wi Wf Wg Wo Ri Rf Rg Ro"},
    {"gru", "pytorch", "GRU", "r z n", rows, "Wr Wz Wn Rr Rz Rn"},

    {"rnn_tanh", "keras", "SimpleRNN tanh", "h", transposed, "h"},
    {"rnn_relu", "keras", "SimpleRNN relu", "h", transposed, "h"},
    {"lstm", "keras", "LSTM", "i f g o", transposed, "i f g o"},
    {"gru", "keras", "GRU reset_after=True", "z r n", transposed, "Wz Wr Wn Rz Rr Rn"},

    {"rnn_tanh", "onnx", "RNN Tanh", "h", rows, "Wh Rh"},
    {"rnn_relu", "onnx", "RNN Relu", "h", rows, "Wh Rh"},
    {"lstm", "onnx", "LSTM", "i o f g", rows, "Wi Wo Wf Wg Ri Ro Rf Rg"},
    {"gru", "onnx", "GRU linear_before_reset=1", "z r n", rows, "Wz Wr Wn Rz Rr Rn"},

    {"rnn_tanh", "onednn", "vanilla_rnn tanh", "h", transposed, "h"},
    {"rnn_relu", "onednn", "vanilla_rnn relu", "h", transposed, "h"},
    {"lstm", "onednn", "vanilla_lstm", "i f g o", transposed, "i f g o"},
    {"gru", "onednn", "lbr_gru", "z r n", transposed, "z r Wn Rn"},

    {"lstm", "haste", "LSTM", "i g f o", transposed, "i g f o"},
    {"gru", "haste", "GRU", "z r n", transposed, "Wz Wr Wn Rz Rr Rn"},
};

constexpr std::string_view resets_before =
    "it resets h before the recurrent product and takt's gru resets after it; the two never "
    "convert into each other";
constexpr std::string_view has_peepholes = "takt has no cell with peepholes yet";

constexpr RefusedForm refused[] = {
    {"keras", "GRU reset_after=False", resets_before},
    {"onnx", "GRU linear_before_reset=0", resets_before},
    {"onnx", "LSTM peepholes", has_peepholes},
    {"onnx", "LSTM input_forget=1", "takt has no cell with coupled input and forget gates yet"},
    {"onednn", "vanilla_gru", resets_before},
    {"onednn", "vanilla_lstm peepholes", has_peepholes},
};

/// A gate whose two biases are not summands of one sum.
struct ApartBiases {
  std::string_view cell;
  std::string_view gate;
};
constexpr ApartBiases apart_biases[] = {{"gru", "n"}};  // r multiplies bR of n, not its bW

bool biases_add_up(std::string_view cell, std::string_view gate) {
  return std::ranges::none_of(apart_biases, [&](const ApartBiases& apart) {
    return apart.cell == cell && apart.gate == gate;
  });
}

std::string quoted(std::string_view text) {
  return "'" + std::string(text) + "'";
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> all;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) all.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return all;
}

/// A block of the bias tensors.
struct BiasBlock {
  std::size_t gate;  ///< takt's number of it
  bool input;        ///< holds bW, or both
  bool recurrent;    ///< holds bR, or both
};

/// A dialect in numbers.
struct Blocks {
  std::vector<std::string_view> names;  ///< takt's gates
  std::vector<std::size_t> gates;       ///< takt's number of each block of W and R
  std::vector<BiasBlock> biases;
};

std::size_t find_gate(const char* where, const Dialect& dialect, const Blocks& blocks,
                      const char* argument, std::string_view name) {
  const auto gate = std::ranges::find(blocks.names, name);
  if (gate == blocks.names.end())
    refuse(where, argument,
           " names " + quoted(name) + "; it must name gates of " + quoted(dialect.cell) + ": " +
               std::string(find_cell(dialect.cell).gate_names));
  return static_cast<std::size_t>(gate - blocks.names.begin());
}

Blocks read_blocks(const char* where, const Dialect& dialect) {
  Blocks blocks;
  blocks.names = words(find_cell(dialect.cell).gate_names);
  for (const std::string_view name : words(dialect.gates))
    blocks.gates.push_back(find_gate(where, dialect, blocks, "gates", name));
  std::vector<std::size_t> sorted = blocks.gates;
  std::ranges::sort(sorted);
  if (sorted.size() != blocks.names.size() || std::ranges::adjacent_find(sorted) != sorted.end())
    refuse(where, "gates",
           " is " + quoted(dialect.gates) + "; it must name each gate of " + quoted(dialect.cell) +
               " once");
  for (const std::string_view name : words(dialect.biases)) {
    const bool apart = name.front() == 'W' || name.front() == 'R';
    const std::string_view gate = apart ? name.substr(1) : name;
    blocks.biases.push_back(
        {.gate = find_gate(where, dialect, blocks, "biases", gate),
         .input = name.front() != 'R',
         .recurrent = name.front() == 'R' || (!apart && biases_add_up(dialect.cell, gate))});
  }
  return blocks;
}

void check_sizes(const char* where, std::int64_t I, std::int64_t H) {
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
  for (const auto& [name, size] : {std::pair{"I", I}, std::pair{"H", H}}) {
    if (size < 1 || size > most)
      refuse(where, name, " is " + number(size) + "; it must be between 1 and " + number(most));
  }
}

/// That `values` has row_count * H * columns elements. The product itself may not fit.
template <class Real>
void check_size(const char* where, const char* name, const std::vector<Real>& values,
                std::size_t row_count, std::int64_t H, std::int64_t columns) {
  const auto size = static_cast<std::int64_t>(values.size());
  if (size % columns != 0 || size / columns != static_cast<std::int64_t>(row_count) * H)
    refuse(where, name,
           " holds " + number(size) + " values; it must hold " + std::to_string(row_count) +
               " blocks of " + number(H) + " * " + number(columns));
}

/// visit(position in takt's matrix, position in the dialect's) for all elements of W or R.
template <class Visit>
void match_elements(const Dialect& dialect, const Blocks& blocks, std::int64_t H,
                    std::int64_t columns, Visit visit) {
  const auto units = static_cast<std::size_t>(H);
  const auto width = static_cast<std::size_t>(columns);
  const std::size_t row_count = blocks.gates.size() * units;
  for (std::size_t block = 0; block < blocks.gates.size(); ++block) {
    for (std::size_t j = 0; j < units; ++j) {
      const std::size_t own = blocks.gates[block] * units + j;
      const std::size_t other = block * units + j;
      for (std::size_t k = 0; k < width; ++k) {
        visit(own * width + k,
              dialect.matrices == rows ? other * width + k : k * row_count + other);
      }
    }
  }
}

/// Refuses a bias vector of takt's that holds what no block of the dialect does.
template <class Real>
void check_kept(const Dialect& dialect, const Blocks& blocks, const char* name,
                bool BiasBlock::*holds, std::int64_t H, const std::vector<Real>& bias) {
  const auto units = static_cast<std::size_t>(H);
  for (std::size_t n = 0; n < bias.size(); ++n) {
    const std::size_t gate = n / units;
    if (bias[n] == Real(0) || std::ranges::any_of(blocks.biases, [&](const BiasBlock& block) {
          return block.gate == gate && block.*holds;
        }))
      continue;
    refuse("to_dialect", std::string(name) + "[" + std::to_string(n) + "]",
           " is " + number(static_cast<double>(bias[n])) + "; it must be 0, for " +
               std::string(dialect.system) + "'s " + quoted(dialect.form) +
               " has no place for it: the two biases of gate " + quoted(blocks.names[gate]) +
               " of " + quoted(dialect.cell) +
               (biases_add_up(dialect.cell, blocks.names[gate]) ? " are not both stored"
                                                                : " do not add up to one"));
  }
}

}  // namespace

std::span<const Dialect> known_dialects() noexcept {
  return table;
}

std::span<const RefusedForm> refused_forms() noexcept {
  return refused;
}

const Dialect& find_dialect(std::string_view cell, std::string_view system) {
  std::string known;
  for (const Dialect& dialect : table) {
    if (dialect.cell == cell && dialect.system == system) return dialect;
    if (dialect.cell == cell) known += (known.empty() ? "" : ", ") + std::string(dialect.system);
  }
  if (known.empty())
    refuse("find_dialect", "cell", " is " + quoted(cell) + "; no dialect of it is known");
  refuse("find_dialect", "system",
         " is " + quoted(system) + "; for " + quoted(cell) + " it must be one of: " + known);
}

const Dialect& find_form(std::string_view system, std::string_view form) {
  for (const RefusedForm& other : refused) {
    if (other.system == system && other.form == form)
      unsupported("find_form", "form",
                  " is " + std::string(system) + "'s " + quoted(form) +
                      ", which takt must not read as one of its cells, because " +
                      std::string(other.reason));
  }
  std::string known;
  for (const Dialect& dialect : table) {
    if (dialect.system != system) continue;
    if (dialect.form == form) return dialect;
    known += (known.empty() ? "" : ", ") + std::string(dialect.form);
  }
  if (known.empty())
    refuse("find_form", "system", " is " + quoted(system) + ", of which takt knows nothing");
  refuse("find_form", "form",
         " is " + quoted(form) + "; of " + std::string(system) + " it must be one of: " + known);
}

template <class Real>
PlainWeights<Real> from_dialect(const Dialect& dialect, std::int64_t I, std::int64_t H,
                                const DialectWeights<Real>& weights) {
  constexpr const char* where = "from_dialect";
  check_sizes(where, I, H);
  const Blocks blocks = read_blocks(where, dialect);
  check_size(where, "W", weights.W, blocks.gates.size(), H, I);
  check_size(where, "R", weights.R, blocks.gates.size(), H, H);
  if (!weights.biases.empty())
    check_size(where, "biases", weights.biases, blocks.biases.size(), H, 1);

  const auto units = static_cast<std::size_t>(H);
  PlainWeights<Real> own;
  own.W.resize(weights.W.size());
  own.R.resize(weights.R.size());
  own.bW.resize(blocks.gates.size() * units);
  own.bR.resize(own.bW.size());
  match_elements(dialect, blocks, H, I,
                 [&](std::size_t to, std::size_t from) { own.W[to] = weights.W[from]; });
  match_elements(dialect, blocks, H, H,
                 [&](std::size_t to, std::size_t from) { own.R[to] = weights.R[from]; });
  for (std::size_t n = 0; n < weights.biases.size(); ++n) {
    const BiasBlock& block = blocks.biases[n / units];
    (block.input ? own.bW : own.bR)[block.gate * units + n % units] = weights.biases[n];
  }
  return own;
}

template <class Real>
DialectWeights<Real> to_dialect(const Dialect& dialect, std::int64_t I, std::int64_t H,
                                const PlainWeights<Real>& weights) {
  constexpr const char* where = "to_dialect";
  check_sizes(where, I, H);
  const Blocks blocks = read_blocks(where, dialect);
  check_size(where, "W", weights.W, blocks.gates.size(), H, I);
  check_size(where, "R", weights.R, blocks.gates.size(), H, H);
  if (!weights.bW.empty()) check_size(where, "bW", weights.bW, blocks.gates.size(), H, 1);
  if (!weights.bR.empty()) check_size(where, "bR", weights.bR, blocks.gates.size(), H, 1);
  check_kept(dialect, blocks, "bW", &BiasBlock::input, H, weights.bW);
  check_kept(dialect, blocks, "bR", &BiasBlock::recurrent, H, weights.bR);

  const auto units = static_cast<std::size_t>(H);
  DialectWeights<Real> other;
  other.W.resize(weights.W.size());
  other.R.resize(weights.R.size());
  other.biases.resize(blocks.biases.size() * units);
  match_elements(dialect, blocks, H, I,
                 [&](std::size_t from, std::size_t to) { other.W[to] = weights.W[from]; });
  match_elements(dialect, blocks, H, H,
                 [&](std::size_t from, std::size_t to) { other.R[to] = weights.R[from]; });
  for (std::size_t n = 0; n < other.biases.size(); ++n) {
    const BiasBlock& block = blocks.biases[n / units];
    const std::size_t at = block.gate * units + n % units;
    if (block.input && !weights.bW.empty()) other.biases[n] += weights.bW[at];
    if (block.recurrent && !weights.bR.empty()) other.biases[n] += weights.bR[at];
  }
  return other;
}

template PlainWeights<float> from_dialect(const Dialect&, std::int64_t, std::int64_t,
                                          const DialectWeights<float>&);
template PlainWeights<double> from_dialect(const Dialect&, std::int64_t, std::int64_t,
                                           const DialectWeights<double>&);
template DialectWeights<float> to_dialect(const Dialect&, std::int64_t, std::int64_t,
                                          const PlainWeights<float>&);
template DialectWeights<double> to_dialect(const Dialect&, std::int64_t, std::int64_t,
                                           const PlainWeights<double>&);

}  // namespace takt
