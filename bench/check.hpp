// A problem's answers against the double-precision reference, before it is timed.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "peer.hpp"
#include "problem.hpp"

namespace takt::bench {

struct TensorError {
  std::string tensor;
  Window steps;      ///< at which y is compared; those of the run of a gradient
  double error = 0;  ///< as `ErrorOf` gives it
};

/// The error of results against the reference, both of one size.
using ErrorOf =
    std::function<double(std::span<const double> results, std::span<const double> reference)>;

struct Check {
  bool done = false;  ///< false where the reference does not know the cell
  std::vector<TensorError> tensors = {};
  std::int64_t rows = 0;                    ///< of the batch, that are compared
  std::vector<std::string> unchecked = {};  ///< tensors that need more rows than these
  double run_seconds = 0;                   ///< of the last run
};

/// All elements of an array, after everything on `stream` so far.
std::vector<double> values_of(const Array& array, const Stream& stream);

/// Most steps of a window: 64, fewer where they are many products.
std::int64_t window_width(const Shape& shape);

/// Where y is compared: at all steps of a short problem, else in a window at the beginning, one at
/// the end, and one between them whose place is drawn, the same in every run.
std::vector<Window> checked_windows(const Shape& shape);

/// Rows of the batch that are compared: all, but where a single step is too many operations as many
/// as are not, at least one.
std::int64_t checked_row_count(const Shape& shape);
/// Which: drawn ones, in rising order, the same in every run.
std::vector<std::int64_t> checked_rows(const Shape& shape);

/// Bytes of the host that checking takes at most, beside the problem's own: weights and their
/// gradients in f64, one tensor as the device has it.
double check_bytes(const Shape& shape, const Footprint& bytes);
/// The same of comparing a peer: its results and one of takt's in f64, one tensor as the device has
/// it.
double compare_bytes(const Shape& shape, const Footprint& bytes);

/// Runs the problem: y of the whole run in its windows, of which all but the first start from the
/// states of a run that ends there; in training the gradients of a run over the first window alone,
/// those of weights where all rows are compared, of which they are sums. The last run is one over
/// all steps.
Check check(Problem& problem, const ErrorOf& error_of);

/// What a peer computed against what takt did: both have just run all steps.
std::vector<TensorError> compare(Peer& peer, const Problem& problem, const ErrorOf& error_of);

}  // namespace takt::bench
