// A small program of a test, easily changed, run on any device and compared as a whole.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <takt/takt.hpp>
#include <vector>

#include "validate/case.hpp"

namespace takt::test {

using validate::CaseShape;

/// Elements of 16 bits as the floats that they are.
struct Results {
  std::vector<float> y, hT, cT, c_all;
  friend bool operator==(const Results&, const Results&) = default;
};

struct ProgramGradients {
  static constexpr int parts = 7;
  static constexpr const char* names[parts] = {"dx", "dh0", "dc0", "dW", "dR", "dbW", "dbR"};
  std::array<std::vector<float>, parts> values;

  const std::vector<float>& part(int n) const { return values[static_cast<std::size_t>(n)]; }
  friend bool operator==(const ProgramGradients&, const ProgramGradients&) = default;
};

/// x and W are small multiples of 1/8, so that sums of their products are exact in any order: what
/// runs before the recurrence then has the same bits whatever T and B are.
struct Program {
  Program(const std::string& cell, DataType type, const CaseShape& shape);

  RnnSpec spec() const;
  Results forward(const Device& device, Mode mode) const;
  /// The same by calls of these numbers of steps, which carry the states.
  Results forward_in_parts(const Device& device, const std::vector<std::int64_t>& parts) const;
  /// After a training forward; `asked` has a bit for each part.
  ProgramGradients backward(const Device& device, unsigned asked = ~0U) const;

  std::string cell;
  DataType type;
  CaseShape shape;
  Direction direction = Direction::forward;
  Layout layout = Layout::time_major;  ///< of x, y, dy and what else is over time
  InputMode input = InputMode::product;
  std::string algorithm{};  ///< as RnnSpec::algorithm
  /// Elements before x, and after each of its rows.
  std::int64_t x_offset = 0, x_gap = 0;
  float fill = 0;
  std::int64_t G = 0, C = 0;
  std::vector<float> x, h0, c0, W, R, bW, bR, dy, dhT, dcT;
  std::vector<std::int32_t> lengths;
  std::vector<std::uint8_t> resets;
};

}  // namespace takt::test
