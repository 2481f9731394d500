// The double-precision reference: scalar loops written from the equations, sharing nothing with the
// cells or with any algorithm. Slow on purpose; it is what every other path is held against.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <takt/export.hpp>

namespace takt::reference {

/// One layer, one direction. Dense row-major arrays, time-major; null pointers as in takt::Inputs.
struct Problem {
  std::string cell;
  std::int64_t T = 0;
  std::int64_t B = 0;
  std::int64_t I = 0;
  std::int64_t H = 0;
  bool reverse = false;
  double fill = 0;                        ///< y and c_all past a row's length
  const double* x = nullptr;              ///< [T,B,I]
  const double* h0 = nullptr;             ///< [B,H]; null: start value
  const double* c0 = nullptr;             ///< [C,B,H]; null: start value
  const std::int32_t* lengths = nullptr;  ///< [B]; null: all T
  const std::uint8_t* resets = nullptr;   ///< [T,B]
  const double* W = nullptr;              ///< [G*H,I]; null: x [T,B,G*H] is W x already
  const double* R = nullptr;              ///< [G*H,H]
  const double* bW = nullptr;             ///< [G*H]; null: zero
  const double* bR = nullptr;             ///< [G*H]; null: zero
};

struct Result {
  std::vector<double> y;      ///< [T,B,H]
  std::vector<double> hT;     ///< [B,H]
  std::vector<double> cT;     ///< [C,B,H]
  std::vector<double> c_all;  ///< [C,T,B,H]
};

/// Null pointers are zero.
struct Upstream {
  const double* dy = nullptr;      ///< [T,B,H]
  const double* dhT = nullptr;     ///< [B,H]
  const double* dcT = nullptr;     ///< [C,B,H]
  const double* dc_all = nullptr;  ///< [C,T,B,H]
};

struct Gradients {
  std::vector<double> dx;   ///< [T,B,I]
  std::vector<double> dh0;  ///< [B,H]
  std::vector<double> dc0;  ///< [C,B,H]
  std::vector<double> dW;   ///< [G*H,I]
  std::vector<double> dR;   ///< [G*H,H]
  std::vector<double> dbW;  ///< [G*H]
  std::vector<double> dbR;  ///< [G*H]
};

/// Gates and inner states of a cell, by the reference's own list of cells.
struct CellSizes {
  std::string_view name;
  int gates = 0;
  int inner_states = 0;
};
TAKT_API const std::vector<CellSizes>& cells();

/// Both throw takt::ArgumentError for an unknown cell, T or B below 0, I or H below 1, a null R, a
/// null W where I is not G*H, a null x where there is a step, or a length out of range. Without W
/// there is no dW, and dx is the gradient by W x. `backward` runs forward itself and
/// keeps one row's whole trace meanwhile, (2G + 2 + 2C) * H * T doubles.
TAKT_API Result forward(const Problem& problem);
TAKT_API Gradients backward(const Problem& problem, const Upstream& upstream);

}  // namespace takt::reference
