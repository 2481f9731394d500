// The plot of a scaling run: time, time per step and memory over the number of steps.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "fit.hpp"

namespace takt::bench {

struct PlotPoint {
  double T = 0, seconds = 0, least = 0, most = 0;  ///< median and range of a call
  double bytes = 0;
};

struct PlotSeries {
  std::string label;
  std::vector<PlotPoint> points = {};
  std::optional<Fit> fit = {};
};

struct Plot {
  std::string title, subtitle;
  std::vector<PlotSeries> series;
};

/// A gnuplot script that holds its data and writes an SVG to its standard output.
std::string plot_script(const Plot& plot);

struct Drawing {
  bool gnuplot_found = false;
  std::string svg;        ///< empty where it failed
  std::string complaint;  ///< gnuplot's, or how it ended
};

/// Runs gnuplot on a script.
Drawing draw(const std::string& script);

}  // namespace takt::bench
