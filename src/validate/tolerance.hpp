// The one function that says how far a result may lie from the reference.
#pragma once

#include <cstdint>
#include <string_view>
#include <takt/types.hpp>

#include "validate/case.hpp"

namespace takt::validate {

/// A tensor whose errors stay below this share of its tolerance in every case has a tolerance that
/// is too wide to say much; so have all tensors of a case that stays below it in each of them.
inline constexpr double least_share = 0.05;

/// Largest allowed |result - reference| / max(1, max |reference|) of a tensor whose elements are
/// sums of `accumulation` rounded products of numbers around 1.
///
/// Rounding errors of a sum add up like a random walk, with the square root of its length; the
/// cell's own functions add a few units in the last place. The constants leave a factor of about
/// 1.25 over the worst error seen on x86-64 at all levels, and `least_share` keeps them from being
/// more generous.
///
/// In 16 bits and in tf32, sums and the cell's functions are f32's and as good as exact; operands
/// of products are rounded. The error of each term is in proportion to the term, and a sum of n
/// such errors grows as the sum itself does: what counts is `accumulation` roundings that one term
/// has been through, whatever n is. Gates forget, so that those of earlier steps add little.
double tolerance(const Precision& precision, std::int64_t accumulation);

/// Terms of the sums that the tensors of a case are made of; in 16 bits and in tf32 the roundings
/// of one term.
///
/// T enters only where there is a sum over it: gates are bounded and forget, so that y is no
/// farther off after 2,200 steps than after 12.
struct Terms {
  std::int64_t forward = 0;   ///< y, hT, cT, c_all: W x and R h
  std::int64_t backward = 0;  ///< dx, dh0, dc0: W^T dwx and R^T drh
  std::int64_t weights = 0;   ///< dW, dR: a product for each step and row
  std::int64_t biases = 0;    ///< dbW, dbR
};
Terms terms_of(std::string_view cell, const Precision& precision, const CaseShape& shape);

/// max |result - reference| / max(1, max |reference|); NaN where exactly one of two elements is
/// NaN.
struct ErrorMeter {
  double worst = 0;
  double scale = 1;
  bool nan = false;

  void add(double result, double reference);
  /// Of another draw of the same tensor, as if both were one: a tensor of a single number may be
  /// small by cancellation in one draw, where its rounding errors are not.
  void add(const ErrorMeter& other);
  double error() const;
};

}  // namespace takt::validate
