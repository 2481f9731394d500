// Dialects: cases by hand in both directions, round trips of all rows, refusals.
#include <algorithm>
#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <takt/cells.hpp>
#include <takt/error.hpp>

#include "dialects.hpp"

namespace takt {
namespace {

constexpr std::int64_t I = 3;
constexpr std::int64_t H = 2;

/// Blocks of 2 values, each named by a number: {1, 2} becomes 10 11 20 21.
std::vector<double> blocks_of_two(std::initializer_list<int> names) {
  std::vector<double> values;
  for (const int name : names) {
    values.push_back(10 * name);
    values.push_back(10 * name + 1);
  }
  return values;
}

/// Weights of H = 2 whose element (gate i, unit j, column k) is 100 (i + 1) + 10 j + k, in takt's
/// storage; bW holds the blocks 1 2 ..., bR 11 12 ....
PlainWeights<double> numbered(int G) {
  PlainWeights<double> weights;
  for (int row = 0; row < G * H; ++row) {
    const int gate = row / 2, unit = row % 2;
    for (int k = 0; k < I; ++k) weights.W.push_back(100 * (gate + 1) + 10 * unit + k);
    for (int k = 0; k < H; ++k) weights.R.push_back(100 * (gate + 1) + 10 * unit + k);
    weights.bW.push_back(10 * (gate + 1) + unit);
    weights.bR.push_back(10 * (gate + 11) + unit);
  }
  return weights;
}

// By hand: what each system's memory holds for the numbered weights.

struct HandCase {
  const char* cell;
  const char* system;
  std::vector<double> R;
  std::vector<double> biases;
};

const std::vector<double> rnn_rows = {100, 101, 110, 111};
const std::vector<double> rnn_columns = {100, 110, 101, 111};

const HandCase hand_cases[] = {
    {"rnn_tanh", "pytorch", rnn_rows, blocks_of_two({1, 11})},
    {"rnn_tanh", "onnx", rnn_rows, blocks_of_two({1, 11})},
    {"rnn_tanh", "keras", rnn_columns, {120, 122}},
    {"rnn_tanh", "onednn", rnn_columns, {120, 122}},
    {"rnn_relu", "pytorch", rnn_rows, blocks_of_two({1, 11})},
    {"rnn_relu", "onnx", rnn_rows, blocks_of_two({1, 11})},
    {"rnn_relu", "keras", rnn_columns, {120, 122}},
    {"rnn_relu", "onednn", rnn_columns, {120, 122}},

    // i f g o
    {"lstm",
     "pytorch",
     {100, 101, 110, 111, 200, 201, 210, 211, 300, 301, 310, 311, 400, 401, 410, 411},
     blocks_of_two({1, 2, 3, 4, 11, 12, 13, 14})},
    // i o f c
    {"lstm",
     "onnx",
     {100, 101, 110, 111, 400, 401, 410, 411, 200, 201, 210, 211, 300, 301, 310, 311},
     blocks_of_two({1, 4, 2, 3, 11, 14, 12, 13})},
    // i f c o, transposed
    {"lstm",
     "keras",
     {100, 110, 200, 210, 300, 310, 400, 410, 101, 111, 201, 211, 301, 311, 401, 411},
     {120, 122, 140, 142, 160, 162, 180, 182}},
    {"lstm",
     "onednn",
     {100, 110, 200, 210, 300, 310, 400, 410, 101, 111, 201, 211, 301, 311, 401, 411},
     {120, 122, 140, 142, 160, 162, 180, 182}},
    // i g f o, transposed
    {"lstm",
     "haste",
     {100, 110, 300, 310, 200, 210, 400, 410, 101, 111, 301, 311, 201, 211, 401, 411},
     {120, 122, 160, 162, 140, 142, 180, 182}},

    // r z n
    {"gru",
     "pytorch",
     {100, 101, 110, 111, 200, 201, 210, 211, 300, 301, 310, 311},
     blocks_of_two({1, 2, 3, 11, 12, 13})},
    // z r h
    {"gru",
     "onnx",
     {200, 201, 210, 211, 100, 101, 110, 111, 300, 301, 310, 311},
     blocks_of_two({2, 1, 3, 12, 11, 13})},
    // z r h, transposed
    {"gru",
     "keras",
     {200, 210, 100, 110, 300, 310, 201, 211, 101, 111, 301, 311},
     blocks_of_two({2, 1, 3, 12, 11, 13})},
    {"gru",
     "haste",
     {200, 210, 100, 110, 300, 310, 201, 211, 101, 111, 301, 311},
     blocks_of_two({2, 1, 3, 12, 11, 13})},
    // u r o u', transposed; n's two biases apart
    {"gru",
     "onednn",
     {200, 210, 100, 110, 300, 310, 201, 211, 101, 111, 301, 311},
     {140, 142, 120, 122, 30, 31, 130, 131}},
};

/// What comes back into takt: where a system has one bias for both, bW is their sum and bR is 0.
PlainWeights<double> merged(const HandCase& hand, PlainWeights<double> weights) {
  const bool one_bias = hand.biases.size() < weights.bW.size() + weights.bR.size();
  const std::size_t apart = hand.biases.size() - (one_bias ? weights.bW.size() : 0);
  for (std::size_t n = 0; one_bias && n < weights.bW.size() - apart; ++n) {
    weights.bW[n] += weights.bR[n];
    weights.bR[n] = 0;
  }
  return weights;
}

TEST(Dialects, ByHand) {
  std::set<std::pair<std::string_view, std::string_view>> proven;
  for (const HandCase& hand : hand_cases) {
    SCOPED_TRACE(std::string(hand.cell) + " of " + hand.system);
    const Dialect& dialect = find_dialect(hand.cell, hand.system);
    const PlainWeights<double> own = numbered(find_cell(hand.cell).gates);
    const DialectWeights<double> other = to_dialect(dialect, I, H, own);
    EXPECT_EQ(other.R, hand.R);
    EXPECT_EQ(other.biases, hand.biases);
    const PlainWeights<double> back = from_dialect(dialect, I, H, other);
    EXPECT_EQ(back, merged(hand, own));
    proven.emplace(hand.cell, hand.system);
  }
  for (const Dialect& dialect : known_dialects()) {
    EXPECT_TRUE(proven.contains({dialect.cell, dialect.system}))
        << dialect.cell << " of " << dialect.system << " is not proven by hand";
  }
}

TEST(Dialects, InputWeightsByHand) {
  const PlainWeights<double> own = numbered(3);
  const std::vector<double> as_rows = {200, 201, 202, 210, 211, 212, 100, 101, 102,
                                       110, 111, 112, 300, 301, 302, 310, 311, 312};
  const std::vector<double> as_columns = {200, 210, 100, 110, 300, 310, 201, 211, 101,
                                          111, 301, 311, 202, 212, 102, 112, 302, 312};
  EXPECT_EQ(to_dialect(find_dialect("gru", "onnx"), I, H, own).W, as_rows);
  EXPECT_EQ(to_dialect(find_dialect("gru", "keras"), I, H, own).W, as_columns);
}

// All rows.

template <class Real>
std::vector<Real> random_values(std::mt19937_64& generator, std::size_t size) {
  std::vector<Real> values(size);
  for (Real& value : values)
    value = static_cast<Real>(static_cast<std::int64_t>(generator() >> 40)) / Real(1 << 23) - 1;
  return values;
}

std::size_t bias_blocks(const Dialect& dialect) {
  return static_cast<std::size_t>(std::ranges::count(dialect.biases, ' ')) + 1;
}

/// Weights in a system's own storage survive the way into takt and back bit for bit.
template <class Real>
void expect_round_trip(const Dialect& dialect, std::int64_t inputs, std::int64_t units) {
  std::mt19937_64 generator(7);
  const auto columns = static_cast<std::size_t>(inputs), width = static_cast<std::size_t>(units);
  const std::size_t row_count = static_cast<std::size_t>(find_cell(dialect.cell).gates) * width;
  DialectWeights<Real> other{
      .W = random_values<Real>(generator, row_count * columns),
      .R = random_values<Real>(generator, row_count * width),
      .biases = random_values<Real>(generator, bias_blocks(dialect) * width)};
  const PlainWeights<Real> own = from_dialect(dialect, inputs, units, other);
  EXPECT_EQ(to_dialect(dialect, inputs, units, own), other);
  EXPECT_EQ(from_dialect(dialect, inputs, units, to_dialect(dialect, inputs, units, own)), own);
}

TEST(Dialects, RoundTripsAreExact) {
  for (const Dialect& dialect : known_dialects()) {
    SCOPED_TRACE(std::string(dialect.cell) + " of " + std::string(dialect.system));
    for (const auto& [inputs, units] : {std::pair{1, 1}, std::pair{3, 5}, std::pair{4, 1}}) {
      expect_round_trip<float>(dialect, inputs, units);
      expect_round_trip<double>(dialect, inputs, units);
    }
  }
}

TEST(Dialects, RowsNameCellsAndFormsOnce) {
  std::set<std::pair<std::string_view, std::string_view>> cells, forms;
  for (const Dialect& dialect : known_dialects()) {
    EXPECT_NO_THROW(find_cell(dialect.cell));
    EXPECT_TRUE(cells.emplace(dialect.system, dialect.cell).second) << dialect.form;
    EXPECT_TRUE(forms.emplace(dialect.system, dialect.form).second) << dialect.form;
    EXPECT_EQ(&find_dialect(dialect.cell, dialect.system), &dialect);
    EXPECT_EQ(&find_form(dialect.system, dialect.form), &dialect);
  }
  for (const RefusedForm& refused : refused_forms())
    EXPECT_TRUE(forms.emplace(refused.system, refused.form).second) << refused.form;
}

TEST(Dialects, PytorchIsTaktsOwnStorage) {
  for (const Dialect& dialect : known_dialects()) {
    if (dialect.system != "pytorch") continue;
    const PlainWeights<double> own = numbered(find_cell(dialect.cell).gates);
    const DialectWeights<double> other = to_dialect(dialect, I, H, own);
    EXPECT_EQ(dialect.gates, find_cell(dialect.cell).gate_names);
    EXPECT_EQ(other.W, own.W);
    EXPECT_EQ(other.R, own.R);
  }
}

// Biases.

TEST(Dialects, AbsentBiasesAreZero) {
  const Dialect& dialect = find_dialect("lstm", "onnx");
  PlainWeights<double> own = numbered(4);
  own.bR.clear();
  EXPECT_EQ(to_dialect(dialect, I, H, own).biases,
            (std::vector<double>{10, 11, 40, 41, 20, 21, 30, 31, 0, 0, 0, 0, 0, 0, 0, 0}));
  own.bW.clear();
  DialectWeights<double> other = to_dialect(dialect, I, H, own);
  EXPECT_EQ(other.biases, std::vector<double>(16));
  other.biases.clear();
  const PlainWeights<double> back = from_dialect(dialect, I, H, other);
  EXPECT_EQ(back.bW, std::vector<double>(8));
  EXPECT_EQ(back.bR, std::vector<double>(8));
}

// A GRU that resets after the product and has one bias a gate: nobody's, and what a wrong row says.
constexpr Dialect one_bias_gru = {"gru", "nobody", "GRU", "r z n", MatrixForm::rows, "r z n"};

TEST(Dialects, OneBiasOfTheResetAfterGruIsItsInputBias) {
  PlainWeights<double> own = numbered(3);
  own.bR[4] = own.bR[5] = 0;
  const DialectWeights<double> other = to_dialect(one_bias_gru, I, H, own);
  EXPECT_EQ(other.biases, (std::vector<double>{120, 122, 140, 142, 30, 31}));
  EXPECT_EQ(from_dialect(one_bias_gru, I, H, other).bR, std::vector<double>(6));
}

// Refusals.

/// `call` throws ArgumentError by `where` about `argument`, in exactly these words.
template <class Call>
void expect_refused(const Call& call, const std::string& where, const std::string& argument,
                    const std::string& rest) {
  try {
    call();
    ADD_FAILURE() << where << " did not refuse " << argument;
  } catch (const ArgumentError& error) {
    EXPECT_EQ(error.where(), where);
    EXPECT_EQ(error.argument(), argument);
    EXPECT_EQ(error.what(), "takt: " + where + ": '" + argument + "' is " + rest);
  }
}

TEST(DialectsRefusal, BiasesOfTheCandidateStayApart) {
  PlainWeights<double> own = numbered(3);
  own.bR[4] = 0;
  expect_refused([&] { to_dialect(one_bias_gru, I, H, own); }, "to_dialect", "bR[5]",
                 "131; it must be 0, for nobody's 'GRU' has no place for it: the two biases of "
                 "gate 'n' of 'gru' do not add up to one");
}

TEST(DialectsRefusal, BiasWithoutAPlace) {
  const Dialect input_only = {"lstm", "nobody", "LSTM", "i f g o", MatrixForm::rows, "Wi Wf Wg Wo"};
  PlainWeights<double> own = numbered(4);
  expect_refused([&] { to_dialect(input_only, I, H, own); }, "to_dialect", "bR[0]",
                 "110; it must be 0, for nobody's 'LSTM' has no place for it: the two biases of "
                 "gate 'i' of 'lstm' are not both stored");
  own.bR.clear();
  EXPECT_EQ(to_dialect(input_only, I, H, own).biases, own.bW);
}

TEST(DialectsRefusal, FormsThatDoNotConvert) {
  for (const RefusedForm& refused : refused_forms()) {
    EXPECT_THROW(find_form(refused.system, refused.form), UnsupportedError) << refused.form;
  }
  expect_refused([] { find_form("onnx", "GRU linear_before_reset=0"); }, "find_form", "form",
                 "onnx's 'GRU linear_before_reset=0', which takt must not read as one of its "
                 "cells, because it resets h before the recurrent product and takt's gru resets "
                 "after it; the two never convert into each other");
}

TEST(DialectsRefusal, UnknownNames) {
  expect_refused([] { find_dialect("rnn_tanh", "haste"); }, "find_dialect", "system",
                 "'haste'; for 'rnn_tanh' it must be one of: pytorch, keras, onnx, onednn");
  expect_refused([] { find_dialect("lstn", "onnx"); }, "find_dialect", "cell",
                 "'lstn'; no dialect of it is known");
  expect_refused([] { find_form("haste", "RNN"); }, "find_form", "form",
                 "'RNN'; of haste it must be one of: LSTM, GRU");
  expect_refused([] { find_form("cafe", "LSTM"); }, "find_form", "system",
                 "'cafe', of which takt knows nothing");
}

TEST(DialectsRefusal, GatesThatAreNotTheCells) {
  Dialect dialect = find_dialect("gru", "onnx");
  dialect.gates = "z r r";
  expect_refused([&] { to_dialect(dialect, I, H, numbered(3)); }, "to_dialect", "gates",
                 "'z r r'; it must name each gate of 'gru' once");
  dialect.gates = "z r q";
  EXPECT_THROW(to_dialect(dialect, I, H, numbered(3)), ArgumentError);
  dialect.gates = "z r";
  EXPECT_THROW(to_dialect(dialect, I, H, numbered(3)), ArgumentError);
  dialect.gates = "z r n";
  dialect.biases = "z r Wq";
  EXPECT_THROW(to_dialect(dialect, I, H, numbered(3)), ArgumentError);
}

TEST(DialectsRefusal, Sizes) {
  const Dialect& dialect = find_dialect("lstm", "keras");
  const PlainWeights<double> own = numbered(4);
  const DialectWeights<double> other = to_dialect(dialect, I, H, own);
  const auto expect_size_refused = [&](const char* argument, auto call) {
    try {
      call();
      ADD_FAILURE() << argument << " was not refused";
    } catch (const ArgumentError& error) {
      EXPECT_EQ(error.argument(), argument) << error.what();
    }
  };
  expect_size_refused("W", [&] { to_dialect(dialect, I + 1, H, own); });
  expect_size_refused("W", [&] { from_dialect(dialect, I, H + 1, other); });
  expect_size_refused("I", [&] { to_dialect(dialect, 0, H, own); });
  expect_size_refused("H", [&] { from_dialect(dialect, I, -1, other); });
  for (auto member :
       {&PlainWeights<double>::R, &PlainWeights<double>::bW, &PlainWeights<double>::bR}) {
    PlainWeights<double> wrong = own;
    (wrong.*member).push_back(1);
    EXPECT_THROW(to_dialect(dialect, I, H, wrong), ArgumentError);
  }
  for (auto member : {&DialectWeights<double>::R, &DialectWeights<double>::biases}) {
    DialectWeights<double> wrong = other;
    (wrong.*member).pop_back();
    EXPECT_THROW(from_dialect(dialect, I, H, wrong), ArgumentError);
  }
}

}  // namespace
}  // namespace takt
