// How time grows with the number of steps.
#include "fit.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

namespace takt::bench {
namespace {

struct Point {
  double u = 0, v = 0, weight = 1;
};

struct Line {
  double at_zero = 0, slope = 0, r2 = 0;
};

/// Weighted least squares of v over u.
Line line_through(const std::vector<Point>& points) {
  double sum = 0, mean_u = 0, mean_v = 0;
  for (const Point& p : points) {
    sum += p.weight;
    mean_u += p.weight * p.u;
    mean_v += p.weight * p.v;
  }
  mean_u /= sum;
  mean_v /= sum;
  double uu = 0, uv = 0, vv = 0, rest = 0;
  for (const Point& p : points) {
    uu += p.weight * (p.u - mean_u) * (p.u - mean_u);
    uv += p.weight * (p.u - mean_u) * (p.v - mean_v);
    vv += p.weight * (p.v - mean_v) * (p.v - mean_v);
  }
  Line line;
  line.slope = uv / uu;
  line.at_zero = mean_v - line.slope * mean_u;
  for (const Point& p : points) {
    const double miss = p.v - line.at_zero - line.slope * p.u;
    rest += p.weight * miss * miss;
  }
  line.r2 = vv > 0 ? 1 - rest / vv : 1;
  return line;
}

}  // namespace

std::optional<Fit> fit(std::span<const Sample> samples) {
  std::set<double> lengths;
  std::vector<Point> logarithms, times;
  for (const auto& [T, seconds] : samples) {
    lengths.insert(T);
    logarithms.push_back({std::log(T), std::log(seconds)});
    times.push_back({T, seconds, 1 / (seconds * seconds)});
  }
  if (lengths.size() < 3) return std::nullopt;
  const Line power = line_through(logarithms), linear = line_through(times);
  Fit fit{.exponent = power.slope,
          .factor = std::exp(power.at_zero),
          .exponent_r2 = power.r2,
          .fixed = linear.at_zero,
          .per_step = linear.slope,
          .linear_r2 = linear.r2};
  for (const auto& [T, seconds] : samples)
    fit.linear_worst =
        std::max(fit.linear_worst, std::abs(fit.fixed + fit.per_step * T - seconds) / seconds);
  return fit;
}

}  // namespace takt::bench
