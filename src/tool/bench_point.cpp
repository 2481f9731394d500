// The verdict on one measured shape.
#include "tool/bench_point.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "validate/tolerance.hpp"

namespace takt::tool {

double measured_error(std::span<const double> results, std::span<const double> reference) {
  if (results.size() != reference.size()) return std::numeric_limits<double>::quiet_NaN();
  validate::ErrorMeter meter;
  for (std::size_t n = 0; n < results.size(); ++n) meter.add(results[n], reference[n]);
  return meter.error();
}

double BenchPoint::tolerance(const bench::TensorError& tensor) const {
  const validate::Precision precision{shape.type, shape.math};
  const validate::Terms terms =
      validate::terms_of(shape.cell, precision, {tensor.steps.count, shape.B, shape.I, shape.H});
  std::int64_t summed = terms.forward;
  if (tensor.tensor == "dx") summed = terms.backward;
  if (tensor.tensor == "dW" || tensor.tensor == "dR") summed = terms.weights;
  if (tensor.tensor == "dbW" || tensor.tensor == "dbR") summed = terms.biases;
  return validate::tolerance(precision, summed);
}

double BenchPoint::share(const bench::TensorError& tensor) const {
  return tensor.error / tolerance(tensor);
}

bool BenchPoint::agrees(const PeerPoint& peer) const {
  return std::all_of(peer.errors.begin(), peer.errors.end(), [&](const bench::TensorError& tensor) {
    return tensor.error <= 2 * tolerance(tensor);
  });
}

std::optional<double> BenchPoint::ratio(const PeerPoint& peer) const {
  if (!peer.refusal.empty() || !agrees(peer) || !inside_tolerance()) return std::nullopt;
  return seconds() / peer.timing.median();
}

std::optional<bench::TensorError> BenchPoint::worst() const {
  std::optional<bench::TensorError> worst;
  for (const bench::TensorError& tensor : check.tensors) {
    if (std::isnan(tensor.error)) return tensor;
    if (!worst || share(tensor) > share(*worst)) worst = tensor;
  }
  return worst;
}

bool BenchPoint::inside_tolerance() const {
  const auto tensor = worst();
  return !tensor || share(*tensor) <= 1;
}

}  // namespace takt::tool
