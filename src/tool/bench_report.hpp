// What a benchmark prints and writes: the table, the fits, JSON, the plot.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "fit.hpp"
#include "peer.hpp"
#include "plot.hpp"
#include "shape.hpp"
#include "tool/bench_point.hpp"
#include "tool/build.hpp"
#include "tool/output.hpp"
#include "tool/text.hpp"

namespace takt::tool {

/// Points that differ in T alone, with the fit of their growth.
struct BenchSeries {
  std::vector<BenchPoint> points;
  std::optional<bench::Fit> fit = {};

  const bench::Shape& shape() const { return points.front().shape; }
};

/// Of what was measured, in the order in which the series first occur; their points in the order of
/// T.
std::vector<BenchSeries> series_of(const std::vector<BenchPoint>& points);

/// "forward and backward".
std::string description_of(bench::Timed timed);

/// What names a shape beside T: "cell", "type", ...
struct Member {
  std::string name, text;
};
std::vector<Member> members_of(const BenchPoint& point);

/// A run, beside its points.
struct BenchContext {
  const Device& device;
  const std::vector<const bench::PeerLibrary*>& peers;
  Load load;                                         ///< before the start
  std::optional<bench::MachineLimits> machine = {};  ///< of a cpu device
  double seconds = 0;
  bool complete = false;
  std::string ended = {};  ///< why it is not complete, where the device could not go on
};

/// The table of a run over these points, measured or not: what all of them share is said once,
/// above it.
class BenchTable {
 public:
  BenchTable(const std::vector<BenchPoint>& points,
             const std::vector<const bench::PeerLibrary*>& peers);
  /// The lines above the rows.
  std::vector<std::string> head(const BenchContext& record) const;
  std::string row(const BenchPoint& point) const;

 private:
  std::vector<Table::Column> columns() const;
  std::vector<std::string> error_lines() const;
  std::vector<std::string> what_varies(const BenchPoint& point) const;
  std::string timed_text() const;
  std::string problem_text() const;
  bool has_backward() const { return timed_.contains(bench::Timed::training); }

  std::vector<const bench::PeerLibrary*> peers_;
  std::vector<Member> members_;                    // of the first shape
  std::vector<bool> varies_;                       // whether others differ in it
  std::int64_t least_width_ = 0, most_width_ = 0;  // of the windows in which y is checked
  bool with_input_product_ = false, without_input_product_ = false;  // any of them
  bool everywhere_ = true;        // whether they cover every step
  bool some_rows_ = false;        // whether of any of them not all rows are checked
  std::set<bench::Timed> timed_;  // in any of them
  Table table_;
};

/// A line on each peer: the geometric mean of the ratios to it, the least and the largest.
std::vector<std::string> peer_lines(const std::vector<BenchPoint>& points);

/// A paragraph on the growth of each series that has a fit.
std::vector<std::string> fit_lines(const std::vector<BenchSeries>& all);

Json bench_json(const BenchContext& record, const std::vector<BenchPoint>& points);

/// None where no series has two lengths.
std::optional<bench::Plot> bench_plot(const Device& device, const std::vector<BenchSeries>& all);

}  // namespace takt::tool
