// One measured shape, and the verdict on it.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "check.hpp"
#include "measure.hpp"
#include "roofline.hpp"
#include "shape.hpp"

namespace takt::tool {

/// The error by which validation judges too; NaN where the sizes differ.
double measured_error(std::span<const double> results, std::span<const double> reference);

/// A peer's run of a shape.
struct PeerPoint {
  std::string name;            ///< "cuDNN"
  std::string algorithm = {};  ///< "persist static"; empty for a library with one way
  std::string refusal = {};    ///< why there is no run; empty where there is one
  std::vector<bench::Way> ways = {};
  std::optional<bench::PeerMemory> memory = {};
  std::vector<bench::TensorError> errors = {};
  bench::Timing timing = {};

  std::string label() const { return algorithm.empty() ? name : name + " " + algorithm; }
};

struct BenchPoint {
  bench::Shape shape;
  std::string algorithm;
  std::string refusal = {};  ///< why takt did not run it; empty where it did
  bench::Footprint bytes = {};
  std::optional<bench::CpuLimit> limit = {};  // of a cpu device
  bench::Check check = {};
  bench::Timing timing = {};
  std::vector<PeerPoint> peers = {};

  double seconds() const { return timing.median(); }
  double tolerance(const bench::TensorError& tensor) const;
  /// Whether a peer computed the same, as far as two roundings allow.
  bool agrees(const PeerPoint& peer) const;
  /// takt's time in times of a peer's; none where it did not run or one of both computed something
  /// else.
  std::optional<double> ratio(const PeerPoint& peer) const;
  /// Of its tolerance.
  double share(const bench::TensorError& tensor) const;
  /// The checked tensor with the largest share, NaN the largest; empty where nothing was checked.
  std::optional<bench::TensorError> worst() const;
  bool inside_tolerance() const;
};

}  // namespace takt::tool
